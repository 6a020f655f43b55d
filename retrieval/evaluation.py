"""Measure retrieval on a folder in BEIR layout, through the same indexes that serve."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log2
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import db, schema, settings
from core.db import Sessions, reading, transaction
from core.documents import Chunk, Scope, Span
from core.embedding import Embedder
from core.errors import InvalidInput
from core.tables import ChunkRow, Document, Workspace
from retrieval.index import VectorIndex, open_index
from retrieval.keywords import KeywordIndex, build_keywords
from retrieval.search import Searcher

BATCH = 128
CUT = 10
DEEP = 100

Say = Callable[[str, int, int], None]
"""Told what goes on, how much of it is done, and of how much."""
Splitter = Callable[[str], Sequence[Chunk]]
Scores = Mapping[str, float]
"""A score for each document, by its name in the corpus."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A test collection: texts and questions by name, and which texts answer which question."""

    documents: Mapping[str, tuple[str, str]]
    """Title and text."""
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]
    """By question: the grade, 1 or more, of each text that answers it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A collection indexed as one workspace."""

    scope: Scope
    sessions: Sessions
    index: VectorIndex
    keywords: KeywordIndex
    chunks: Mapping[int, str]
    """The name of the text that each chunk, by row id, belongs to."""


def whole(text: str) -> Sequence[Chunk]:
    """Take a text as a single chunk: test collections come in passages already."""
    return (Chunk(0, Span(1, 0, len(text)), text),)


def evaluate(
    data: Path,
    embedder: Embedder,
    rules: settings.Search,
    say: Say,
    split: Splitter = whole,
) -> dict[str, Any]:
    """Index the folder's texts and ask its questions by words, by meaning and by both.

    Nothing is left behind: database and vectors live in a temporary folder. A document scores as
    its best chunk. Returns the keys n_documents, n_queries, keyword, dense, hybrid (each with
    ndcg@10, recall@100, p50_ms, p95_ms) and index_seconds.

    Raises:
        InvalidInput: the folder is not in BEIR layout; the message names the file.
    """
    collection = load(data)
    with TemporaryDirectory(prefix="mailroom-evaluate-", ignore_cleanup_errors=True) as folder:
        started = perf_counter()
        bench = _build(collection, embedder, Path(folder), split, say)
        seconds = perf_counter() - started
        try:
            ways = _ask_all(bench, collection, embedder, rules, say)
        finally:
            bench.index.close()
    return {
        "n_documents": len(collection.documents),
        "n_queries": len(collection.relevant),
        **ways,
        "index_seconds": round(seconds, 3),
    }


def load(data: Path) -> Collection:
    """Read corpus.jsonl, queries.jsonl and qrels.tsv; questions that nothing answers are left out.

    Raises:
        InvalidInput: a file is missing or not in BEIR layout.
    """
    corpus = _json_lines(data / "corpus.jsonl", "_id", "text")
    asked = _json_lines(data / "queries.jsonl", "_id", "text")
    queries = {row["_id"]: row["text"] for row in asked}
    relevant: dict[str, dict[str, int]] = {}
    for query, document, grade in _judgements(data / "qrels.tsv"):
        if query in queries and grade > 0:
            relevant.setdefault(query, {})[document] = grade
    documents = {row["_id"]: (row["title"], row["text"]) for row in corpus}
    return Collection(documents, queries, relevant)


def ndcg(scores: Scores, relevant: Mapping[str, int], cut: int = CUT) -> float:
    """Return normalised discounted cumulative gain of the best `cut`, with linear gains.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, as
    trec_eval computes it.
    """
    gains = [relevant.get(name, 0) for name in _ranking(scores)[:cut]]
    ideal = sorted(relevant.values(), reverse=True)[:cut]
    return _discounted(gains) / _discounted(ideal)


