"""The work on documents: how far it is, stopping it, having it done again, watching it live."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.deps import Caller, HouseDep, ReadSession, WriteSession
from api.house import House
from api.problems import Problem
from api.shapes import (
    JOB,
    JobOut,
    JobPage,
    JobState,
    Queue,
    QueueList,
    QueueOut,
    ReplayedJobs,
    ReplayIn,
    jobs_out,
)
from core import jobs, leases
from core.db import reading
from core.documents import Scope
from core.errors import NotFound, Unavailable
from core.leases import QueueState
from core.tables import Job
from ingest import steering

router = APIRouter(prefix="/v1", tags=["jobs"])

LOOK_SECONDS = 0.5
UNFINISHED = ("queued", "running")
GONE: dict[int | str, dict[str, Any]] = {404: {"model": Problem}}
STEERED: dict[int | str, dict[str, Any]] = {404: {"model": Problem}, 409: {"model": Problem}}
EVENTS = {
    "description": "`job` events, each with the job as JSON, until it has ended.",
    "content": {
        "text/event-stream": {"example": f"event: job\ndata: {json.dumps(JOB)}\nid: 1\n\n"}
    },
}


@router.get("/jobs", responses=GONE)
def list_jobs(
    house: HouseDep,
    caller: Caller,
    session: ReadSession,
    state: JobState | None = None,
    kind: str | None = None,
    queue: Queue | None = None,
    error_code: str | None = None,
    document_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: UUID | None = None,
) -> JobPage:
    """List jobs, newest first; `state=dead` is the dead-letter list."""
    filters = _filters(
        state=state, kind=kind, queue=queue, error_code=error_code, document_id=document_id
    )
    found = leases.listed(session, caller.scope, *filters, after=cursor, limit=limit + 1)
    items = jobs_out(session, caller.scope, house.settings.jobs, found[:limit])
    return JobPage(items=items, next_cursor=str(items[-1].id) if len(found) > limit else None)


# Before the routes with an id, which would take `replay` for one.
@router.post("/jobs/replay")
def replay_dead_jobs(
    house: HouseDep, caller: Caller, session: WriteSession, wanted: ReplayIn
) -> ReplayedJobs:
    """Have dead jobs done again, newest first: those that pass all filters, or all of them."""
    filters = _filters(
        error_code=wanted.error_code, kind=wanted.kind, stage=wanted.stage, queue=wanted.queue
    )
    if wanted.ids is not None:
        filters.append(Job.id.in_(wanted.ids))
    again = steering.replay_dead(session, caller.scope, house.intake.send, *filters)
    left = leases.listed(session, caller.scope, Job.state == "dead", *filters, limit=1)
    return ReplayedJobs(replayed=len(again), ids=[job.id for job in again], more=bool(left))


@router.get("/jobs/{job_id}", responses=GONE)
def read_job(house: HouseDep, caller: Caller, session: ReadSession, job_id: UUID) -> JobOut:
    """Show how far the work on a document is."""
    return _shaped(house, session, caller.scope, leases.get(session, caller.scope, job_id))


@router.post("/jobs/{job_id}/cancel", responses=STEERED)
def cancel_job(house: HouseDep, caller: Caller, session: WriteSession, job_id: UUID) -> JobOut:
    """Stop a job that waits or runs; the original is kept, and `replay` does it after all."""
    job = steering.cancel(session, caller.scope, job_id)
    return _shaped(house, session, caller.scope, job)


@router.post("/jobs/{job_id}/replay", responses=STEERED)
def replay_job(house: HouseDep, caller: Caller, session: WriteSession, job_id: UUID) -> JobOut:
    """Have a dead or cancelled job done again, with all its attempts."""
    job = steering.replay(session, caller.scope, job_id, house.intake.send)
    return _shaped(house, session, caller.scope, job)


@router.get("/queues")
def list_queues(caller: Caller, session: ReadSession) -> QueueList:
    """Show what waits, runs and is dead in every queue, and since when the longest waits."""
    known = {queue.queue: queue for queue in leases.queues(session, caller.scope)}
    idle = {name: QueueState(name, 0, 0, 0, None) for name in jobs.QUEUES}
    return QueueList(items=[_queue(state) for state in (idle | known).values()])


def _look(house: House, scope: Scope, job_id: UUID) -> JobOut:
    with reading(house.sessions) as session:
        return _shaped(house, session, scope, leases.get(session, scope, job_id))


def _first_look(house: HouseDep, caller: Caller, job_id: UUID) -> JobOut:
    """Look at a job before anything is sent, so that one which is not there is still a 404."""
    return _look(house, caller.scope, job_id)


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    responses={200: EVENTS, 404: {"model": Problem}},
)
async def watch_job(
    request: Request,
    house: HouseDep,
    caller: Caller,
    first: Annotated[JobOut, Depends(_first_look)],
) -> AsyncIterator[ServerSentEvent]:
    """Tell of a job as Server-Sent Events: as it is now, at every change, and how it ended.

    A comment line every 15 seconds keeps the connection; it is closed after the final state, when
    the job is erased with its document, and when the service stops: then ask again.
    """
    number, job = 1, first
    yield _event(number, job)
    while job.state in UNFINISHED and not request.app.state.leaving():
        # Between two looks a watcher holds neither a session nor a thread.
        await asyncio.sleep(LOOK_SECONDS)
        try:
            latest = await run_in_threadpool(_look, house, caller.scope, job.id)
        except NotFound:
            return
        except Unavailable:
            continue
        if latest != job:
            number, job = number + 1, latest
            yield _event(number, job)


def _event(number: int, job: JobOut) -> ServerSentEvent:
    return ServerSentEvent(event="job", id=str(number), data=job)


def _filters(**wanted: object) -> list[ColumnElement[bool]]:
    return [getattr(Job, name) == value for name, value in wanted.items() if value is not None]


def _shaped(house: House, session: Session, scope: Scope, job: Job) -> JobOut:
    return jobs_out(session, scope, house.settings.jobs, [job])[0]


def _queue(state: QueueState) -> QueueOut:
    return QueueOut(
        queue=state.queue,
        queued=state.queued,
        running=state.running,
        dead=state.dead,
        waiting_since=state.oldest,
    )
