"""Puts documents on the shelf as the journey does: rows, words and vectors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4

from core import steps
from core.db import Sessions, transaction
from core.documents import Chunk, Scope, Span
from core.embedding import Embedder
from core.tables import ChunkRow, Document, PageRow, Workspace
from retrieval.index import VectorIndex
from retrieval.keywords import KeywordIndex

Pages = Mapping[int, str]


@dataclass(frozen=True)
class Shelf:
    """A workspace that documents can be put into."""

    sessions: Sessions
    scope: Scope
    keywords: KeywordIndex
    index: VectorIndex
    embedder: Embedder

    def put(
        self, name: str, *pages: str, title: str | None = None, document_id: UUID | None = None
    ) -> UUID:
        """Write a document, one chunk a page: rows and words first, then vectors."""
        chunks, document_id = chunks_of(pages), document_id or uuid4()
        with transaction(self.sessions) as session:
            self.index.prepare(session, self.scope)
        write(self.sessions, self.scope, name, pages, title, document_id)
        with transaction(self.sessions) as session:
            self.keywords.upsert(session, self.scope, document_id, chunks)
        self.embed(document_id, chunks)
        return document_id

    def embed(self, document_id: UUID, chunks: Sequence[Chunk]) -> None:
        """Write a document's vectors, and note that it is done."""
        vectors = self.embedder.embed([chunk.text for chunk in chunks])
        self.index.upsert(self.scope, document_id, chunks, vectors)
        with transaction(self.sessions) as session:
            document = session.get_one(Document, document_id)
            steps.mark(session, document, steps.EMBED, self.embedder.name)


def chunks_of(pages: tuple[str, ...]) -> list[Chunk]:
    """Take each page as one chunk."""
    return [Chunk(n, Span(n + 1, 0, len(page)), page) for n, page in enumerate(pages)]


def write(
    sessions: Sessions,
    scope: Scope,
    name: str,
    pages: tuple[str, ...],
    title: str | None = None,
    document_id: UUID | None = None,
) -> UUID:
    """Write the rows of a document, and nothing to the indexes."""
    with transaction(sessions) as session:
        document = Document(
            id=document_id or uuid4(),
            workspace_id=scope.workspace_id,
            sha256=sha256(name.encode()).hexdigest(),
            filename=name,
            media_type="text/plain",
            size=1,
            title=title,
        )
        session.add(document)
        session.flush()
        for chunk in chunks_of(pages):
            session.add(PageRow(document_id=document.id, number=chunk.span.page, text=chunk.text))
            session.add(
                ChunkRow(
                    document_id=document.id,
                    workspace_id=scope.workspace_id,
                    ordinal=chunk.ordinal,
                    page=chunk.span.page,
                    start=chunk.span.start,
                    end=chunk.span.end,
                    text=chunk.text,
                )
            )
        return document.id


def another_workspace(sessions: Sessions, name: str = "neighbour") -> Scope:
    """Return the scope of a new workspace."""
    with transaction(sessions) as session:
        workspace = Workspace(name=name)
        session.add(workspace)
        session.flush()
        return Scope(workspace.id)
