"""Receivers of events: adding, changing and removing them, and the log of what they were sent."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api import endpoints
from api.deps import Caller, HouseDep, ReadSession, WriteSession
from api.problems import Problem
from api.shapes import Shape
from core import events
from core.tables import WebhookDelivery, WebhookEndpoint

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
CONFLICT: dict[int | str, dict[str, Any]] = {**NOT_FOUND, 409: {"model": Problem}}
ENDPOINT = {
    "id": "0b3a7f0e-8d0d-4f43-9c57-3f2f6c1c9d55",
    "url": "https://erp.example.com/mailroom",
    "types": ["document.routed", "document.failed"],
    "active": True,
    "inactive_because": None,
    "old_secret_until": None,
    "created_at": "2026-11-21T09:30:00Z",
    "updated_at": "2026-11-21T09:30:00Z",
}
DELIVERY = {
    "id": "c1f5a7de-58a5-4b8f-8e2f-1c52f6c3b8aa",
    "event_id": "7a0e4a51-6a0b-4b66-b9a5-0f8f3b8a7f10",
    "type": "document.routed",
    "about": "8c5e4c1e-3d1b-4f57-9a52-0f2f7d6f3f11",
    "state": "delivered",
    "attempts": 1,
    "status": 204,
    "error_code": None,
    "error_detail": None,
    "created_at": "2026-11-21T09:30:02Z",
    "attempted_at": "2026-11-21T09:30:02Z",
    "delivered_at": "2026-11-21T09:30:02Z",
}
SECRET = "whsec_c2VjcmV0IG9mIHRoZSBleGFtcGxlIG9mIHRoZSBBUEk="  # noqa: S105 (an example)
State = Literal["pending", "delivered", "dead"]
Types = Annotated[
    list[str],
    Field(max_length=50, description=f"Empty for all, else of: {', '.join(events.KINDS)}."),
]
Url = Annotated[str, Field(min_length=8, max_length=2000)]


def _like(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example}, from_attributes=True)


def _closed(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": example}, extra="forbid")


class EndpointIn(BaseModel):
    """Where to send which events."""

    model_config = _closed({"url": ENDPOINT["url"], "types": ENDPOINT["types"]})

    url: Url = Field(description="https, at a public address.")
    types: Types = []


class EndpointChange(BaseModel):
    """What to change of a receiver; the rest stays."""

    model_config = _closed({"active": False})

    url: Url | None = None
    types: Types | None = None
    active: bool | None = None


class EndpointOut(Shape):
    """A receiver of events."""

    model_config = _like(ENDPOINT)

    id: UUID
    url: str
    types: list[str] = Field(description="The events it gets; empty for all.")
    active: bool
    inactive_because: str | None = Field(description="gone: it answered 410.")
    old_secret_until: datetime | None = Field(
        validation_alias="old_until", description="Until then the secret before this one signs too."
    )
    created_at: datetime
    updated_at: datetime


class EndpointSecret(EndpointOut):
    """A receiver with its secret, which is shown only now."""

    model_config = _like({**ENDPOINT, "secret": SECRET})

    secret: str = Field(description="Verifies `webhook-signature`, see standardwebhooks.com.")


class EndpointList(BaseModel):
    """All receivers."""

    model_config = _like({"items": [ENDPOINT]})

    items: list[EndpointOut]


class DeliveryOut(Shape):
    """An event for a receiver, and what became of it."""

    model_config = _like(DELIVERY)

    id: UUID
    event_id: UUID = Field(description="The `webhook-id` and the id of the CloudEvent.")
    type: str
    about: str = Field(description="Document or other subject; about one all arrives in order.")
    state: State = Field(description="dead: given up, to be replayed.")
    attempts: int
    status: int | None = Field(description="HTTP status of the last answer.")
    error_code: str | None
    error_detail: str | None = Field(description="What went wrong at the last attempt.")
    created_at: datetime
    attempted_at: datetime | None
    delivered_at: datetime | None


class DeliveryPage(BaseModel):
    """Some deliveries, newest first."""

    model_config = _like({"items": [DELIVERY], "next_cursor": None})

    items: list[DeliveryOut]
    next_cursor: str | None


class Replayed(BaseModel):
    """How many deliveries are tried anew."""

    model_config = _like({"replayed": 12})

    replayed: int


@router.post("", status_code=HTTPStatus.CREATED)
def create_endpoint(
    house: HouseDep, caller: Caller, session: WriteSession, wanted: EndpointIn
) -> EndpointSecret:
    """Have events sent to a URL as CloudEvents over Standard Webhooks; the secret is shown once."""
    rules = house.settings.webhooks
    made = endpoints.create(session, caller.scope, rules, wanted.url, wanted.types)
    return EndpointSecret.model_validate(made)


@router.get("")
def list_endpoints(caller: Caller, session: ReadSession) -> EndpointList:
    """List the receivers of this workspace, oldest first."""
    found = endpoints.listed(session, caller.scope)
    return EndpointList(items=[_endpoint(row) for row in found])


@router.get("/{endpoint_id}", responses=NOT_FOUND)
def read_endpoint(caller: Caller, session: ReadSession, endpoint_id: UUID) -> EndpointOut:
    """Show a receiver."""
    return _endpoint(endpoints.get(session, caller.scope, endpoint_id))


@router.patch("/{endpoint_id}", responses=NOT_FOUND)
def change_endpoint(
    house: HouseDep,
    caller: Caller,
    session: WriteSession,
    endpoint_id: UUID,
    wanted: EndpointChange,
) -> EndpointOut:
    """Change a receiver; `active: true` also takes back one that said it was gone."""
    changed = endpoints.change(
        session, caller.scope, house.settings.webhooks, endpoint_id, **wanted.model_dump()
    )
    return _endpoint(changed)


@router.delete("/{endpoint_id}", status_code=HTTPStatus.NO_CONTENT, responses=NOT_FOUND)
def delete_endpoint(caller: Caller, session: WriteSession, endpoint_id: UUID) -> None:
    """Remove a receiver with its log; nothing more is sent to it."""
    endpoints.remove(session, caller.scope, endpoint_id)


@router.post("/{endpoint_id}/rotate", responses=NOT_FOUND)
def rotate_secret(caller: Caller, session: WriteSession, endpoint_id: UUID) -> EndpointSecret:
    """Make a new secret, shown once; for 24 hours the one before it signs as well."""
    return EndpointSecret.model_validate(endpoints.rotate(session, caller.scope, endpoint_id))


@router.post("/{endpoint_id}/test", status_code=HTTPStatus.ACCEPTED, responses=CONFLICT)
def test_endpoint(caller: Caller, session: WriteSession, endpoint_id: UUID) -> DeliveryOut:
    """Send the receiver an event of type `webhook.test`."""
    return _delivery(endpoints.test(session, caller.scope, endpoint_id))


@router.get("/{endpoint_id}/deliveries", responses=NOT_FOUND)
def list_deliveries(
    caller: Caller,
    session: ReadSession,
    endpoint_id: UUID,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: UUID | None = None,
) -> DeliveryPage:
    """List what was sent or is to be sent to a receiver, newest first."""
    found = endpoints.delivered(session, caller.scope, endpoint_id, state, cursor, limit + 1)
    items = [_delivery(row) for row in found[:limit]]
    return DeliveryPage(items=items, next_cursor=str(items[-1].id) if len(found) > limit else None)


@router.post(
    "/{endpoint_id}/deliveries/{delivery_id}/replay",
    status_code=HTTPStatus.ACCEPTED,
    responses=CONFLICT,
)
def replay_delivery(
    caller: Caller, session: WriteSession, endpoint_id: UUID, delivery_id: UUID
) -> DeliveryOut:
    """Try a dead delivery anew; it comes after what has been delivered since."""
    return _delivery(endpoints.replay(session, caller.scope, endpoint_id, delivery_id))


@router.post("/{endpoint_id}/replay", status_code=HTTPStatus.ACCEPTED, responses=NOT_FOUND)
def replay_all(caller: Caller, session: WriteSession, endpoint_id: UUID) -> Replayed:
    """Try the receiver's dead deliveries anew, the oldest 1,000, each document's in order."""
    return Replayed(replayed=endpoints.replay_dead(session, caller.scope, endpoint_id))


def _endpoint(row: WebhookEndpoint) -> EndpointOut:
    return EndpointOut.model_validate(row)


def _delivery(row: WebhookDelivery) -> DeliveryOut:
    return DeliveryOut.model_validate(row)
