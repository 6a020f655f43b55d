"""Which vector collection serves a workspace, and how a new one is built and takes its place.

A collection holds one workspace in the space of one embedding model. A new one (after a change of
model, or where the old one was lost) is built from SQL beside the old; one commit switches.

What is written meanwhile needs no second look: chunks are committed together with the job that
embeds them, and that job writes to every live collection. A job that ran before the new one was
on record wrote chunks that the building, which began later, reads itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, delete, exists, func, select
from sqlalchemy.orm import Session

from core import steps
from core.db import Sessions, hold, reading, transaction
from core.documents import Scope
from core.embedding import Embedder
from core.tables import ChunkRow, Document, Job, Step, VectorCollection
from retrieval.vectors import ChunkKey, VectorStore

BATCH = 128
"""Chunks, about, that are embedded between two notes of how far the building has come."""
DOCUMENTS = 32

BUILDING, SERVING, RETIRED = "building", "serving", "retired"

Kept = Callable[[Session, int], None]
"""Told, in the transaction that notes how far the building has come, of so many more chunks."""
Texts = Mapping[UUID, Sequence[tuple[int, str]]]
"""The chunks of documents: ordinal and text."""


def serving(session: Session, scope: Scope, embedder: str) -> VectorCollection | None:
    """Return the collection to search with this model's vectors, None while there is none."""
    return next((one for one in _live(session, scope, embedder) if one.state == SERVING), None)


def building(session: Session, scope: Scope, embedder: str) -> VectorCollection | None:
    """Return the collection that is being built with this model, None while there is none."""
    return next((one for one in _live(session, scope, embedder) if one.state == BUILDING), None)


def names(session: Session, scope: Scope) -> Sequence[str]:
    """Return every collection of a workspace: what is erased must go from all of them."""
    mine = VectorCollection.workspace_id == scope.workspace_id
    return session.scalars(select(VectorCollection.name).where(mine)).all()


def is_empty(session: Session, scope: Scope) -> bool:
    """Tell whether nothing of this workspace has ever been embedded or split."""
    return not names(session, scope) and not _has_chunks(session, scope)


def prepare(session: Session, scope: Scope, embedder: str) -> Sequence[VectorCollection]:
    """Return the collections that this model's vectors are written to, adding one if need be.

    The first one of an empty workspace serves at once; another one is still to be built.
    """
    if found := _live(session, scope, embedder):
        return found
    # Two workers may bring a workspace's first documents at the same time.
    _hold(session, scope)
    if found := _live(session, scope, embedder):
        return found
    return [_add(session, scope, embedder, SERVING if is_empty(session, scope) else BUILDING)]


def begin(session: Session, scope: Scope, embedder: str) -> VectorCollection:
    """Return the collection that is being built with this model; a new one unless there is one."""
    _hold(session, scope)
    found = building(session, scope, embedder)
    return found or _add(session, scope, embedder, BUILDING)


def condemn(session: Session, scope: Scope, name: str) -> None:
    """Let a collection serve no longer: it has been lost. Its successor is still to be built."""
    _hold(session, scope)
    row = _named(session, name)
    if row is not None and row.state == SERVING:
        row.state = RETIRED
        begin(session, scope, row.embedder)


def give_up(session: Session, scope: Scope, name: str) -> None:
    """Build a collection no further."""
    _hold(session, scope)
    row = _named(session, name)
    if row is not None and row.state == BUILDING:
        row.state = RETIRED


def wanting(session: Session, scope: Scope, embedder: str) -> bool:
    """Tell whether the workspace has text that no collection of this model serves yet."""
    return serving(session, scope, embedder) is None and not is_empty(session, scope)


def total(session: Session, scope: Scope) -> int:
    """Return how many chunks a workspace has."""
    mine = ChunkRow.workspace_id == scope.workspace_id
    return session.scalar(select(func.count()).select_from(ChunkRow).where(mine)) or 0


