"""What the command line does itself where the HTTP door would hand work to a worker."""

import time
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from rich.progress import Progress, TaskID

from api.house import House
from classify.classification import Context
from core.db import reading, transaction
from core.errors import InvalidInput
from core.tables import Document, Job
from ingest import library
from ingest.intake import EMBED, Accepted, latest_job

ONLY_TASK = TaskID(0)
POLL_SECONDS = 0.5
SOURCE = Context(document_source="command line")


def files_in(paths: Iterable[Path]) -> list[Path]:
    """Return all files below the given paths, in a steady order; hidden ones are left out.

    Raises:
        InvalidInput: there are none.
    """
    found = [file for path in paths for file in _below(path)]
    if not found:
        raise InvalidInput("there is no file under the given paths")
    return found


def take_in(house: House, path: Path, progress: Progress) -> Accepted:
    """Keep a file and write its job; the answer may be a duplicate or a refusal."""
    with path.open("rb") as stream, transaction(house.sessions) as session:
        accepted = house.intake.accept(session, house.scope, stream, path.name, SOURCE)
    progress.advance(ONLY_TASK)
    return accepted


def finish(house: House, accepted: Accepted, progress: Progress) -> Document:
    """See a document through: here, or by the service that runs on the same data folder."""
    tried: UUID | None = None
    while (job := _unfinished(house, accepted.document)) is not None:
        if job.kind == EMBED and not house.holds_index:
            # Words find it already; the service that holds the index embeds it.
            progress.update(ONLY_TASK, description="the running service embeds them")
            break
        if job.id == tried:
            # A retry that is due later, or the service's worker, has it.
            time.sleep(POLL_SECONDS)
        house.work(job.id)
        tried = job.id
    progress.advance(ONLY_TASK)
    with reading(house.sessions) as session:
        return library.get(session, house.scope, accepted.document.id)


def _unfinished(house: House, document: Document) -> Job | None:
    with reading(house.sessions) as session:
        job = latest_job(session, house.scope, document.id)
        return job if job is not None and job.state in ("queued", "running") else None


def _below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
