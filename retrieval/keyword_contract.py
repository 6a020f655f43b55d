"""What every keyword index keeps to: the contract, and how a document's chunks become terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.documents import Chunk, Scope
from core.tables import ChunkRow, Document
from retrieval import analysis

Terms = Mapping[int, list[str]]
"""The terms of a document's chunks, by ordinal."""
MAX_TERMS = 48
"""A whole paragraph may be asked; its rarest terms say nearly all, in a fraction of the time."""
LANGUAGE_SAMPLE = 20
"""Chunks whose function words tell a document's language."""


@dataclass(frozen=True, slots=True)
class KeywordHit:
    """A chunk by its row id, and its BM25 score: above 0, more is better, no upper end."""

    chunk_id: int
    score: float


class KeywordIndex(Protocol):
    """Terms of chunks, kept in the caller's transaction beside the rows they stand for."""

    def upsert(
        self,
        session: Session,
        scope: Scope,
        document_id: UUID,
        chunks: Sequence[Chunk],
        terms: Terms | None = None,
    ) -> None:
        """Index a document's chunks in place of earlier ones; their rows are written already.

        `terms` is what `terms_of` gives for them, for callers whose transaction must be short.
        """

    def delete(self, session: Session, scope: Scope, document_id: UUID) -> None:
        """Forget a document; nothing happens where it was never indexed."""

    def query(
        self,
        session: Session,
        scope: Scope,
        question: str,
        k: int,
        document_ids: Sequence[UUID] | None = None,
    ) -> list[KeywordHit]:
        """Return at most `k` chunks with any of the question's terms, best first.

        Only chunks of the scope's workspace, and of the given documents if any.
        """

    def rarity(self, session: Session, terms: Sequence[str]) -> Mapping[str, float]:
        """Return each term's inverse document frequency, above 0; unknown terms weigh most."""

    def entries(self, session: Session, scope: Scope) -> Mapping[UUID, int]:
        """Return how many chunks of each document of a workspace can be found."""

    def tidy(self, session: Session, scope: Scope) -> None:
        """Put right what no document accounts for, such as totals that have gone astray."""


def terms_of(chunks: Sequence[Chunk]) -> Terms:
    """Return the terms of each chunk of a document, in reading order with repeats."""
    sample = "\n".join(chunk.text for chunk in chunks[:LANGUAGE_SAMPLE])
    language = analysis.guess_language(sample)
    return {chunk.ordinal: analysis.index_terms(chunk.text, language) for chunk in chunks}


def terms_by_chunk(
    session: Session, scope: Scope, document_id: UUID, terms: Terms
) -> dict[int, list[str]]:
    """Return the terms of each chunk by the id of its row instead of its ordinal."""
    # Scoped by its document: by its own workspace SQLite would look through all chunks of it.
    mine = ChunkRow.document_id == document_id, Document.workspace_id == scope.workspace_id
    numbered = select(ChunkRow.ordinal, ChunkRow.id).join(Document).where(*mine)
    known = session.execute(numbered)
    ids = {ordinal: chunk_id for ordinal, chunk_id in known}  # noqa: C416 (rows are no pairs)
    return {ids[ordinal]: found for ordinal, found in terms.items()}


def rarities(counts: Mapping[str, int], total: int) -> Mapping[str, float]:
    """Return the inverse document frequency of terms that stand in so many of `total` chunks."""
    return {term: log(1 + (total + 0.5) / (count + 0.5)) for term, count in counts.items()}


def rarest(terms: Sequence[str], rarity: Mapping[str, float]) -> list[str]:
    """Return the `MAX_TERMS` terms that say most."""
    return sorted(terms, key=lambda term: -rarity[term])[:MAX_TERMS]
