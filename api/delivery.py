"""Events on their way out: CloudEvents, signed as Standard Webhooks, sent at least once.

Delivered is what the receiver answered with 2xx. 410 switches the receiver off; everything else
is tried again after growing pauses until `jobs.patience_seconds` have passed. Redirects are not
followed. What a receiver is sent twice carries the same `webhook-id`.
"""

import base64
import hashlib
import hmac
import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import targets
from core import deliveries, leases
from core.db import Sessions, reading, transaction
from core.errors import NotDelivered, ReceiverLeftAlone, ReceiverUnavailable
from core.leases import Lease, Progress
from core.outside import Outside, within
from core.settings import Settings
from core.tables import Event, WebhookDelivery, WebhookEndpoint, now

PREFIX = "whsec_"
TROUBLED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""What a receiver says that cannot take any event at the moment, besides all from 500."""
MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event packed for one receiver."""

    delivery_id: UUID
    endpoint_id: UUID
    url: str
    active: bool
    secrets: tuple[str, ...] = field(repr=False)
    """Left out where tracebacks show what is at hand."""
    since: datetime
    event_id: UUID
    body: bytes


def cloud_event(event: Event) -> bytes:
    """Return an event as CloudEvents 1.0 in JSON; `sequence` orders those of one subject."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(event.id),
            "source": f"urn:mailroom:workspace:{event.workspace_id}",
            "type": event.type,
            "subject": event.subject,
            "time": event.created_at.isoformat().replace("+00:00", "Z"),
            "sequence": f"{event.sequence:020d}",
            "datacontenttype": "application/json",
            "data": event.data,
        },
        ensure_ascii=False,
    ).encode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature of a message, by Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return what goes before a message; each secret that is still good signs it."""
    signatures = [sign(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Mailroom",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


class Delivery:
    """Knows the jobs that bring an event to a receiver.

    Each receiver has a circuit breaker, in each process its own: a dead one costs a few calls and
    is then left alone. `clock` gives seconds, `jitter` a random number in 0..1.
    """

    def __init__(
        self,
        sessions: Sessions,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._sessions = sessions
        self._settings = settings
        self._clock, self._jitter = clock, jitter
        self._client = targets.client(allow_private=settings.webhooks.allow_private)
        self._outside: dict[tuple[UUID, str], Outside] = {}
        self._lock = threading.Lock()

    def perform(self, lease: Lease, progress: Progress) -> str:  # noqa: ARG002 (one request)
        """Send the event.

        Raises:
            ReceiverUnavailable: it was not taken; it is tried again.
            NotDelivered: it is not tried any more.
            TargetRefused: it must not be sent there.
        """
        with transaction(self._sessions) as session:
            parcel = _pack(session, lease)
            if parcel is None:
                leases.succeed(session, lease)
                return "nothing to send"
        if not parcel.active:
            raise NotDelivered("the endpoint is switched off")
        status = self._send(parcel, lease)
        with transaction(self._sessions) as session:
            deliveries.attempted(session, parcel.delivery_id, status, None)
            deliveries.settle(session, parcel.delivery_id, "delivered")
            leases.succeed(session, lease)
        return f"answered {status}"

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Put the delivery with the dead ones; the next one about the same follows."""
        deliveries.settle(session, lease.subject, "dead", code, detail)

    def left(self, lease: Lease) -> bool:
        """Tell whether the delivery went with its endpoint."""
        with reading(self._sessions) as session:
            return session.get(WebhookDelivery, lease.subject) is None

    def close(self) -> None:
        """Close the connections; nothing can be sent any more."""
        self._client.close()

    def _send(self, parcel: Parcel, lease: Lease) -> int:
        outside = self._receiver(parcel)
        was_closed = outside.closed
        try:
            status = self._post(parcel, outside)
        except ReceiverLeftAlone as error:
            # Nothing was sent, so there is nothing to note.
            wait = float(str(error.fields["retry_after"]))
            raise ReceiverLeftAlone(error.detail, retry_after=self._pause(lease, wait)) from error
        except ReceiverUnavailable as error:
            raise self._missed(parcel, lease, None, error.detail, error.fields) from error
        if not was_closed and outside.closed:
            with transaction(self._sessions) as session:
                deliveries.wake(session, parcel.endpoint_id)
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._missed(parcel, lease, status, f"the receiver answered {status}", {})
        return status

    def _post(self, parcel: Parcel, outside: Outside) -> int:
        """Return the status of the receiver's answer; of the rest nothing is read."""
        message_id, timestamp = str(parcel.event_id), int(time.time())
        told = headers(parcel.secrets, message_id, timestamp, parcel.body)
        with outside.attempt(), within(self._settings.outside.timeout_seconds):
            try:
                with self._client.stream(
                    "POST", parcel.url, content=parcel.body, headers=told
                ) as response:
                    status = response.status_code
            except httpx.HTTPError as error:
                raise ReceiverUnavailable(f"{type(error).__name__}: {error}") from error
            if status in TROUBLED or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise ReceiverUnavailable(
                    f"the receiver answered {status}", status=status, wait=_retry_after(response)
                )
        return status

    def _missed(
        self,
        parcel: Parcel,
        lease: Lease,
        status: int | None,
        detail: str,
        fields: Mapping[str, Any],
    ) -> Exception:
        """Note an attempt that failed, and return the error that says what to do now."""
        status = status or fields.get("status")
        gone = status == HTTPStatus.GONE
        with transaction(self._sessions) as session:
            deliveries.attempted(session, parcel.delivery_id, status, detail)
            if gone:
                _switch_off(session, parcel)
        patience = timedelta(seconds=self._settings.jobs.patience_seconds)
        if gone or now() - parcel.since > patience:
            return NotDelivered(detail)
        pause = self._pause(lease, fields.get("wait", 0.0))
        return ReceiverUnavailable(detail, retry_after=pause)

    def _pause(self, lease: Lease, least: float) -> float:
        """Return the seconds until the next attempt: ever longer, spread by half."""
        first, longest = (
            self._settings.jobs.backoff_seconds,
            self._settings.webhooks.longest_pause_seconds,
        )
        grown = min(first * 2.0 ** min(lease.postponed, MOST_DOUBLINGS), longest)
        return min(max(grown, least), longest) * (0.5 + self._jitter())

    def _receiver(self, parcel: Parcel) -> Outside:
        key = parcel.endpoint_id, parcel.url
        with self._lock:
            if key not in self._outside:
                rules = self._settings.outside
                name = f"webhook {parcel.endpoint_id}"
                self._outside[key] = Outside(name, rules, ReceiverLeftAlone, clock=self._clock)
            return self._outside[key]


def _pack(session: Session, lease: Lease) -> Parcel | None:
    delivery = deliveries.begin(session, lease.subject, lease.job_id)
    if delivery is None:
        return None
    endpoint = session.get_one(WebhookEndpoint, delivery.endpoint_id)
    event = session.scalars(select(Event).where(Event.id == delivery.event_id)).one()
    old = endpoint.old_secret if (endpoint.old_until or now()) > now() else None
    return Parcel(
        delivery_id=delivery.id,
        endpoint_id=endpoint.id,
        url=endpoint.url,
        active=endpoint.active,
        secrets=(endpoint.secret, old) if old else (endpoint.secret,),
        since=delivery.queued_at,
        event_id=event.id,
        body=cloud_event(event),
    )


def _switch_off(session: Session, parcel: Parcel) -> None:
    endpoint = session.get(WebhookEndpoint, parcel.endpoint_id, with_for_update=True)
    # A receiver that has moved meanwhile was not asked.
    if endpoint is not None and endpoint.url == parcel.url:
        endpoint.active, endpoint.inactive_because = False, "gone"


def _retry_after(response: httpx.Response) -> float:
    wait = response.headers.get("retry-after", "")
    return float(wait) if wait.isdecimal() and wait.isascii() else 0.0
