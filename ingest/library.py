"""The documents that are here: finding, listing, reading and erasing them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from core import events
from core.db import Sessions, after_commit, hold, reading, transaction
from core.documents import Chunk, Page, ParsedDocument, Scope, Span
from core.errors import NotFound, Unavailable
from core.tables import ChunkRow, Document, PageRow
from core.telemetry import log
from ingest.intake import name_of_original
from ingest.tools import Tools

DECIDED = ("routed", "in_review")
"""States of a document that its journey is done with: from here on people change it."""


def get(session: Session, scope: Scope, document_id: UUID) -> Document:
    """Return a document of this workspace.

    Raises:
        NotFound: there is none under this id.
    """
    return _one(session, _its(scope, document_id), document_id)


def lock(session: Session, scope: Scope, document_id: UUID) -> Document:
    """Return a document that nobody else can change before this transaction ends.

    Whoever locks a document and things that belong to it locks the document first.

    Raises:
        NotFound: there is none under this id.
    """
    mine = _its(scope, document_id).with_for_update().execution_options(populate_existing=True)
    return _one(session, mine, document_id)


def _its(scope: Scope, document_id: UUID) -> Select[Document]:
    return select(Document).where(
        Document.id == document_id, Document.workspace_id == scope.workspace_id
    )


def _one(session: Session, query: Select[Document], document_id: UUID) -> Document:
    document = session.scalar(query)
    if document is None:
        raise NotFound(f"no document {document_id}")
    return document


def listed(
    session: Session,
    scope: Scope,
    state: str | None,
    label: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Document]:
    """Return documents, newest first, after the one with id `after`."""
    query = select(Document).where(Document.workspace_id == scope.workspace_id)
    if state is not None:
        query = query.where(Document.state == state)
    if label is not None:
        query = query.where(Document.label == label)
    if after is not None:
        last = get(session, scope, after)
        query = query.where(tuple_(Document.created_at, Document.id) < (last.created_at, last.id))
    newest = query.order_by(Document.created_at.desc(), Document.id.desc())
    return session.scalars(newest.limit(limit)).all()


def filenames(
    session: Session, scope: Scope, ids: Collection[UUID | None]
) -> dict[UUID | None, str]:
    """Return the names of those of the documents that are in this workspace."""
    mine = Document.id.in_(ids), Document.workspace_id == scope.workspace_id
    rows = session.execute(select(Document.id, Document.filename).where(*mine))
    return {row.id: row.filename for row in rows}


def pages(session: Session, scope: Scope, document_id: UUID) -> Sequence[PageRow]:
    """Return the pages of a document as they were read.

    Raises:
        NotFound: there is no such document.
    """
    document = get(session, scope, document_id)
    return session.scalars(
        select(PageRow).where(PageRow.document_id == document.id).order_by(PageRow.number)
    ).all()


def parsed(session: Session, document: Document) -> ParsedDocument:
    """Return what reading a document gave, as it was kept."""
    rows = pages(session, Scope(document.workspace_id), document.id)
    details = document.details
    return ParsedDocument(
        document.media_type,
        tuple(Page(row.number, row.text, row.error) for row in rows),
        details.get("metadata", {}),
        details.get("form_fields", {}),
        tuple(details.get("attachments", ())),
    )


def chunks(make: Sessions, scope: Scope, document_id: UUID) -> list[Chunk]:
    """Return the chunks of a document in reading order."""
    with reading(make) as session:
        return chunks_in(session, scope, document_id)


def chunks_in(session: Session, scope: Scope, document_id: UUID) -> list[Chunk]:
    """Return the chunks of a document in reading order, as this transaction sees them."""
    # Scoped by its document: by its own workspace SQLite would look through all chunks of it.
    mine = ChunkRow.document_id == document_id, Document.workspace_id == scope.workspace_id
    its = select(ChunkRow).join(Document, Document.id == ChunkRow.document_id).where(*mine)
    rows = session.scalars(its.order_by(ChunkRow.ordinal))
    return [Chunk(row.ordinal, Span(row.page, row.start, row.end), row.text) for row in rows]


def delete(tools: Tools, session: Session, scope: Scope, document_id: UUID) -> None:
    """Erase a document everywhere; the indexes and the original follow the commit.

    Raises:
        NotFound: there is no such document.
    """
    # Locked: a worker that is writing its text, at this moment, finishes before.
    document = lock(session, scope, document_id)
    tools.keywords.delete(session, scope, document_id)
    session.delete(document)
    session.flush()
    events.publish(session, scope, "document.deleted", document_id, {"sha256": document.sha256})
    after_commit(session, lambda: _forget_original(tools, document.sha256))
    after_commit(session, lambda: _forget_vectors(tools, scope, document_id))


def _forget_vectors(tools: Tools, scope: Scope, document_id: UUID) -> None:
    try:
        tools.index.delete(scope, document_id)
    except Unavailable as error:
        # The document is erased, and search shows only what SQL knows. What is left of it in an
        # index that is down, the keeper finds and removes.
        log().warning("index.delete_failed", document=str(document_id), detail=error.detail)


def _forget_original(tools: Tools, sha256: str) -> None:
    """Delete an original that no document of any workspace holds.

    In a transaction of its own: the same bytes may have come in again since the erasure.
    """
    held = select(func.count()).select_from(Document).where(Document.sha256 == sha256)
    with transaction(tools.sessions) as session:
        hold(session, name_of_original(sha256))
        if not session.scalar(held):
            tools.store.delete(sha256)
