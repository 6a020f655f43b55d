"""Search by words on PostgreSQL: an inverted index of our own, since the server has no BM25.

Full-text search of PostgreSQL ranks without knowing how rare a word is. So each term's chunks are
kept packed in rows (see core.keyword_table); a question reads the rows of its terms, which all lie
side by side in one index, and the scores are added up here, where that costs a tenth of what it
would inside the server.
"""

import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from core.documents import Chunk, Scope
from retrieval import analysis
from retrieval.keyword_contract import (
    MAX_TERMS,
    KeywordHit,
    Terms,
    rarest,
    rarities,
    terms_by_chunk,
    terms_of,
)

# The constants of SQLite's FTS5, and its floor for terms that stand in more than half the chunks.
K1, B, FLOOR = 1.2, 0.75, 1e-6
MARKS = 2
"""FTS5 counts the two tokens that name workspace and document into the length of every chunk."""

POSTING = np.dtype([("chunk", "<i4"), ("count", "<u2"), ("length", "<u2")])
PACKED = struct.Struct("<iHH")
MOST = 0xFFFF
BLOCK = 200
"""Chunks in one row: with a term of 128 characters it still fits an entry of the index, 2.7 kB."""
LONGEST_TERM = 128
"""Folding can make one character into many; no word that anybody types is longer."""

WRITE_BLOCK = text("""
    INSERT INTO keyword_blocks (workspace_id, document_id, chunks, terms)
    VALUES (:workspace, :document, :chunks, :terms)
    RETURNING id
""")
WRITE_POSTINGS = text("""
    INSERT INTO keyword_postings (workspace_id, term, block_id, postings)
    SELECT :workspace, term, :block, postings
    FROM unnest(CAST(:terms AS text[]), CAST(:postings AS bytea[])) AS new (term, postings)
""")
FORGET_BLOCKS = text("""
    DELETE FROM keyword_blocks WHERE workspace_id = :workspace AND document_id = :document
    RETURNING id, chunks, terms
""")
FORGET_POSTINGS = text("DELETE FROM keyword_postings WHERE block_id = ANY(:blocks)")
# The totals of a workspace are the sum of a few rows. A writer takes one that nobody else holds,
# or adds one, so that workers never wait for each other.
COUNT = text("""
    WITH free AS (
        SELECT id FROM keyword_totals WHERE workspace_id = :workspace
        LIMIT 1 FOR UPDATE SKIP LOCKED
    ), changed AS (
        UPDATE keyword_totals AS totals
        SET chunks = totals.chunks + :chunks, terms = totals.terms + :terms
        FROM free WHERE totals.id = free.id
        RETURNING totals.id
    )
    INSERT INTO keyword_totals (workspace_id, chunks, terms)
    SELECT :workspace, :chunks, :terms WHERE NOT EXISTS (SELECT FROM changed)
""")
# Frequencies are those of the whole workspace, whatever documents are asked for.
QUERY = text("""
    SELECT found.frequency, found.postings, totals.chunks, totals.terms
    FROM unnest(CAST(:terms AS text[])) WITH ORDINALITY AS asked (term, place)
    CROSS JOIN LATERAL (
        SELECT sum(octet_length(postings)) / 8 AS frequency,
            string_agg(postings, ''::bytea) FILTER (
                WHERE CAST(:documents AS uuid[]) IS NULL OR block_id IN (
                    SELECT id FROM keyword_blocks
                    WHERE workspace_id = :workspace AND document_id = ANY(:documents)
                )
            ) AS postings
        FROM keyword_postings
        WHERE workspace_id = :workspace AND term = asked.term
    ) AS found
    CROSS JOIN (
        SELECT CAST(sum(chunks) AS bigint) AS chunks, CAST(sum(terms) AS bigint) AS terms
        FROM keyword_totals WHERE workspace_id = :workspace
    ) AS totals
    WHERE found.postings IS NOT NULL
    ORDER BY asked.place
""")
FREQUENCIES = text("""
    SELECT asked.term, CAST(coalesce(sum(found.frequency), 0) AS bigint)
    FROM unnest(CAST(:terms AS text[])) AS asked (term)
    CROSS JOIN (
        SELECT id FROM workspaces
        WHERE CAST(:workspace AS uuid) IS NULL OR id = CAST(:workspace AS uuid)
    ) AS places
    CROSS JOIN LATERAL (
        SELECT sum(octet_length(postings)) / 8 AS frequency FROM keyword_postings
        WHERE workspace_id = places.id AND term = asked.term
    ) AS found
    GROUP BY asked.term
""")
TOTAL = text("""
    SELECT CAST(coalesce(sum(chunks), 0) AS bigint) FROM keyword_totals
    WHERE CAST(:workspace AS uuid) IS NULL OR workspace_id = CAST(:workspace AS uuid)
""")
# A block is found by its postings; one of nothing but stop words has none.
ENTRIES = text("""
    SELECT document_id, CAST(sum(chunks) AS bigint) FROM keyword_blocks AS blocks
    WHERE workspace_id = :workspace AND (
        terms = chunks * :marks
        OR EXISTS (SELECT FROM keyword_postings WHERE block_id = blocks.id)
    )
    GROUP BY document_id
""")
FORGET_STRAYS = text("""
    DELETE FROM keyword_postings AS postings WHERE workspace_id = :workspace
    AND NOT EXISTS (SELECT FROM keyword_blocks WHERE id = postings.block_id)
""")
# Whoever writes blocks counts them last: nobody is between the two while the table is locked.
LOCK_TOTALS = text("LOCK TABLE keyword_totals IN EXCLUSIVE MODE")
FORGET_TOTALS = text("DELETE FROM keyword_totals WHERE workspace_id = :workspace")
RECOUNT = text("""
    INSERT INTO keyword_totals (workspace_id, chunks, terms)
    SELECT workspace_id, sum(chunks), sum(terms) FROM keyword_blocks
    WHERE workspace_id = :workspace GROUP BY workspace_id
""")


