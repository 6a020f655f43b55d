"""The sweeper tells workers of what the database says is due, and outlives every failure."""

from threading import Event

import pytest

from core import jobs, leases, settings
from core.db import transaction
from core.leases import Told
from core.settings import Jobs
from core.tables import Job, now

RULES = Jobs(sweep_seconds=0.01)
SECONDS = 30


@pytest.fixture
def waiting(sessions, scope) -> list[Told]:
    """A job in each queue that nobody was told of."""
    with transaction(sessions) as session:
        made = [leases.create(session, scope, "a", queue) for queue in jobs.QUEUES]
        for job in made:
            job.sent_at = None
        return [Told(job.id, job.queue) for job in made]


def test_each_queue_is_told_of_its_own_and_once(sessions, waiting):
    sent: list[Told] = []
    sweeper = jobs.Sweeper(sessions, sent.append, RULES)
    assert [sweeper.sweep(), sweeper.sweep()] == [len(waiting), 0]
    assert sorted(sent) == sorted(waiting)


def test_what_rolls_back_is_not_sent(sessions, waiting, monkeypatch):
    sent: list[Told] = []
    real = leases.due

    def due(*args):
        real(*args)
        raise ZeroDivisionError

    sweeper = jobs.Sweeper(sessions, sent.append, RULES)
    with monkeypatch.context() as patch:
        patch.setattr(leases, "due", due)
        with pytest.raises(ZeroDivisionError):
            sweeper.sweep()
    assert sent == []
    assert sweeper.sweep() == len(waiting)


def test_a_sweep_that_fails_is_not_the_last(sessions, waiting, monkeypatch):
    arrived, real, broken = Event(), leases.due, [OSError("no route")]

    def due(*args):
        if broken:
            raise broken.pop()
        return real(*args)

    monkeypatch.setattr(leases, "due", due)
    sweeper = jobs.Sweeper(sessions, lambda _told: arrived.set(), RULES)
    sweeper.start()
    assert arrived.wait(SECONDS)
    sweeper.stop()
    assert broken == []
    with transaction(sessions) as session:
        assert session.get_one(Job, waiting[0].job_id).sent_at is not None


def test_a_broker_that_is_down_raises_nothing(waiting, tmp_path):
    nowhere = settings.load(environ={}, data_dir=tmp_path, jobs={"broker": "redis://127.0.0.1:1/0"})
    send = jobs.sender(jobs.make_app(nowhere, lambda _job_id: None))
    send(waiting[0])


def test_what_was_lost_with_its_worker_comes_after_what_waits_and_counts(sessions, scope, waiting):
    rules = Jobs(backoff_seconds=60)
    lost, *others = waiting
    with transaction(sessions) as session:
        assert leases.claim(session, lost.job_id, "dead", rules)
        leases.take_over(session)
    sent: list[Told] = []
    jobs.Sweeper(sessions, sent.append, rules).sweep()
    assert sorted(sent) == sorted(others)
    with transaction(sessions) as session:
        job = session.get_one(Job, lost.job_id)
        assert (job.state, job.attempts, job.error_code) == ("queued", 1, "worker_lost")
        assert job.run_after > now()
        job.run_after = now()
    jobs.Sweeper(sessions, sent.append, rules).sweep()
    assert sent[-1] == lost
