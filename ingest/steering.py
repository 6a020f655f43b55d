"""What people do to jobs: stop one, and have dead ones done again."""

from collections.abc import Collection
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core import deliveries, events, leases
from core.db import after_commit
from core.documents import Scope
from core.jobs import Send
from core.leases import Told
from core.tables import Document, Job
from ingest import library
from ingest.intake import PROCESS

MOST_AT_ONCE = 1000
CANCELLED = "cancelled"


def cancel(session: Session, scope: Scope, job_id: UUID) -> Job:
    """Stop a job; what it has written stays invisible, and the original is kept.

    Raises:
        NotFound: there is no such job.
        Conflict: it has ended already.
    """
    document = _document(session, scope, job_id)
    if (job := leases.get(session, scope, job_id)).kind == deliveries.DELIVER:
        # Else the receiver would wait for ever for what comes after it about the same document.
        deliveries.settle(session, job.subject, "dead", CANCELLED, "its job was cancelled")
    job = leases.cancel(session, scope, job_id)
    if document is not None and _leads(job, document):
        document.state = CANCELLED
    data = {"kind": job.kind, "document_id": str(job.document_id) if job.document_id else None}
    events.publish(session, scope, "job.cancelled", job.document_id or job.id, data)
    return job


def replay(session: Session, scope: Scope, job_id: UUID, send: Send) -> Job:
    """Have a dead or cancelled job done again, with all its attempts.

    Raises:
        NotFound: there is no such job.
        Conflict: it is neither dead nor cancelled.
    """
    document = _document(session, scope, job_id)
    job = leases.replay(session, scope, job_id)
    _put_back(job, document)
    after_commit(session, partial(send, Told(job.id, job.queue)))
    return job


def replay_dead(
    session: Session, scope: Scope, send: Send, *filters: ColumnElement[bool]
) -> list[Job]:
    """Have the dead jobs that pass all filters done again, the newest `MOST_AT_ONCE` at most."""
    dead = leases.listed(session, scope, Job.state == "dead", *filters, limit=MOST_AT_ONCE)
    documents = _documents(session, scope, {job.document_id for job in dead})
    # Somebody else may have replayed some, or erased their documents, until these were locked.
    again = leases.replay_dead(session, scope, [job.id for job in dead])
    for job in again:
        _put_back(job, documents.get(job.document_id))
        after_commit(session, partial(send, Told(job.id, job.queue)))
    return again


def _put_back(job: Job, document: Document | None) -> None:
    if document is not None and _leads(job, document):
        document.state, document.error_code, document.error_detail = "received", None, None


def _leads(job: Job, document: Document) -> bool:
    """Tell whether a document stands where this job stands: not if it was decided before."""
    return job.kind == PROCESS and document.state not in library.DECIDED


def _document(session: Session, scope: Scope, job_id: UUID) -> Document | None:
    """Lock the document that a job is about: before the job, as everybody does."""
    job = leases.get(session, scope, job_id)
    return library.lock(session, scope, job.document_id) if job.document_id else None


def _documents(
    session: Session, scope: Scope, ids: Collection[UUID | None]
) -> dict[UUID | None, Document]:
    """Lock documents, in one order for all who lock several."""
    mine = Document.id.in_(ids), Document.workspace_id == scope.workspace_id
    locked = select(Document).where(*mine).order_by(Document.id).with_for_update()
    found = session.scalars(locked.execution_options(populate_existing=True))
    return {document.id: document for document in found}