@dataclass(frozen=True, slots=True)
class Postings:
    """Where one term stands: in `frequency` chunks of the workspace; `packed` are those asked for.

    `packed` has the dtype POSTING: the chunk's row id, how often it holds the term, its length.
    """

    frequency: int
    packed: NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Totals:
    """A workspace's chunks, and their mean length in terms."""

    chunks: int
    mean: float


class PostgresKeywords:
    """BM25 (k1 1.2, b 0.75) as SQLite's FTS5 counts it, with frequencies of each workspace."""

    def upsert(
        self,
        session: Session,
        scope: Scope,
        document_id: UUID,
        chunks: Sequence[Chunk],
        terms: Terms | None = None,
    ) -> None:
        """Index a document's chunks in place of earlier ones."""
        self.delete(session, scope, document_id)
        if not chunks:
            return
        by_chunk = terms_by_chunk(session, scope, document_id, terms or terms_of(chunks))
        for block in _blocks(by_chunk):
            self._write(session, scope, document_id, block)

    def delete(self, session: Session, scope: Scope, document_id: UUID) -> None:
        """Forget a document."""
        which = {"workspace": scope.workspace_id, "document": document_id}
        gone = session.execute(FORGET_BLOCKS, which).all()
        if not gone:
            return
        session.execute(FORGET_POSTINGS, {"blocks": [block.id for block in gone]})
        _count(session, scope, -sum(b.chunks for b in gone), -sum(b.terms for b in gone))

    def query(
        self,
        session: Session,
        scope: Scope,
        question: str,
        k: int,
        document_ids: Sequence[UUID] | None = None,
    ) -> list[KeywordHit]:
        """Return at most `k` chunks with any of the question's terms, best first."""
        terms = list(dict.fromkeys(_cut(analysis.query_terms(question))))
        terms = self._rarest(session, scope, terms)
        if not terms or document_ids == []:
            return []
        documents = None if document_ids is None else list(document_ids)
        values = {"workspace": scope.workspace_id, "terms": terms, "documents": documents}
        rows = session.execute(QUERY, values).all()
        if not rows:
            return []
        found = [Postings(int(row.frequency), np.frombuffer(row.postings, POSTING)) for row in rows]
        return rank(found, Totals(rows[0].chunks, rows[0].terms / rows[0].chunks), k)

    def rarity(self, session: Session, terms: Sequence[str]) -> Mapping[str, float]:
        """Return each term's inverse document frequency, over all workspaces."""
        return _rarity(session, terms, None)

    def entries(self, session: Session, scope: Scope) -> Mapping[UUID, int]:
        """Return how many chunks of each document of a workspace can be found."""
        values = {"workspace": scope.workspace_id, "marks": MARKS}
        return {document_id: chunks for document_id, chunks in session.execute(ENTRIES, values)}  # noqa: C416 (rows are no pairs)

    def tidy(self, session: Session, scope: Scope) -> None:
        """Forget postings without a block, and count the totals anew."""
        for statement in (LOCK_TOTALS, FORGET_STRAYS, FORGET_TOTALS, RECOUNT):
            values = {} if statement is LOCK_TOTALS else {"workspace": scope.workspace_id}
            session.execute(statement, values)

    def _rarest(self, session: Session, scope: Scope, terms: list[str]) -> list[str]:
        if len(terms) <= MAX_TERMS:
            return terms
        return rarest(terms, _rarity(session, terms, scope.workspace_id))

    def _write(
        self, session: Session, scope: Scope, document_id: UUID, block: Mapping[int, list[str]]
    ) -> None:
        chunks, terms = len(block), sum(len(terms) + MARKS for terms in block.values())
        counted = {"chunks": chunks, "terms": terms}
        owner = {"workspace": scope.workspace_id, "document": document_id}
        block_id = session.scalar(WRITE_BLOCK, owner | counted)
        packed = pack(block)
        # In the order of the index, so that its pages are visited once.
        names = sorted(packed)
        values = {"block": block_id, "terms": names, "postings": [packed[name] for name in names]}
        session.execute(WRITE_POSTINGS, {"workspace": scope.workspace_id} | values)
        _count(session, scope, chunks, terms)


