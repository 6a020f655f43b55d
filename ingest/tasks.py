"""What workers do with documents: the kinds of jobs, and what it means to give one up."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.db import reading
from core.leases import Lease, Progress
from core.tables import Document
from core.work import Handler
from ingest import intake, library, upkeep
from ingest.intake import EMBED, PROCESS
from ingest.pipeline import embed, process
from ingest.tools import Tools


def handlers(tools: Tools) -> Mapping[str, Handler]:
    """Return what knows the jobs about documents, by kind."""
    return {PROCESS: Processing(tools), EMBED: Embedding(tools), **upkeep.handlers(tools)}


@dataclass(frozen=True, slots=True)
class Processing:
    """Reads, classifies and routes a document."""

    tools: Tools

    def perform(self, lease: Lease, progress: Progress) -> str:
        """Take the document through its journey."""
        return process(self.tools, lease, progress)

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Mark the document as failed, unless it was decided before; its original stays."""
        document = session.get(Document, lease.document_id, with_for_update=True)
        if document is not None and document.state not in library.DECIDED:
            intake.fail(session, lease.scope, document, code, detail)

    def left(self, lease: Lease) -> bool:
        """Leave nothing: all that the journey writes goes with its transaction."""
        return _erased(self.tools, lease)


@dataclass(frozen=True, slots=True)
class Embedding:
    """Makes a document findable by meaning."""

    tools: Tools

    def perform(self, lease: Lease, progress: Progress) -> str:
        """Embed the document's chunks."""
        return embed(self.tools, lease, progress)

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Leave the document as it is: it was routed, and words find it."""

    def left(self, lease: Lease) -> bool:
        """Take back the vectors of a document that was erased meanwhile."""
        erased = _erased(self.tools, lease)
        if erased:
            self.tools.index.delete(lease.scope, lease.document)
        return erased


def _erased(tools: Tools, lease: Lease) -> bool:
    with reading(tools.sessions) as session:
        return session.get(Document, lease.document_id) is None