def recall(scores: Scores, relevant: Mapping[str, int], cut: int = DEEP) -> float:
    """Return which share of the relevant texts is among the best `cut`."""
    return len(relevant.keys() & set(_ranking(scores)[:cut])) / len(relevant)


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to search: what a caller waits for, and the whole ranking behind it."""

    serve: Callable[[str], object]
    rank: Callable[[str], Mapping[int, float]]


def _ask_all(
    bench: Bench, collection: Collection, embedder: Embedder, rules: settings.Search, say: Say
) -> dict[str, dict[str, float]]:
    searcher = Searcher(bench.index, bench.keywords, embedder, rules)
    with reading(bench.sessions) as session:
        ways = _ways(searcher, session, bench.scope)
        return {name: _ask(name, way, bench, collection, say) for name, way in ways.items()}


def _ways(searcher: Searcher, session: Session, scope: Scope) -> dict[str, _Way]:
    def words(query: str) -> Mapping[int, float]:
        return searcher.by_words(session, scope, query)

    def meaning(query: str) -> Mapping[int, float]:
        return searcher.by_meaning(session, scope, query)

    def hybrid(query: str) -> Mapping[int, float]:
        return {each.chunk_id: each.score for each in searcher.rank(session, scope, query).ranked}

    def search(query: str) -> object:
        return searcher.search(session, scope, query, CUT)

    return {
        "keyword": _Way(words, words),
        "dense": _Way(meaning, meaning),
        "hybrid": _Way(search, hybrid),
    }


def _ask(name: str, way: _Way, bench: Bench, collection: Collection, say: Say) -> dict[str, float]:
    """Ask every question one way; returns its quality and its latency."""
    gains, recalls, times = [], [], []
    for done, (query, relevant) in enumerate(collection.relevant.items(), start=1):
        started = perf_counter()
        way.serve(collection.queries[query])
        times.append(1000 * (perf_counter() - started))
        scores = _by_document(way.rank(collection.queries[query]), bench.chunks)
        gains.append(ndcg(scores, relevant))
        recalls.append(recall(scores, relevant))
        say(name, done, len(collection.relevant))
    return {
        f"ndcg@{CUT}": round(float(np.mean(gains)), 4),
        f"recall@{DEEP}": round(float(np.mean(recalls)), 4),
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p95_ms": round(float(np.percentile(times, 95)), 2),
    }


def _by_document(scores: Mapping[int, float], names: Mapping[int, str]) -> Scores:
    best: dict[str, float] = {}
    for chunk_id, score in scores.items():
        name = names[chunk_id]
        best[name] = max(score, best.get(name, score))
    return best


def _build(
    collection: Collection, embedder: Embedder, folder: Path, split: Splitter, say: Say
) -> Bench:
    """Write the texts as documents of one workspace, then both indexes."""
    engine = db.create(f"sqlite:///{folder / 'evaluation.sqlite3'}")
    schema.upgrade(engine)
    sessions = db.sessions(engine)
    keywords = build_keywords(engine.dialect.name)
    with transaction(sessions) as session:
        scope = _workspace(session)
        _write(session, scope, collection, keywords, split, say)
    index = open_index(settings.Index(), folder, sessions, embedder.name)
    index.reembed(scope, embedder, lambda done, total: say("vectors", done, total))
    with reading(sessions) as session:
        rows = session.execute(select(ChunkRow.id, Document.filename).join(Document))
        return Bench(scope, sessions, index, keywords, dict(rows.all()))


def _workspace(session: Session) -> Scope:
    workspace = Workspace(name="evaluation")
    session.add(workspace)
    session.flush()
    return Scope(workspace.id)


def _write(
    session: Session,
    scope: Scope,
    collection: Collection,
    keywords: KeywordIndex,
    split: Splitter,
    say: Say,
) -> None:
    for done, (name, (title, body)) in enumerate(collection.documents.items(), start=1):
        # Test collections often begin the text with the title already.
        page = body if body.startswith(title) else f"{title}. {body}"
        document = _document(scope, name, title, page)
        session.add(document)
        session.flush()
        chunks = split(page)
        session.add_all(_rows(scope, document.id, chunks))
        session.flush()
        keywords.upsert(session, scope, document.id, chunks)
        say("words", done, len(collection.documents))


def _document(scope: Scope, name: str, title: str, page: str) -> Document:
    return Document(
        workspace_id=scope.workspace_id,
        sha256=sha256(name.encode()).hexdigest(),
        filename=name,
        media_type="text/plain",
        size=len(page),
        title=title,
    )


def _rows(scope: Scope, document_id: UUID, chunks: Sequence[Chunk]) -> list[ChunkRow]:
    return [
        ChunkRow(
            document_id=document_id,
            workspace_id=scope.workspace_id,
            ordinal=chunk.ordinal,
            page=chunk.span.page,
            start=chunk.span.start,
            end=chunk.span.end,
            text=chunk.text,
        )
        for chunk in chunks
    ]


def _judgements(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield question, document and grade; the first line names the columns."""
    for number, line in enumerate(_lines(path)[1:], start=2):
        try:
            query, document, grade = line.split("\t")
            yield query, document, int(grade)
        except ValueError as error:
            raise InvalidInput(f"{path}, line {number}: not query, document, grade") from error


def _json_lines(path: Path, *keys: str) -> list[dict[str, str]]:
    rows = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            row = json.loads(line)
            rows.append({"title": row.get("title") or ""} | {key: row[key] for key in keys})
        except (ValueError, KeyError, AttributeError) as error:
            raise InvalidInput(f"{path}, line {number}: no object with {keys}") from error
    return rows


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text("utf-8").split("\n")
    except OSError as error:
        raise InvalidInput(f"not a folder in BEIR layout: {error}") from error
    return [line for line in lines if line.strip()]


def _ranking(scores: Scores) -> list[str]:
    return sorted(scores, key=lambda name: (-scores[name], name))


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(place + 2) for place, gain in enumerate(gains))
