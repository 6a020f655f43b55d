"""Every error Mailroom raises on purpose, each with a stable code and what to do next.

The tree (`*` marks the transient ones: the same work may succeed later)::

    MailroomError
    ├── ConfigurationError              configuration_invalid
    │   ├── ModelNotPrepared            model_not_prepared
    │   └── PromptError                 prompt_invalid
    ├── InvalidInput                    invalid_request
    │   ├── TargetRefused               target_refused
    │   ├── UnsupportedMediaType        unsupported_media_type
    │   ├── TooLarge                    too_large
    │   ├── BackupDamaged               backup_damaged
    │   ├── BackupIncompatible          backup_incompatible
    │   └── UnreadableDocument          unreadable
    │       ├── EmptyDocument           empty
    │       ├── EncryptedDocument       encrypted
    │       ├── CorruptDocument         corrupt
    │       ├── NotADocument            not_a_document
    │       └── ReadingTimedOut         timed_out
    ├── Unauthenticated                 unauthenticated
    ├── Forbidden                       forbidden
    ├── NotFound                        not_found
    ├── Conflict                        conflict
    │   ├── ReviewClaimed               review_claimed
    │   ├── ReviewResolved              review_resolved
    │   ├── LeaseLost                   lease_lost
    │   └── NotEmpty                    not_empty
    ├── InvalidModelOutput              invalid_model_output
    ├── WorkTimedOut *                  work_timed_out
    ├── NotDelivered                    not_delivered
    └── Unavailable *                   unavailable
        ├── EngineUnavailable *         engine_unavailable
        ├── StorageUnavailable *        storage_unavailable
        ├── DatabaseUnavailable *       database_unavailable
        ├── ReceiverUnavailable *       receiver_unavailable
        │   └── ReceiverLeftAlone *     receiver_left_alone
        ├── IndexUnavailable *          index_unavailable
        └── IndexLocked *               index_locked
"""

from typing import ClassVar, Literal


class MailroomError(Exception):
    """Something went wrong that Mailroom knows by name."""

    code: ClassVar[str] = "error"
    transient: ClassVar[bool] = False
    hint: ClassVar[str] = "See the log for this request id, then try again."

    def __init__(self, detail: str = "", **fields: object) -> None:
        """Keep a sentence that holds the bad value, and fields for machines."""
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.fields = fields

    @classmethod
    def title(cls) -> str:
        """Return the one-line message of this kind of error: its docstring."""
        return (cls.__doc__ or cls.__name__).splitlines()[0]


class ConfigurationError(MailroomError):
    """The settings do not allow the service to start."""

    code = "configuration_invalid"
    hint = "Correct the setting that the message names and start again."


class ModelNotPrepared(ConfigurationError):
    """The embedding model has not been prepared on this machine."""

    code = "model_not_prepared"
    hint = "Run `mailroom models prepare` once; `make install` does it for you."


class PromptError(ConfigurationError):
    """A prompt file and its variables do not fit together."""

    code = "prompt_invalid"
    hint = "Compare the prompt's front matter with the variables that the message names."


class InvalidInput(MailroomError):
    """The request cannot be understood."""

    code = "invalid_request"
    hint = "Correct the field that the message names and send the request again."


class TargetRefused(InvalidInput):
    """Events are not sent to this address."""

    code = "target_refused"
    hint = "Use https and a public address, or set webhooks.allow_private."


class UnsupportedMediaType(InvalidInput):
    """The file is of a kind that Mailroom does not read."""

    code = "unsupported_media_type"
    hint = "Send it as PDF, docx, eml, html, csv, md or plain text."


class TooLarge(InvalidInput):
    """The document is larger than this service accepts."""

    code = "too_large"
    hint = "Split the file, or ask the operator to raise the limit that the message names."


class BackupDamaged(InvalidInput):
    """The file is no whole backup of Mailroom."""

    code = "backup_damaged"
    hint = "Nothing was written. Take another copy of the backup, or an earlier one."


class BackupIncompatible(InvalidInput):
    """The backup was made by a release that this one does not understand."""

    code = "backup_incompatible"
    hint = "Nothing was written. Restore with the release that the message names, then upgrade."


class UnreadableDocument(InvalidInput):
    """The document could not be read."""

    code = "unreadable"
    hint = "Open the original to see whether it is intact, then send it again."


class EmptyDocument(UnreadableDocument):
    """The file holds nothing to read."""

    code = "empty"
    hint = "Check that the sender attached the right file."


