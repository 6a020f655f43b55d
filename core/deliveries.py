"""Which receiver outside is owed which event, in what order, and which job brings it there.

A delivery is written in the transaction of its event. Of those to one receiver about one document
only the earliest has a job; when it has been delivered or given up, the next one gets its own::

    pending ──settle──> delivered
      ^  └────settle──> dead ──┐
      └─────────revive─────────┘
"""

from collections.abc import Callable, Collection
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from core.db import after_commit, hold
from core.errors import ReceiverLeftAlone
from core.tables import Event, Job, WebhookDelivery, WebhookEndpoint, now

DELIVER, QUEUE = "deliver_event", "deliver"
"""The kind of job that sends an event, and its queue."""
TELL = "tell"
"""Under this name a session knows how workers are told of a job, by its id and queue."""
LONGEST_DETAIL = 1000

Tell = Callable[[UUID, str], None]


def receivers(session: Session, event: Event) -> list[UUID]:
    """Return the active receivers in the event's workspace that want events of its type."""
    if event.data.get("kind") == DELIVER:
        # That a delivery died is told in its log: telling its receiver would never end.
        return []
    active = WebhookEndpoint.workspace_id == event.workspace_id, WebhookEndpoint.active
    found = session.execute(select(WebhookEndpoint.id, WebhookEndpoint.types).where(*active))
    return [one for one, types in found if not types or event.type in types]


def owe(session: Session, event: Event, endpoints: Collection[UUID]) -> list[WebhookDelivery]:
    """Write an event with a delivery for each receiver; they exist if the caller commits."""
    about = str(event.data.get("document_id") or event.subject)
    # The events about a document get their places one transaction after the other: else a later
    # one could be on its way before an earlier one is to be seen.
    _hold(session, event.workspace_id, about)
    session.add(event)
    session.flush()
    return [_owe(session, event, endpoint_id, about) for endpoint_id in endpoints]


def begin(session: Session, delivery_id: UUID | None, job_id: UUID) -> WebhookDelivery | None:
    """Return the delivery that a job is to send now; None where there is nothing to send.

    Its receiver is gone, it has been delivered, or an earlier one is still to be: then it gets
    another job when its turn comes.
    """
    delivery = _held(session, delivery_id)
    if delivery is None or delivery.job_id != job_id or delivery.state == "delivered":
        return None
    if session.scalar(select(exists().where(*_earlier(delivery)))):
        delivery.job_id, delivery.state = None, "pending"
        return None
    if delivery.state == "dead":
        # Its job was replayed.
        delivery.state, delivery.queued_at = "pending", now()
    return delivery


def attempted(session: Session, delivery_id: UUID, status: int | None, detail: str | None) -> None:
    """Note an attempt and what came of it."""
    tried = update(WebhookDelivery).where(WebhookDelivery.id == delivery_id)
    session.execute(
        tried.values(
            attempts=WebhookDelivery.attempts + 1,
            attempted_at=now(),
            status=status,
            error_detail=detail and detail[:LONGEST_DETAIL],
        )
    )


def settle(
    session: Session,
    delivery_id: UUID | None,
    state: str,
    code: str | None = None,
    detail: str | None = None,
) -> None:
    """End a delivery as delivered or dead, and let the next one about the same follow."""
    delivery = _held(session, delivery_id)
    if delivery is None or delivery.state == "delivered":
        return
    delivery.state = state
    delivery.error_code, delivery.error_detail = code, detail and detail[:LONGEST_DETAIL]
    if state == "delivered":
        delivery.delivered_at = now()
    session.flush()
    _next(session, delivery.endpoint_id, delivery.about)


def revive(session: Session, delivery: WebhookDelivery) -> None:
    """Have a dead delivery tried anew; it comes late, since later ones did not wait."""
    _hold(session, delivery.workspace_id, delivery.about)
    session.refresh(delivery, with_for_update=True)
    if delivery.state != "dead":
        return
    delivery.state, delivery.job_id, delivery.queued_at = "pending", None, now()
    session.flush()
    _next(session, delivery.endpoint_id, delivery.about)


def wake(session: Session, endpoint_id: UUID) -> None:
    """Have everything that was kept from a receiver while it was left alone tried at once."""
    waiting = select(WebhookDelivery.job_id).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == "pending"
    )
    kept = (
        select(Job.id)
        .where(Job.id.in_(waiting), Job.state == "queued", Job.error_code == ReceiverLeftAlone.code)
        .with_for_update(skip_locked=True)
    )
    jobs = list(session.scalars(kept))
    session.execute(update(Job).where(Job.id.in_(jobs)).values(run_after=now(), sent_at=None))


def _owe(session: Session, event: Event, endpoint_id: UUID, about: str) -> WebhookDelivery:
    delivery = WebhookDelivery(
        workspace_id=event.workspace_id,
        endpoint_id=endpoint_id,
        event_id=event.id,
        type=event.type,
        about=about,
        sequence=event.sequence,
    )
    session.add(delivery)
    session.flush()
    _next(session, endpoint_id, about)
    return delivery


def _next(session: Session, endpoint_id: UUID, about: str) -> None:
    """Give the earliest pending delivery a job, unless it has one."""
    pending = select(WebhookDelivery).where(*_pending(endpoint_id, about))
    first = session.scalar(pending.order_by(WebhookDelivery.sequence).limit(1))
    if first is None or first.job_id is not None:
        return
    tell: Tell | None = session.info.get(TELL)
    job = Job(
        id=uuid4(),
        workspace_id=first.workspace_id,
        kind=DELIVER,
        queue=QUEUE,
        subject=first.id,
        # Without somebody to tell, the next sweep does.
        sent_at=now() if tell else None,
    )
    session.add(job)
    first.job_id = job.id
    session.flush()
    if tell:
        after_commit(session, partial(tell, job.id, QUEUE))


def _pending(endpoint_id: UUID, about: str) -> tuple[ColumnElement[bool], ...]:
    return (
        WebhookDelivery.endpoint_id == endpoint_id,
        WebhookDelivery.about == about,
        WebhookDelivery.state == "pending",
    )


def _earlier(delivery: WebhookDelivery) -> tuple[ColumnElement[bool], ...]:
    return (
        *_pending(delivery.endpoint_id, delivery.about),
        WebhookDelivery.sequence < delivery.sequence,
    )


def _held(session: Session, delivery_id: UUID | None) -> WebhookDelivery | None:
    """Return a delivery that nobody else can change, nor any other about the same."""
    delivery = session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        return None
    _hold(session, delivery.workspace_id, delivery.about)
    return session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)


def _hold(session: Session, workspace_id: UUID, about: str) -> None:
    hold(session, f"deliveries of {workspace_id} about {about}")
