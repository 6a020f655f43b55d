"""Real workers on toy jobs: real broker, real PostgreSQL, real processes, no model."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import Celery
from sqlalchemy import make_url

from benchmarks.cluster import ALL, descendants
from core import jobs, leases, settings, workers
from core.db import Sessions, reading, transaction
from core.documents import Scope
from core.leases import Told
from core.settings import Settings
from core.tables import Job, WorkerRow, now

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
A_WHILE = 0.5
FOREVER = "86400"


@dataclass
class Worker:
    """A worker process."""

    process: subprocess.Popen[bytes]
    file: Path

    def log(self) -> str:
        return self.file.read_text("utf-8", "replace")

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(SECONDS)

    @property
    def children(self) -> list[int]:
        return descendants(self.process.pid)


@dataclass
class Workshop:
    """A database, a broker and the workers on them."""

    sessions: Sessions
    scope: Scope
    settings: Settings
    environment: dict[str, str]
    folder: Path
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app: Celery = jobs.make_app(self.settings, _nothing)
        self.send = jobs.sender(self.app)

    def start(self, queues: str = ALL) -> Worker:
        """Start a worker and wait until it takes jobs."""
        worker = self.run("-m", "tests.services.toy_worker", queues)
        until(lambda: "worker.ready" in worker.log() or worker.process.poll() is not None)
        assert worker.process.poll() is None, worker.log()
        return worker

    def beat(self) -> Worker:
        """Start a beat and wait until it signs."""
        beats = len(self.signed("beat"))
        worker = self.run(str(Path(sys.executable).with_name("mailroom")), "beat")
        until(lambda: len(self.signed("beat")) > beats or worker.process.poll() is not None)
        assert worker.process.poll() is None, worker.log()
        return worker

    def run(self, *words: str) -> Worker:
        command = [sys.executable, *words] if words[0] == "-m" else list(words)
        file = self.folder / f"{len(self.workers)}.log"
        with file.open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        worker = Worker(process, file)
        self.workers.append(worker)
        return worker

    def job(self, kind: str = "quick", queue: str = "intake", *, tell: bool = True) -> UUID:
        """Write a job, and tell the workers of it."""
        with transaction(self.sessions) as session:
            made = leases.create(session, self.scope, kind, queue).id
        if tell:
            self.send(Told(made, queue))
        return made

    def let(self, job_id: UUID) -> None:
        """Let a waiting toy come to its end."""
        (self.folder / f"{job_id}.go").touch()

    def row(self, job_id: UUID) -> Job:
        with reading(self.sessions) as session:
            return session.get_one(Job, job_id)

    def state(self, job_id: UUID) -> str:
        return self.row(job_id).state

    def until_state(self, job_id: UUID, *states: str) -> Job:
        until(lambda: self.state(job_id) in states, lambda: self._told(job_id))
        return self.row(job_id)

    def until_running(self, job_id: UUID) -> Job:
        until(lambda: self.row(job_id).stage == "toying", lambda: self._told(job_id))
        return self.row(job_id)

    def signed(self, kind: str) -> list[WorkerRow]:
        with reading(self.sessions) as session:
            return [one for one in workers.present(session, now()) if one.kind == kind]

    def waiting(self, queue: str) -> int:
        """Return how many messages the broker holds that no worker has taken."""
        with self.app.connection_for_read() as connection:
            channel = connection.default_channel
            return int(channel.queue_declare(queue, durable=True, auto_delete=False).message_count)

    def lose_messages(self, queue: str) -> None:
        """Have the broker forget what waits in a queue."""
        with self.app.connection_for_write() as connection:
            connection.default_channel.queue_purge(queue)

    def close(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
            worker.process.wait()
        self.app.close()

    def _told(self, job_id: UUID) -> Any:
        row = self.row(job_id)
        return {c.name: getattr(row, c.name) for c in row.__table__.columns}, [
            worker.log() for worker in self.workers
        ]


@contextmanager
def workshop(
    sessions: Sessions, scope: Scope, broker: str, folder: Path, **changed: str
) -> Iterator[Workshop]:
    """Lend a workshop; whatever was started in it is gone afterwards."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAILROOM_")}
    ours = {
        "MAILROOM_DATA_DIR": str(folder),
        "MAILROOM_DATABASE__URL": sessions.kw["bind"].url.render_as_string(hide_password=False),
        "MAILROOM_JOBS__BROKER": broker,
        # What is freed in time is freed by something else than the end of its lease.
        "MAILROOM_JOBS__LEASE_SECONDS": FOREVER,
        "MAILROOM_JOBS__SWEEP_SECONDS": "0.2",
        "MAILROOM_JOBS__BACKOFF_SECONDS": "0.1",
        "MAILROOM_INDEX__HOST": "127.0.0.1",
        **{f"MAILROOM_JOBS__{name.upper()}": value for name, value in changed.items()},
    }
    with closing(Workshop(sessions, scope, read(ours), {**inherited, **ours}, folder)) as made:
        yield made


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings that a process in this environment has."""
    rules = {
        name.removeprefix("MAILROOM_JOBS__").lower(): value
        for name, value in environment.items()
        if name.startswith("MAILROOM_JOBS__")
    }
    return settings.load(environ={}, jobs=rules)


def through(broker: str, port: int) -> str:
    """Return the URL of a broker by way of another port."""
    url = make_url(broker)
    return url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


def until(
    true: Callable[[], object], told: Callable[[], object] = str, every: float = 0.05
) -> None:
    """Wait until something has become true."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(every)


def still(true: Callable[[], object]) -> None:
    """See that something stays true for a while."""
    deadline = time.monotonic() + A_WHILE
    while time.monotonic() < deadline:
        assert true()
        time.sleep(0.05)


def _nothing(_job_id: UUID) -> None:
    """Do no job."""
