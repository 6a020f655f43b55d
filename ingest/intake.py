"""Taking a document in: hash, de-duplicate, keep the original, write row, event and job."""

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from classify.classification import Context
from core import events, jobs, leases
from core.db import after_commit, hold
from core.documents import Scope
from core.errors import InvalidInput, TooLarge
from core.jobs import Send
from core.leases import Told
from core.settings import Settings
from core.storage import BlobStore, Staged, stage
from core.tables import Document, Job
from ingest.parsing import sniff

PROCESS, EMBED = "process_document", "embed_document"
"""The kinds of jobs that a document's journey is made of."""
INCOMING = "incoming"
"""Folder of the data folder that holds what is being received."""
MEGABYTE = 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"
NAME_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a received file.

    `created` is False for a duplicate: `document` is then the one that was there before.
    `job` is None where nothing is left to do. `refusal` says why a kept file will not be read.
    """

    document: Document
    job: Job | None
    created: bool
    refusal: InvalidInput | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """The one way into the house, for every door.

    Args:
        settings: limits and the data folder, whose `incoming` holds what is being received.
        store: where originals are kept.
        send: tells the workers of a job, after the commit.
    """

    settings: Settings
    store: BlobStore
    send: Send

    def accept(
        self, session: Session, scope: Scope, stream: BinaryIO, filename: str, context: Context
    ) -> Accepted:
        """Take a file in.

        Raises:
            TooLarge: the file is larger than `storage.max_upload_mb`; nothing is kept.
            StorageUnavailable: the original could not be kept; nothing is recorded.
        """
        limit = self.settings.storage.max_upload_mb * MEGABYTE
        with stage(stream, self.settings.data_dir / INCOMING, limit) as staged:
            # The same bytes may come twice at once, or be erased meanwhile: one after the other.
            hold(session, name_of_original(staged.sha256))
            known = find_by_hash(session, scope, staged.sha256)
            if known is not None:
                return self._again(session, scope, staged, known)
            self.store.keep(staged)
            return self._record(session, scope, staged, clean_name(filename), context)

    def _again(self, session: Session, scope: Scope, staged: Staged, known: Document) -> Accepted:
        """Answer for bytes that are here; what was refused is looked at anew.

        A later release may read it, and whoever sends it twice is told twice.
        """
        job = latest_job(session, scope, known.id)
        if known.state != "failed" or job is not None:
            return Accepted(known, job, created=False)
        known.media_type, refusal = _sniffed(staged.path, known.filename)
        if refusal is not None:
            return Accepted(known, None, created=False, refusal=refusal)
        known.state, known.error_code, known.error_detail = "received", None, None
        return Accepted(known, self.enqueue(session, scope, known), created=False)

    def _record(
        self, session: Session, scope: Scope, staged: Staged, filename: str, context: Context
    ) -> Accepted:
        media_type, refusal = _sniffed(staged.path, filename)
        document = Document(
            workspace_id=scope.workspace_id,
            sha256=staged.sha256,
            filename=filename,
            media_type=media_type,
            size=staged.size,
            details={},
            document_type=context.document_type,
            document_source=context.document_source,
            business_unit=context.business_unit,
        )
        session.add(document)
        session.flush()
        received = {"filename": filename, "sha256": staged.sha256, "size": staged.size}
        events.publish(session, scope, "document.received", document.id, received)
        if refusal is not None:
            fail(session, scope, document, refusal.code, refusal.detail)
            return Accepted(document, None, created=True, refusal=refusal)
        return Accepted(document, self.enqueue(session, scope, document), created=True)

    def enqueue(self, session: Session, scope: Scope, document: Document) -> Job:
        """Write a job to process the document and send it after the commit."""
        # Long work stands in another line, so that short work need not wait behind it.
        slow = document.size >= self.settings.jobs.slow_megabytes * MEGABYTE
        queue = jobs.OCR if slow else jobs.INTAKE
        job = leases.create(session, scope, PROCESS, queue, document.id)
        after_commit(session, lambda: self.send(Told(job.id, queue)))
        return job


def fail(session: Session, scope: Scope, document: Document, code: str, detail: str) -> None:
    """Record that a document cannot be processed, and tell whoever listens."""
    document.state = "failed"
    document.error_code = code
    document.error_detail = detail
    events.publish(session, scope, "document.failed", document.id, {"code": code, "detail": detail})


def name_of_original(sha256: str) -> str:
    """Return the name to hold while an original is kept or deleted; see `core.db.hold`."""
    return f"original {sha256}"


def find_by_hash(session: Session, scope: Scope, sha256: str) -> Document | None:
    """Return the document of this workspace that holds these bytes."""
    return session.scalar(
        select(Document).where(
            Document.workspace_id == scope.workspace_id, Document.sha256 == sha256
        )
    )


def latest_job(session: Session, scope: Scope, document_id: UUID) -> Job | None:
    """Return the newest job of a document."""
    return session.scalar(
        select(Job)
        .where(Job.workspace_id == scope.workspace_id, Job.document_id == document_id)
        .order_by(Job.created_at.desc(), Job.id)
        .limit(1)
    )


def clean_name(filename: str) -> str:
    """Return the last part of a client's file name, without control characters.

    The name is only ever shown; originals are addressed by hash, never by name.
    """
    last = PurePath(filename.replace("\\", "/")).name
    printable = "".join(character for character in last if character.isprintable())
    return printable[-NAME_LENGTH:] or "unnamed"


def _sniffed(path: Path, filename: str) -> tuple[str, InvalidInput | None]:
    try:
        return sniff(path, filename), None
    except TooLarge:
        raise
    except InvalidInput as error:
        # The original is kept all the same: a person can fetch it, and a later release read it.
        return str(error.fields.get("media_type", UNKNOWN_TYPE)), error
