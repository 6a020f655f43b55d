"""What a service holds, document by document, straight from its database, Chroma and its files.

Two censuses are compared by content: ids and times differ from run to run, nothing else may.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import chromadb
import numpy as np
from sqlalchemy import Engine, func, select, text

from core import db
from core.embedding import Vectors
from core.tables import (
    ChunkRow,
    Decision,
    Document,
    Event,
    Job,
    PageRow,
    ReviewRow,
    Step,
    VectorCollection,
)

UNFINISHED = ("queued", "running")
ONCE = ("document.received", "document.classified", "document.routed", "review.opened")
"""Events that a document may bring about once at most."""
NEAR = 1e-3
"""Chroma gives vectors back as they were put, or made to unit length again."""
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one document stands; equal for the same bytes in any run."""

    state: str
    label: str | None
    confidence: float | None
    department: str | None
    priority: str | None
    error: str | None
    pages: str
    chunks: str
    chunk_count: int
    keyword_entries: int
    decisions: int
    reviews: tuple[str, ...]
    events: tuple[tuple[str, int], ...]
    steps: tuple[str, ...]
    jobs: tuple[str, ...]
    vectors: int
    original: str


@dataclass
class Census:
    """All documents by the hash of their bytes, and what belongs to none of them."""

    documents: dict[str, Standing] = field(default_factory=dict)
    vectors: dict[str, Vectors] = field(default_factory=dict, repr=False)
    doubled: dict[str, int] = field(default_factory=dict)
    strays: dict[str, int] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    """How many jobs were started how often."""
    repairs: dict[str, int] = field(default_factory=dict)
    """Jobs beyond those that an undisturbed document needs, by kind."""

    @property
    def totals(self) -> dict[str, int]:
        """How much there is in all."""
        standings = self.documents.values()
        return {
            "documents": len(self.documents),
            "chunks": sum(one.chunk_count for one in standings),
            "vectors": sum(one.vectors for one in standings),
            "keyword_entries": sum(one.keyword_entries for one in standings),
            "decisions": sum(one.decisions for one in standings),
            "reviews": sum(len(one.reviews) for one in standings),
            "events": sum(times for one in standings for _, times in one.events),
            "jobs": sum(len(one.jobs) for one in standings),
            **Counter(one.state for one in standings),
        }


def take(url: str, data_dir: Path, chroma: Any) -> Census:
    """Count everything; `chroma` is a client of the Chroma that the service writes to."""
    engine = db.create(url)
    try:
        return _Count(engine, data_dir, _vectors(engine, chroma)).census()
    finally:
        engine.dispose()


def take_stopped(data_dir: Path) -> Census:
    """Count what an embedded service left in its folder; it must have been stopped."""
    chroma = chromadb.PersistentClient(data_dir / "chroma", settings=quiet())
    return take(f"sqlite:///{data_dir / 'mailroom.sqlite3'}", data_dir, chroma)


def quiet() -> Any:
    """Return settings with which Chroma reads no file and tells nobody."""
    return chromadb.config.Settings(_env_file=None, anonymized_telemetry=False)


def differences(ours: Census, reference: Census) -> list[dict[str, Any]]:
    """Return what is not as in the reference, by document and field."""
    found = []
    for sha256 in sorted(ours.documents.keys() | reference.documents.keys()):
        mine, theirs = ours.documents.get(sha256), reference.documents.get(sha256)
        if mine is None or theirs is None:
            found.append({"document": sha256, "here": mine is not None})
            continue
        here, there = asdict(mine), asdict(theirs)
        fields = {name: (here[name], there[name]) for name in here if here[name] != there[name]}
        if not _same(ours.vectors.get(sha256), reference.vectors.get(sha256)):
            fields["vector_values"] = ("differ", "")
        if fields:
            found.append({"document": sha256, **fields})
    return found


def verdict(ours: Census, reference: Census, sent: Iterable[str]) -> dict[str, Any]:
    """Return the numbers to show: what was lost, what doubled, what is not as undisturbed."""
    different = differences(ours, reference)
    return {
        "lost": sum(sha256 not in ours.documents for sha256 in sent),
        "doubled": ours.doubled,
        "different": len(different),
        "differences": different[:10],
        "totals": ours.totals,
        "equal": not different and not any(ours.doubled.values()),
    }


