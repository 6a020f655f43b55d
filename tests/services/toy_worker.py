"""`mailroom worker` with jobs that do what the tests want: wait, die, hang or take memory."""

import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from api.foreman import Foreman
from core import db, jobs, leases, settings, telemetry, work, workers
from core.db import Sessions, transaction
from core.leases import Lease, Progress

MEGABYTE = 1024 * 1024


class Toy:
    """A job that ends once a file with its name and the word `go` exists."""

    def __init__(self, sessions: Sessions, folder: Path) -> None:
        self._sessions, self._folder = sessions, folder
        self._hoard = b""

    def perform(self, lease: Lease, progress: Progress) -> str:
        progress.stage("toying")
        match lease.kind:
            case "wait":
                while not (self._folder / f"{lease.job_id}.go").exists():
                    time.sleep(0.05)
            case "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            case "hoard":
                self._hoard = b"x" * 300 * MEGABYTE
        with transaction(self._sessions) as session:
            leases.succeed(session, lease)
        return f"done by {os.getpid()}"

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Nothing is to be written."""

    def left(self, _lease: Lease) -> bool:
        """Nothing is to be cleared up."""
        return False


def main(queues: str) -> None:
    """Work as `mailroom worker` does, on toys."""
    telemetry.configure("INFO")
    # What takes minutes to be noticed takes seconds here.
    workers.SIGN_SECONDS, workers.GONE_AFTER = 0.5, timedelta(seconds=2)
    rules = settings.load()
    foreman = Foreman(rules, queues.split(","))

    def do(job_id: UUID) -> None:
        sessions = db.sessions(db.create(rules.database_url))
        toys = dict.fromkeys(("quick", "wait", "crash", "hoard"), Toy(sessions, rules.data_dir))
        work.run(sessions, rules.jobs, toys, job_id, jobs.worker_name(foreman.name))

    app = jobs.make_app(rules, do)
    sys.exit(jobs.run_worker(app, queues.split(","), 1, rules.jobs.grace_seconds, foreman))


if __name__ == "__main__":
    main(sys.argv[1])
