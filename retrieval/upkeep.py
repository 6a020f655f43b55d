"""How the indexes stand beside SQL, which is the truth: by counting, or chunk by chunk."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from core.db import Sessions, reading
from core.documents import Scope
from core.tables import ChunkRow, Document
from retrieval import collection
from retrieval.keyword_contract import KeywordIndex
from retrieval.vectors import ChunkKey, VectorStore

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a workspace's vectors stand: numbers only.

    `state` is serving, building, lost (SQL knows the collection, the store does not) or none.
    `expected` are the chunks of documents that have been embedded whole and that nobody works on;
    the vectors of those that somebody works on come on top.
    """

    state: str
    name: str | None
    chunks: int
    expected: int
    vectors: int


@dataclass(frozen=True, slots=True)
class Differences:
    """Chunks without a vector that should have one, by document; vectors without a chunk."""

    missing: Counter[UUID]
    surplus: frozenset[ChunkKey]


@dataclass(frozen=True, slots=True)
class KeywordDifferences:
    """Chunks that words do not find, and entries without a chunk, both by document."""

    chunks: int
    entries: int
    missing: Counter[UUID]
    surplus: Counter[UUID]


def standing(make: Sessions, store: VectorStore, scope: Scope, embedder: str) -> Standing:
    """Count a workspace's chunks and vectors.

    Raises:
        IndexUnavailable: the store does not answer.
    """
    with reading(make) as session:
        row = collection.serving(session, scope, embedder)
        being_built = collection.building(session, scope, embedder) is not None
        chunks = collection.total(session, scope)
        expected = _expected(session, scope, embedder)
    if row is None:
        return Standing("building" if being_built else "none", None, chunks, 0, 0)
    if row.made and not store.exists(row.name):
        return Standing("lost", row.name, chunks, expected, 0)
    return Standing("serving", row.name, chunks, expected, store.count(row.name))


def differences(make: Sessions, store: VectorStore, scope: Scope, embedder: str) -> Differences:
    """Compare the vectors that serve a workspace with its chunks, one by one.

    What is written or erased while this goes on counts on neither side: what should be there is
    read before the store is asked, what may be there afterwards.

    Raises:
        IndexUnavailable: the store does not answer.
    """
    with reading(make) as session:
        row = collection.serving(session, scope, embedder)
    if row is None:
        return Differences(Counter(), frozenset())
    missing: Counter[UUID] = Counter()
    for part in _embedded(make, scope, embedder):
        lacking = set(part) - store.present(row.name, part)
        missing.update(key.document_id for key in _known(make, scope, lacking))
    surplus = [part - _known(make, scope, part) for part in _pages(store.keys(row.name))]
    return Differences(missing, frozenset().union(*surplus))


def keyword_differences(
    session: Session, keywords: KeywordIndex, scope: Scope
) -> KeywordDifferences:
    """Compare the keyword index of a workspace with its chunks; both are seen at one moment."""
    rows = session.execute(
        select(ChunkRow.document_id, func.count())
        .where(ChunkRow.workspace_id == scope.workspace_id)
        .group_by(ChunkRow.document_id)
    )
    chunks: Counter[UUID] = Counter({row[0]: row[1] for row in rows})
    entries: Counter[UUID] = Counter(keywords.entries(session, scope))
    return KeywordDifferences(chunks.total(), entries.total(), chunks - entries, entries - chunks)


def _still(embedder: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the condition that a document has been embedded whole and is left as it is."""
    return collection.embedded(embedder), ~collection.under_way()


def _expected(session: Session, scope: Scope, embedder: str) -> int:
    query = (
        select(func.count())
        .select_from(ChunkRow)
        .join(Document, Document.id == ChunkRow.document_id)
        .where(ChunkRow.workspace_id == scope.workspace_id, *_still(embedder))
    )
    return session.scalar(query) or 0


def _embedded(make: Sessions, scope: Scope, embedder: str) -> Iterator[list[ChunkKey]]:
    """Return the chunks that should have vectors, a part at a time."""
    last = 0
    while True:
        query = (
            select(ChunkRow.id, ChunkRow.document_id, ChunkRow.ordinal)
            .join(Document, Document.id == ChunkRow.document_id)
            .where(ChunkRow.workspace_id == scope.workspace_id, ChunkRow.id > last)
            .where(*_still(embedder))
            .order_by(ChunkRow.id)
            .limit(AT_ONCE)
        )
        with reading(make) as session:
            rows = session.execute(query).all()
        if not rows:
            return
        last = rows[-1].id
        yield [ChunkKey(row.document_id, row.ordinal) for row in rows]


def _known(make: Sessions, scope: Scope, keys: Sequence[ChunkKey] | set[ChunkKey]) -> set[ChunkKey]:
    """Return which of these chunks SQL has."""
    pairs = [(key.document_id, key.ordinal) for key in keys]
    if not pairs:
        return set()
    mine = ChunkRow.workspace_id == scope.workspace_id
    columns = ChunkRow.document_id, ChunkRow.ordinal
    with reading(make) as session:
        rows = session.execute(select(*columns).where(mine, tuple_(*columns).in_(pairs)))
        return {ChunkKey(row.document_id, row.ordinal) for row in rows}


def _pages(keys: Iterator[ChunkKey]) -> Iterator[set[ChunkKey]]:
    page: set[ChunkKey] = set()
    for key in keys:
        page.add(key)
        if len(page) == AT_ONCE:
            yield page
            page = set()
    if page:
        yield page
