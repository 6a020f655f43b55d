"""How soon the API answers while 300 documents are ingested beside it, and while it is idle.

Requests leave at their own times whether or not earlier ones were answered, and count from then:
a service that stands still for a second cannot hide it.
"""

import argparse
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from statistics import quantiles

import httpx

from benchmarks.common import Service, report, service
from benchmarks.load import SUBJECTS, VERBS, letter, upload, wait_for_all
from benchmarks.watching import watched

DOCUMENTS = 300
PAGES = 4
PER_SECOND = 5
IDLE_SECONDS = 20


def listing(client: httpx.Client, _number: int) -> httpx.Response:
    """Ask for the newest documents."""
    return client.get("/v1/documents")


def searching(client: httpx.Client, number: int) -> httpx.Response:
    """Ask a question, another one every time."""
    subject, verb = SUBJECTS[number % len(SUBJECTS)], VERBS[number % len(VERBS)]
    query = {"query": f"which department {verb} the {subject} in week {number % 52 + 1}"}
    return client.post("/v1/search", json=query)


class Caller(threading.Thread):
    """Sends one kind of request again and again, at its times, until it is told to stop."""

    def __init__(
        self, running: Service, ask: Callable[[httpx.Client, int], httpx.Response]
    ) -> None:
        super().__init__(daemon=True)
        self._client, self._ask = running.client, ask
        self._over = threading.Event()
        self._sent: list[Future[float]] = []

    def run(self) -> None:
        """Send the requests, each from a thread of its own."""
        started = time.perf_counter()
        with ThreadPoolExecutor(64) as pool:
            for number in count():
                due = started + number / PER_SECOND
                if self._over.wait(max(due - time.perf_counter(), 0)):
                    return
                self._sent.append(pool.submit(self._timed, due, number))

    def stop(self) -> list[float]:
        """Send no more; return how many milliseconds each request took from when it was due."""
        self._over.set()
        self.join()
        return [sent.result() * 1000 for sent in self._sent]

    def _timed(self, due: float, number: int) -> float:
        self._ask(self._client, number).raise_for_status()
        return time.perf_counter() - due


def measured(running: Service, during: Callable[[], object]) -> dict[str, dict[str, float]]:
    """Return how long listing and searching took while something went on."""
    callers = {"documents": Caller(running, listing), "search": Caller(running, searching)}
    for caller in callers.values():
        caller.start()
    during()
    return {name: spread(caller.stop()) for name, caller in callers.items()}


def spread(milliseconds: list[float]) -> dict[str, float]:
    """Return the number of requests and how they are spread."""
    parts = quantiles(milliseconds, n=100)
    named = {"p50": parts[49], "p95": parts[94], "p99": parts[98], "max": max(milliseconds)}
    return {"n": len(milliseconds)} | {name: round(value, 1) for name, value in named.items()}


def main() -> None:
    """Measure the idle service, then the busy one, and print the numbers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=DOCUMENTS)
    options.add_argument("--pages", type=int, default=PAGES)
    wanted = options.parse_args()
    files = [(f"report-{n}.pdf", letter(n, wanted.pages)) for n in range(wanted.documents)]
    with service() as running:
        # An index with nothing in it would answer sooner than any in use.
        wait_for_all(running.client, upload(running.client, files[:10]))
        idle = measured(running, lambda: time.sleep(IDLE_SECONDS))
        started = time.perf_counter()
        with watched(running.process.pid) as use:
            busy = measured(
                running,
                lambda: wait_for_all(running.client, upload(running.client, files[10:])),
            )
        seconds = time.perf_counter() - started
    report(
        documents=wanted.documents,
        pages=wanted.documents * wanted.pages,
        idle_ms=idle,
        busy_ms=busy,
        ingestion_seconds=round(seconds, 1),
        cpu_seconds=use.cpu_seconds,
        peak_mb=use.peak_mb,
    )


if __name__ == "__main__":
    main()
