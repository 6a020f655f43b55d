"""Keyword search on SQLite and on PostgreSQL, in one run: the same ranking, and how fast.

    python -m benchmarks.keywords --data FOLDER         texts, questions and judgements as in BEIR
    python -m benchmarks.keywords --synthetic 100000    that many chunks of made-up words

PostgreSQL gets a database of its own, which is dropped at the end.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from uuid import uuid4

import numpy as np
from sqlalchemy import Engine, make_url, select

from benchmarks.common import report
from core import db, schema
from core.db import Sessions, reading, transaction
from core.documents import Chunk, Scope, Span
from core.tables import ChunkRow, Document, Workspace
from retrieval import evaluation
from retrieval.keywords import KeywordIndex, build_keywords

SERVER = "postgresql+psycopg://root@127.0.0.1:5432/postgres"
DEPTH = 100
"""How many candidates search asks the keyword index for."""
AT_ONCE = 100
WARM = 20

SEED = 20
VOCABULARY = 50_000
FLATTENING = 30
"""Zipf's law without its first words, the function words: then the top one is in 40 % of chunks."""
CHUNKS_PER_DOCUMENT, WORDS_PER_CHUNK, TOPIC_WORDS = 10, 130, 150
QUESTIONS, WORDS_PER_QUESTION = 300, 10

Texts = Mapping[str, Sequence[str]]
"""A document's chunks, by its name."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of both: documents, questions, and which document answers which."""

    documents: Texts
    questions: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The documents in one database."""

    scope: Scope
    sessions: Sessions
    keywords: KeywordIndex
    names: Mapping[int, str]
    """The document of each chunk, by row id."""


def main() -> None:
    """Measure both and print the numbers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", type=Path)
    what.add_argument("--synthetic", type=int)
    parser.add_argument("--postgres", default=SERVER, help="URL of a database on the server")
    options = parser.parse_args()
    task = collection(options.data) if options.data else made_up(options.synthetic)
    with tempfile.TemporaryDirectory() as folder, postgres(options.postgres) as url:
        sqlite, ours = measure(f"sqlite:///{folder}/keywords.sqlite3", task)
        postgresql, theirs = measure(url, task)
    same = sum(one == other for one, other in zip(ours, theirs, strict=True))
    report(
        documents=len(task.documents),
        chunks=sum(len(chunks) for chunks in task.documents.values()),
        questions=len(task.questions),
        depth=DEPTH,
        same_top_10=round(same / len(task.questions), 4),
        sqlite=sqlite,
        postgresql=postgresql,
    )


def collection(data: Path) -> Task:
    """Read a folder in BEIR layout; each text is a document of one chunk."""
    loaded = evaluation.load(data)
    documents = {
        name: [body if body.startswith(title) else f"{title}. {body}"]
        for name, (title, body) in loaded.documents.items()
    }
    questions = {name: loaded.queries[name] for name in loaded.relevant}
    return Task(documents, questions, loaded.relevant)


