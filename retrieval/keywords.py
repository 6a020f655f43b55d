"""Search by words: BM25 over analysed terms, behind one contract for every database."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.documents import Chunk, Scope
from core.errors import ConfigurationError
from retrieval import analysis
from retrieval.keyword_contract import (
    MAX_TERMS,
    KeywordHit,
    KeywordIndex,
    Terms,
    rarest,
    rarities,
    terms_by_chunk,
    terms_of,
)
from retrieval.keywords_postgres import PostgresKeywords

__all__ = ["MAX_TERMS", "KeywordHit", "KeywordIndex", "SqliteKeywords", "build_keywords"]

# The tables are those of core.keyword_table.
INSERT = text("INSERT INTO keyword_chunks (rowid, scope, terms) VALUES (:id, :scope, :terms)")
DELETE = text("DELETE FROM keyword_chunks WHERE keyword_chunks MATCH :match")
# The scope's column weighs nothing: being in the workspace is no merit.
QUERY = text(
    "SELECT rowid, rank FROM keyword_chunks WHERE keyword_chunks MATCH :match "
    "AND rank MATCH 'bm25(0.0, 1.0)' ORDER BY rank LIMIT :k"
)
ENTRIES = text(
    "SELECT scope, count(*) FROM keyword_chunks WHERE keyword_chunks MATCH :match GROUP BY scope"
)
TOTAL = text("SELECT count(*) FROM keyword_chunks_docsize")
FREQUENCY = text("SELECT doc FROM keyword_terms WHERE term = :term")


def build_keywords(dialect: str) -> KeywordIndex:
    """Return the keyword index for a database, by SQLAlchemy's name of its dialect.

    Raises:
        ConfigurationError: for a database that none is written for.
    """
    if dialect == "sqlite":
        return SqliteKeywords()
    if dialect == "postgresql":
        return PostgresKeywords()
    raise ConfigurationError(f"keyword search does not know the database {dialect!r}")


class SqliteKeywords:
    """BM25 (k1 1.2, b 0.75) of SQLite's FTS5.

    Term frequencies and lengths are counted over all workspaces: results never cross a border,
    but how rare a word is does depend on what the neighbours keep.
    """

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
        owner = f"{_workspace(scope)} {_document(document_id)}"
        by_chunk = terms_by_chunk(session, scope, document_id, terms or terms_of(chunks))
        rows = [
            {"id": chunk_id, "scope": owner, "terms": " ".join(terms)}
            for chunk_id, terms in by_chunk.items()
        ]
        session.execute(INSERT, rows)

    def delete(self, session: Session, scope: Scope, document_id: UUID) -> None:
        """Forget a document."""
        match = f'scope : ("{_workspace(scope)}" AND "{_document(document_id)}")'
        session.execute(DELETE, {"match": match})

    def query(
        self,
        session: Session,
        scope: Scope,
        question: str,
        k: int,
        document_ids: Sequence[UUID] | None = None,
    ) -> list[KeywordHit]:
        """Return at most `k` chunks with any of the question's terms, best first."""
        terms = self._rarest(session, analysis.query_terms(question))
        if not terms or document_ids == []:
            return []
        match = _match(scope, terms, document_ids)
        rows = session.execute(QUERY, {"match": match, "k": k})
        hits = [KeywordHit(chunk_id, -rank) for chunk_id, rank in rows]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))

    def rarity(self, session: Session, terms: Sequence[str]) -> Mapping[str, float]:
        """Return each term's inverse document frequency."""
        total = session.scalar(TOTAL) or 0
        counts = {term: session.scalar(FREQUENCY, {"term": term}) or 0 for term in terms}
        return rarities(counts, total)

    def entries(self, session: Session, scope: Scope) -> Mapping[UUID, int]:
        """Return how many chunks of each document of a workspace can be found."""
        rows = session.execute(ENTRIES, {"match": f'scope : "{_workspace(scope)}"'})
        return {UUID(owner.split()[1][1:]): chunks for owner, chunks in rows}

    def tidy(self, session: Session, scope: Scope) -> None:
        """Do nothing: FTS5 keeps its totals itself."""

    def _rarest(self, session: Session, terms: list[str]) -> list[str]:
        if len(terms) <= MAX_TERMS:
            return terms
        return rarest(terms, self.rarity(session, terms))


def _match(scope: Scope, terms: Sequence[str], document_ids: Sequence[UUID] | None) -> str:
    """Write the FTS5 expression; each term is a quoted string, so that none acts as an operator."""
    parts = [f'scope : "{_workspace(scope)}"', f"terms : ({_any(terms)})"]
    if document_ids is not None:
        parts.append(f"scope : ({_any([_document(each) for each in document_ids])})")
    return " AND ".join(parts)


def _any(terms: Sequence[str]) -> str:
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)


def _workspace(scope: Scope) -> str:
    return f"w{scope.workspace_id.hex}"


def _document(document_id: UUID) -> str:
    return f"d{document_id.hex}"