def pack(block: Mapping[int, Sequence[str]]) -> dict[str, bytes]:
    """Turn the terms of chunks into the postings of each term, of dtype POSTING."""
    packed: dict[str, bytearray] = {}
    for chunk_id, terms in block.items():
        length = min(len(terms) + MARKS, MOST)
        for term, count in Counter(_cut(terms)).items():
            packed.setdefault(term, bytearray()).extend(
                PACKED.pack(chunk_id, min(count, MOST), length)
            )
    return {term: bytes(postings) for term, postings in packed.items()}


def rank(found: Sequence[Postings], totals: Totals, k: int) -> list[KeywordHit]:
    """Return the `k` best chunks by BM25, best first; equal scores go by row id.

    The formula and the order of its sums are those of FTS5's bm25():
    https://www.sqlite.org/fts5.html#the_bm25_function
    """
    chunks = np.concatenate([each.packed["chunk"] for each in found])
    parts = np.concatenate([_score(each, totals) for each in found])
    ids, places = np.unique(chunks, return_inverse=True)
    scores = np.bincount(places, parts)
    k = min(k, len(ids))
    least = np.partition(scores, -k)[-k]
    good = np.flatnonzero(scores >= least)
    best = good[np.lexsort((ids[good], -scores[good]))][:k]
    return [KeywordHit(int(ids[n]), float(scores[n])) for n in best]


def _score(term: Postings, totals: Totals) -> NDArray[np.float64]:
    missing = max(totals.chunks - term.frequency, 0)
    rarity = max(log((missing + 0.5) / (term.frequency + 0.5)), FLOOR)
    count = term.packed["count"].astype(np.float64)
    length = term.packed["length"].astype(np.float64)
    scores: NDArray[np.float64] = rarity * (
        (count * (K1 + 1.0)) / (count + K1 * (1 - B + B * length / totals.mean))
    )
    return scores


def _rarity(session: Session, terms: Sequence[str], workspace: UUID | None) -> Mapping[str, float]:
    values = {"terms": _cut(terms), "workspace": workspace}
    counts = {term: count for term, count in session.execute(FREQUENCIES, values)}  # noqa: C416 (rows are no pairs)
    total = session.scalar(TOTAL, {"workspace": workspace}) or 0
    return rarities({term: counts.get(term[:LONGEST_TERM], 0) for term in terms}, total)


def _count(session: Session, scope: Scope, chunks: int, terms: int) -> None:
    values = {"workspace": scope.workspace_id, "chunks": chunks, "terms": terms}
    session.execute(COUNT, values)


def _cut(terms: Sequence[str]) -> list[str]:
    return [term[:LONGEST_TERM] for term in terms]


def _blocks(by_chunk: Mapping[int, list[str]]) -> Iterator[dict[int, list[str]]]:
    rows = iter(by_chunk.items())
    while block := dict(islice(rows, BLOCK)):
        yield block