def made_up(chunks: int) -> Task:
    """Make documents of words that are as frequent, and as clustered, as those of real ones."""
    random = np.random.default_rng(SEED)
    weights = np.cumsum(1 / (np.arange(VOCABULARY) + 1 + FLATTENING))
    weights /= weights[-1]

    def words(count: int) -> np.ndarray:
        return np.searchsorted(weights, random.random(count))

    def chunk(topic: np.ndarray) -> str:
        half = WORDS_PER_CHUNK // 2
        drawn = np.concatenate([words(half), random.choice(topic, half)])
        return " ".join(f"word{number}" for number in drawn)

    documents = {}
    for number in range(chunks // CHUNKS_PER_DOCUMENT):
        topic = words(TOPIC_WORDS)
        documents[f"d{number}"] = [chunk(topic) for _ in range(CHUNKS_PER_DOCUMENT)]
    questions = {
        f"q{number}": " ".join(f"word{word}" for word in words(WORDS_PER_QUESTION))
        for number in range(QUESTIONS)
    }
    return Task(documents, questions, {})


@contextmanager
def postgres(server: str) -> Iterator[str]:
    """Lend a database of our own on the server."""
    name = f"mailroom_bench_{uuid4().hex[:12]}"
    _tell(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def measure(url: str, task: Task) -> tuple[dict[str, float], list[list[float]]]:
    """Index the documents and ask every question: the numbers, and the best scores of each."""
    engine = db.create(url)
    try:
        schema.upgrade(engine)
        started = time.perf_counter()
        shelf = fill(engine, task.documents)
        seconds = time.perf_counter() - started
        if engine.dialect.name == "postgresql":
            # The server does this by itself, a minute or so after so many rows.
            _tell(url, "VACUUM ANALYZE")
        numbers, best = ask(shelf, task)
        return {**numbers, "index_seconds": round(seconds, 1), "mb": size(engine)}, best
    finally:
        engine.dispose()


def fill(engine: Engine, documents: Texts) -> Shelf:
    """Write the documents as the journey does, many in one transaction."""
    sessions, keywords = db.sessions(engine), build_keywords(engine.dialect.name)
    with transaction(sessions) as session:
        workspace = Workspace(name="benchmark")
        session.add(workspace)
        session.flush()
        scope = Scope(workspace.id)
    for done, batch in enumerate(_batches(documents.items())):
        print(f"{engine.dialect.name}: {done * AT_ONCE} documents", end="\r", file=sys.stderr)
        write(sessions, scope, keywords, batch)
    with reading(sessions) as session:
        rows = session.execute(select(ChunkRow.id, Document.filename).join(Document))
        return Shelf(scope, sessions, keywords, dict(rows.tuples().all()))


def write(
    sessions: Sessions,
    scope: Scope,
    keywords: KeywordIndex,
    batch: Sequence[tuple[str, Sequence[str]]],
) -> None:
    """Write rows and words of some documents."""
    with transaction(sessions) as session:
        for name, texts in batch:
            document = Document(
                workspace_id=scope.workspace_id,
                sha256=sha256(name.encode()).hexdigest(),
                filename=name,
                media_type="text/plain",
                size=1,
            )
            session.add(document)
            session.flush()
            chunks = [Chunk(n, Span(n + 1, 0, len(text)), text) for n, text in enumerate(texts)]
            session.add_all(
                ChunkRow(
                    document_id=document.id,
                    workspace_id=scope.workspace_id,
                    ordinal=chunk.ordinal,
                    page=chunk.span.page,
                    start=chunk.span.start,
                    end=chunk.span.end,
                    text=chunk.text,
                )
                for chunk in chunks
            )
            session.flush()
            keywords.upsert(session, scope, document.id, chunks)


def ask(shelf: Shelf, task: Task) -> tuple[dict[str, float], list[list[float]]]:
    """Ask every question; returns quality, where it can be judged, latency, and ten best scores.

    Scores, since which of two equally good chunks comes last is nobody's merit.
    """
    gains, times, best = [], [], []
    for question in islice(task.questions.values(), WARM):
        search(shelf, question)
    for name, question in task.questions.items():
        started = time.perf_counter()
        scores = search(shelf, question)
        times.append(1000 * (time.perf_counter() - started))
        best.append([round(score, 9) for score in list(scores.values())[: evaluation.CUT]])
        if name in task.relevant:
            gains.append(evaluation.ndcg(by_document(scores, shelf.names), task.relevant[name]))
    quality = {"ndcg@10": round(float(np.mean(gains)), 4)} if gains else {}
    numbers = {
        **quality,
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p95_ms": round(float(np.percentile(times, 95)), 2),
    }
    return numbers, best


def search(shelf: Shelf, question: str) -> dict[int, float]:
    """Return the best chunks' scores, by row id."""
    with reading(shelf.sessions) as session:
        hits = shelf.keywords.query(session, shelf.scope, question, DEPTH)
    return {hit.chunk_id: hit.score for hit in hits}


def by_document(scores: Mapping[int, float], names: Mapping[int, str]) -> dict[str, float]:
    """Give each document the score of its best chunk."""
    best: dict[str, float] = {}
    for chunk_id, score in scores.items():
        best[names[chunk_id]] = max(score, best.get(names[chunk_id], score))
    return best


def size(engine: Engine) -> int:
    """Return what the whole database takes, in MB."""
    statement = {
        "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        "postgresql": "SELECT pg_database_size(current_database())",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return round(int(connection.exec_driver_sql(statement).scalar_one()) / 1e6)


def _batches(
    items: Iterable[tuple[str, Sequence[str]]],
) -> Iterator[list[tuple[str, Sequence[str]]]]:
    left = iter(items)
    while batch := list(islice(left, AT_ONCE)):
        yield batch


def _tell(url: str, statement: str) -> None:
    engine = db.create(url)
    try:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)
    finally:
        engine.dispose()


if __name__ == "__main__":
    main()
