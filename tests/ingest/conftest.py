"""A small house for the journey: real database, real reading, real indexes in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from classify.classification import Context, Opinion
from classify.classifier import Classifier
from classify.taxonomy import default_taxonomy, spread
from core import settings, work
from core.embedding import HashingEmbedder
from core.leases import Told
from core.storage import MemoryStore
from ingest import tasks
from ingest.intake import Intake
from ingest.tools import Tools
from retrieval.index import VectorIndex
from retrieval.keywords import build_keywords
from retrieval.vectors import MemoryStore as MemoryVectors


@dataclass
class CueEngine:
    """Calls a text an invoice when it says so; fails on demand."""

    name: str = "local"
    fail_with: list[Exception] = field(default_factory=list)
    asked: int = 0

    def opine(self, document, _context: Context) -> Opinion:
        self.asked += 1
        if self.fail_with:
            raise self.fail_with.pop(0)
        label = "Invoices" if "invoice" in document.text.lower() else "Correspondence"
        shares = spread(label, 0.96, default_taxonomy().names)
        return Opinion("local", "cue", "1", label, 0.96, shares)


class Believing:
    """Takes an engine's word for its confidence; a text that says `odd` is unfamiliar."""

    def confidence(self, opinions) -> float:
        return float(opinions[0].confidence)

    def familiar(self, _opinions) -> bool:
        return True


@pytest.fixture
def engine() -> CueEngine:
    return CueEngine()


@pytest.fixture
def sent() -> list[Told]:
    """What workers were told of."""
    return []


@pytest.fixture
def tools(sessions, dialect, tmp_path, engine, sent) -> Tools:
    embedder = HashingEmbedder()
    return Tools(
        settings=settings.load(environ={}, data_dir=tmp_path, jobs={"backoff_seconds": 0.001}),
        sessions=sessions,
        store=MemoryStore(),
        embedder=embedder,
        index=VectorIndex(MemoryVectors(), sessions, embedder.name),
        keywords=build_keywords(dialect),
        classifier=Classifier([engine], Believing(), default_taxonomy()),
        send=sent.append,
    )


@pytest.fixture
def intake(tools) -> Intake:
    return Intake(tools.settings, tools.store, tools.send)


@pytest.fixture
def run(tools) -> Callable[..., None]:
    """Does a job by its id, as a worker does that got a message."""

    def worker(job_id: UUID, owner: str = "process/worker") -> None:
        work.run(tools.sessions, tools.settings.jobs, tasks.handlers(tools), job_id, owner)

    return worker


@pytest.fixture
def settle(run, sent) -> Callable[[], None]:
    """Does what workers were told of, and what follows from that, until nothing is left."""

    def work_off() -> None:
        while sent:
            run(sent.pop(0).job_id)

    return work_off
