"""However many workers and sweepers reach for the jobs, each job is had and told once."""

from datetime import timedelta
from functools import partial

import pytest

from core import leases
from core.db import Sessions, transaction
from core.settings import Jobs
from core.tables import Document, now
from tests.at_once import at_once

RULES = Jobs(lease_seconds=60)
JOBS, WORKERS = 12, 6


@pytest.fixture
def jobs(sessions, scope):
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
        made = [leases.create(session, scope, "a", "intake", document.id) for _ in range(JOBS)]
        for job in made:
            job.sent_at = None
        return [job.id for job in made]


def claim(sessions: Sessions, job_id, owner: str):
    with transaction(sessions) as session:
        return leases.claim(session, job_id, owner, RULES)


def sweep(sessions: Sessions):
    with transaction(sessions) as session:
        return leases.due(session, ["intake"], now(), timedelta(seconds=60))


def test_one_worker_gets_the_job(sessions, jobs):
    for job_id in jobs[:4]:
        workers = [partial(claim, sessions, job_id, f"w{n}") for n in range(WORKERS)]
        taken = at_once(*workers)
        assert sorted(lease is not None for lease in taken) == [False] * (WORKERS - 1) + [True]


def test_an_abandoned_job_is_taken_over_once(sessions, jobs):
    claim(sessions, jobs[0], "dead")
    with transaction(sessions) as session:
        leases.take_over(session)
    taken = at_once(*[partial(claim, sessions, jobs[0], f"w{n}") for n in range(WORKERS)])
    assert [lease.attempt for lease in taken if lease is not None] == [2]


def test_sweepers_share_the_due_jobs(sessions, jobs):
    told = at_once(*[partial(sweep, sessions)] * 3)
    flat = [job_id for found in told for job_id, _queue in found]
    assert sorted(flat) == sorted(jobs)
