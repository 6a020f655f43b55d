"""Find passages by words and by meaning at once, never outside the caller's workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import Session

from core import settings
from core.documents import Scope
from core.embedding import Embedder, Vectors
from core.errors import Unavailable
from core.tables import ChunkRow, Document
from retrieval import analysis
from retrieval.index import VectorIndex
from retrieval.keywords import KeywordIndex
from retrieval.vectors import VectorHit

Scores = Mapping[int, float]
"""A score for each candidate, by the row id of its chunk."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that was found: characters `start` to `end` of the text of page `page`.

    `score` is in 0..1 and orders the passages of one search. `keyword_score` is BM25 and
    `meaning_score` cosine similarity; None where that index did not have it among its candidates.
    `highlights` are the places in `text`, from its own start, where words of the question stand.
    """

    document_id: UUID
    title: str
    filename: str
    ordinal: int
    page: int
    start: int
    end: int
    text: str
    score: float
    keyword_score: float | None
    meaning_score: float | None
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Passages, best first; `degraded` is the code of what kept meaning out of it, if anything."""

    passages: tuple[Passage, ...]
    degraded: str | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate after fusion."""

    chunk_id: int
    score: float
    keyword_score: float | None
    meaning_score: float | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates, best first; `degraded` as in SearchResult."""

    ranked: Sequence[Ranked]
    degraded: str | None = None


class Searcher:
    """Search over both indexes, fused."""

    def __init__(
        self,
        index: VectorIndex,
        keywords: KeywordIndex,
        embedder: Embedder,
        rules: settings.Search,
    ) -> None:
        self._index = index
        self.keywords = keywords
        self.embedder = embedder
        self._rules = rules

    def search(
        self,
        session: Session,
        scope: Scope,
        query: str,
        limit: int = 10,
        document_ids: Sequence[UUID] | None = None,
    ) -> SearchResult:
        """Return at most `limit` passages, best first, of the given documents if any.

        Where the vector index or the embedding model does not answer, words alone decide and the
        result says so.
        """
        ranking = self.rank(session, scope, query, document_ids)
        passages = _passages(session, scope, query, ranking.ranked[:limit])
        return SearchResult(passages, ranking.degraded)

    def rank(
        self,
        session: Session,
        scope: Scope,
        query: str,
        document_ids: Sequence[UUID] | None = None,
    ) -> Ranking:
        """Return every candidate of both indexes, best first."""
        if not query.strip():
            return Ranking(())
        # The vector comes first: a remote model may take long, and reading holds the database.
        try:
            vector = self.embedder.embed_queries([query])[0]
            meaning = self._nearest(session, scope, vector, document_ids)
        except Unavailable as error:
            words = self.by_words(session, scope, query, document_ids)
            return Ranking(fuse(words, {}, 0.0), degraded=error.code)
        words = self.by_words(session, scope, query, document_ids)
        return Ranking(fuse(words, meaning, self._rules.weight))

    def by_words(
        self,
        session: Session,
        scope: Scope,
        query: str,
        document_ids: Sequence[UUID] | None = None,
    ) -> Scores:
        """Return BM25 scores of the best chunks by words."""
        depth = self._rules.depth
        hits = self.keywords.query(session, scope, query, depth, document_ids)
        return {hit.chunk_id: hit.score for hit in hits}

    def by_meaning(
        self,
        session: Session,
        scope: Scope,
        query: str,
        document_ids: Sequence[UUID] | None = None,
    ) -> Scores:
        """Return cosine similarities of the nearest chunks.

        Raises:
            Unavailable: the vector index or the embedding model does not answer.
        """
        vector = self.embedder.embed_queries([query])[0]
        return self._nearest(session, scope, vector, document_ids)

    def _nearest(
        self,
        session: Session,
        scope: Scope,
        vector: Vectors,
        document_ids: Sequence[UUID] | None,
    ) -> Scores:
        hits = self._index.query(session, scope, vector, self._rules.depth, document_ids)
        return _by_row(session, scope, hits)


def fuse(words: Scores, meaning: Scores, weight: float) -> list[Ranked]:
    """Rank the candidates of both by weight·meaning + (1 - weight)·words, each min-max scaled.

    A candidate that one side lacks counts there as that side's last. Equal scores go by row id.
    Min-max fusion: Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval",
    ACM TOIS 2023.
    """
    scaled_words, scaled_meaning = _scaled(words), _scaled(meaning)
    ranked = [
        Ranked(
            chunk_id,
            weight * scaled_meaning.get(chunk_id, 0.0)
            + (1.0 - weight) * scaled_words.get(chunk_id, 0.0),
            words.get(chunk_id),
            meaning.get(chunk_id),
        )
        for chunk_id in words.keys() | meaning.keys()
    ]
    return sorted(ranked, key=lambda each: (-each.score, each.chunk_id))


def _scaled(scores: Scores) -> Scores:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high == low:
        return dict.fromkeys(scores, 1.0)
    return {key: (score - low) / (high - low) for key, score in scores.items()}


def _by_row(session: Session, scope: Scope, hits: Sequence[VectorHit]) -> Scores:
    """Exchange chunk keys for row ids; what SQL does not know (any more) was never found."""
    similarity = {(hit.key.document_id, hit.key.ordinal): hit.similarity for hit in hits}
    if not similarity:
        return {}
    rows = session.execute(
        select(ChunkRow.id, ChunkRow.document_id, ChunkRow.ordinal).where(
            ChunkRow.workspace_id == scope.workspace_id,
            tuple_(ChunkRow.document_id, ChunkRow.ordinal).in_(list(similarity)),
        )
    )
    return {row.id: similarity[row.document_id, row.ordinal] for row in rows}


def _passages(
    session: Session, scope: Scope, query: str, ranked: Sequence[Ranked]
) -> tuple[Passage, ...]:
    rows = {row.ChunkRow.id: row for row in session.execute(_rows(scope, ranked))}
    terms = frozenset(analysis.query_terms(query))
    # Between index and rows a document may have been erased: what has no row is not shown.
    return tuple(
        _passage(rows[each.chunk_id], each, terms) for each in ranked if each.chunk_id in rows
    )


def _rows(scope: Scope, ranked: Sequence[Ranked]) -> Select[ChunkRow, str | None, str]:
    return (
        select(ChunkRow, Document.title, Document.filename)
        .join(Document, Document.id == ChunkRow.document_id)
        .where(
            ChunkRow.workspace_id == scope.workspace_id,
            Document.workspace_id == scope.workspace_id,
            ChunkRow.id.in_([each.chunk_id for each in ranked]),
        )
    )


def _passage(row: Row[ChunkRow, str | None, str], ranked: Ranked, terms: frozenset[str]) -> Passage:
    chunk, title, filename = row
    return Passage(
        document_id=chunk.document_id,
        title=title or filename,
        filename=filename,
        ordinal=chunk.ordinal,
        page=chunk.page,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=ranked.score,
        keyword_score=ranked.keyword_score,
        meaning_score=ranked.meaning_score,
        highlights=tuple(analysis.highlights(chunk.text, terms)),
    )
