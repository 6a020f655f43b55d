"""Doing a job: claim it, hand it to what knows its kind, and write down how it ended."""

import ctypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from core import leases
from core.db import Sessions, transaction
from core.errors import LeaseLost, MailroomError, Remedy, Unavailable, WorkTimedOut, remedy
from core.leases import Lease, Progress
from core.settings import Jobs
from core.tables import now
from core.telemetry import log

WORKER_LOST = leases.WORKER_LOST


class Handler(Protocol):
    """Knows one kind of job."""

    def perform(self, lease: Lease, progress: Progress) -> str:
        """Do the work, mark the job done in the transaction of its result, say what came of it.

        It may be done again from the start at any time: after a crash, or by two workers at once.
        """

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Write down, in the transaction that buries the job, what that means."""

    def left(self, lease: Lease) -> bool:
        """Clear up after a job that was left; tell whether what it is about has been erased."""


class Unknown:
    """Stands in where no handler knows a kind: a worker of another release may."""

    def perform(self, lease: Lease, progress: Progress) -> str:  # noqa: ARG002 (a Handler's)
        """Leave the job to a worker that knows it."""
        raise Unavailable(f"this release of the worker does not know jobs of kind {lease.kind!r}")

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Write nothing down: nobody knows what it means."""

    def left(self, lease: Lease) -> bool:  # noqa: ARG002 (a Handler's)
        """Leave nothing, for nothing was done."""
        return False


def run(
    make: Sessions, rules: Jobs, handlers: Mapping[str, Handler], job_id: UUID, owner: str
) -> None:
    """Do a job if it is to be had; a second message for the same job does nothing.

    Raises:
        DatabaseUnavailable: how it ended could not be written down; the lease will free the job.
    """
    with transaction(make) as session:
        lease = leases.claim(session, job_id, owner, rules)
    if lease is None:
        return
    handler = handlers.get(lease.kind, Unknown())
    ids = {
        "job": str(job_id),
        "kind": lease.kind,
        "document": str(lease.document_id),
        "attempt": lease.attempt,
    }
    with structlog.contextvars.bound_contextvars(**ids):
        try:
            _attempt(make, rules, handler, lease)
        except LeaseLost:
            # Cancelled, erased with its document, or taken over.
            log().info("job.left", erased=handler.left(lease))


def _attempt(make: Sessions, rules: Jobs, handler: Handler, lease: Lease) -> None:
    if lease.attempt > rules.attempts:
        detail = f"the worker was lost {rules.attempts} times while working on this"
        # The start that found this out was none.
        _give_up(make, handler, replace(lease, attempt=rules.attempts), WORKER_LOST, detail, None)
        return
    progress = Progress(make, lease)
    try:
        with leases.heartbeat(make, lease, rules), limited(rules):
            outcome = handler.perform(lease, progress)
    except LeaseLost:
        raise
    except Exception as error:  # noqa: BLE001 (the one place where any failure becomes a state)
        _failed(make, rules, handler, progress, error)
    else:
        log().info("job.succeeded", outcome=outcome)


@contextmanager
def limited(rules: Jobs) -> Iterator[None]:
    """Interrupt the body after `jobs.hard_seconds` where it runs on a thread.

    A worker's child is killed by its parent; nobody can kill a thread, but an exception can be put
    into it. It arrives as soon as Python code runs there again.

    Raises:
        WorkTimedOut: the time is over.
    """
    if not rules.embedded:
        yield
        return
    thread, over, turn = threading.get_ident(), threading.Event(), threading.Lock()

    def interrupt() -> None:
        with turn:
            if not over.is_set():
                _put_into(thread, WorkTimedOut)

    timer = threading.Timer(rules.hard_seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        # What was put in at the last moment must not go off in the next job.
        with turn:
            over.set()
            _put_into(thread, None)


def _put_into(thread: int, error: type[WorkTimedOut] | None) -> None:
    """Have a thread raise an error, or take back one that it has not raised yet."""
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


def _failed(
    make: Sessions, rules: Jobs, handler: Handler, progress: Progress, error: Exception
) -> None:
    lease = progress.lease
    code = error.code if isinstance(error, MailroomError) else "internal_error"
    detail = error.detail if isinstance(error, MailroomError) else repr(error)
    # What Mailroom knows by name needs no trace; a mistake of ours does.
    trace = None if isinstance(error, MailroomError) else error
    log().warning("job.failed", code=code, detail=detail, stage=lease.stage, exc_info=trace)
    if handler.left(lease):
        return
    match _remedy(error, rules, lease):
        case "wait":
            with transaction(make) as session:
                leases.postpone(session, lease, rules, code, detail, _asked_pause(error))
        case "retry":
            with transaction(make) as session:
                leases.retry(session, lease, rules, code, detail)
        case "give_up":
            _give_up(make, handler, lease, code, detail, progress.page)


def _asked_pause(error: Exception) -> float:
    """Return the seconds that whatever is down asks to be left alone for."""
    asked = error.fields.get("retry_after") if isinstance(error, MailroomError) else None
    return float(asked) if isinstance(asked, int | float) else 0.0


def _remedy(error: Exception, rules: Jobs, lease: Lease) -> Remedy:
    """Say what to do now, knowing how often it was tried and how long it has been waited."""
    wanted = remedy(error)
    if wanted == "retry" and lease.attempt >= rules.attempts:
        return "give_up"
    waited = now() - lease.waiting_since
    if wanted == "wait" and lease.postponed and waited > timedelta(seconds=rules.patience_seconds):
        return "give_up"
    return wanted


def _give_up(
    make: Sessions, handler: Handler, lease: Lease, code: str, detail: str, page: int | None
) -> None:
    with transaction(make) as session:
        handler.given_up(session, lease, code, detail)
        leases.bury(session, lease, code, detail, page)
