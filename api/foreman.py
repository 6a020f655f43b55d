"""What the parent of a worker's children writes down: that it lives, and what they left undone."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from core import db, jobs, leases, schema, work, workers
from core.settings import Settings
from core.tables import now
from core.telemetry import log


class Foreman:
    """Keeps the books of a worker whose children do the jobs.

    It is connected to the database only while it writes: what a parent holds open, its children
    would inherit.
    """

    def __init__(
        self, settings: Settings, queues: Sequence[str], kind: workers.Kind = "worker"
    ) -> None:
        """Bring the database up to date.

        Raises:
            DatabaseUnavailable: it does not answer.
        """
        self.name = jobs.process_name()
        self._settings, self._queues, self._kind = settings, queues, kind
        self._engine = db.create(settings.database_url)
        schema.upgrade(self._engine)
        self._engine.dispose()

    def sign(self) -> None:
        """Say that this process works."""
        self._note("sign", lambda s: workers.sign(s, self.name, self._kind, self._queues))

    def starves(self) -> bool:
        """Tell whether jobs wait of which this worker was told long ago."""
        found: list[bool] = []
        before = now() - workers.GONE_AFTER
        self._note("look", lambda s: found.append(leases.unheard(s, self._queues, before)))
        return any(found)

    def sign_off(self) -> None:
        """Say that this process stops."""
        self._note("sign_off", lambda s: workers.leave(s, self.name))

    def lost(self, job_id: UUID, reason: str) -> None:
        """Free the job that a child was doing when it died."""
        log().warning("worker.child_lost", job=str(job_id), reason=reason)
        rules = self._settings.jobs
        self._note(
            "free",
            lambda s: leases.free(s, job_id, self.name, rules, work.WORKER_LOST, reason),
        )

    def leave(self) -> None:
        """Give back what the children hold, tell other workers of it, and sign off."""
        given: list[leases.Told] = []
        self._note("hand_back", lambda s: given.extend(leases.hand_back(s, self.name)))
        self.sign_off()
        if given:
            log().warning("worker.handed_back", jobs=[str(told.job_id) for told in given])
        send = jobs.sender(jobs.make_app(self._settings, _nothing))
        for told in given:
            send(told)

    def _note(self, what: str, write: Callable[[Session], None]) -> None:
        """Write; a database that does not answer finds out by leases that run out."""
        try:
            with db.transaction(db.sessions(self._engine)) as session:
                write(session)
        except Exception as error:  # noqa: BLE001 (no note is worth the worker)
            log().warning("worker.note_failed", note=what, error=repr(error))
        finally:
            self._engine.dispose()


def _nothing(_job_id: UUID) -> None:
    """Do no job: this app only sends."""
