"""The broker is told of enough jobs, of lost ones again, and of none too often."""

from datetime import datetime, timedelta

import pytest

from core import leases
from core.db import reading, transaction
from core.leases import Told
from core.settings import Jobs
from core.tables import Job, now

RULES = Jobs(lease_seconds=60)
AFTER = timedelta(seconds=60)
WINDOW = 4


@pytest.fixture(autouse=True)
def window(monkeypatch):
    monkeypatch.setattr(leases, "WINDOW", WINDOW)


@pytest.fixture
def line(sessions, scope):
    """Returns a function that puts jobs in line, each due a second after the one before."""

    def add(number: int, told: datetime | None = None, queue: str = "intake") -> list[Told]:
        with transaction(sessions) as session:
            made = [leases.create(session, scope, "a", queue) for _ in range(number)]
            for n, job in enumerate(made):
                job.run_after = now() - timedelta(hours=2) + timedelta(seconds=n)
                job.sent_at = told + timedelta(milliseconds=n) if told else None
            return [Told(job.id, job.queue) for job in made]

    return add


@pytest.fixture
def due(sessions):
    def sweep(*queues: str, later: timedelta = timedelta(0)) -> list[Told]:
        with transaction(sessions) as session:
            return leases.due(session, queues or ["intake"], now() + later, AFTER)

    return sweep


@pytest.fixture
def start(sessions):
    def claim(told: Told) -> leases.Lease:
        with transaction(sessions) as session:
            lease = leases.claim(session, told.job_id, "w", RULES)
        assert lease is not None
        return lease

    return claim


def test_the_oldest_are_told_first_and_only_so_many_ahead(line, due):
    jobs = line(10)
    assert due() == jobs[:WINDOW]
    assert due() == []


def test_what_workers_take_makes_room_for_more(line, due, start):
    jobs = line(10)
    due()
    for told in jobs[:3]:
        start(told)
    assert due() == jobs[WINDOW : WINDOW + 3]


def test_a_retry_and_the_job_of_a_dead_worker_do_not_wait_for_new_work(line, due, start, sessions):
    retried, left, *_ = line(10, told=now())
    for told, state in ((retried, "queued"), (left, "running")):
        start(told)
        with transaction(sessions) as session:
            job = session.get_one(Job, told.job_id)
            job.state, job.sent_at = state, None
            job.lease_until = now() - timedelta(seconds=1)
    assert due() == [left, retried]


def test_what_was_begun_comes_behind_the_new_work_of_a_sweep(line, due, start, sessions):
    begun, *new = line(3)
    start(begun)
    with transaction(sessions) as session:
        job = session.get_one(Job, begun.job_id)
        job.state, job.sent_at, job.claims = "queued", None, 1
    assert due() == [*new, begun]


def test_each_queue_has_a_window_of_its_own(line, due):
    slow, quick = line(10, queue="ocr"), line(2)
    assert due("intake", "ocr") == [*quick, *slow[:WINDOW]]


def test_a_long_queue_that_moves_gets_no_copies(line, due, start):
    jobs = line(10, told=now() - timedelta(hours=1))
    start(jobs[0])
    assert due() == []


def test_what_was_overtaken_was_lost_and_is_told_again(line, due, start):
    jobs = line(3, told=now() - timedelta(hours=1))
    start(jobs[2])
    assert due() == jobs[:2]
    assert due() == []


def test_what_was_overtaken_only_now_is_left_in_peace(line, due, start):
    jobs = line(3, told=now() - AFTER / 2)
    start(jobs[2])
    assert due() == []


def test_a_queue_that_stands_still_is_told_of_one_and_of_all_once_that_is_started(line, due, start):
    jobs = line(3, told=now() - timedelta(hours=1))
    assert due() == [jobs[2]]
    assert due() == []
    start(jobs[2])
    assert due() == jobs[:2]


def test_a_job_for_later_is_not_told(line, due, sessions):
    (told,) = line(1)
    with transaction(sessions) as session:
        session.get_one(Job, told.job_id).run_after = now() + timedelta(hours=1)
    assert due() == []
    assert due(later=timedelta(hours=1, seconds=1)) == [told]


def test_the_job_of_a_dead_worker_is_told_once_and_again_after_a_while(line, due, start, sessions):
    (told,) = line(1, told=now() - timedelta(hours=1))
    start(told)
    assert due() == []
    with transaction(sessions) as session:
        session.get_one(Job, told.job_id).lease_until = now() - timedelta(seconds=1)
    assert due() == [told]
    assert due() == []
    assert due(later=2 * AFTER) == [told]


def test_the_job_of_a_dead_worker_told_again_overtakes_nothing(line, due, start, sessions):
    jobs = line(3, told=now() - timedelta(hours=1))
    start(jobs[0])
    with transaction(sessions) as session:
        session.get_one(Job, jobs[0].job_id).lease_until = now() - timedelta(seconds=1)
    assert due() == [jobs[0]]
    assert jobs[1] not in due()


@pytest.mark.parametrize("ended", ["succeeded", "dead", "cancelled"])
def test_what_has_ended_is_never_told(line, due, sessions, ended):
    (told,) = line(1)
    with transaction(sessions) as session:
        session.get_one(Job, told.job_id).state = ended
    assert due(later=timedelta(days=1)) == []


def test_what_nobody_was_told_of_after_all_is_told_by_the_next_sweep(line, due, sessions):
    (told,) = line(1, told=now())
    assert due() == []
    with transaction(sessions) as session:
        leases.untell(session, told)
    assert due() == [told]
    with reading(sessions) as session:
        assert session.get_one(Job, told.job_id).sent_at is not None
