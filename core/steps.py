"""Which steps of a document's journey are done: each once per content and version."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.tables import Document, Step

READ, CLASSIFY, EMBED = "read", "classify", "embed"
LONGEST = 200
"""Of a version, such as a model's name, no more is kept."""


def done(session: Session, document: Document, name: str, version: str) -> bool:
    """Tell whether a step is done for just this content and this version of it."""
    row = session.get(Step, (document.id, name))
    return row is not None and (row.sha256, row.version) == (document.sha256, version[:LONGEST])


def mark(session: Session, document: Document, name: str, version: str) -> None:
    """Note a step as done, in the transaction that holds its result."""
    forget(session, document, name)
    session.add(
        Step(document_id=document.id, name=name, sha256=document.sha256, version=version[:LONGEST])
    )
    session.flush()


def forget(session: Session, document: Document, *names: str) -> None:
    """Have steps done again by the next run."""
    mine = Step.document_id == document.id, Step.name.in_(names)
    session.execute(delete(Step).where(*mine))


def of(session: Session, document: Document) -> dict[str, Step]:
    """Return the steps that are done, by name."""
    rows = session.scalars(select(Step).where(Step.document_id == document.id))
    return {row.name: row for row in rows}
