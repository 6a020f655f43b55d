"""The JSON shapes of the HTTP door, each documented with an example."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api import problems
from classify.contract import EXAMPLE, ClassificationResult
from core import leases
from core.documents import Scope
from core.settings import Jobs
from core.tables import Document, Job, ReviewRow, now
from ingest import library

DocumentState = Literal["received", "processing", "routed", "in_review", "failed", "cancelled"]
JobState = Literal["queued", "running", "succeeded", "dead", "cancelled"]
Queue = Literal["intake", "ocr", "embed", "deliver"]
StepName = Literal["read", "classify", "embed"]
ReviewState = Literal["open", "claimed", "resolved"]


DOCUMENT = {
    "id": "8c5e4c1e-3d1b-4f57-9a52-0f2f7d6f3f11",
    "filename": "invoice-2041.pdf",
    "media_type": "application/pdf",
    "size": 48211,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "state": "routed",
    "title": "Invoice 2041",
    "page_count": 1,
    "character_count": 1804,
    "label": "Invoices",
    "confidence": 0.974,
    "department": "Accounts Payable",
    "assignee": None,
    "priority": "Medium",
    "document_type": "unknown",
    "document_source": "e-mail",
    "business_unit": "unknown",
    "error_code": None,
    "error_detail": None,
    "created_at": "2026-11-21T09:30:00Z",
    "updated_at": "2026-11-21T09:30:02Z",
    "routed_at": "2026-11-21T09:30:02Z",
}
JOB = {
    "id": "5d0c1f3e-6f0f-4a7e-9a52-5a51c4a3f0aa",
    "document_id": "8c5e4c1e-3d1b-4f57-9a52-0f2f7d6f3f11",
    "kind": "process_document",
    "queue": "intake",
    "state": "running",
    "stage": "reading",
    "page": None,
    "done": 12,
    "total": 60,
    "attempts": 1,
    "postponed": 0,
    "error_code": None,
    "error_detail": None,
    "created_at": "2026-11-21T09:30:00Z",
    "queued_at": "2026-11-21T09:30:00Z",
    "run_after": "2026-11-21T09:30:00Z",
    "started_at": "2026-11-21T09:30:01Z",
    "heartbeat_at": "2026-11-21T09:30:01Z",
    "progress_at": "2026-11-21T09:30:02Z",
    "lease_until": "2026-11-21T09:31:01Z",
    "finished_at": None,
    "filename": DOCUMENT["filename"],
    "stalled": False,
    "hint": None,
}
DEAD = {
    **JOB,
    "state": "dead",
    "page": 13,
    "attempts": 3,
    "error_code": "worker_lost",
    "error_detail": "the worker was lost 3 times while working on this",
    "lease_until": None,
    "finished_at": "2026-11-21T09:34:10Z",
    "hint": problems.hint("worker_lost"),
}
QUEUE = {
    "queue": "intake",
    "queued": 42,
    "running": 2,
    "dead": 1,
    "waiting_since": "2026-11-21T09:30:00Z",
}
STEPS = {
    name: {"done_at": "2026-11-21T09:30:02Z", "version": version}
    for name, version in (("read", "1"), ("classify", "1"), ("embed", "all-MiniLM-L6-v2"))
}
REVIEW = {
    "id": "c1e1a4a2-2f9b-4a55-8a0c-6d1b8f1f7a10",
    "document_id": DOCUMENT["id"],
    "decision_id": EXAMPLE["id"],
    "reason": "low_confidence",
    "state": "open",
    "claimed_by": None,
    "claimed_until": None,
    "resolved_by": None,
    "resolved_at": None,
    "label": None,
    "department": None,
    "note": None,
    "created_at": "2026-11-21T09:30:02Z",
}


def _like(example: dict[str, Any]) -> ConfigDict:
    """Configure a shape that is read from rows by attribute and documented by an example."""
    return ConfigDict(from_attributes=True, json_schema_extra={"example": example})


class Shape(BaseModel):
    """A closed shape read from rows by attribute."""

    model_config = ConfigDict(from_attributes=True)


class DocumentOut(Shape):
    """A document and where it stands."""

    model_config = _like(DOCUMENT)

    id: UUID
    filename: str = Field(description="The name under which it was sent.")
    media_type: str = Field(description="What it is by its first bytes.")
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="Hash of the original.")
    state: DocumentState = Field(description="Where it stands.")
    title: str | None = Field(description="The title that the document gives itself.")
    page_count: int | None
    character_count: int | None
    label: str | None = Field(description="Its class, by machine or by a person.")
    confidence: float | None = Field(description="Calibrated confidence of the machine.")
    department: str | None = Field(description="Where it was routed.")
    assignee: str | None
    priority: Literal["Low", "Medium", "High"] | None
    document_type: str
    document_source: str
    business_unit: str
    error_code: str | None = Field(description="Why it failed; stable.")
    error_detail: str | None
    created_at: datetime
    updated_at: datetime
    routed_at: datetime | None


class JobRow(Shape):
    """What stands of a job in the database."""

    id: UUID
    document_id: UUID | None
    kind: str = Field(description="process_document, embed_document …")
    queue: str = Field(description="intake, ocr (slow reading), embed or deliver.")
    state: JobState
    stage: str | None = Field(description="reading, classifying or embedding.")
    page: int | None = Field(description="The page that was being read when it failed.")
    done: int = Field(description="Pages or chunks through in this stage.")
    total: int | None = Field(description="Pages or chunks of this stage, where known.")
    attempts: int = Field(description="Starts without lasting progress; three at most.")
    postponed: int = Field(description="How often in a row it gave way to an outage.")
    error_code: str | None = Field(description="Why it last failed; stable.")
    error_detail: str | None
    created_at: datetime
    queued_at: datetime = Field(description="Since when it waits, or waited before its start.")
    run_after: datetime = Field(description="Not started before.")
    started_at: datetime | None
    heartbeat_at: datetime | None = Field(description="The worker's last sign of life.")
    progress_at: datetime | None = Field(description="When the work last moved.")
    lease_until: datetime | None = Field(description="Whose it is until then, while running.")
    finished_at: datetime | None


class JobOut(JobRow):
    """Work on a document and how far it is."""

    model_config = _like(JOB)

    filename: str | None = Field(description="The name of the document that it is about.")
    stalled: bool = Field(
        description="True where it runs, its worker lives, but nothing has moved for long."
    )
    hint: str | None = Field(description="What to do next, where it failed.")


class JobPage(BaseModel):
    """Some jobs, newest first."""

    model_config = _like({"items": [JOB, DEAD], "next_cursor": None})

    items: list[JobOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for what follows.")


class ReplayIn(BaseModel):
    """Which dead jobs to do again: those that pass all filters given; all of them without any."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"error_code": "worker_lost", "queue": "ocr"}},
    )

    ids: list[UUID] | None = Field(
        default=None, min_length=1, max_length=1000, description="Only these; others are skipped."
    )
    error_code: str | None = Field(default=None, max_length=100)
    kind: str | None = Field(default=None, max_length=50)
    stage: str | None = Field(default=None, max_length=50)
    queue: Queue | None = None


