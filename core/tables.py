"""All rows. SQL is the truth: Chroma and the keyword index can be rebuilt from these tables."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets time zones, PostgreSQL gives its own: both are put right."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment without a time zone; store the rest as UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"moment without time zone: {value!r}")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads this off the class)
        datetime: UtcDateTime,
        UUID: Uuid(as_uuid=True),
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class Workspace(Row):
    """A tenant: documents, indexes and decisions never cross its border."""

    __tablename__ = "workspaces"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiKey(Row):
    """A key that opens a workspace; only its hash is kept."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Document(Row):
    """One received file and where it stands."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("workspace_id", "sha256"),
        Index(None, "workspace_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(500))
    media_type: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(20), default="received")
    """received, processing, routed, in_review, failed or cancelled."""
    title: Mapped[str | None] = mapped_column(Text)
    page_count: Mapped[int | None]
    character_count: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the file states of itself: metadata, form fields, attachments."""
    label: Mapped[str | None] = mapped_column(String(200))
    confidence: Mapped[float | None] = mapped_column(Float)
    department: Mapped[str | None] = mapped_column(String(200))
    assignee: Mapped[str | None] = mapped_column(String(200))
    priority: Mapped[str | None] = mapped_column(String(20))
    document_type: Mapped[str] = mapped_column(String(200), default="unknown")
    document_source: Mapped[str] = mapped_column(String(200), default="unknown")
    business_unit: Mapped[str] = mapped_column(String(200), default="unknown")
    error_code: Mapped[str | None] = mapped_column(String(100))
    error_detail: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    routed_at: Mapped[datetime | None]


class PageRow(Row):
    """The text of one page, as it was read."""

    __tablename__ = "pages"

    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(String(100))


class ChunkRow(Row):
    """A passage of one page: `text` is the page's text from `start` to `end`."""

    __tablename__ = "chunks"
    __table_args__ = (
        UniqueConstraint("document_id", "ordinal"),
        Index(None, "workspace_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    page: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class Decision(Row):
    """One decision, whole, as the caller got it."""

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "workspace_id", "created_at"), Index(None, "document_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    label: Mapped[str | None] = mapped_column(String(200))
    confidence: Mapped[float] = mapped_column(Float)
    decision: Mapped[str] = mapped_column(String(20))
    review_reason: Mapped[str | None] = mapped_column(String(40))
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ReviewRow(Row):
    """A question put before a person."""

    __tablename__ = "reviews"
    __table_args__ = (Index(None, "workspace_id", "state", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    decision_id: Mapped[UUID] = mapped_column(
        ForeignKey("decisions.id", ondelete="CASCADE"), unique=True
    )
    reason: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="open")
    """open, claimed or resolved."""
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    claimed_until: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(200))
    resolved_at: Mapped[datetime | None]
    label: Mapped[str | None] = mapped_column(String(200))
    department: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)


class LabelRow(Row):
    """What a person said a document is, with the probability that it was asked at all."""

    __tablename__ = "labels"
    __table_args__ = (Index(None, "workspace_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    review_id: Mapped[UUID] = mapped_column(
        ForeignKey("reviews.id", ondelete="CASCADE"), unique=True
    )
    label: Mapped[str] = mapped_column(String(200))
    predicted: Mapped[str | None] = mapped_column(String(200))
    confidence: Mapped[float] = mapped_column(Float)
    inclusion_probability: Mapped[float] = mapped_column(Float, default=1.0)
    given_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Step(Row):
    """A step of a document's journey that is done, and for what content and version.

    A second run skips it; other content or another version does it again.
    """

    __tablename__ = "steps"

    document_id: Mapped[UUID] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    """read, classify or embed."""
    sha256: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(200))
    done_at: Mapped[datetime] = mapped_column(default=now)


class Job(Row):
    """Work to be done, mostly on a document: claimed with a lease, counted before it starts.

    Four clocks, never confused: `queued_at` (how long it waits), `lease_until` (whose it is),
    `heartbeat_at` (its worker lives) and `progress_at` (its work moves).
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "queue", "state", "run_after"),
        Index(None, "queue", "started_at"),
        Index(None, "workspace_id", "state", "created_at", "id"),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "document_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    subject: Mapped[UUID | None]
    """What it is about where that is no document, by the kind of job."""
    kind: Mapped[str] = mapped_column(String(50))
    queue: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="queued")
    """queued, running, succeeded, dead or cancelled."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Starts without lasting progress, this one with it; outages waited out do not count."""
    claims: Mapped[int] = mapped_column(default=0)
    """Starts in all: fences off a worker that has lost its lease."""
    postponed: Mapped[int] = mapped_column(default=0)
    """How often in a row it gave way to an outage."""
    stage: Mapped[str | None] = mapped_column(String(50))
    page: Mapped[int | None]
    """The page that was being read when it failed, where known."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    error_code: Mapped[str | None] = mapped_column(String(100))
    error_detail: Mapped[str | None] = mapped_column(Text)
    lease_owner: Mapped[str | None] = mapped_column(String(200))
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    progress_at: Mapped[datetime | None]
    queued_at: Mapped[datetime] = mapped_column(default=now)
    run_after: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
    """When the broker was last told of it; the sweeper tells again what was not taken up."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class WorkerRow(Row):
    """A worker or beat of a cluster, for as long as it signs."""

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    """worker or beat."""
    queues: Mapped[list[Any]]
    since: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime]


