"""The receivers of events: who wants which, with what secret, and what became of each."""

import base64
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from api import targets
from api.delivery import PREFIX
from core import deliveries, events
from core.documents import Scope
from core.errors import Conflict, InvalidInput, NotFound
from core.settings import Webhooks
from core.tables import Event, WebhookDelivery, WebhookEndpoint, now

SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
"""How long the secret before a rotation signs beside the new one."""
MOST_AT_ONCE = 1000
TEST = "webhook.test"


def create(
    session: Session, scope: Scope, rules: Webhooks, url: str, types: Sequence[str]
) -> WebhookEndpoint:
    """Add a receiver; its secret is to be shown now and never again.

    Raises:
        TargetRefused: events are not sent there.
        InvalidInput: there is no event of such a type.
    """
    targets.check_url(url, allow_private=rules.allow_private)
    endpoint = WebhookEndpoint(
        workspace_id=scope.workspace_id, url=url, types=_known(types), secret=_new_secret()
    )
    session.add(endpoint)
    session.flush()
    return endpoint


def get(
    session: Session, scope: Scope, endpoint_id: UUID, *, lock: bool = False
) -> WebhookEndpoint:
    """Return a receiver of this workspace.

    Raises:
        NotFound: there is none under this id.
    """
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.workspace_id == scope.workspace_id
    )
    endpoint = session.scalar(query.with_for_update() if lock else query)
    if endpoint is None:
        raise NotFound(f"no webhook endpoint {endpoint_id}")
    return endpoint


def listed(session: Session, scope: Scope) -> Sequence[WebhookEndpoint]:
    """Return every receiver of this workspace, oldest first."""
    mine = select(WebhookEndpoint).where(WebhookEndpoint.workspace_id == scope.workspace_id)
    return session.scalars(mine.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)).all()


def change(
    session: Session,
    scope: Scope,
    rules: Webhooks,
    endpoint_id: UUID,
    *,
    url: str | None = None,
    types: Sequence[str] | None = None,
    active: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given; what waits for an inactive receiver is given up when its turn comes.

    Raises:
        NotFound, TargetRefused, InvalidInput: as for `get` and `create`.
    """
    endpoint = get(session, scope, endpoint_id, lock=True)
    if url is not None:
        targets.check_url(url, allow_private=rules.allow_private)
        endpoint.url = url
    if types is not None:
        endpoint.types = _known(types)
    if active is not None:
        endpoint.active, endpoint.inactive_because = active, None
    session.flush()
    return endpoint


def remove(session: Session, scope: Scope, endpoint_id: UUID) -> None:
    """Remove a receiver with all its deliveries; jobs that are left find nothing to send.

    Raises:
        NotFound: there is none under this id.
    """
    session.delete(get(session, scope, endpoint_id, lock=True))
    session.flush()


def rotate(session: Session, scope: Scope, endpoint_id: UUID) -> WebhookEndpoint:
    """Give a receiver a new secret; for a day the one before it signs as well, no earlier one.

    Raises:
        NotFound: there is none under this id.
    """
    endpoint = get(session, scope, endpoint_id, lock=True)
    endpoint.old_secret, endpoint.old_until = endpoint.secret, now() + OVERLAP
    endpoint.secret = _new_secret()
    session.flush()
    return endpoint


def test(session: Session, scope: Scope, endpoint_id: UUID) -> WebhookDelivery:
    """Send one receiver an event of type `webhook.test`, whatever types it wants.

    Raises:
        NotFound: there is none under this id.
        Conflict: it is switched off.
    """
    endpoint = get(session, scope, endpoint_id)
    if not endpoint.active:
        raise Conflict(f"webhook endpoint {endpoint_id} is switched off")
    event = Event(
        id=uuid4(),
        workspace_id=scope.workspace_id,
        type=TEST,
        subject=str(endpoint.id),
        data={"endpoint_id": str(endpoint.id)},
    )
    [delivery] = deliveries.owe(session, event, [endpoint.id])
    return delivery


def delivered(
    session: Session,
    scope: Scope,
    endpoint_id: UUID,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[WebhookDelivery]:
    """Return a receiver's deliveries, newest first, after the one with id `after`.

    Raises:
        NotFound: there is no such receiver, or no such delivery.
    """
    endpoint = get(session, scope, endpoint_id)
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if after is not None:
        last = one(session, scope, endpoint_id, after)
        place = tuple_(WebhookDelivery.created_at, WebhookDelivery.id)
        query = query.where(place < (last.created_at, last.id))
    newest = query.order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    return session.scalars(newest.limit(limit)).all()


def one(session: Session, scope: Scope, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Return a delivery to a receiver of this workspace.

    Raises:
        NotFound: there is none under this id.
    """
    delivery = session.scalar(
        select(WebhookDelivery).where(
            WebhookDelivery.id == delivery_id,
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.workspace_id == scope.workspace_id,
        )
    )
    if delivery is None:
        raise NotFound(f"no delivery {delivery_id}")
    return delivery


def replay(session: Session, scope: Scope, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Have a dead delivery tried anew.

    Raises:
        NotFound: there is no such delivery.
        Conflict: it is not dead.
    """
    delivery = one(session, scope, endpoint_id, delivery_id)
    if delivery.state != "dead":
        raise Conflict(f"delivery {delivery_id} is {delivery.state}; this needs one that is dead")
    deliveries.revive(session, delivery)
    return delivery


def replay_dead(session: Session, scope: Scope, endpoint_id: UUID) -> int:
    """Have a receiver's dead deliveries tried anew, the oldest `MOST_AT_ONCE`; return how many.

    Raises:
        NotFound: there is no such receiver.
    """
    endpoint = get(session, scope, endpoint_id)
    dead = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.state == "dead"
    )
    # Grouped, so that two who replay at once take what they hold in the same order.
    oldest = dead.order_by(WebhookDelivery.sequence).limit(MOST_AT_ONCE)
    found = sorted(session.scalars(oldest), key=lambda each: (each.about, each.sequence))
    for delivery in found:
        deliveries.revive(session, delivery)
    return len(found)


def _known(types: Sequence[str]) -> list[str]:
    unknown = sorted(set(types) - set(events.KINDS))
    if unknown:
        raise InvalidInput(f"no event {unknown[0]!r}; there are {', '.join(events.KINDS)}")
    return list(dict.fromkeys(types))


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
