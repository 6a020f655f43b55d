"""The contract of a vector store, and its in-memory sibling that computes similarity exactly."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol
from uuid import UUID

import numpy as np

from core.embedding import Vectors
from core.errors import ConfigurationError, IndexUnavailable


@dataclass(frozen=True, slots=True, order=True)
class ChunkKey:
    """Names a chunk for good: reading a document again gives its chunks the same keys."""

    document_id: UUID
    ordinal: int


@dataclass(frozen=True, slots=True)
class VectorHit:
    """A chunk and how near it is: cosine similarity in -1..1."""

    key: ChunkKey
    similarity: float


class VectorStore(Protocol):
    """Collections of vectors by chunk; a collection holds one workspace in one model's space.

    Every method raises IndexUnavailable (transient) when the index does not answer, and
    ConfigurationError when vectors have another dimension than their collection.
    """

    def make(self, collection: str) -> None:
        """Make a collection; nothing happens where it is there already."""

    def exists(self, collection: str) -> bool:
        """Tell whether a collection is there."""

    def upsert(self, collection: str, keys: Sequence[ChunkKey], vectors: Vectors) -> None:
        """Put vectors, one a key, replacing those there.

        A collection that is not there is unavailable, and is not made: it has been lost.
        """

    def query(
        self,
        collection: str,
        vector: Vectors,
        k: int,
        document_ids: Sequence[UUID] | None = None,
    ) -> list[VectorHit]:
        """Return at most `k` nearest chunks, nearest first, of the given documents if any.

        `vector` has shape (dimension,). A collection that is not there is unavailable: SQL says
        that it serves, so it has been lost and must be rebuilt.
        """

    def present(self, collection: str, keys: Sequence[ChunkKey]) -> set[ChunkKey]:
        """Return which of these have a vector."""

    def keys(self, collection: str) -> Iterator[ChunkKey]:
        """Return every key that has a vector, a part at a time; none where there is none."""

    def delete(self, collection: str, keys: Collection[ChunkKey]) -> None:
        """Remove single vectors; nothing happens where there is none."""

    def delete_document(self, collection: str, document_id: UUID) -> None:
        """Remove every vector of a document; nothing happens where there is none."""

    def drop(self, collection: str) -> None:
        """Remove a collection whole; nothing happens where there is none."""

    def count(self, collection: str) -> int:
        """Return how many vectors a collection holds; 0 where there is none."""

    def ping(self) -> None:
        """Return when the index answers."""

    def close(self) -> None:
        """Let go of files, locks and connections; the next call opens them again."""


class MemoryStore:
    """Vectors in a dictionary, compared one by one: exact, and gone when the process ends."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[ChunkKey, Vectors]] = {}
        self._lock = Lock()

    def make(self, collection: str) -> None:
        """Make a collection."""
        with self._lock:
            self._collections.setdefault(collection, {})

    def exists(self, collection: str) -> bool:
        """Tell whether a collection is there."""
        with self._lock:
            return collection in self._collections

    def upsert(self, collection: str, keys: Sequence[ChunkKey], vectors: Vectors) -> None:
        """Put vectors, one a key."""
        with self._lock:
            rows = self._collections.get(collection)
            if rows is None:
                raise missing(collection)
            if rows and len(vectors):
                check_dimension(collection, len(next(iter(rows.values()))), vectors.shape[1])
            rows.update(zip(keys, np.array(vectors, dtype=np.float32), strict=True))

    def query(
        self,
        collection: str,
        vector: Vectors,
        k: int,
        document_ids: Sequence[UUID] | None = None,
    ) -> list[VectorHit]:
        """Return at most `k` nearest chunks, nearest first."""
        with self._lock:
            rows = self._collections.get(collection)
            if rows is None:
                raise missing(collection)
            wanted = None if document_ids is None else set(document_ids)
            keys = sorted(key for key in rows if wanted is None or key.document_id in wanted)
            if not keys:
                return []
            matrix = np.stack([rows[key] for key in keys])
        check_dimension(collection, matrix.shape[1], len(vector))
        similarities = matrix @ np.asarray(vector, dtype=np.float32)
        order = np.argsort(-similarities, kind="stable")[:k]
        return [VectorHit(keys[i], float(similarities[i])) for i in order]

    def present(self, collection: str, keys: Sequence[ChunkKey]) -> set[ChunkKey]:
        """Return which of these have a vector."""
        with self._lock:
            return self._collections.get(collection, {}).keys() & set(keys)

    def keys(self, collection: str) -> Iterator[ChunkKey]:
        """Return every key that has a vector."""
        with self._lock:
            return iter(list(self._collections.get(collection, {})))

    def delete(self, collection: str, keys: Collection[ChunkKey]) -> None:
        """Remove single vectors."""
        with self._lock:
            rows = self._collections.get(collection, {})
            for key in keys:
                rows.pop(key, None)

    def delete_document(self, collection: str, document_id: UUID) -> None:
        """Remove every vector of a document."""
        with self._lock:
            rows = self._collections.get(collection, {})
            for key in [key for key in rows if key.document_id == document_id]:
                del rows[key]

    def drop(self, collection: str) -> None:
        """Remove a collection whole."""
        with self._lock:
            self._collections.pop(collection, None)

    def count(self, collection: str) -> int:
        """Return how many vectors a collection holds."""
        with self._lock:
            return len(self._collections.get(collection, {}))

    def ping(self) -> None:
        """Return at once: memory answers always."""

    def close(self) -> None:
        """Hold nothing, so let go of nothing; what is in memory stays."""


def missing(collection: str) -> IndexUnavailable:
    """Return the error for a collection that should be there."""
    return IndexUnavailable(f"vector collection {collection!r} is missing: rebuild the index")


def check_dimension(collection: str, expected: int, got: int) -> None:
    """Refuse vectors of another model's space.

    Raises:
        ConfigurationError: when the two differ.
    """
    if expected != got:
        raise ConfigurationError(
            f"collection {collection!r} holds vectors of {expected} dimensions, not {got}: "
            "re-embed into a new collection"
        )