def jobs(engine: Engine) -> tuple[int, int]:
    """Return how many jobs are still to be done, and how many have ended."""
    with engine.connect() as connection:
        by_state = select(Job.state, func.count()).group_by(Job.state)
        counted = {row[0]: int(row[1]) for row in connection.execute(by_state)}
    unfinished = sum(counted.get(state, 0) for state in UNFINISHED)
    return unfinished, sum(counted.values()) - unfinished


class _Count:
    """One pass over a database."""

    def __init__(
        self, engine: Engine, data_dir: Path, vectors: Mapping[UUID, Mapping[int, Any]]
    ) -> None:
        self._folder = data_dir / "originals"
        self._incoming = data_dir / "incoming"
        self._vectors = vectors
        with engine.connect() as connection:
            self._rows = {
                table: connection.execute(select(table.__table__)).mappings().all()
                for table in (Document, PageRow, ChunkRow, Decision, ReviewRow, Event, Step, Job)
            }
            self._words = _keyword_entries(engine, connection)
        self._ids = {row["id"] for row in self._rows[Document]}

    def census(self) -> Census:
        """Put everything to the document it belongs to."""
        self._pages = self._by_document(PageRow, "number")
        self._chunks = self._by_document(ChunkRow, "ordinal")
        self._decisions = self._by_document(Decision, "created_at")
        self._reviews = self._by_document(ReviewRow, "created_at")
        self._steps = self._by_document(Step, "name")
        self._jobs = self._by_document(Job, "created_at")
        self._events = self._events_by_document()
        census = Census()
        for row in self._rows[Document]:
            census.documents[row["sha256"]] = self._standing(row)
            census.vectors[row["sha256"]] = self._matrix(row["id"])
        census.doubled = self._doubled()
        census.strays = self._strays()
        census.starts = dict(sorted(Counter(str(row["claims"]) for row in self._rows[Job]).items()))
        census.repairs = self._repairs()
        return census

    def _standing(self, row: Any) -> Standing:
        mine = row["id"]
        chunks = self._chunks[mine]
        return Standing(
            state=row["state"],
            label=row["label"],
            confidence=None if row["confidence"] is None else round(row["confidence"], 9),
            department=row["department"],
            priority=row["priority"],
            error=row["error_code"],
            pages=_hash(
                f"{one['number']} {one['error']} {one['text']}" for one in self._pages[mine]
            ),
            chunks=_hash(
                f"{one['ordinal']} {one['page']} {one['start']} {one['end']} {one['text']}"
                for one in chunks
            ),
            chunk_count=len(chunks),
            keyword_entries=self._words.get(mine, 0),
            decisions=len(self._decisions[mine]),
            reviews=tuple(f"{one['state']} {one['reason']}" for one in self._reviews[mine]),
            events=tuple(sorted(self._events[mine].items())),
            steps=tuple(f"{one['name']} {one['version']}" for one in self._steps[mine]),
            jobs=tuple(sorted({f"{one['kind']} {one['state']}" for one in self._jobs[mine]})),
            vectors=len(self._vectors.get(mine, ())),
            original=self._original(row["sha256"]),
        )

    def _original(self, sha256: str) -> str:
        path = self._folder / sha256[:2] / sha256[2:4] / sha256
        if not path.is_file():
            return "missing"
        whole = hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        return "whole" if whole else "damaged"

    def _matrix(self, document_id: UUID) -> Vectors:
        mine = self._vectors.get(document_id, {})
        return np.asarray([mine[ordinal] for ordinal in sorted(mine)], dtype=np.float32)

    def _doubled(self) -> dict[str, int]:
        return {
            "documents": _surplus(row["sha256"] for row in self._rows[Document]),
            "chunks": _surplus(
                (row["document_id"], row["page"], row["start"]) for row in self._rows[ChunkRow]
            ),
            "decisions": sum(max(0, len(rows) - 1) for rows in self._decisions.values()),
            "reviews": sum(max(0, len(rows) - 1) for rows in self._reviews.values()),
            "events": sum(
                max(0, types[kind] - 1) for types in self._events.values() for kind in ONCE
            ),
        }

    def _repairs(self) -> dict[str, int]:
        seen = {(row["document_id"], row["kind"]) for row in self._rows[Job] if row["document_id"]}
        kinds = Counter(row["kind"] for row in self._rows[Job])
        kinds.subtract(kind for _, kind in seen)
        return {kind: number for kind, number in kinds.items() if number}

    def _strays(self) -> dict[str, int]:
        """Return what belongs to no document, or to nobody: none of it is a loss."""
        known = {row["sha256"] for row in self._rows[Document]}
        files = [path.name for path in self._folder.rglob("*") if path.is_file()]
        keys = {(row["document_id"], row["ordinal"]) for row in self._rows[ChunkRow]}
        held = {(one, n) for one, vectors in self._vectors.items() for n in vectors}
        return {
            "vectors_without_chunk": len(held - keys),
            "chunks_without_vector": len(keys - held),
            "keyword_entries_without_document": len(self._words.keys() - self._ids),
            "events_of_nobody": sum(self._events[None].values()),
            "originals_of_nobody": sum(name not in known for name in files if "." not in name),
            "partial_originals": sum(name.endswith(".partial") for name in files),
            "files_in_incoming": sum(1 for _ in self._incoming.glob("*")),
        }

    def _by_document(self, table: Any, order: str) -> dict[Any, list[Any]]:
        found = defaultdict(list)
        for row in sorted(self._rows[table], key=lambda one: one[order]):
            found[row["document_id"]].append(row)
        return found

    def _events_by_document(self) -> dict[Any, Counter[str]]:
        owner = {str(one): one for one in self._ids}
        owner |= {str(row["id"]): row["document_id"] for row in self._rows[ReviewRow]}
        found: dict[Any, Counter[str]] = defaultdict(Counter)
        for row in self._rows[Event]:
            found[owner.get(row["subject"])][row["type"]] += 1
        return found


