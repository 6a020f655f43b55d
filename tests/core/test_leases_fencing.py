"""Who has lost a job can write nothing more to it, whoever has it now and under whatever name."""

from datetime import timedelta

import pytest

from core import leases
from core.db import reading, transaction
from core.errors import LeaseLost
from core.settings import Jobs
from core.tables import Event, Job, now

RULES = Jobs(lease_seconds=60)
OWNER = "process/1:2"


@pytest.fixture
def job_id(sessions, scope):
    with transaction(sessions) as session:
        return leases.create(session, scope, "a", "intake").id


def claim(sessions, job_id, owner=OWNER):
    with transaction(sessions) as session:
        lease = leases.claim(session, job_id, owner, RULES)
    assert lease is not None
    return lease


def expire(sessions, job_id):
    with transaction(sessions) as session:
        session.get_one(Job, job_id).lease_until = now() - timedelta(seconds=1)


def taken_over(sessions, _scope, job_id):
    expire(sessions, job_id)
    claim(sessions, job_id, "other/1:2")


def taken_over_by_its_namesake(sessions, _scope, job_id):
    expire(sessions, job_id)
    claim(sessions, job_id)


def handed_back(sessions, _scope, _job_id):
    with transaction(sessions) as session:
        leases.hand_back(session, "process")


def handed_back_and_claimed(sessions, scope, job_id):
    handed_back(sessions, scope, job_id)
    claim(sessions, job_id)


def cancelled(sessions, scope, job_id):
    with transaction(sessions) as session:
        leases.cancel(session, scope, job_id)


def replayed(sessions, scope, job_id):
    cancelled(sessions, scope, job_id)
    with transaction(sessions) as session:
        leases.replay(session, scope, job_id)


def replayed_and_claimed(sessions, scope, job_id):
    replayed(sessions, scope, job_id)
    claim(sessions, job_id)


def succeed(session, _make, lease):
    leases.succeed(session, lease)


def retry(session, _make, lease):
    leases.retry(session, lease, RULES, "internal_error", "")


def postpone(session, _make, lease):
    leases.postpone(session, lease, RULES, "unavailable", "")


def bury(session, _make, lease):
    leases.bury(session, lease, "corrupt", "")


def confirm(session, _make, lease):
    leases.confirm(session, lease)


def advance(session, make, lease):
    leases.Progress(make, lease).advance(session, done=1)


def values(sessions, job_id):
    with reading(sessions) as session:
        job = session.get_one(Job, job_id)
        return {column.name: getattr(job, column.name) for column in Job.__table__.columns}


LOSSES = pytest.mark.parametrize(
    "lose",
    [
        taken_over,
        taken_over_by_its_namesake,
        handed_back,
        handed_back_and_claimed,
        cancelled,
        replayed,
        replayed_and_claimed,
    ],
)


@LOSSES
def test_who_lost_a_job_writes_nothing_to_it(sessions, scope, job_id, lose):
    lease = claim(sessions, job_id)
    lose(sessions, scope, job_id)
    before = values(sessions, job_id)
    for write in (succeed, retry, postpone, bury, confirm, advance):
        with pytest.raises(LeaseLost), transaction(sessions) as session:
            write(session, sessions, lease)
    with pytest.raises(LeaseLost):
        leases.Progress(sessions, lease, every=0).stage("reading")
    with pytest.raises(LeaseLost):
        leases.Progress(sessions, lease, every=0).step(1, 2)
    assert values(sessions, job_id) == before
    with reading(sessions) as session:
        assert session.query(Event).all() == []


@LOSSES
def test_its_heartbeat_ends_without_a_trace(sessions, scope, job_id, lose):
    quick = RULES.model_copy(update={"lease_seconds": 0.03})
    lease = claim(sessions, job_id)
    lose(sessions, scope, job_id)
    before = values(sessions, job_id)
    with leases.heartbeat(sessions, lease, quick) as beating:
        beating.join(10)
        assert not beating.is_alive()
    assert values(sessions, job_id) == before


def test_a_lease_that_ran_out_is_still_good_while_nobody_has_taken_over(sessions, scope, job_id):
    lease = claim(sessions, job_id)
    expire(sessions, job_id)
    with transaction(sessions) as session:
        leases.succeed(session, lease)
    assert values(sessions, job_id)["state"] == "succeeded"