class ReplayedJobs(BaseModel):
    """The jobs that are done again."""

    model_config = _like({"replayed": 1, "ids": [JOB["id"]], "more": False})

    replayed: int = Field(description="How many; 1000 at most.")
    ids: list[UUID]
    more: bool = Field(description="True where dead jobs that pass the filters are left: go on.")


class QueueOut(BaseModel):
    """How a queue stands."""

    model_config = _like(QUEUE)

    queue: str = Field(description="intake, ocr (slow reading), embed or deliver.")
    queued: int = Field(description="Jobs that wait, also for a retry.")
    running: int
    dead: int = Field(description="Jobs on the dead-letter list.")
    waiting_since: datetime | None = Field(description="Since when the longest waiting job waits.")


class QueueList(BaseModel):
    """All queues."""

    model_config = _like({"items": [QUEUE]})

    items: list[QueueOut]


class StepOut(Shape):
    """A step of a document's journey that is done."""

    model_config = _like(STEPS["embed"])

    done_at: datetime
    version: str = Field(description="Of what did it: reader, engines or embedding model.")


class DocumentDetail(DocumentOut):
    """A document with its newest job and decision."""

    model_config = _like(
        {
            **DOCUMENT,
            "details": {"metadata": {"author": "A. Clerk"}},
            "steps": STEPS,
            "job": JOB,
            "decision": EXAMPLE,
        }
    )

    details: dict[str, Any] = Field(description="What the file says of itself.")
    steps: dict[StepName, StepOut] = Field(
        description="What is done of it; with `embed` it is found by meaning, too."
    )
    job: JobOut | None
    decision: ClassificationResult | None


class DocumentAccepted(DocumentOut):
    """A received document, and the job that takes it further."""

    model_config = _like({**DOCUMENT, "state": "received", "duplicate": False, "job_id": JOB["id"]})

    duplicate: bool = Field(description="True where these bytes were here before.")
    job_id: UUID | None = Field(description="Poll /v1/jobs/{job_id} for progress.")


