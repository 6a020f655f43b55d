"""However work fails, the job ends as it should: done, tried again, waiting, or given up once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from core import leases, work
from core.db import Sessions, reading, transaction
from core.errors import (
    Conflict,
    CorruptDocument,
    DatabaseUnavailable,
    EngineUnavailable,
    ReadingTimedOut,
)
from core.settings import Jobs
from core.tables import Event, Job, now

RULES = Jobs(attempts=3, backoff_seconds=0.001, patience_seconds=3600)
Deed = Callable[[leases.Lease, leases.Progress], None]


@dataclass
class Script:
    """A handler that does one deed a start, and succeeds when none is left."""

    sessions: Sessions
    deeds: list[Deed] = field(default_factory=list)
    erased: bool = False
    starts: int = 0
    lefts: int = 0
    given: list[str] = field(default_factory=list)

    def perform(self, lease, progress):
        self.starts += 1
        if self.deeds:
            self.deeds.pop(0)(lease, progress)
        with transaction(self.sessions) as session:
            leases.succeed(session, lease)
        return "done"

    def given_up(self, _session, _lease, code, _detail):
        self.given.append(code)

    def left(self, _lease):
        self.lefts += 1
        return self.erased


def fails_with(error: BaseException, times: int = 1) -> list[Deed]:
    def deed(_lease, _progress):
        # A fresh one each time: an error that is raised again drags its former traces along.
        raise type(error)(*error.args)

    return [deed] * times


@pytest.fixture
def script(sessions):
    return Script(sessions)


@pytest.fixture
def job_id(sessions, scope):
    with transaction(sessions) as session:
        return leases.create(session, scope, "a", "intake").id


@pytest.fixture
def run(sessions, script):
    def message(job_id: UUID, rules: Jobs = RULES) -> None:
        work.run(sessions, rules, {"a": script}, job_id, "process/worker")

    return message


@pytest.fixture
def job(sessions, job_id):
    def read() -> Job:
        with reading(sessions) as session:
            return session.get_one(Job, job_id)

    return read


@pytest.fixture
def wait(sessions, job_id):
    """Lets time go by: the pause is over, and the job has waited so much longer."""

    def pass_by(seconds: float = 0) -> None:
        with transaction(sessions) as session:
            waiting = session.get_one(Job, job_id)
            waiting.run_after = now() - timedelta(seconds=1)
            waiting.queued_at -= timedelta(seconds=seconds)

    return pass_by


def events(sessions) -> list[str]:
    with reading(sessions) as session:
        return list(session.scalars(select(Event.type)))


def test_what_is_done_is_done_once_however_often_the_message_comes(run, script, job_id, job):
    for _ in range(3):
        run(job_id)
    assert script.starts == 1
    assert (job().state, job().attempts, job().claims) == ("succeeded", 1, 1)


def test_a_message_for_no_job_does_nothing(run, script, sessions):
    run(uuid4())
    assert script.starts == 0
    with reading(sessions) as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0


def test_a_message_for_an_erased_job_does_nothing(run, script, sessions, job_id):
    with transaction(sessions) as session:
        session.delete(session.get_one(Job, job_id))
    run(job_id)
    assert script.starts == 0


@pytest.mark.parametrize("state", ["dead", "cancelled", "succeeded"])
def test_a_message_for_a_job_that_has_ended_does_nothing(run, script, sessions, job_id, state):
    with transaction(sessions) as session:
        session.get_one(Job, job_id).state = state
    run(job_id)
    assert script.starts == 0


def test_a_job_that_runs_elsewhere_is_left_alone(run, script, sessions, job_id):
    with transaction(sessions) as session:
        leases.claim(session, job_id, "other", RULES)
    run(job_id)
    assert script.starts == 0


@pytest.mark.parametrize("outage", [EngineUnavailable("down"), DatabaseUnavailable("down")])
def test_an_outage_costs_no_attempt_however_long(run, script, job_id, job, wait, outage):
    script.deeds = fails_with(outage, times=6)
    for _ in range(6):
        run(job_id)
        assert (job().state, job().attempts, job().error_code) == ("queued", 0, outage.code)
        wait()
    run(job_id)
    assert (job().state, job().attempts, job().error_code) == ("succeeded", 1, None)
    assert script.given == []


def test_an_outage_is_given_up_when_patience_ends(run, script, sessions, job_id, job, wait):
    script.deeds = fails_with(EngineUnavailable("down"), times=9)
    run(job_id)
    wait(seconds=RULES.patience_seconds - 60)
    run(job_id)
    assert job().state == "queued"
    wait(seconds=120)
    run(job_id)
    assert (job().state, job().error_code) == ("dead", "engine_unavailable")
    assert script.given == ["engine_unavailable"]
    assert events(sessions) == ["job.dead"]


def test_a_long_wait_in_the_queue_is_not_taken_for_an_outage(run, script, job_id, job, wait):
    script.deeds = fails_with(EngineUnavailable("down"))
    wait(seconds=10 * RULES.patience_seconds)
    run(job_id)
    assert job().state == "queued"


def test_an_outage_between_failures_leaves_their_count(run, script, job_id, job, wait):
    broken, down = fails_with(OSError("disk")), fails_with(EngineUnavailable("down"))
    script.deeds = [*broken, *down, *broken, *down, *broken]
    states = []
    for _ in range(5):
        run(job_id)
        states.append((job().state, job().attempts))
        wait()
    assert states == [
        ("queued", 1),
        ("queued", 1),
        ("queued", 2),
        ("queued", 2),
        ("dead", 3),
    ]


def test_what_may_pass_is_tried_three_times_and_tells_where_it_died(
    run, script, sessions, job_id, job, wait
):
    def read_to_page_seven(_lease, progress):
        progress.stage("reading")
        progress.step(6, 9)
        raise OSError("the disk is full")

    script.deeds = [read_to_page_seven] * 3
    for _ in range(5):
        run(job_id)
        wait()
    dead = job()
    assert (dead.state, dead.attempts, script.starts) == ("dead", 3, 3)
    assert (dead.error_code, dead.stage, dead.page) == ("internal_error", "reading", 7)
    assert "the disk is full" in (dead.error_detail or "")
    assert dead.finished_at is not None
    assert script.given == ["internal_error"]
    assert events(sessions) == ["job.dead"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CorruptDocument("page 3"), "corrupt"),
        (ReadingTimedOut("too long"), "timed_out"),
        (Conflict("no"), "conflict"),
        (ZeroDivisionError(), "internal_error"),
    ],
)
def test_what_stays_is_given_up_at_once(run, script, sessions, job_id, job, error, code):
    script.deeds = fails_with(error)
    run(job_id)
    assert (job().state, job().error_code, job().attempts) == ("dead", code, 1)
    assert events(sessions) == ["job.dead"]


def test_what_kills_its_worker_is_given_up_after_three_starts(
    run, script, sessions, job_id, job, wait
):
    script.deeds = fails_with(KeyboardInterrupt(), times=9)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            run(job_id)
        assert job().state == "running"
        with transaction(sessions) as session:
            session.get_one(Job, job_id).lease_until = now() - timedelta(seconds=1)
    run(job_id)
    assert script.starts == 3
    assert (job().state, job().error_code, job().attempts) == ("dead", "worker_lost", 3)
    assert script.given == ["worker_lost"]
    assert events(sessions) == ["job.dead"]


def test_each_lasting_step_has_all_attempts(run, script, sessions, job_id, job, wait):
    def one_more_batch(lease, progress):
        with transaction(sessions) as session:
            progress.advance(session, done=lease.done + 1)
        raise OSError("and then it broke")

    script.deeds = [one_more_batch] * 4
    for _ in range(4):
        run(job_id)
        wait()
    assert (job().state, job().done) == ("queued", 4)
    run(job_id)
    assert job().state == "succeeded"


def test_a_job_that_was_cancelled_while_it_ran_stays_cancelled(
    run, script, sessions, scope, job_id, job
):
    def cancelled(_lease, _progress):
        with transaction(sessions) as session:
            leases.cancel(session, scope, job_id)

    script.deeds = [cancelled]
    run(job_id)
    assert (job().state, job().error_code, script.lefts) == ("cancelled", None, 1)
    assert events(sessions) == []


def test_a_failure_after_the_job_was_cancelled_changes_nothing(
    run, script, sessions, scope, job_id, job
):
    def cancelled_and_broken(_lease, _progress):
        with transaction(sessions) as session:
            leases.cancel(session, scope, job_id)
        raise CorruptDocument("page 3")

    script.deeds = [cancelled_and_broken]
    run(job_id)
    assert (job().state, job().error_code) == ("cancelled", None)
    assert events(sessions) == []


def test_a_failure_because_its_subject_was_erased_is_no_failure(run, script, sessions, job_id, job):
    script.deeds, script.erased = fails_with(CorruptDocument("gone")), True
    run(job_id)
    assert script.given == []
    assert events(sessions) == []


def test_a_job_that_no_handler_knows_waits_for_a_worker_that_does(sessions, job_id, job, wait):
    for _ in range(5):
        work.run(sessions, RULES, {}, job_id, "w")
        wait()
    assert (job().state, job().attempts, job().error_code) == ("queued", 0, "unavailable")
    assert "'a'" in (job().error_detail or "")


def test_a_very_long_message_does_not_stand_in_the_way(run, script, job_id, job):
    script.deeds = fails_with(CorruptDocument("x\x00" * 5000))
    run(job_id)
    assert job().state == "dead"
    assert len(job().error_detail or "") == leases.LONGEST_DETAIL


def test_work_without_end_is_interrupted_and_given_up_after_three_starts(
    run, script, job_id, job, wait
):
    def loop(_lease, _progress):
        while True:
            pass

    script.deeds = [loop] * 3
    for _ in range(3):
        run(job_id, RULES.model_copy(update={"hard_seconds": 1}))
        dead = job()
        wait()
    assert (dead.state, dead.error_code, dead.attempts) == ("dead", "work_timed_out", 3)


def test_work_that_ended_in_time_is_not_interrupted_afterwards():
    with work.limited(RULES.model_copy(update={"hard_seconds": 1})):
        pass
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        pass
