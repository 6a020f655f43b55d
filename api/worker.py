"""The cluster's processes: workers that do jobs, and the beat that sends what is due."""

import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from api.foreman import Foreman
from api.house import House
from core import jobs, workers
from core.errors import ConfigurationError
from core.settings import Settings
from ingest.upkeep import Keeper


def run_worker(settings: Settings, queues: Sequence[str], concurrency: int | None) -> None:
    """Work until told to stop; what is not finished by then is handed back.

    Raises:
        ConfigurationError: the settings are those of a single process, or a queue is unknown.
        DatabaseUnavailable: the database does not answer.
        SystemExit: the worker broke down.
    """
    _refuse_embedded(settings)
    if not settings.index.host:
        raise ConfigurationError("index.host: workers share a Chroma server; name its host")
    unknown = set(queues) - set(jobs.QUEUES)
    if unknown:
        raise ConfigurationError(f"no queue {', '.join(sorted(unknown))}; there are {jobs.QUEUES}")
    foreman = Foreman(settings, queues)
    app = jobs.make_app(settings, _in_child(settings, foreman.name))
    children = concurrency or settings.jobs.concurrency
    code = jobs.run_worker(app, queues, children, settings.jobs.grace_seconds, foreman)
    if code:
        sys.exit(code)


def run_beat(settings: Settings) -> None:
    """Sweep until told to stop; of two that run at once each finds what the other one left.

    Raises:
        ConfigurationError: the settings are those of a single process.
        DatabaseUnavailable: the database does not answer.
    """
    _refuse_embedded(settings)
    for number in jobs.SIGNALS:
        signal.signal(number, lambda *_: sys.exit())
    foreman = Foreman(settings, (), "beat")
    with contextlib.closing(House(settings)) as house:
        send = jobs.sender(jobs.make_app(settings, house.work))
        sweeper = jobs.Sweeper(house.sessions, send, settings.jobs)
        house.send_through(send)
        sweeper.start()
        keeper = Keeper(house.upkeep, settings.index.verify_seconds)
        keeper.start()
        try:
            while True:
                foreman.sign()
                time.sleep(workers.SIGN_SECONDS)
        finally:
            sweeper.stop()
            keeper.stop()
            foreman.sign_off()


def _in_child(settings: Settings, process: str) -> jobs.Work:
    """Return the work; its house is built in the child, since threads and locks do not fork."""

    @lru_cache(maxsize=1)
    def house() -> House:
        built = House(settings)
        built.send_through(jobs.sender(jobs.make_app(settings, built.work)))
        return built

    def work_on(job_id: UUID) -> None:
        house().work(job_id, process)

    return work_on


def _refuse_embedded(settings: Settings) -> None:
    if settings.jobs.embedded:
        raise ConfigurationError(
            "jobs.broker: memory:// reaches no other process; use Redis or RabbitMQ"
        )
