"""Who works on which job: claim with a lease, heartbeat while working, count before starting.

A job's states::

    queued ──claim──> running ──succeed──> succeeded
      ^  ^               │ │ └──bury──────> dead ──────┐
      │  └retry/postpone─┘ └────cancel────> cancelled ─┤
      └───────────────────────replay───────────────────┘
"""

import random
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from core import events
from core.db import Sessions, after_commit, hold, transaction
from core.documents import Scope
from core.errors import Conflict, LeaseLost, NotFound
from core.settings import Jobs
from core.tables import Job, now
from core.telemetry import log

WINDOW = 500
"""How many jobs of a queue the broker is told of ahead; the rest waits in the database."""
LONGEST_DETAIL = 4000
WORKER_LOST = "worker_lost"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job until the lease runs out.

    `attempt` counts from 1 the starts that came no further than this one; `claim` counts all.
    `stage` and `done` tell how far an earlier start came, for kinds that can go on from there.
    `waiting_since` is when it was last put back, or first gave way to an outage that goes on.
    """

    job_id: UUID
    scope: Scope
    kind: str
    document_id: UUID | None
    subject: UUID | None
    owner: str
    attempt: int
    claim: int
    waiting_since: datetime
    postponed: int = 0
    stage: str | None = None
    done: int = 0

    @property
    def document(self) -> UUID:
        """The document that the job is about.

        Raises:
            ValueError: a job of this kind is about none.
        """
        if self.document_id is None:
            raise ValueError(f"job {self.job_id} ({self.kind}) is about no document")
        return self.document_id


class Told(NamedTuple):
    """What a message to the workers says: the job, by the queue it goes to."""

    job_id: UUID
    queue: str


def create(
    session: Session,
    scope: Scope,
    kind: str,
    queue: str,
    document_id: UUID | None = None,
    subject: UUID | None = None,
) -> Job:
    """Write a job that is due now; whoever calls sends it to the broker after the commit."""
    job = Job(
        workspace_id=scope.workspace_id,
        kind=kind,
        queue=queue,
        document_id=document_id,
        subject=subject,
        # Told after the commit; should that message be lost, the sweeper tells again.
        sent_at=now(),
    )
    session.add(job)
    session.flush()
    return job


def due(
    session: Session, queues: Sequence[str], at: datetime, resend_after: timedelta
) -> list[Told]:
    """Mark as sent, and return, the jobs that a worker should be told of now, oldest first.

    These wait and are due, or were left by a dead worker. What was told less than `resend_after`
    ago is left in peace, and so is what the broker still has: a long queue would otherwise fill
    it with copies. Of new work it is told `WINDOW` jobs ahead at most.
    """
    # One sweeper at a time: two would fill the window twice.
    hold(session, "telling workers of jobs")
    return [told for queue in queues for told in _due(session, queue, at, at - resend_after)]


def _due(session: Session, queue: str, at: datetime, told_before: datetime) -> list[Told]:
    waiting = (Job.queue == queue) & (Job.state == "queued") & (Job.run_after <= at)
    started = _last_start(session, queue)
    # A broker gives first what it got first: what was told before that has been lost.
    lost_before = min(told_before, started[0]) if started else datetime.min.replace(tzinfo=UTC)
    ahead = select(Job.id).where(waiting, Job.sent_at >= lost_before).limit(WINDOW)
    room = WINDOW - (session.scalar(select(func.count()).select_from(ahead.subquery())) or 0)
    abandoned = (Job.queue == queue) & _abandoned(at)
    untold = waiting & _untold(lost_before)
    # What was begun is told whatever is ahead of it: new work, which never ends, would starve it.
    # Questions of their own, since one with an "or" is answered without an index.
    # Yet behind the new work of this sweep: what has killed its worker would do so first again.
    found = _oldest(session, untold & (Job.claims == 0), room)
    found += _oldest(session, abandoned & _untold(told_before), WINDOW)
    found += _oldest(session, untold & (Job.claims > 0), WINDOW)
    if not found and (started is None or started[1] < told_before):
        found = _probe(session, waiting, told_before)
    if found:
        session.execute(update(Job).where(Job.id.in_(found)).values(sent_at=at))
    return [Told(job_id, queue) for job_id in found]


def _oldest(session: Session, wanted: ColumnElement[bool], most: int) -> list[UUID]:
    """Return jobs in the order in which they are due; those that a worker writes to are left."""
    query = select(Job.id).where(wanted).order_by(Job.run_after, Job.id).limit(most)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def _last_start(session: Session, queue: str) -> tuple[datetime, datetime] | None:
    """Return when the job of a queue that was started last had been told, and its start."""
    mine = Job.queue == queue, Job.started_at.is_not(None), Job.sent_at <= Job.started_at
    last = select(Job.sent_at, Job.started_at).where(*mine).order_by(Job.started_at.desc())
    for told, began in session.execute(last.limit(1)):
        if told is not None and began is not None:
            return told, began
    return None


def _probe(session: Session, waiting: ColumnElement[bool], told_before: datetime) -> list[UUID]:
    """Return the job told last, if that is long ago: all messages may be lost, or workers busy.

    Should a worker start it, then the others were lost, and the next sweep tells of them; until
    then each would be a copy.
    """
    newest = select(Job.id, Job.sent_at).where(waiting, Job.sent_at.is_not(None))
    last = session.execute(newest.order_by(Job.sent_at.desc(), Job.id).limit(1))
    return [job_id for job_id, told in last if told is not None and told < told_before]


def unheard(session: Session, queues: Sequence[str], since: datetime) -> bool:
    """Tell whether a job that workers were told of has been due and waiting since so long ago."""
    told = Job.queue.in_(queues), Job.state == "queued", Job.sent_at.is_not(None)
    waits = Job.queued_at < since, Job.run_after < since
    return bool(session.scalar(select(exists().where(*told, *waits))))


def untell(session: Session, told: Told) -> None:
    """Note that no worker was told of a job after all: the next sweep does."""
    session.execute(update(Job).where(Job.id == told.job_id).values(sent_at=None))


def take_over(session: Session) -> None:
    """Let every unfinished job be taken at once: the embedded worker is the only one there is.

    The messages of an earlier process died with it, and so did its leases.
    """
    at = now()
    waiting = update(Job).where(Job.state.in_(("queued", "running")))
    session.execute(waiting.values(sent_at=None))
    session.execute(update(Job).where(Job.state == "running").values(lease_until=at))


def free_at_once(session: Session, job_id: UUID) -> None:
    """Let a job be taken that a process was doing which is known to be dead."""
    running = update(Job).where(Job.id == job_id, Job.state == "running")
    session.execute(running.values(lease_until=now()))


def hand_back(session: Session, process: str) -> list[Told]:
    """Give back what the workers of a process still hold, and return it; they have been stopped.

    The interrupted attempt does not count. A worker that goes on all the same loses its result.
    """
    held = update(Job).where(
        Job.state == "running", Job.lease_owner.startswith(f"{process}/", autoescape=True)
    )
    given = held.values(
        state="queued",
        attempts=Job.attempts - 1,
        queued_at=now(),
        sent_at=now(),
        lease_owner=None,
        lease_until=None,
    ).returning(Job.id, Job.queue)
    return [Told(job_id, queue) for job_id, queue in session.execute(given)]


def free(session: Session, job_id: UUID, process: str, rules: Jobs, code: str, detail: str) -> None:
    """Put back what a worker of this process was doing when it died; that attempt counts.

    Without this its lease would first have to run out.
    """
    held = Job.state == "running", Job.lease_owner.startswith(f"{process}/")
    job = session.scalar(select(Job).where(Job.id == job_id, *held).with_for_update())
    if job is None:
        return
    _lay_by(job, rules, code, detail)


def put_back_lost(session: Session, rules: Jobs) -> int:
    """Put back what dead workers were doing, behind what waits; returns how many. They count.

    Taken up first, a document that kills its worker would hold all others up through all its
    attempts, and a healthy one would be there again when the next crash comes.
    """
    lost = select(Job).where(_abandoned(now())).with_for_update(skip_locked=True)
    found = session.scalars(lost).all()
    for job in found:
        _lay_by(job, rules, WORKER_LOST, "its worker was lost, and its lease ran out")
    return len(found)


def claim(session: Session, job_id: UUID, owner: str, rules: Jobs) -> Lease | None:
    """Take a job, raising its attempt counter first; None where it is not to be had.

    The counter goes up before the work, so that a document which kills its worker runs out of
    attempts instead of killing workers for ever; `core.work` then buries it.
    """
    at = now()
    taken = session.execute(
        update(Job)
        .where(Job.id == job_id, _claimable(at))
        .values(
            state="running",
            attempts=Job.attempts + 1,
            claims=Job.claims + 1,
            lease_owner=owner,
            lease_until=at + timedelta(seconds=rules.lease_seconds),
            heartbeat_at=at,
            progress_at=at,
            started_at=at,
        )
        .returning(Job)
    ).scalar_one_or_none()
    if taken is None:
        return None
    return Lease(
        job_id,
        Scope(taken.workspace_id),
        taken.kind,
        taken.document_id,
        taken.subject,
        owner,
        taken.attempts,
        taken.claims,
        taken.queued_at,
        taken.postponed,
        taken.stage,
        taken.done,
    )


def confirm(session: Session, lease: Lease) -> None:
    """Make sure that the job is still this worker's, until the end of the transaction.

    Raises:
        LeaseLost: it was cancelled, or somebody else has taken over.
    """
    _write(session, lease, heartbeat_at=now())


def succeed(session: Session, lease: Lease) -> None:
    """Mark the job done, in the transaction that holds its result.

    Raises:
        LeaseLost: somebody else has taken over; the caller rolls its result back.
    """
    _write(
        session,
        lease,
        state="succeeded",
        finished_at=now(),
        stage=None,
        page=None,
        lease_until=None,
        error_code=None,
        error_detail=None,
    )


def retry(session: Session, lease: Lease, rules: Jobs, code: str, detail: str) -> None:
    """Put the job back, due after an exponentially growing, jittered pause."""
    seconds = pause(lease.attempt, rules, _jitter())
    _requeue(session, lease, seconds, code, detail, queued_at=now(), postponed=0)


def postpone(
    session: Session, lease: Lease, rules: Jobs, code: str, detail: str, least: float = 0.0
) -> None:
    """Put the job back until an outage has passed, for `least` seconds; no attempt counts."""
    # Beyond twenty doublings the longest pause has long been reached.
    grown = pause(min(lease.postponed, 20) + 1, rules, _jitter())
    _requeue(
        session,
        lease,
        max(min(grown, rules.outage_pause_seconds * (1 + _jitter()) / 2), least),
        code,
        detail,
        # Its clock goes on through an outage, for somebody's patience may end.
        queued_at=lease.waiting_since if lease.postponed else now(),
        attempts=lease.attempt - 1,
        postponed=lease.postponed + 1,
    )


def give_way(session: Session, lease: Lease, queue: str) -> Told:
    """Put the job at the end of its line, so that other work comes in between; no attempt counts.

    It goes on where it stands; whoever calls sends it after the commit.
    """
    _write(
        session,
        lease,
        state="queued",
        attempts=lease.attempt - 1,
        queued_at=now(),
        run_after=now(),
        sent_at=now(),
        lease_owner=None,
        lease_until=None,
    )
    return Told(lease.job_id, queue)


def pause(attempt: int, rules: Jobs, jitter: float) -> float:
    """Return the seconds to wait after a failed attempt; `jitter` in 0..1 spreads them by half."""
    return rules.backoff_seconds * float(2 ** (attempt - 1)) * (0.5 + jitter)


def bury(session: Session, lease: Lease, code: str, detail: str, page: int | None = None) -> None:
    """Give the job up: it stays on the dead-letter list with the error, its stage and page."""
    _write(
        session,
        lease,
        state="dead",
        attempts=lease.attempt,
        finished_at=now(),
        lease_until=None,
        error_code=code,
        error_detail=detail[:LONGEST_DETAIL],
        page=page,
    )
    data = {"kind": lease.kind, "code": code, "page": page, "document_id": _text(lease.document_id)}
    events.publish(session, lease.scope, "job.dead", lease.document_id or lease.job_id, data)


def cancel(session: Session, scope: Scope, job_id: UUID) -> Job:
    """Stop a job that waits or runs; its worker notices with its next sign of life.

    Raises:
        NotFound: there is none under this id.
        Conflict: it has ended already.
    """
    return _turn(session, scope, job_id, ("queued", "running"), state="cancelled", lease_until=None)


def replay(session: Session, scope: Scope, job_id: UUID) -> Job:
    """Put a dead or cancelled job back, with all its attempts; send it after the commit.

    Raises:
        NotFound: there is none under this id.
        Conflict: it is neither dead nor cancelled.
    """
    return _turn(session, scope, job_id, ("dead", "cancelled"), **_from_the_start())


def replay_dead(session: Session, scope: Scope, ids: Collection[UUID]) -> list[Job]:
    """Put those of these jobs back that are still dead, as `replay` does with one."""
    dead = Job.id.in_(ids), Job.workspace_id == scope.workspace_id, Job.state == "dead"
    again = update(Job).where(*dead).values(**_from_the_start()).returning(Job)
    return list(session.scalars(again, execution_options={"populate_existing": True}))


class Progress:
    """Tells the job row where the work stands, at most a few times a second."""

    def __init__(self, make: Sessions, lease: Lease, every: float = 0.5) -> None:
        self.lease = lease
        self._make = make
        self._every = timedelta(seconds=every)
        self._last = datetime.min.replace(tzinfo=now().tzinfo)
        self._stage: str | None = None
        self._done = 0
        self._total: int | None = None

    @property
    def page(self) -> int | None:
        """The page that is being read, if one is."""
        reading = self._stage == "reading" and self._done != self._total
        return self._done + 1 if reading else None

    def stage(self, name: str, done: int = 0, total: int | None = None) -> None:
        """Enter a stage such as `reading`."""
        self.lease = replace(self.lease, stage=name)
        self._stage, self._done, self._total = name, done, total
        self._tell(stage=name, done=done, total=total)

    def step(self, done: int, total: int | None) -> None:
        """Report `done` of `total` pages or chunks."""
        self._done, self._total = done, total
        if now() - self._last >= self._every:
            self._tell(done=done, total=total)

    def advance(self, session: Session, **values: object) -> None:
        """Note that the work has come further for good, in the transaction that keeps it.

        What fails from here on has all attempts again.

        Raises:
            LeaseLost: somebody else has taken over; the caller rolls its result back.
        """
        _write(session, self.lease, attempts=1, postponed=0, progress_at=now(), **values)
        after_commit(session, self._start_over)

    def _start_over(self) -> None:
        self.lease = replace(self.lease, attempt=1, postponed=0)

    def _tell(self, **values: object) -> None:
        self._last = now()
        with transaction(self._make) as session:
            _write(session, self.lease, progress_at=self._last, **values)


@contextmanager
def heartbeat(make: Sessions, lease: Lease, rules: Jobs) -> Iterator[threading.Thread]:
    """Keep the lease alive from a thread of its own, which ends with the lease or the body."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(rules.lease_seconds / 3):
            try:
                with transaction(make) as session:
                    until = now() + timedelta(seconds=rules.lease_seconds)
                    _write(session, lease, heartbeat_at=now(), lease_until=until)
            except LeaseLost:
                return
            except Exception as error:  # noqa: BLE001 (one missed beat must not end the others)
                log().warning("job.heartbeat_failed", job=str(lease.job_id), error=repr(error))

    thread = threading.Thread(target=beat, name=f"heartbeat-{lease.job_id}", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join()


def get(session: Session, scope: Scope, job_id: UUID) -> Job:
    """Return a job of this workspace.

    Raises:
        NotFound: there is none under this id.
    """
    job = session.scalar(select(Job).where(*_mine(scope, job_id)))
    if job is None:
        raise NotFound(f"no job {job_id}")
    return job


def listed(
    session: Session,
    scope: Scope,
    *filters: ColumnElement[bool],
    after: UUID | None = None,
    limit: int = 50,
) -> Sequence[Job]:
    """Return jobs, newest first, after the one with id `after`, that pass all filters.

    Raises:
        NotFound: `after` is no job of this workspace.
    """
    query = select(Job).where(Job.workspace_id == scope.workspace_id, *filters)
    if after is not None:
        last = get(session, scope, after)
        query = query.where(tuple_(Job.created_at, Job.id) < (last.created_at, last.id))
    newest = query.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
    return session.scalars(newest).all()


@dataclass(frozen=True, slots=True)
class QueueState:
    """How a queue stands: jobs by state, and since when the longest waiting one waits."""

    queue: str
    queued: int
    running: int
    dead: int
    oldest: datetime | None


def queues(session: Session, scope: Scope) -> list[QueueState]:
    """Return every queue that has unfinished or dead jobs of this workspace, by name."""
    waiting = func.min(Job.queued_at)
    rows = session.execute(
        select(Job.queue, Job.state, func.count(), waiting)
        .where(Job.workspace_id == scope.workspace_id, Job.state.in_(("queued", "running", "dead")))
        .group_by(Job.queue, Job.state)
    ).all()
    counts = {(queue, state): number for queue, state, number, _ in rows}
    oldest = {queue: since for queue, state, _, since in rows if state == "queued"}
    return [
        QueueState(
            name,
            counts.get((name, "queued"), 0),
            counts.get((name, "running"), 0),
            counts.get((name, "dead"), 0),
            oldest.get(name),
        )
        for name in sorted({queue for queue, _ in counts})
    ]


def described(session: Session, names: Sequence[str]) -> str:
    """Return how these queues stand in all workspaces together, in words for an operator."""
    rows = session.execute(
        select(Job.queue, Job.state, func.count())
        # By queue and state, as the index has them: what is done is not looked at.
        .where(Job.queue.in_(names), Job.state.in_(("queued", "running", "dead")))
        .group_by(Job.queue, Job.state)
    ).all()
    totals = Counter[str]()
    for _, state, number in rows:
        totals[state] += number
    waiting = [f"{queue} {number}" for queue, state, number in sorted(rows) if state == "queued"]
    where = f" ({', '.join(waiting)})" if waiting else ""
    return f"{totals['queued']} waiting{where}, {totals['running']} running, {totals['dead']} dead"


def stalled(job: Job, rules: Jobs, at: datetime) -> bool:
    """Tell whether a running job's worker lives but its work has not moved for long."""
    if job.state != "running" or job.progress_at is None or job.lease_until is None:
        return False
    lives = job.lease_until > at
    return lives and at - job.progress_at > timedelta(seconds=rules.stall_seconds)


def _claimable(at: datetime) -> ColumnElement[bool]:
    waiting = (Job.state == "queued") & (Job.run_after <= at)
    return or_(waiting, _abandoned(at))


def _abandoned(at: datetime) -> ColumnElement[bool]:
    return (Job.state == "running") & (Job.lease_until <= at)


def _untold(since: datetime) -> ColumnElement[bool]:
    return or_(Job.sent_at.is_(None), Job.sent_at < since)


def _mine(scope: Scope, job_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Job.id == job_id, Job.workspace_id == scope.workspace_id


def _turn(
    session: Session, scope: Scope, job_id: UUID, states: Sequence[str], **values: object
) -> Job:
    """Move a job from one of `states` to another one, whatever workers do at the same time."""
    turned = update(Job).where(*_mine(scope, job_id), Job.state.in_(states))
    if values["state"] == "cancelled":
        values["finished_at"] = now()
    if session.execute(turned.values(**values).returning(Job.id)).one_or_none() is None:
        state = get(session, scope, job_id).state
        raise Conflict(f"job {job_id} is {state}; this needs one that is {' or '.join(states)}")
    job = get(session, scope, job_id)
    session.refresh(job)
    return job


def _from_the_start() -> dict[str, object]:
    """Return what stands in a job that is to be done again with all its attempts."""
    return {
        "state": "queued",
        "attempts": 0,
        "postponed": 0,
        "queued_at": now(),
        "run_after": now(),
        "sent_at": now(),
        "finished_at": None,
        "page": None,
        "lease_owner": None,
        "lease_until": None,
    }


def _requeue(
    session: Session, lease: Lease, seconds: float, code: str, detail: str, **values: object
) -> None:
    _write(
        session,
        lease,
        state="queued",
        run_after=now() + timedelta(seconds=seconds),
        sent_at=None,
        lease_owner=None,
        lease_until=None,
        error_code=code,
        error_detail=detail[:LONGEST_DETAIL],
        **values,
    )


def _lay_by(job: Job, rules: Jobs, code: str, detail: str) -> None:
    """Have a job wait whose worker died, as after a failure."""
    job.state, job.queued_at, job.sent_at = "queued", now(), None
    job.run_after = now() + timedelta(seconds=pause(job.attempts, rules, _jitter()))
    job.lease_owner = job.lease_until = None
    job.error_code, job.error_detail = code, detail[:LONGEST_DETAIL]


def _write(session: Session, lease: Lease, **values: object) -> None:
    mine = update(Job).where(
        Job.id == lease.job_id,
        Job.lease_owner == lease.owner,
        Job.claims == lease.claim,
        Job.state == "running",
    )
    if session.execute(mine.values(**values).returning(Job.id)).one_or_none() is None:
        raise LeaseLost(f"job {lease.job_id}, attempt {lease.attempt}")


def _jitter() -> float:
    return random.random()  # noqa: S311 (nothing to guess)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