class Event(Row):
    """Something that happened, written in the transaction in which it happened."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "workspace_id", "sequence"),)

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(unique=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class WebhookEndpoint(Row):
    """A receiver of events outside.

    The secrets stand here as they are, since every delivery is signed with them: whoever reads
    the database can sign. Nothing logs them, and they are shown once, when they are made.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index(None, "workspace_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(String(2000))
    types: Mapped[list[Any]] = mapped_column(default=list)
    """The events it wants, by type; empty for all."""
    secret: Mapped[str] = mapped_column(String(200))
    old_secret: Mapped[str | None] = mapped_column(String(200))
    """The one before the last rotation, which signs beside the new one until `old_until`."""
    old_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    inactive_because: Mapped[str | None] = mapped_column(String(100))
    """gone, where the receiver said so; None where a person switched it off."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class WebhookDelivery(Row):
    """An event on its way to one receiver; written in the transaction of the event."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index(None, "endpoint_id", "about", "state", "sequence"),
        Index(None, "endpoint_id", "created_at", "id"),
        Index(None, "event_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    endpoint_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    event_id: Mapped[UUID] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(100))
    about: Mapped[str] = mapped_column(String(200))
    """The document, or else the subject, of the event: what is about the same goes in order."""
    sequence: Mapped[int]
    """The event's place in that order."""
    state: Mapped[str] = mapped_column(String(20), default="pending")
    """pending, delivered or dead."""
    job_id: Mapped[UUID | None]
    """The job that sends it; None while it waits for an earlier one about the same."""
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]
    """The HTTP status of the last answer, where there was one."""
    error_code: Mapped[str | None] = mapped_column(String(100))
    error_detail: Mapped[str | None] = mapped_column(Text)
    queued_at: Mapped[datetime] = mapped_column(default=now)
    """Since when it is tried; a replay begins anew."""
    attempted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class VectorCollection(Row):
    """A Chroma collection with the vectors of one workspace and model; one at most serves."""

    __tablename__ = "vector_collections"
    __table_args__ = (Index(None, "workspace_id", "embedder"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    embedder: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="building")
    """building, serving or retired."""
    made: Mapped[bool] = mapped_column(default=False)
    """Whether Chroma was told to make it: if it is not there then, it has been lost."""
    cursor: Mapped[UUID | None]
    """The last document, in the order of ids, that has been embedded while building."""
    created_at: Mapped[datetime] = mapped_column(default=now)
