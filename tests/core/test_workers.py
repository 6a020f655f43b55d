"""Who is at work is known by signatures, and what the dead were doing is freed."""

from datetime import timedelta
from uuid import UUID

import pytest

from core import leases, workers
from core.db import Sessions, reading, transaction
from core.documents import Scope
from core.jobs import QUEUES
from core.settings import Jobs
from core.tables import Job, now

RULES = Jobs(backoff_seconds=2)
LATER = timedelta(minutes=5)


def sign(sessions: Sessions, name: str, queues: tuple[str, ...] = QUEUES) -> None:
    with transaction(sessions) as session:
        workers.sign(session, name, "worker", queues)


def described(sessions: Sessions, after: timedelta = timedelta()) -> str:
    with reading(sessions) as session:
        return workers.described(session, "worker", QUEUES, now() + after)


def test_a_worker_is_there_while_it_signs_and_until_it_leaves(sessions):
    assert described(sessions).startswith("none alive")
    for _ in range(2):
        sign(sessions, "a")
    sign(sessions, "b")
    assert described(sessions).startswith("2 alive, last sign ")
    with transaction(sessions) as session:
        workers.leave(session, "a")
    assert described(sessions).startswith("1 alive, last sign ")
    assert described(sessions, LATER).startswith("none alive")


def test_a_queue_that_nobody_serves_is_named(sessions):
    sign(sessions, "a", ("intake", "ocr"))
    sign(sessions, "b", ("embed",))
    assert described(sessions).endswith("; nobody serves deliver")


@pytest.fixture
def job(sessions: Sessions, scope: Scope) -> UUID:
    with transaction(sessions) as session:
        return leases.create(session, scope, "reading", "intake").id


def claim(sessions: Sessions, job: UUID, owner: str) -> leases.Lease | None:
    with transaction(sessions) as session:
        return leases.claim(session, job, owner, RULES)


def free(sessions: Sessions, job: UUID, process: str) -> Job:
    with transaction(sessions) as session:
        leases.free(session, job, process, RULES, "worker_lost", "signal 9")
        return session.get_one(Job, job)


def test_what_a_dead_child_was_doing_is_due_after_a_pause_and_counted(sessions, job):
    claim(sessions, job, "host:1/7")
    freed = free(sessions, job, "host:1")
    assert (freed.state, freed.attempts, freed.sent_at) == ("queued", 1, None)
    assert freed.run_after > now()
    assert (freed.error_code, freed.error_detail) == ("worker_lost", "signal 9")


@pytest.mark.parametrize("process", ["host:2", "host"])
def test_what_another_process_is_doing_is_not_freed(sessions, job, process):
    claim(sessions, job, "host:1/7")
    assert free(sessions, job, process).state == "running"


def test_a_job_is_unheard_of_while_it_has_waited_long_and_workers_were_told(sessions, job):
    def unheard(*queues: str, after: timedelta = LATER) -> bool:
        with reading(sessions) as session:
            return leases.unheard(session, queues, now() + after)

    assert unheard("embed", "intake")
    assert not unheard("embed")
    assert not unheard("intake", after=-LATER)
    with transaction(sessions) as session:
        leases.untell(session, leases.Told(job, "intake"))
    assert not unheard("intake")