class EncryptedDocument(UnreadableDocument):
    """The document is protected by a password."""

    code = "encrypted"
    hint = "Send a copy without a password."


class CorruptDocument(UnreadableDocument):
    """The file is damaged beyond what its reader can repair."""

    code = "corrupt"
    hint = "Ask the sender for the file again; the original is kept as it came."


class NotADocument(UnreadableDocument):
    """The file is not what its name says it is."""

    code = "not_a_document"
    hint = "Check the file: its first bytes do not belong to any kind of document."


class ReadingTimedOut(UnreadableDocument):
    """Reading the document took more time or memory than allowed."""

    code = "timed_out"
    hint = "Split the document, or ask the operator to raise the reading limits."


class Unauthenticated(MailroomError):
    """The request carries no valid API key."""

    code = "unauthenticated"
    hint = "Send the header `Authorization: Bearer <key>`; the first start printed a key."


class Forbidden(MailroomError):
    """The key may not do this."""

    code = "forbidden"
    hint = "Use a key with the needed scope."


class NotFound(MailroomError):
    """There is nothing here under that name."""

    code = "not_found"
    hint = "List the collection to see what exists; it may have been deleted."


class Conflict(MailroomError):
    """The thing is not in a state that allows this."""

    code = "conflict"
    hint = "Read it again and decide anew."


class ReviewClaimed(Conflict):
    """Somebody else is working on this review."""

    code = "review_claimed"
    hint = "Take another one; the claim frees itself when it expires."


class ReviewResolved(Conflict):
    """This review has been resolved already."""

    code = "review_resolved"
    hint = "Nothing to do; read the review to see its resolution."


class LeaseLost(Conflict):
    """Another worker has taken this job over."""

    code = "lease_lost"
    hint = "Nothing to do; the other worker finishes the job."


class NotEmpty(Conflict):
    """Something is kept here already."""

    code = "not_empty"
    hint = (
        "Nothing was written. Restore into a new data folder (MAILROOM_DATA_DIR) or an empty "
        "database (MAILROOM_DATABASE__URL), before the service has been started on it."
    )


class InvalidModelOutput(MailroomError):
    """The language model answered something that is not a valid decision."""

    code = "invalid_model_output"
    hint = "The item goes to a person; check the model if this happens often."


class NotDelivered(MailroomError):
    """An event could not be delivered, and is not tried any more."""

    code = "not_delivered"
    hint = "See the endpoint's deliveries for what its receiver said; replay them once it is well."


class WorkTimedOut(MailroomError):
    """The work on this took longer than any work may."""

    code = "work_timed_out"
    transient = True
    hint = "Split the document, or ask the operator to raise `jobs.hard_seconds`; then replay it."


class Unavailable(MailroomError):
    """Something that Mailroom depends on does not answer."""

    code = "unavailable"
    transient = True
    hint = "Try again in a minute; `mailroom doctor` shows what is down."


class EngineUnavailable(Unavailable):
    """A model did not answer in time or at all."""

    code = "engine_unavailable"


class StorageUnavailable(Unavailable):
    """The store of originals does not answer."""

    code = "storage_unavailable"


class DatabaseUnavailable(Unavailable):
    """The database does not answer."""

    code = "database_unavailable"


class ReceiverUnavailable(Unavailable):
    """A receiver of events did not take one."""

    code = "receiver_unavailable"
    hint = "It is tried again; see the endpoint's deliveries for what its receiver said."


class ReceiverLeftAlone(ReceiverUnavailable):
    """A receiver keeps failing and is left alone for a while."""

    code = "receiver_left_alone"


class IndexUnavailable(Unavailable):
    """The search index does not answer."""

    code = "index_unavailable"


class IndexLocked(IndexUnavailable):
    """Another process holds the vector index."""

    code = "index_locked"
    hint = "One process may write a Chroma directory: stop the other one, or use a Chroma server."


Remedy = Literal["give_up", "retry", "wait"]


def remedy(error: BaseException) -> Remedy:
    """Tell what to do with work that failed so; the one place where this is decided."""
    if isinstance(error, Unavailable):
        # Something we depend on is down. That is no fault of the document: however many attempts
        # an outage would cost, it does not end in the dead-letter list.
        return "wait"
    if isinstance(error, MailroomError):
        # The same bytes would fail the same way, unless the kind of error says otherwise.
        return "retry" if error.transient else "give_up"
    # A lost connection or a full disk may pass; better to retry than to bury a document. What is
    # left is a mistake of ours, which a second run would only repeat.
    return "retry" if isinstance(error, OSError) else "give_up"
