"""A client that wants its documents accepted, whatever happens to the service meanwhile."""

import queue
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks.papers import Paper

THREADS = 4
REPEATED = 0.1
"""Share of the documents that are sent twice, perhaps at the same time."""
PAUSE_SECONDS = 0.2
ACCEPTED = (200, 202)
REFUSED = (413, 415, 422)
"""The service does not read such a file; it has kept it all the same."""


class Client:
    """Sends documents from several threads, again and again until each one is accepted."""

    def __init__(self, base: str, key: str, papers: Sequence[Paper], seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 (nothing to guess)
        sent = [*papers, *dice.sample(papers, int(len(papers) * REPEATED))]
        dice.shuffle(sent)
        self.uploads = len(sent)
        self.answers: Counter[str] = Counter()
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.accepted = 0
        self._base, self._headers = base, {"Authorization": f"Bearer {key}"}
        self._waiting: queue.SimpleQueue[Paper] = queue.SimpleQueue()
        for paper in sent:
            self._waiting.put(paper)
        self._lock = threading.Lock()
        self._given_up = threading.Event()
        self._threads = [
            threading.Thread(target=self._send_all, daemon=True) for _ in range(THREADS)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    @property
    def done(self) -> bool:
        """Whether every document has been accepted."""
        return self.accepted == self.uploads

    @property
    def numbers(self) -> dict[str, Any]:
        """What the client saw; the same bytes must never be two documents."""
        several = sum(len(ids) > 1 for ids in self.ids.values())
        return {"uploads": self.uploads, "two_ids": several, "answers": dict(self.answers)}

    def stop(self) -> None:
        """Send no more."""
        self._given_up.set()
        for thread in self._threads:
            thread.join()

    def _send_all(self) -> None:
        with httpx.Client(base_url=self._base, headers=self._headers, timeout=60) as http:
            while not self._given_up.is_set():
                try:
                    paper = self._waiting.get_nowait()
                except queue.Empty:
                    return
                while not (self._send(http, paper) or self._given_up.is_set()):
                    time.sleep(PAUSE_SECONDS)

    def _send(self, http: httpx.Client, paper: Paper) -> bool:
        try:
            answer = http.post("/v1/documents", files={"file": (paper.name, paper.data)})
        except httpx.TransportError as error:
            self._count(type(error).__name__)
            return False
        self._count(str(answer.status_code))
        if answer.status_code not in ACCEPTED + REFUSED:
            return False
        body = answer.json()
        with self._lock:
            self.ids[paper.sha256].add(body["id" if answer.is_success else "document_id"])
            self.accepted += 1
        return True

    def _count(self, answer: str) -> None:
        with self._lock:
            self.answers[answer] += 1