def note_made(make: Sessions, store: VectorStore, row: VectorCollection) -> None:
    """Have the store make a collection the first time that it is written to.

    Never again: a lost collection that came back empty would pass for a whole one.
    """
    if row.made:
        return
    store.make(row.name)
    with transaction(make) as session:
        current = _named(session, row.name)
        if current is not None:
            current.made = True


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds one collection from SQL, a few documents at a time; may stop and go on at will."""

    make: Sessions
    store: VectorStore
    embedder: Embedder
    scope: Scope
    name: str

    def start(self) -> None:
        """Have the collection there; one that was lost half built is begun anew."""
        lost = not self.store.exists(self.name)
        with transaction(self.make) as session:
            row = _named(session, self.name)
            if row is None or row.state != BUILDING:
                return
            if lost:
                row.made, row.cursor = False, None
        note_made(self.make, self.store, row)

    def advance(self, kept: Kept) -> bool:
        """Embed the next few documents; False where none is left.

        `kept` is called in the transaction that notes them; what it raises undoes the note.
        """
        with reading(self.make) as session:
            row = _named(session, self.name)
            if row is None or row.state != BUILDING:
                return False
            documents = _next(session, row)
            cursor = documents[-1] if documents else row.cursor
            documents = documents or _left_over(session, row)
        if not documents:
            return False
        self._embed(documents, cursor, kept)
        return True

    def switch(self, finish: Callable[[Session], None]) -> bool:
        """Let the collection serve and retire all others, in one commit, if nothing is left.

        `finish` is called in that transaction.
        """
        with transaction(self.make) as session:
            _hold(session, self.scope)
            row = _named(session, self.name)
            if row is not None and row.state == BUILDING:
                if _next(session, row) or _left_over(session, row):
                    return False
                for other in _all(session, self.scope):
                    other.state = RETIRED
                row.state = SERVING
            finish(session)
        return True

    def _embed(self, documents: Sequence[UUID], cursor: UUID | None, kept: Kept) -> None:
        """Write the vectors of these documents, again for those that change meanwhile."""
        left, count = list(documents), 0
        while left:
            with reading(self.make) as session:
                seen = _texts(session, left)
            count += self._write(left, seen)
            with transaction(self.make) as session:
                locked = _lock(session, left)
                current = _texts(session, left)
                left = [one for one in left if seen.get(one) != current.get(one)]
                for document in locked:
                    if document.id not in left:
                        steps.mark(session, document, steps.EMBED, self.embedder.name)
                if not left:
                    row = _named(session, self.name)
                    if row is not None:
                        row.cursor = cursor
                    kept(session, count)
            # Read anew, or erased: nothing of what was written may stay.
            for document_id in left:
                self.store.delete_document(self.name, document_id)

    def _write(self, documents: Sequence[UUID], texts: Texts) -> int:
        chunks = [(ChunkKey(one, n), text) for one in documents for n, text in texts.get(one, ())]
        for start in range(0, len(chunks), BATCH):
            batch = chunks[start : start + BATCH]
            vectors = self.embedder.embed([text for _, text in batch])
            self.store.upsert(self.name, [key for key, _ in batch], vectors)
        return len(chunks)


def build(
    make: Sessions,
    store: VectorStore,
    scope: Scope,
    embedder: Embedder,
    on_progress: Callable[[int, int], None],
) -> int:
    """Build this model's collection in one go and switch to it; returns the chunks embedded now.

    0 where the collection serves already. `on_progress` gets the chunks done and their total.
    """
    with transaction(make) as session:
        prepare(session, scope, embedder.name)
        row = building(session, scope, embedder.name)
        if row is None:
            return 0
        everything = total(session, scope)
    builder, done = Builder(make, store, embedder, scope, row.name), 0

    def kept(_session: Session, chunks: int) -> None:
        nonlocal done
        done += chunks
        on_progress(min(done, everything), everything)

    builder.start()
    while not builder.switch(lambda _session: None):
        while builder.advance(kept):
            pass
    drop_retired(make, store, scope)
    return done


def drop_retired(make: Sessions, store: VectorStore, scope: Scope) -> None:
    """Drop the collections that serve no more; a crash in between leaves them for the next call."""
    retired = VectorCollection.workspace_id == scope.workspace_id, VectorCollection.state == RETIRED
    with reading(make) as session:
        old = session.scalars(select(VectorCollection.name).where(*retired)).all()
    for name in old:
        store.drop(name)
        with transaction(make) as session:
            session.execute(delete(VectorCollection).where(VectorCollection.name == name))


def has_text() -> ColumnElement[bool]:
    """Return the condition that a document has chunks."""
    return exists().where(ChunkRow.document_id == Document.id)


def embedded(embedder: str) -> ColumnElement[bool]:
    """Return the condition that a document's vectors have been written whole with a model."""
    return exists().where(
        Step.document_id == Document.id, Step.name == steps.EMBED, Step.version == embedder[:200]
    )


