"""The transactional outbox: what happened is written in the transaction in which it happened."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from core import deliveries
from core.documents import Scope
from core.tables import Event

KINDS = (
    "document.received",
    "document.classified",
    "document.routed",
    "document.failed",
    "document.deleted",
    "review.opened",
    "review.resolved",
    "job.dead",
    "job.cancelled",
)
"""What can happen."""


def publish(
    session: Session, scope: Scope, kind: str, subject: UUID, data: Mapping[str, Any]
) -> None:
    """Write an event such as `document.routed` about `subject`; it exists if the caller commits.

    With it goes a delivery for every receiver that wants it.
    """
    event = Event(
        id=uuid4(),
        workspace_id=scope.workspace_id,
        type=kind,
        subject=str(subject),
        data=dict(data),
    )
    endpoints = deliveries.receivers(session, event)
    if endpoints:
        deliveries.owe(session, event, endpoints)
    else:
        session.add(event)
