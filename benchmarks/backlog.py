"""Claiming, sweeping and listing with 10,000 jobs in the queue, against an empty one.

    python -m benchmarks.backlog                   on SQLite and on PostgreSQL

The same stream of work runs through both: a few jobs come in, the sweeper tells of them, workers
claim and end as many, and a client lists. PostgreSQL gets a database of its own.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient
from sqlalchemy import text

from api import auth
from api.app import create_app
from api.house import House
from benchmarks.common import report
from benchmarks.keywords import SERVER, postgres
from core import jobs, leases, settings
from core.db import reading, transaction
from core.tables import Document, Job, now

BACKLOG = 10_000
ROUNDS, AT_ONCE = 100, 3
ANALYZE = {"sqlite": "ANALYZE", "postgresql": "VACUUM ANALYZE"}

Times = dict[str, list[float]]


def measure(url: str, folder: Path, backlog: int) -> dict[str, Any]:
    """Return the milliseconds of each action with an empty queue, then with a long one."""
    house = House(settings.load(data_dir=folder, database={"url": url}))
    with transaction(house.sessions) as session:
        headers = {"Authorization": f"Bearer {auth.first_key(session)}"}
    with TestClient(create_app(house), headers=headers) as client:
        # Both lists are full pages from the start, or the empty one would have less to show.
        fill(house, ROUNDS, "succeeded")
        stream(house, client)
        empty = stream(house, client)
        fill(house, backlog, "queued")
        long = stream(house, client)
    return {
        name: {
            "empty_ms": p95(empty[name]),
            "backlog_ms": p95(long[name]),
            "ratio": round(p95(long[name]) / p95(empty[name]), 2),
        }
        for name in empty
    }


def stream(house: House, client: TestClient) -> Times:
    """Let work come and go, and time every action."""
    times: Times = {name: [] for name in ("sweep", "claim", "end", "documents", "jobs", "queues")}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        times[name].append((time.perf_counter() - started) * 1000)

    for _ in range(ROUNDS):
        fill(house, AT_ONCE, "queued")
        with timed("sweep"):
            sweep(house)
        for job in oldest(house):
            with timed("claim"), transaction(house.sessions) as session:
                lease = leases.claim(session, job, "bench/1", house.settings.jobs)
            assert lease is not None
            with timed("end"), transaction(house.sessions) as session:
                leases.succeed(session, lease)
        for name in ("documents", "jobs", "queues"):
            with timed(name):
                client.get(f"/v1/{name}").raise_for_status()
    return times


def sweep(house: House) -> None:
    """Do what the sweeper does every few seconds."""
    resend_after = timedelta(seconds=house.settings.jobs.lease_seconds)
    with transaction(house.sessions) as session:
        leases.due(session, jobs.QUEUES, now(), resend_after)


def oldest(house: House) -> list[UUID]:
    """Return the jobs that a broker would give next."""
    query = text(
        "SELECT id FROM jobs WHERE queue = 'intake' AND state = 'queued' "
        "ORDER BY run_after, id LIMIT :limit"
    ).columns(id=Job.id.type)
    with reading(house.sessions) as session:
        return list(session.scalars(query, {"limit": AT_ONCE}))


def fill(house: House, number: int, state: str) -> None:
    """Write so many documents, each with a job that no worker has been told of."""
    with transaction(house.sessions) as session:
        workspace = auth.default_workspace(session).id
        documents = [made(workspace, uuid4()) for _ in range(number)]
        session.add_all(documents)
        session.flush()
        session.add_all(
            Job(
                workspace_id=workspace,
                document_id=document.id,
                kind="process_document",
                queue=jobs.INTAKE,
                state=state,
                finished_at=now() if state == "succeeded" else None,
            )
            for document in documents
        )
    if number > AT_ONCE:
        settle(house)


def made(workspace: UUID, name: UUID) -> Document:
    """Return a document that has just come in."""
    return Document(
        id=name,
        workspace_id=workspace,
        sha256=name.hex * 2,
        filename=f"{name}.pdf",
        media_type="application/pdf",
        size=100_000,
    )


def settle(house: House) -> None:
    """Let the database count its rows, as it does by itself now and then."""
    with house.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(ANALYZE[house.engine.dialect.name]))


def p95(milliseconds: Iterable[float]) -> float:
    """Return the 95th percentile."""
    return round(quantiles(milliseconds, n=20)[-1], 2)


def main() -> None:
    """Measure both databases and print the numbers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--backlog", type=int, default=BACKLOG)
    options.add_argument("--postgres", default=SERVER, help="URL of a database on the server")
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres(wanted.postgres) as url:
        sqlite = measure(f"sqlite:///{folder}/mailroom.sqlite3", Path(folder), wanted.backlog)
        postgresql = measure(url, Path(folder), wanted.backlog)
    report(backlog=wanted.backlog, rounds=ROUNDS, sqlite=sqlite, postgresql=postgresql)


if __name__ == "__main__":
    main()