def under_way() -> ColumnElement[bool]:
    """Return the condition that a job on a document waits or runs."""
    return exists().where(Job.document_id == Document.id, Job.state.in_(("queued", "running")))


def _next(session: Session, row: VectorCollection) -> list[UUID]:
    """Return the documents after the cursor, with a batch of chunks together, at least one."""
    size = (
        select(func.count()).select_from(ChunkRow).where(ChunkRow.document_id == Document.id)
    ).scalar_subquery()
    query = select(Document.id, size).where(Document.workspace_id == row.workspace_id, has_text())
    if row.cursor is not None:
        query = query.where(Document.id > row.cursor)
    taken: list[UUID] = []
    chunks = 0
    for document_id, number in session.execute(query.order_by(Document.id).limit(DOCUMENTS)):
        taken.append(document_id)
        chunks += number
        if chunks >= BATCH:
            break
    return taken


def _left_over(session: Session, row: VectorCollection) -> list[UUID]:
    """Return documents that came meanwhile through a worker that still has another model."""
    query = select(Document.id).where(
        Document.workspace_id == row.workspace_id,
        has_text(),
        ~embedded(row.embedder),
        ~under_way(),
    )
    return list(session.scalars(query.order_by(Document.id).limit(DOCUMENTS)))


def _texts(session: Session, documents: Sequence[UUID]) -> Texts:
    columns = ChunkRow.document_id, ChunkRow.ordinal, ChunkRow.text
    order = ChunkRow.document_id, ChunkRow.ordinal
    rows = session.execute(
        select(*columns).where(ChunkRow.document_id.in_(documents)).order_by(*order)
    ).all()
    return {
        document_id: [(row.ordinal, row.text) for row in chunks]
        for document_id, chunks in groupby(rows, key=itemgetter(0))
    }


def _lock(session: Session, documents: Sequence[UUID]) -> Sequence[Document]:
    """Lock documents in the order of their ids, so that nobody waits in a circle."""
    query = select(Document).where(Document.id.in_(documents)).order_by(Document.id)
    return session.scalars(query.with_for_update()).all()


def _hold(session: Session, scope: Scope) -> None:
    hold(session, f"vector collections of {scope.workspace_id}")


def _add(session: Session, scope: Scope, embedder: str, state: str) -> VectorCollection:
    name = f"w{scope.workspace_id.hex}-{uuid4().hex[:12]}"
    row = VectorCollection(
        workspace_id=scope.workspace_id, embedder=embedder, name=name, state=state
    )
    session.add(row)
    session.flush()
    return row


def _live(session: Session, scope: Scope, embedder: str) -> Sequence[VectorCollection]:
    live = VectorCollection.embedder == embedder, VectorCollection.state != RETIRED
    return _fresh(session, _mine(scope).where(*live))


def _all(session: Session, scope: Scope) -> Sequence[VectorCollection]:
    return _fresh(session, _mine(scope))


def _named(session: Session, name: str) -> VectorCollection | None:
    found = _fresh(session, select(VectorCollection).where(VectorCollection.name == name))
    return found[0] if found else None


def _mine(scope: Scope) -> Select[VectorCollection]:
    return select(VectorCollection).where(VectorCollection.workspace_id == scope.workspace_id)


def _fresh(session: Session, query: Select[VectorCollection]) -> Sequence[VectorCollection]:
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _has_chunks(session: Session, scope: Scope) -> bool:
    mine = ChunkRow.workspace_id == scope.workspace_id
    return bool(session.scalar(select(exists().where(mine))))
