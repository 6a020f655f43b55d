"""Jobs are claimed once, survive their workers, and are never done twice."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core import leases
from core.db import Sessions, reading, transaction
from core.documents import Scope
from core.errors import Conflict, LeaseLost, NotFound
from core.settings import Jobs
from core.tables import Document, Event, Job, Workspace, now

RULES = Jobs(lease_seconds=60, attempts=3, backoff_seconds=2, outage_pause_seconds=30)
SOON = timedelta(seconds=60)


@pytest.fixture
def job(sessions: Sessions, scope: Scope) -> Job:
    with transaction(sessions) as session:
        document = Document(
            workspace_id=scope.workspace_id,
            sha256="0" * 64,
            filename="a.txt",
            media_type="text/plain",
            size=1,
        )
        session.add(document)
        session.flush()
        return leases.create(session, scope, "reading", "intake", document.id)


def attempt(sessions: Sessions, job: Job, owner: str = "w1") -> leases.Lease | None:
    with transaction(sessions) as session:
        return leases.claim(session, job.id, owner, RULES)


def due(sessions: Sessions, at: datetime) -> list[leases.Told]:
    with transaction(sessions) as session:
        return leases.due(session, ["intake"], at, SOON)


def untell(sessions: Sessions, job: Job) -> leases.Told:
    told = leases.Told(job.id, job.queue)
    with transaction(sessions) as session:
        leases.untell(session, told)
    return told


def take(sessions: Sessions, job: Job, owner: str = "w1") -> leases.Lease:
    lease = attempt(sessions, job, owner)
    assert lease is not None
    return lease


def row(sessions: Sessions, scope: Scope, job: Job) -> Job:
    with reading(sessions) as session:
        return leases.get(session, scope, job.id)


def until(sessions: Sessions, scope: Scope, job: Job) -> datetime:
    end = row(sessions, scope, job).lease_until
    assert end is not None
    return end


def expire(sessions: Sessions, job: Job) -> None:
    with transaction(sessions) as session:
        session.get_one(Job, job.id).lease_until = now() - timedelta(seconds=1)


def make_due(sessions: Sessions, job: Job) -> None:
    with transaction(sessions) as session:
        session.get_one(Job, job.id).run_after = now() - timedelta(seconds=1)


def test_a_job_is_claimed_once(sessions, job):
    assert take(sessions, job).attempt == 1
    assert attempt(sessions, job, "w2") is None


def test_a_job_of_a_dead_worker_is_claimed_again_and_counted(sessions, job):
    take(sessions, job)
    expire(sessions, job)
    assert take(sessions, job, "w2").attempt == 2


def test_the_first_worker_cannot_finish_what_the_second_has_taken_over(sessions, job):
    first = take(sessions, job)
    expire(sessions, job)
    take(sessions, job, "w2")
    with pytest.raises(LeaseLost), transaction(sessions) as session:
        leases.succeed(session, first)


def test_a_done_job_is_not_done_again(sessions, scope, job):
    lease = take(sessions, job)
    with transaction(sessions) as session:
        leases.succeed(session, lease)
    assert row(sessions, scope, job).state == "succeeded"
    assert attempt(sessions, job) is None


def test_a_retry_waits_and_is_then_due(sessions, scope, job):
    lease = take(sessions, job)
    with transaction(sessions) as session:
        leases.retry(session, lease, RULES, "unavailable", "down")
    waiting = row(sessions, scope, job)
    assert waiting.state == "queued"
    assert waiting.error_code == "unavailable"
    assert attempt(sessions, job) is None
    assert due(sessions, now()) == []
    assert due(sessions, now() + timedelta(seconds=10)) == [leases.Told(job.id, "intake")]


def test_a_job_is_told_once_and_again_only_after_a_while(sessions, job):
    told = untell(sessions, job)
    assert due(sessions, now()) == [told]
    assert due(sessions, now()) == []
    assert due(sessions, now() + 2 * SOON) == [told]


def test_the_embedded_worker_takes_over_what_an_earlier_process_left(sessions, job):
    take(sessions, job)
    with transaction(sessions) as session:
        leases.take_over(session)
    assert due(sessions, now()) == [leases.Told(job.id, "intake")]
    assert take(sessions, job, "w2").attempt == 2


def test_a_buried_job_tells_why(sessions, scope, job):
    lease = take(sessions, job)
    with transaction(sessions) as session:
        leases.bury(session, lease, "corrupt", "page 3")
    buried = row(sessions, scope, job)
    assert (buried.state, buried.error_code, buried.error_detail) == ("dead", "corrupt", "page 3")


def test_a_buried_job_is_told_of_as_an_event(sessions, job):
    lease = take(sessions, job)
    with transaction(sessions) as session:
        leases.bury(session, lease, "corrupt", "bad", page=3)
    with reading(sessions) as session:
        event = session.scalars(select(Event)).one()
    assert (event.type, event.subject) == ("job.dead", str(job.document_id))
    assert (event.data["code"], event.data["page"], event.data["kind"]) == ("corrupt", 3, "reading")


def test_an_outage_is_waited_for_without_counting_longer_each_time(sessions, scope, job):
    pauses = []
    for _ in range(12):
        lease = take(sessions, job)
        assert lease.attempt == 1
        with transaction(sessions) as session:
            leases.postpone(session, lease, RULES, "unavailable", "down")
        waiting = row(sessions, scope, job)
        pauses.append((waiting.run_after - now()).total_seconds())
        make_due(sessions, job)
    assert waiting.attempts == 0
    assert waiting.postponed == 12
    # Jitter makes each pause half to one and a half of 2, 4, 8, 16, never beyond 30 seconds.
    for pause, middle in zip(pauses, [2, 4, 8, 16], strict=False):
        assert min(0.5 * middle, 15) - 1 < pause <= min(1.5 * middle, 30)
    assert all(14 < pause <= 30 for pause in pauses[5:])
    assert len(set(pauses[5:])) > 1


def test_the_wait_for_an_outage_is_one_however_often_it_is_looked_at(sessions, scope, job):
    waiting_since = set()
    for _ in range(3):
        lease = take(sessions, job)
        with transaction(sessions) as session:
            leases.postpone(session, lease, RULES, "unavailable", "down")
        make_due(sessions, job)
        waiting_since.add(row(sessions, scope, job).queued_at)
    assert len(waiting_since) == 1
    assert take(sessions, job).waiting_since in waiting_since


def test_another_failure_ends_the_wait_for_an_outage(sessions, scope, job):
    for fail in (leases.postpone, leases.retry):
        lease = take(sessions, job)
        with transaction(sessions) as session:
            fail(session, lease, RULES, "unavailable", "down")
        make_due(sessions, job)
    assert row(sessions, scope, job).postponed == 0
    assert row(sessions, scope, job).queued_at > lease.waiting_since


def test_lasting_progress_gives_all_attempts_back(sessions, scope, job):
    for _ in range(2):
        lease = take(sessions, job)
        expire(sessions, job)
    lease = take(sessions, job)
    assert lease.attempt == 3
    progress = leases.Progress(sessions, lease)
    with transaction(sessions) as session:
        progress.advance(session, done=64)
    assert progress.lease.attempt == 1
    assert (row(sessions, scope, job).attempts, row(sessions, scope, job).done) == (1, 64)


def test_progress_that_rolls_back_gives_nothing_back(sessions, scope, job):
    take(sessions, job)
    expire(sessions, job)
    progress = leases.Progress(sessions, take(sessions, job))

    def fail():
        with transaction(sessions) as session:
            progress.advance(session, done=64)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (row(sessions, scope, job).attempts, row(sessions, scope, job).done) == (2, 0)
    assert progress.lease.attempt == 2


def test_a_later_start_knows_how_far_an_earlier_one_came(sessions, job):
    progress = leases.Progress(sessions, take(sessions, job), every=0)
    progress.stage("embedding", 0, 200)
    progress.step(64, 200)
    expire(sessions, job)
    again = take(sessions, job, "w2")
    assert (again.stage, again.done) == ("embedding", 64)


@pytest.mark.parametrize(
    ("stage", "done", "total", "page"),
    [("reading", 6, 9, 7), ("reading", 9, 9, None), ("reading", 2, None, 3), ("a", 6, 9, None)],
)
def test_a_page_is_known_only_while_it_is_read(sessions, job, stage, done, total, page):
    progress = leases.Progress(sessions, take(sessions, job))
    progress.stage(stage)
    progress.step(done, total)
    assert progress.page == page


def test_a_start_that_has_entered_no_stage_is_at_no_page(sessions, job):
    leases.Progress(sessions, take(sessions, job)).stage("reading")
    expire(sessions, job)
    assert leases.Progress(sessions, take(sessions, job)).page is None


def test_what_a_process_held_is_handed_back_uncounted(sessions, scope, job):
    take(sessions, job, "process/1:2")
    with transaction(sessions) as session:
        assert leases.hand_back(session, "process") == [leases.Told(job.id, "intake")]
    back = row(sessions, scope, job)
    assert (back.state, back.attempts, back.lease_owner) == ("queued", 0, None)
    assert take(sessions, job, "w2").attempt == 1


@pytest.mark.parametrize("owner", ["process2/1:2", "processes/1:2", "Xrocess/1:2", "process"])
def test_what_others_hold_is_left_to_them(sessions, scope, job, owner):
    take(sessions, job, owner)
    with transaction(sessions) as session:
        assert leases.hand_back(session, "process") == []
        assert leases.hand_back(session, "_rocess") == []
    assert row(sessions, scope, job).state == "running"


@pytest.mark.parametrize("running", [False, True])
def test_a_cancelled_job_stands_still_and_is_replayed_with_all_attempts(
    sessions, scope, job, running
):
    if running:
        take(sessions, job)
    with transaction(sessions) as session:
        assert leases.cancel(session, scope, job.id).state == "cancelled"
    assert row(sessions, scope, job).finished_at is not None
    assert attempt(sessions, job) is None
    with transaction(sessions) as session:
        again = leases.replay(session, scope, job.id)
    assert (again.state, again.attempts, again.finished_at) == ("queued", 0, None)
    assert take(sessions, job).attempt == 1


def test_what_has_ended_is_not_cancelled_and_what_lives_is_not_replayed(sessions, scope, job):
    with pytest.raises(Conflict, match="queued"), transaction(sessions) as session:
        leases.replay(session, scope, job.id)
    lease = take(sessions, job)
    with transaction(sessions) as session:
        leases.succeed(session, lease)
    for turn in (leases.cancel, leases.replay):
        with pytest.raises(Conflict, match="succeeded"), transaction(sessions) as session:
            turn(session, scope, job.id)


def test_another_workspace_cannot_steer_the_job(sessions, job):
    for turn in (leases.cancel, leases.replay):
        with pytest.raises(NotFound), transaction(sessions) as session:
            turn(session, Scope(uuid4()), job.id)


class TestClocks:
    """Waiting, lease, heartbeat and progress are told apart."""

    HOURS = timedelta(hours=12)

    def test_a_job_that_waits_for_hours_is_not_touched(self, sessions, scope, job):
        with transaction(sessions) as session:
            waiting = session.get_one(Job, job.id)
            waiting.queued_at = waiting.run_after = waiting.created_at = now() - self.HOURS
            waiting.sent_at = now() - timedelta(seconds=1)
        before = row(sessions, scope, job)
        assert due(sessions, now()) == []
        after = row(sessions, scope, job)
        assert (after.state, after.attempts, after.queued_at) == ("queued", 0, before.queued_at)
        assert not leases.stalled(after, RULES, now())
        assert take(sessions, job).attempt == 1

    def test_a_living_worker_without_progress_is_stalled_and_keeps_its_job(
        self, sessions, scope, job
    ):
        take(sessions, job)
        with transaction(sessions) as session:
            running = session.get_one(Job, job.id)
            running.progress_at = running.started_at = running.sent_at = now() - self.HOURS
        assert leases.stalled(row(sessions, scope, job), RULES, now())
        assert due(sessions, now()) == []
        assert attempt(sessions, job, "w2") is None

    def test_one_that_moves_is_not_stalled_however_long_it_takes(self, sessions, scope, job):
        progress = leases.Progress(sessions, take(sessions, job), every=0)
        with transaction(sessions) as session:
            running = session.get_one(Job, job.id)
            running.progress_at = running.started_at = now() - self.HOURS
        progress.step(1, 2)
        assert not leases.stalled(row(sessions, scope, job), RULES, now())

    def test_one_without_heartbeats_is_taken_over_and_not_called_stalled(
        self, sessions, scope, job
    ):
        take(sessions, job)
        with transaction(sessions) as session:
            running = session.get_one(Job, job.id)
            running.progress_at = running.heartbeat_at = running.sent_at = now() - self.HOURS
            running.lease_until = now() - timedelta(seconds=1)
        assert not leases.stalled(row(sessions, scope, job), RULES, now())
        assert due(sessions, now()) == [leases.Told(job.id, "intake")]
        assert take(sessions, job, "w2").attempt == 2


def test_jobs_are_listed_newest_first_page_by_page(sessions, scope, job):
    with transaction(sessions) as session:
        other = Workspace(name="other")
        session.add(other)
        session.flush()
        leases.create(session, Scope(other.id), "reading", "intake")
        made = [leases.create(session, scope, "embedding", "embed") for _ in range(4)]
        for one in made[:2]:
            one.created_at = made[0].created_at
    expected = [one.id for one in sorted(made, key=lambda j: (j.created_at, j.id), reverse=True)]
    with reading(sessions) as session:
        pages, last = [], None
        while page := leases.listed(session, scope, after=last, limit=2):
            pages += [one.id for one in page]
            last = pages[-1]
        embeds = leases.listed(session, scope, Job.kind == "embedding", Job.state == "queued")
    assert pages == [*expected, job.id]
    assert [one.id for one in embeds] == expected


def test_queues_are_counted_by_state(sessions, scope, job):
    with transaction(sessions) as session:
        first, second = (leases.create(session, scope, "embedding", "embed") for _ in range(2))
        second.queued_at = now() - timedelta(hours=1)
        leases.create(session, scope, "embedding", "ocr").state = "succeeded"
    lease = take(sessions, job)
    with reading(sessions) as session:
        assert leases.queues(session, scope) == [
            leases.QueueState("embed", 2, 0, 0, second.queued_at),
            leases.QueueState("intake", 0, 1, 0, None),
        ]
    with transaction(sessions) as session:
        leases.bury(session, lease, "corrupt", "")
    take(sessions, first)
    with reading(sessions) as session:
        assert leases.queues(session, scope) == [
            leases.QueueState("embed", 1, 1, 0, second.queued_at),
            leases.QueueState("intake", 0, 0, 1, None),
        ]


def test_heartbeats_keep_the_lease_alive(sessions, scope, job):
    quick = Jobs(lease_seconds=0.3)
    with transaction(sessions) as session:
        lease = leases.claim(session, job.id, "w1", quick)
    assert lease is not None
    before = until(sessions, scope, job)
    with leases.heartbeat(sessions, lease, quick):
        deadline = now() + timedelta(seconds=10)
        while until(sessions, scope, job) == before and now() < deadline:
            pass
    assert until(sessions, scope, job) > before


def test_progress_is_written_while_working(sessions, scope, job):
    lease = take(sessions, job)
    progress = leases.Progress(sessions, lease, every=0)
    progress.stage("reading")
    progress.step(3, 60)
    seen = row(sessions, scope, job)
    assert (seen.stage, seen.done, seen.total) == ("reading", 3, 60)


def test_another_workspace_does_not_see_the_job(sessions, job):
    with reading(sessions) as session, pytest.raises(NotFound):
        leases.get(session, Scope(uuid4()), job.id)


@given(attempt=st.integers(1, 10), jitter=st.floats(0, 1))
def test_pauses_double_and_are_spread_by_half(attempt, jitter):
    middle = leases.pause(attempt, RULES, 0.5)
    assert leases.pause(attempt + 1, RULES, 0.5) == 2 * middle
    assert 0.5 * middle <= leases.pause(attempt, RULES, jitter) <= 1.5 * middle
