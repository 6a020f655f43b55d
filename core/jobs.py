"""Celery: the app, the sending of jobs, and workers: beside the API, or with children."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from celery import Celery, signals
from celery.exceptions import TimeLimitExceeded, WorkerLostError
from celery.worker import WorkController, state

from core import leases, workers
from core.breaker import Breaker
from core.db import Sessions, transaction
from core.leases import Told
from core.settings import Jobs, Settings
from core.tables import now
from core.telemetry import log

TASK = "mailroom.do_job"
INTAKE, OCR, EMBED, DELIVER = QUEUES = ("intake", "ocr", "embed", "deliver")
"""By weight: reading and classifying, slow reading, embedding, delivering to others."""
EMBEDDED_POLL_SECONDS = 0.05
BROKER_SECONDS = 3.0
"""How long a broker may take to answer before it counts as down."""
BROKER_PAUSE_SECONDS = 5.0
HEARTBEAT_SECONDS = 10
"""How often a connection that only looks alive is asked whether it is."""
IDLE_STOP_SECONDS = 1.0
"""What an idle worker needs to stop."""
SIGNALS = signal.SIGTERM, signal.SIGINT

Work = Callable[[UUID], None]
Send = Callable[[Told], None]


def make_app(settings: Settings, work: Work) -> Celery:
    """Return the Celery app with the one task that does a job by its id.

    Messages are JSON and carry the job's id only; what to do stands in SQL. A message may be lost
    or come twice: the lease decides.
    """
    app = Celery("mailroom", broker=settings.jobs.broker, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        task_default_queue=INTAKE,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=BROKER_SECONDS,
        broker_heartbeat=HEARTBEAT_SECONDS,
        # RabbitMQ closes the channel of a job that takes longer than its own limit.
        broker_channel_error_retry=True,
        # Once more, for a connection that has gone stale; the sweeper does the rest.
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_max": 0},
        # Nobody gives orders to workers by the broker, and each such queue is one more to lose.
        worker_enable_remote_control=False,
        # A lost broker must not end a job that is under way: the lease is what counts.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_time_limit=settings.jobs.hard_seconds,
        worker_max_tasks_per_child=settings.jobs.tasks_per_child,
        worker_max_memory_per_child=settings.jobs.child_memory_mb * 1024,
        broker_transport_options=_transport_options(settings),
    )

    # Shared tasks would turn up in every other app of this process.
    @app.task(name=TASK, shared=False)  # type: ignore[untyped-decorator]
    def do_job(job_id: str) -> None:
        work(UUID(job_id))

    app.finalize()
    return app


def _transport_options(settings: Settings) -> dict[str, float]:
    if settings.jobs.embedded:
        # Kombu's memory transport looks for messages once a second unless told otherwise.
        return {"polling_interval": EMBEDDED_POLL_SECONDS}
    if settings.jobs.broker.startswith("redis"):
        return {
            # Redis delivers again what is not acknowledged in time, also while it is being done.
            "visibility_timeout": 2 * settings.jobs.hard_seconds,
            # Without these a broker that swallows packets holds its callers for ever.
            "socket_connect_timeout": BROKER_SECONDS,
            "socket_timeout": BROKER_SECONDS,
            "health_check_interval": HEARTBEAT_SECONDS,
        }
    if settings.jobs.broker.startswith(("amqp", "pyamqp")):
        # Closing a connection that has gone dumb would else wait for its last word for ever.
        return {"read_timeout": BROKER_SECONDS, "write_timeout": BROKER_SECONDS}
    return {}


def sender(app: Celery) -> Send:
    """Return what tells the workers of a job; a broker that is down loses nothing.

    One that failed is left alone for a moment: each upload would else wait for its time-out.
    """
    breaker = Breaker(1, BROKER_PAUSE_SECONDS, 1, time.monotonic)

    def send(told: Told) -> None:
        permit = breaker.admit()
        if permit is None:
            log().info("job.not_sent", job=str(told.job_id))
            return
        try:
            app.send_task(TASK, args=[str(told.job_id)], queue=told.queue)
        except Exception as error:  # noqa: BLE001 (the sweeper sends again what SQL says is due)
            breaker.failed(permit)
            log().warning("job.send_failed", job=str(told.job_id), error=repr(error))
        else:
            breaker.succeeded(permit)

    return send


def process_name() -> str:
    """Return a name for this process that no other one has; its workers' names begin with it."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


def worker_name(process: str) -> str:
    """Return the name of this thread as a worker of a process, which may have forked since."""
    return f"{process}/{os.getpid()}:{threading.get_ident()}"