class DocumentPage(BaseModel):
    """Some documents, newest first."""

    model_config = _like({"items": [DOCUMENT], "next_cursor": None})

    items: list[DocumentOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for what follows.")


class PageText(Shape):
    """One page as it was read."""

    model_config = _like({"number": 1, "text": "INVOICE 2041", "error": None})

    number: int = Field(description="From 1.")
    text: str
    error: str | None = Field(description="Why this page could not be read.")


class DocumentText(BaseModel):
    """The text of a document, page by page; quotes point into these pages."""

    model_config = _like(
        {
            "document_id": DOCUMENT["id"],
            "pages": [{"number": 1, "text": "INVOICE 2041", "error": None}],
        }
    )

    document_id: UUID
    pages: list[PageText]


class ClassifyIn(BaseModel):
    """Text to classify, with what is known of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "document_content": "INVOICE No. 2041\nTotal due 720.00 GBP by 30 June 2026",
                "document_source": "e-mail",
            }
        },
    )

    document_content: str = Field(min_length=1, max_length=2_000_000)
    document_type: str = Field(default="unknown", max_length=200)
    document_source: str = Field(default="unknown", max_length=200)
    business_unit: str = Field(default="unknown", max_length=200)


class ReviewOut(Shape):
    """A question put before a person."""

    model_config = _like(REVIEW)

    id: UUID
    document_id: UUID
    decision_id: UUID
    reason: str = Field(description="Why the machine did not decide alone.")
    state: ReviewState
    claimed_by: str | None
    claimed_until: datetime | None
    resolved_by: str | None
    resolved_at: datetime | None
    label: str | None = Field(description="What the person said it is.")
    department: str | None
    note: str | None
    created_at: datetime


class ReviewDetail(ReviewOut):
    """A review with the document and what the machine thought."""

    model_config = _like(
        {**REVIEW, "document": DOCUMENT, "decision": EXAMPLE, "labels": ["Contracts", "Invoices"]}
    )

    document: DocumentOut
    decision: ClassificationResult
    labels: list[str] = Field(description="The labels to choose from.")


class ReviewPage(BaseModel):
    """Some reviews, the longest waiting first."""

    model_config = _like({"items": [REVIEW], "next_cursor": None})

    items: list[ReviewOut]
    next_cursor: str | None


class ResolveIn(BaseModel):
    """A person's answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"label": "Contracts", "note": "a framework agreement"}},
    )

    label: str = Field(description="One of the taxonomy's labels.")
    department: str | None = Field(default=None, max_length=200, description="Overrules the rule.")
    note: str | None = Field(default=None, max_length=10_000)


class Health(BaseModel):
    """Whether the service can work, and what it runs on."""

    model_config = _like(
        {
            "status": "ok",
            "checks": {
                "database": "ok: SQLite 3.51.3, WAL journal",
                "jobs": "ok: 15 waiting (embed 3, intake 12), 1 running, 2 dead",
            },
        }
    )

    status: Literal["ok", "degraded", "unavailable"] = Field(
        description="degraded: it works, but without what the checks name; unavailable: with 503."
    )
    checks: dict[str, str] = Field(
        description='Each begins with "ok", or with the code of what is wrong.'
    )


def document_out(document: Document) -> DocumentOut:
    """Shape a document row."""
    return DocumentOut.model_validate(document)


def accepted_out(document: Document, job: Job | None, *, duplicate: bool) -> DocumentAccepted:
    """Shape a received document."""
    fields = document_out(document).model_dump()
    return DocumentAccepted(**fields, duplicate=duplicate, job_id=job.id if job else None)


def job_out(job: Job, rules: Jobs, filename: str | None) -> JobOut:
    """Shape a job row, with the name of the document that it is about."""
    return JobOut(
        **JobRow.model_validate(job).model_dump(),
        filename=filename,
        stalled=leases.stalled(job, rules, now()),
        hint=problems.hint(job.error_code) if job.error_code else None,
    )


def jobs_out(session: Session, scope: Scope, rules: Jobs, found: Sequence[Job]) -> list[JobOut]:
    """Shape job rows of this workspace, with the names of their documents."""
    names = library.filenames(session, scope, {job.document_id for job in found} - {None})
    return [job_out(job, rules, names.get(job.document_id)) for job in found]


def review_out(review: ReviewRow) -> ReviewOut:
    """Shape a review row."""
    return ReviewOut.model_validate(review)