def _keyword_entries(engine: Engine, connection: Any) -> dict[UUID, int]:
    """Return how many chunks of each document the keyword index holds."""
    if engine.dialect.name == "postgresql":
        query = "SELECT document_id, sum(chunks) FROM keyword_blocks GROUP BY document_id"
        return {one: int(number) for one, number in connection.execute(text(query))}
    rows = connection.execute(text("SELECT scope FROM keyword_chunks")).scalars()
    # The scope's second word is the document's id after a letter; see `retrieval.keywords`.
    return dict(Counter(UUID(scope.split()[1][1:]) for scope in rows))


def _vectors(engine: Engine, chroma: Any) -> dict[UUID, dict[int, Any]]:
    """Return every vector of the serving collections, by document and chunk."""
    serving = select(VectorCollection.name).where(VectorCollection.state == "serving")
    with engine.connect() as connection:
        names = connection.execute(serving).scalars().all()
    present = {one.name for one in chroma.list_collections()}
    found: dict[UUID, dict[int, Any]] = defaultdict(dict)
    for name in set(names) & present:
        for key, vector in _of(chroma.get_collection(name, embedding_function=None)):
            document_id, _, ordinal = key.partition(":")
            found[UUID(document_id)][int(ordinal)] = vector
    return found


def _of(collection: Any) -> Iterable[tuple[str, Any]]:
    for start in range(0, collection.count(), AT_ONCE):
        part = collection.get(limit=AT_ONCE, offset=start, include=["embeddings"])
        yield from zip(part["ids"], part["embeddings"], strict=True)


def _same(mine: Vectors | None, theirs: Vectors | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return mine.shape == theirs.shape and bool(np.allclose(mine, theirs, atol=NEAR))


def _hash(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode() + b"\0")
    return digest.hexdigest()[:16]


def _surplus(keys: Iterable[Any]) -> int:
    counted: Sequence[int] = list(Counter(keys).values())
    return sum(counted) - len(counted)
