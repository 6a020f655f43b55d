"""The command line's part for operators: see the jobs, stop them, have them done again."""

import time
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress, TaskID
from sqlalchemy.orm import Session

from api import console
from api.house import House
from api.shapes import JobOut, jobs_out
from core import leases, settings
from core.db import reading, transaction
from core.errors import InvalidInput
from core.leases import Told
from core.tables import Job, now
from ingest import steering

app = typer.Typer(help="The work on documents, and what of it is dead.", no_args_is_help=True)

POLL_SECONDS = 0.5
STATES = ("queued", "running", "succeeded", "dead", "cancelled")
ONLY_TASK = TaskID(0)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list")
def list_jobs(
    state: Annotated[str, typer.Option(help=f"{', '.join(STATES)} or all.")] = "all",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """List jobs, newest first; `--state dead` is the dead-letter list."""
    if state not in (*STATES, "all"):
        raise InvalidInput(f"--state {state}: it is one of {', '.join(STATES)} or all")
    wanted = [] if state == "all" else [Job.state == state]
    with closing(House(settings.load())) as house, reading(house.sessions) as session:
        found = leases.listed(session, house.scope, *wanted, limit=limit)
        shaped = jobs_out(session, house.scope, house.settings.jobs, found)
    if as_json:
        console.print_json({"items": [job.model_dump(mode="json") for job in shaped]})
        return
    rows = [(job.id, job.filename, job.state, _where(job)) for job in shaped]
    console.print_table(("job", "document", "state", "where"), rows)


@app.command("show")
def show_job(job_id: UUID, as_json: Json = False) -> None:
    """Show all that is known of a job, and what to do next where it failed."""
    with closing(House(settings.load())) as house:
        job = _read(house, job_id)
    _show(job, as_json)


@app.command("replay")
def replay_jobs(
    job_ids: Annotated[list[UUID] | None, typer.Argument(help="Dead or cancelled jobs.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead jobs.")] = False,
    code: Annotated[str | None, typer.Option(help="With --all: only with this error.")] = None,
    kind: Annotated[str | None, typer.Option(help="With --all: only of this kind.")] = None,
    as_json: Json = False,
) -> None:
    """Have jobs done again, with all their attempts; a running service takes them up."""
    if bool(job_ids) == everything:
        raise InvalidInput("name the jobs to replay, or say --all")
    if not everything and (code or kind):
        raise InvalidInput("--code and --kind choose among --all dead jobs")
    with closing(House(settings.load())) as house:
        again = _replay_dead(house, code, kind) if everything else _replay(house, job_ids or [])
    if as_json:
        console.print_json({"replayed": len(again), "ids": again})
    else:
        console.out.print(f"{len(again)} done again", highlight=False)


@app.command("cancel")
def cancel_job(job_id: UUID, as_json: Json = False) -> None:
    """Stop a job that waits or runs; the original is kept, and `replay` does it after all."""
    with closing(House(settings.load())) as house:
        with transaction(house.sessions) as session:
            steering.cancel(session, house.scope, job_id)
        job = _read(house, job_id)
    _show(job, as_json)


@app.command("watch")
def watch_job(job_id: UUID, as_json: Json = False) -> None:
    """Follow a job until it has ended; fails unless it succeeded."""
    with closing(House(settings.load())) as house:
        job = _read(house, job_id)
        with console.bar(job.filename or job.kind, job.total) as progress:
            while job.state in ("queued", "running"):
                _tell(progress, job)
                time.sleep(POLL_SECONDS)
                job = _read(house, job_id)
    _show(job, as_json)
    if job.state != "succeeded":
        raise typer.Exit(console.FAILED)


def _read(house: House, job_id: UUID) -> JobOut:
    with reading(house.sessions) as session:
        job = leases.get(session, house.scope, job_id)
        return jobs_out(session, house.scope, house.settings.jobs, [job])[0]


def _replay(house: House, job_ids: list[UUID]) -> list[UUID]:
    with transaction(house.sessions) as session:
        again = [steering.replay(session, house.scope, job_id, _untold) for job_id in job_ids]
        _leave_to_service(session, again)
    return job_ids


def _replay_dead(house: House, code: str | None, kind: str | None) -> list[UUID]:
    """Replay all dead jobs, some at a time, until none is left."""
    # What dies again meanwhile is left, else a lasting fault would keep this going for ever.
    filters = [Job.finished_at <= now()]
    filters += [Job.error_code == code] if code else []
    filters += [Job.kind == kind] if kind else []
    done: list[UUID] = []
    while True:
        with transaction(house.sessions) as session:
            again = steering.replay_dead(session, house.scope, _untold, *filters)
            _leave_to_service(session, again)
        done += [job.id for job in again]
        if len(again) < steering.MOST_AT_ONCE:
            return done


def _untold(_told: Told) -> None:
    """Tell nobody: no worker listens to this short process."""


def _leave_to_service(session: Session, again: Sequence[Job]) -> None:
    """Have the sweeper of the running service find the jobs, or of the next one that starts."""
    for job in again:
        leases.untell(session, Told(job.id, job.queue))


def _where(job: JobOut) -> str:
    """Say what it does and how far it is, or where and of what it failed."""
    parts = [job.kind, job.stage]
    if job.state == "dead":
        parts += [f"page {job.page}" if job.page else None, job.error_code]
    elif job.total is not None:
        parts.append(f"{job.done} of {job.total}")
    return ", ".join(part for part in parts if part)


def _tell(progress: Progress, job: JobOut) -> None:
    what = f"{job.filename or job.kind}: {job.stage or job.state}"
    stalled = " (stalled)" if job.stalled else ""
    progress.update(ONLY_TASK, description=what + stalled, completed=job.done, total=job.total)


def _show(job: JobOut, as_json: bool) -> None:
    fields: dict[str, Any] = job.model_dump(mode="json")
    if as_json:
        console.print_json(fields)
    else:
        console.print_fields(fields)
