"""Alembic's entry: runs migrations on the connection that `core.schema` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from core.tables import Row, UtcDateTime

# The keyword index is a projection with tables of its own, made by hand in its migration.
PROJECTIONS = "keyword_"


def _ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
    return not (kind == "table" and (name or "").startswith(PROJECTIONS))


def _plain(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    # A migration must not change when our classes do.
    return (
        "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False
    )


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    include_object=_ours,
    render_item=_plain,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