class Sweeper:
    """Sends again what the database says is due: lost messages, dead workers, retries."""

    def __init__(self, make: Sessions, send: Send, rules: Jobs) -> None:
        self._make, self._send, self._rules = make, send, rules
        self._resend_after = timedelta(seconds=rules.lease_seconds)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def sweep(self) -> int:
        """Send every due job once; return how many."""
        with transaction(self._make) as session:
            leases.put_back_lost(session, self._rules)
            found = leases.due(session, QUEUES, now(), self._resend_after)
        for told in found:
            self._send(told)
        return len(found)

    def start(self) -> None:
        """Sweep now and then again and again."""
        self._thread.start()

    def join(self) -> None:
        """Wait until somebody stops it."""
        self._thread.join()

    def stop(self) -> None:
        """End the sweeping; a sweep that hangs on its broker is not waited for."""
        self._stop.set()
        self._thread.join(2 * BROKER_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception as error:  # noqa: BLE001 (the next sweep tries again)
                log().warning("job.sweep_failed", error=repr(error))
            if self._stop.wait(self._rules.sweep_seconds):
                return


class Foreman(Protocol):
    """What the parent of a worker's children sees to, in the database."""

    @property
    def name(self) -> str:
        """The name of this process, that no other one has."""

    def sign(self) -> None:
        """Say that the worker takes jobs."""

    def starves(self) -> bool:
        """Tell whether jobs wait of which this worker should long have heard."""

    def lost(self, job_id: UUID, reason: str) -> None:
        """Free the job that a child was doing when it died."""

    def leave(self) -> None:
        """Hand back what is still held, and sign off; it may be called twice."""


def run_worker(
    app: Celery, queues: Sequence[str], concurrency: int, grace: float, foreman: Foreman
) -> int:
    """Work until told to stop, with children that are renewed now and then; return an exit code.

    On a first SIGTERM or SIGINT it takes no more jobs and lets what runs finish within `grace`
    seconds. After that, or on a second signal, it hands back the rest and ends.
    """
    worker = WorkController(
        app=app,
        hostname=foreman.name,
        pool="prefork",
        queues=list(queues),
        concurrency=concurrency,
        loglevel="WARNING",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        ready_callback=lambda _: log().info("worker.ready", queues=list(queues)),
    )

    def on_failure(exception: BaseException, args: Sequence[str], **_: object) -> None:
        if isinstance(exception, WorkerLostError | TimeLimitExceeded):
            foreman.lost(UUID(args[0]), str(exception))

    # The logs are set up already, in the way of the whole service; a receiver tells Celery so.
    signals.setup_logging.connect(_leave_alone)
    signals.task_failure.connect(on_failure, weak=False)
    departure = _Departure(grace, foreman)
    for number in SIGNALS:
        signal.signal(number, departure.ask)
    foreman.sign()
    # In the loop that takes the jobs, so that a worker which has stopped taking them falls silent.
    worker.timer.call_repeatedly(workers.SIGN_SECONDS, _Look(foreman))
    worker.start()
    departure.conclude()
    return worker.exitcode or 0


class _Look:
    """Signs, and sees whether messages still come.

    A worker can look connected and be deaf: after an acknowledgement that timed out Redis' client
    counts that message as being worked on for ever, and at prefetch 1 takes no other one.
    """

    def __init__(self, foreman: Foreman) -> None:
        self._foreman = foreman
        self._was_idle = False

    def __call__(self) -> None:
        """Look once.

        Raises:
            ConnectionResetError: nothing comes although jobs wait; Celery then connects anew.
        """
        self._foreman.sign()
        idle = not state.reserved_requests
        idle_for_long, self._was_idle = idle and self._was_idle, idle
        if idle_for_long and self._foreman.starves():
            self._was_idle = False
            raise ConnectionResetError("jobs wait, and no message comes")


def _leave_alone(**_: object) -> None:
    """Do nothing."""


class _Departure:
    """What happens between a signal to stop and the end of the process.

    Celery stops when its last job is done, or never: its socket may be stuck, or a child. So a
    thread looks at the clock, and ends the process if need be; its children die with it.
    """

    def __init__(self, grace: float, foreman: Foreman) -> None:
        self._grace, self._foreman = grace, foreman
        # A signal interrupts whatever runs: its handler may wait for no lock.
        self._asked: list[float] = []
        self._concluding = threading.Lock()
        threading.Thread(target=self._watch, name="departure", daemon=True).start()

    def ask(self, _number: int, _frame: Any) -> None:
        """Handle a signal."""
        self._asked.append(time.monotonic())
        state.should_stop = os.EX_OK

    def conclude(self) -> None:
        """Hand back what is left."""
        with self._concluding:
            self._foreman.leave()

    def _watch(self) -> None:
        while not self._is_over():
            time.sleep(EMBEDDED_POLL_SECONDS)
        try:
            self.conclude()
        finally:
            os._exit(os.EX_OK)

    def _is_over(self) -> bool:
        if not self._asked:
            return False
        return len(self._asked) > 1 or time.monotonic() - self._asked[0] > self._grace


class EmbeddedWorker:
    """A Celery worker on threads of this process, so that one command is the whole service."""

    def __init__(self, app: Celery, rules: Jobs, queues: Sequence[str], concurrency: int) -> None:
        self._grace = max(rules.grace_seconds, IDLE_STOP_SECONDS)
        # Celery's trace looks the app up per process; without a default, pool threads find none.
        app.set_default()
        self._ready = threading.Event()
        self._worker = WorkController(
            app=app,
            pool="threads",
            queues=list(queues),
            concurrency=concurrency,
            loglevel="WARNING",
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            ready_callback=lambda _: self._ready.set(),
        )
        self._thread = threading.Thread(target=self._worker.start, name="worker", daemon=True)
        self._stopping = threading.Thread(target=self._stop, name="worker-stop", daemon=True)
        self._told, self._enough = threading.Event(), threading.Event()

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()
        self._stopping.start()

    @property
    def alive(self) -> bool:
        """Whether jobs are being taken, or one is still being done."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Take no more jobs; what is running goes on."""
        self._told.set()

    def stop(self) -> None:
        """Take no more jobs and let what is running finish, within the grace that is set."""
        self.close()
        self._enough.wait(self._grace)

    def hurry(self) -> None:
        """Let `stop` wait no longer."""
        self._enough.set()

    def _stop(self) -> None:
        self._told.wait()
        # Before it is ready Celery's worker cannot be stopped.
        while self._thread.is_alive() and not self._ready.wait(EMBEDDED_POLL_SECONDS):
            pass
        self._worker.stop()
        self._thread.join()
        self._enough.set()
