"""Documents that kill: their reader, or the worker itself. What becomes of them and of the rest.

    python -m benchmarks.poison --mode embedded    `mailroom serve`, started again when it dies
    python -m benchmarks.poison --mode cluster     `mailroom worker` with forked children, on Redis

Poison is sent first, healthy documents behind it. The weakness is that of `benchmarks.poisoned`.
An endless loop is ended after `jobs.hard_seconds`: a worker's child is killed, a thread of the one
process is interrupted, which works for Python code but not inside a native call.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.client import Client
from benchmarks.common import report
from benchmarks.papers import Paper, papers
from benchmarks.topology import Cluster, Embedded, Topology, running, until
from core import db
from core.tables import Document, Job

POISONED = (sys.executable, "-m", "benchmarks.poisoned")
TOPOLOGIES: dict[str, type[Topology]] = {"embedded": Embedded, "cluster": Cluster}
DEEDS = (
    "reading-memory",
    "reading-segfault",
    "reading-endless",
    "worker-memory",
    "worker-segfault",
    "worker-endless",
)
LIMITS = {
    "MAILROOM_READING__MEMORY_MB": "300",
    "MAILROOM_READING__CPU_SECONDS": "3",
    "MAILROOM_READING__WALL_SECONDS": "10",
    "MAILROOM_JOBS__HARD_SECONDS": "60",
    "MAILROOM_JOBS__LEASE_SECONDS": "5",
    "MAILROOM_JOBS__SWEEP_SECONDS": "1",
    "MAILROOM_JOBS__BACKOFF_SECONDS": "0.5",
}
PATIENCE_SECONDS = 900
FINAL = ("routed", "in_review")


def poison(deed: str) -> Paper:
    """Return a document that does a deed."""
    return Paper(f"{deed}.txt", f"Dear Sir or Madam, POISON {deed} is in this letter.".encode())


def through(topology: Topology, deeds: tuple[str, ...], healthy: int) -> dict[str, Any]:
    """Send poison, then healthy documents, and tell what became of them."""
    started = time.monotonic()
    _send(topology, [poison(deed) for deed in deeds])
    _send(topology, papers(healthy, seed=5, long_pages=3))
    until(lambda: _idle(topology), "all work is done", PATIENCE_SECONDS)
    return {
        "seconds": round(time.monotonic() - started),
        "poison": _poisoned(topology),
        "healthy": _healthy(topology),
        "processes_that_died": dict(topology.crew.ended_by_itself),
        "alive": {name: not one.dead for name, one in topology.crew.machines.items()},
    }


def _send(topology: Topology, sent: list[Paper]) -> None:
    client = Client(topology.base, topology.key, sent, seed=0)
    client.start()
    until(lambda: client.done, "all documents are accepted")
    client.stop()


def _idle(topology: Topology) -> bool:
    unfinished, _ = topology.jobs() or (1, 0)
    return not unfinished


def _poisoned(topology: Topology) -> dict[str, Any]:
    found = {}
    for document, job in _rows(topology):
        deed = document.filename.removesuffix(".txt")
        if deed in DEEDS:
            ended = job.finished_at or job.heartbeat_at
            found[deed] = {
                "document": document.state,
                "job": job.state,
                "code": job.error_code,
                "starts": job.claims,
                "attempts": job.attempts,
                "stage": job.stage,
                "seconds": round((ended - job.created_at).total_seconds(), 1) if ended else None,
            }
    return found


def _healthy(topology: Topology) -> dict[str, Any]:
    rows = [row for row in _rows(topology) if not row[0].filename.startswith(("reading", "worker"))]
    documents = {document.id: document for document, _ in rows}
    done = [one for one in documents.values() if one.state in FINAL]
    first = min((one.created_at for one in documents.values()), default=None)
    return {
        "sent": len(documents),
        "done": len(done),
        "last_decided_after_seconds": max(
            ((one.updated_at - first).total_seconds() for one in done if first), default=None
        ),
        "most_starts": max((job.claims for _, job in rows), default=0),
    }


def _rows(topology: Topology) -> list[tuple[Document, Job]]:
    engine = db.create(topology.url)
    try:
        with db.reading(db.sessions(engine)) as session:
            joined = select(Document, Job).join(Job, Job.document_id == Document.id)
            return [(document, job) for document, job in session.execute(joined)]
    finally:
        engine.dispose()


def main() -> None:
    """Poison the topology that was named and print what became of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=TOPOLOGIES, default="embedded")
    parser.add_argument("--healthy", type=int, default=16)
    parser.add_argument("--keep", type=Path, help="an empty folder in which everything is kept")
    given = parser.parse_args()
    # To be ended leaves nothing running either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with tempfile.TemporaryDirectory(prefix="mailroom-poison-") as made:
        home = given.keep or Path(made)
        # PostgreSQL runs as a user of its own, and has its folder in here.
        Path(made).chmod(0o755)
        with running(TOPOLOGIES[given.mode](home / given.mode, LIMITS, POISONED)) as topology:
            numbers = through(topology, DEEDS, given.healthy)
    report(mode=given.mode, settings=LIMITS, **numbers)
    sys.exit(0 if _as_wanted(numbers) else 1)


def _as_wanted(found: dict[str, Any]) -> bool:
    """Tell whether the poison is dead-lettered, the rest done, and everything alive."""
    healthy = found["healthy"]
    dead = all(one["job"] == "dead" for one in found["poison"].values())
    return dead and healthy["done"] == healthy["sent"] and all(found["alive"].values())


if __name__ == "__main__":
    main()
