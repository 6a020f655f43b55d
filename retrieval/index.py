"""The vector index of all workspaces, in Chroma: embedded in the data folder, or on a server."""

import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from threading import RLock, Thread
from typing import Any, Protocol
from uuid import UUID

import httpx
import numpy as np
from filelock import FileLock, Timeout
from sqlalchemy.orm import Session

from core import settings
from core.db import Sessions, reading, transaction
from core.documents import Chunk, Scope
from core.embedding import Embedder, Vectors
from core.errors import ConfigurationError, IndexLocked, IndexUnavailable, MailroomError
from core.outside import Outside, bound, left, within
from retrieval import collection, upkeep
from retrieval.collection import Builder
from retrieval.probe import LONGEST_SECONDS, Examination, Finding, quarantine
from retrieval.upkeep import Differences, Standing
from retrieval.vectors import ChunkKey, VectorHit, VectorStore, missing

# Of the nearest 100 among 6,500 real passages 99.9 % are found, among 78,000 in tight clusters of
# near-copies 97.5 %, in 2 to 5 ms; Chroma's own defaults lose one in seven among the few.
HNSW = {"space": "cosine", "ef_construction": 400, "ef_search": 1000, "max_neighbors": 32}
CHROMA = "chroma"
"""The folder of embedded Chroma, inside the data folder."""
PAGE = 1000
"""Keys asked for or listed at once: below the number of values that SQLite takes."""
PROBE_SECONDS = 2.0
"""How long a look at the index's health may take: whoever asks waits no longer than that either."""


class VectorIndex:
    """Vectors of every workspace's chunks in the space of one embedding model.

    Which collection that is stands in SQL (see `collection`); where vectors lie is the store's.
    Every method raises IndexUnavailable (transient) when the store does not answer.
    """

    def __init__(self, store: VectorStore, sessions: Sessions, embedder: str) -> None:
        self._store = store
        self._sessions = sessions
        self._embedder = embedder

    def prepare(self, session: Session, scope: Scope) -> None:
        """See to it that a workspace has a collection, before its first chunks are written.

        The first one of an empty workspace serves at once; later ones must be built first.
        """
        collection.prepare(session, scope, self._embedder)

    def upsert(
        self, scope: Scope, document_id: UUID, chunks: Sequence[Chunk], vectors: Vectors
    ) -> None:
        """Put the chunks' vectors, shape (len(chunks), dimension); call it outside transactions.

        They go to the collection that serves and to the one that is being built. Writing the same
        chunks again changes nothing.

        Raises:
            IndexUnavailable: also while a collection that was lost is not being rebuilt yet.
        """
        with transaction(self._sessions) as session:
            rows = collection.prepare(session, scope, self._embedder)
        keys = [ChunkKey(document_id, chunk.ordinal) for chunk in chunks]
        for row in rows:
            collection.note_made(self._sessions, self._store, row)
            self._store.upsert(row.name, keys, vectors)

    def query(
        self,
        session: Session,
        scope: Scope,
        vector: Vectors,
        k: int,
        document_ids: Sequence[UUID] | None = None,
    ) -> list[VectorHit]:
        """Return at most `k` nearest chunks of the workspace, nearest first.

        Raises:
            IndexUnavailable: also while the workspace is being re-embedded with this model.
        """
        row = collection.serving(session, scope, self._embedder)
        if row is not None:
            return self._store.query(row.name, vector, k, document_ids) if row.made else []
        if collection.is_empty(session, scope):
            return []
        raise IndexUnavailable(f"the workspace is not yet embedded with {self._embedder!r}")

    def delete(self, scope: Scope, document_id: UUID) -> None:
        """Remove a document's vectors, those of retiring models too."""
        with reading(self._sessions) as session:
            names = collection.names(session, scope)
        for name in names:
            self._store.delete_document(name, document_id)

    def needs_reembedding(self, session: Session, scope: Scope) -> bool:
        """Tell whether the workspace has text that this model's collection does not serve yet."""
        return collection.wanting(session, scope, self._embedder)

    def reembed(
        self, scope: Scope, embedder: Embedder, on_progress: Callable[[int, int], None]
    ) -> int:
        """Build this model's collection from SQL, switch to it, drop the others: chunks embedded.

        It goes on where an interrupted run stopped. `on_progress` gets chunks done and in all.
        """
        return collection.build(self._sessions, self._store, scope, embedder, on_progress)

    def builder(self, scope: Scope, embedder: Embedder, name: str) -> Builder:
        """Return what builds the collection of that name a part at a time."""
        return Builder(self._sessions, self._store, embedder, scope, name)

    def drop_retired(self, scope: Scope) -> None:
        """Drop the collections that serve no more."""
        collection.drop_retired(self._sessions, self._store, scope)

    def standing(self, scope: Scope) -> Standing:
        """Return how the workspace's vectors stand beside SQL, by counting: cheap."""
        return upkeep.standing(self._sessions, self._store, scope, self._embedder)

    def differences(self, scope: Scope) -> Differences:
        """Return which vectors are missing and which are too many, one by one."""
        return upkeep.differences(self._sessions, self._store, scope, self._embedder)

    def remove(self, scope: Scope, keys: Collection[ChunkKey]) -> None:
        """Remove single vectors of chunks that SQL does not know."""
        with reading(self._sessions) as session:
            names = collection.names(session, scope)
        for name in names:
            self._store.delete(name, keys)

    def count(self, session: Session, scope: Scope) -> int:
        """Return how many vectors serve the workspace."""
        row = collection.serving(session, scope, self._embedder)
        return 0 if row is None else self._store.count(row.name)

    def ping(self) -> None:
        """Return when the store answers."""
        self._store.ping()

    def close(self) -> None:
        """Let go of files, locks and connections; the next call opens them again."""
        self._store.close()


def open_index(
    rules: settings.Index,
    data_dir: Path,
    sessions: Sessions,
    embedder: str,
    outside: settings.Outside | None = None,
) -> VectorIndex:
    """Return the index for vectors of the embedding model of that name.

    Chroma is opened, and its folder locked, by the first use; `ping` does just that.
    """
    return VectorIndex(build_store(rules, data_dir, outside), sessions, embedder)


def build_store(
    rules: settings.Index, data_dir: Path, outside: settings.Outside | None = None
) -> "ChromaStore":
    """Return the store that the settings name: a Chroma server, or Chroma in the data folder."""
    if rules.host:
        limits = outside or settings.Outside()
        return ChromaStore(ServerConnection(rules.host, rules.port, limits))
    return ChromaStore(EmbeddedConnection(data_dir / CHROMA, rules.lock_seconds))


class Connection(Protocol):
    """One way to reach Chroma."""

    def open(self) -> Any:
        """Return a Chroma client."""

    def close(self) -> None:
        """Let go of what `open` took."""

    def examine(self) -> None:
        """Begin to look at what will be opened, where it is ours."""

    def diagnosis(self) -> Finding | None:
        """Return what such a look finds, None where it does not come to an end."""

    @property
    def examining(self) -> bool:
        """Whether that goes on."""

    @property
    def remarks(self) -> Sequence[str]:
        """What an operator should know."""

    def attempt(self) -> AbstractContextManager[None]:
        """Hold the work in the body to its time."""

    def question(self) -> AbstractContextManager[None]:
        """Do the same where somebody waits for the answer."""


class EmbeddedConnection:
    """Chroma's files in a folder, under a lock of our own.

    Two processes writing one folder crash Chroma or hang for minutes on its own lock, so the
    second one is turned away here. The lock file lies beside the folder.
    """

    def __init__(self, folder: Path, lock_seconds: float) -> None:
        self._folder = folder
        # One holder for all threads: whichever thread opens, another may close.
        self._lock = FileLock(
            folder.with_name(folder.name + ".lock"), timeout=lock_seconds, thread_local=False
        )
        self._client: Any = None
        self._examination: Examination | None = None
        self._remarks: list[str] = []

    def examine(self) -> None:
        """Lock the folder and begin to examine it in a child process; `open` waits for that.

        Raises:
            IndexLocked: another process, or another index in this one, holds the folder.
        """
        self._take()
        self._examination = Examination(self._folder)

    def diagnosis(self) -> Finding | None:
        """Examine the folder to the end and return what was found; None where it hangs.

        Raises:
            IndexLocked: another process, or another index in this one, holds the folder.
        """
        self.examine()
        finding = self._examination.wait(LONGEST_SECONDS) if self._examination else None
        self.close()
        return finding

    @property
    def examining(self) -> bool:
        """Whether a child process is still examining the folder."""
        return self._examination is not None and not self._examination.done

    @property
    def remarks(self) -> Sequence[str]:
        """What an operator should know of the folder."""
        return ["being examined", *self._remarks] if self.examining else self._remarks

    def open(self) -> Any:
        """Lock the folder, clear what dropped collections left in it, and open it.

        A folder that was found broken is moved aside, and an empty one takes its place.

        Raises:
            IndexLocked: another process, or another index in this one, holds the folder.
            IndexUnavailable: it is still being examined.
        """
        self._take()
        # Imported while the child is at work.
        make = _chroma().PersistentClient
        self._heed_examination()
        try:
            sweep(self._folder)
            self._client = make(self._folder, settings=_chroma_settings())
        except BaseException:
            self._lock.release(force=True)
            raise
        return self._client

    def _take(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._lock.is_locked:
            return
        try:
            self._lock.acquire()
        except Timeout as error:
            raise IndexLocked(f"another process holds the vector index {self._folder}") from error

    def _heed_examination(self) -> None:
        if self._examination is None:
            return
        finding = self._examination.wait()
        if finding is None:
            raise IndexUnavailable("the vector index is still being examined")
        self._examination = None
        self._remarks = [f"warning: {warning}" for warning in finding.warnings]
        if finding.broken is not None:
            aside = quarantine(self._folder, finding.broken)
            self._remarks = [f"set aside as {aside.name} ({finding.broken})"]
            self._folder.mkdir()

    def attempt(self) -> AbstractContextManager[None]:
        """Let it take its time: nobody outside is asked."""
        return nullcontext()

    question = attempt

    def close(self) -> None:
        """Stop Chroma, then free the folder for the next process."""
        client, self._client = self._client, None
        examination, self._examination = self._examination, None
        try:
            if examination is not None:
                examination.stop()
            if client is not None:
                client.close()
        finally:
            self._lock.release(force=True)


class ServerConnection:
    """A Chroma server, for many clients; it has no password, so keep its network private.

    While it keeps failing it is left alone, and every call ends at once.
    """

    def __init__(self, host: str, port: int, rules: settings.Outside) -> None:
        self._host = host
        self._port = port
        self._rules = rules
        self._outside = Outside(f"Chroma server {host}:{port}", rules, IndexUnavailable)
        # Now, since the second that this takes is not the server's.
        _chroma()
        self._client: Any = None
        self.examining = False
        self.remarks: Sequence[str] = ()

    def examine(self) -> None:
        """Leave that to the server."""

    def diagnosis(self) -> Finding | None:
        """Leave that to the server, too."""
        return Finding()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Make one call in the body."""
        with self._outside.attempt(), within(self._rules.timeout_seconds):
            yield

    @contextmanager
    def question(self) -> Iterator[None]:
        """Make one call in the body, for somebody who waits."""
        with within(self._rules.query_seconds), self.attempt():
            yield

    def open(self) -> Any:
        """Probe the server, then connect."""
        url = f"http://{self._host}:{self._port}/api/v2/heartbeat"
        with bound(httpx.Client()) as probe:
            probe.get(url, timeout=left()).raise_for_status()
        self._client = self._connected()
        for session in _sessions(self._client):
            session.timeout = httpx.Timeout(self._rules.timeout_seconds)
            bound(session)
        return self._client

    def _connected(self) -> Any:
        """Return a client; Chroma's asks the server as it is made, and would wait for ever."""
        made: Future[Any] = Future()

        def connect() -> None:
            client, wrong = None, None
            try:
                client = _chroma().HttpClient(self._host, self._port, settings=_chroma_settings())
            except Exception as error:  # noqa: BLE001 (it is raised by whoever waits)
                wrong = error
            if not made.set_running_or_notify_cancel():
                _hang_up(client)
            elif wrong is not None:
                made.set_exception(wrong)
            else:
                made.set_result(client)

        Thread(target=connect, name="chroma-connect", daemon=True).start()
        try:
            return made.result(left())
        except TimeoutError as error:
            made.cancel()
            raise IndexUnavailable(f"{self._outside.name} let no client in") from error

    def close(self) -> None:
        """Close the connection."""
        _hang_up(self._client)
        self._client = None


def _hang_up(client: Any) -> None:
    for session in _sessions(client):
        session.close()


def _sessions(client: Any) -> Iterator[httpx.Client]:
    # Chroma opens two HTTP clients, gives them no time-out, and never closes them.
    for each in (client, getattr(client, "_admin_client", None)):
        session = getattr(getattr(each, "_server", None), "_session", None)
        if isinstance(session, httpx.Client):
            yield session


class ChromaStore:
    """Collections in Chroma; every error of Chroma comes out as one of ours."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._opened: Any = None
        self._opening = RLock()

    def examine(self) -> None:
        """Begin to examine the folder in a child process; what needs Chroma waits for that.

        Raises:
            IndexLocked: another process holds the folder.
        """
        self._connection.examine()

    def diagnosis(self) -> Finding:
        """Examine the folder to the end, without opening it here.

        Raises:
            IndexLocked: another process holds the folder.
        """
        return self._connection.diagnosis() or Finding("it does not answer")

    @property
    def examining(self) -> bool:
        """Whether the folder is still being examined."""
        return self._connection.examining

    @property
    def remarks(self) -> Sequence[str]:
        """What an operator should know of the folder."""
        return self._connection.remarks

    def make(self, collection: str) -> None:
        """Make a collection."""
        with self._connection.attempt(), _translated(collection):
            # Without a function of ours Chroma would download an embedding model.
            self._client.get_or_create_collection(
                collection, embedding_function=None, configuration={"hnsw": HNSW}
            )

    def exists(self, collection: str) -> bool:
        """Tell whether a collection is there."""
        with self._connection.attempt(), _translated(collection):
            return self._found(collection) is not None

    def upsert(self, collection: str, keys: Sequence[ChunkKey], vectors: Vectors) -> None:
        """Put vectors, one a key, in batches as large as Chroma takes."""
        if len(keys) != len(vectors):
            raise ValueError(f"{len(keys)} keys for {len(vectors)} vectors")
        with self._connection.attempt(), _translated(collection):
            rows = self._found(collection)
            slices = [] if rows is None else _slices(len(keys), self._client.get_max_batch_size())
            for part in slices:
                rows.upsert(
                    ids=[_id(key) for key in keys[part]],
                    embeddings=np.asarray(vectors[part], dtype=np.float32),
                    metadatas=[{"document": key.document_id.hex} for key in keys[part]],
                )
        if rows is None:
            # As in `query`: no outage.
            raise missing(collection)

    def query(
        self,
        collection: str,
        vector: Vectors,
        k: int,
        document_ids: Sequence[UUID] | None = None,
    ) -> list[VectorHit]:
        """Return at most `k` nearest chunks, nearest first."""
        if document_ids is not None and not document_ids:
            return []
        with self._connection.question(), _translated(collection):
            rows = self._found(collection)
            answer = (
                None
                if rows is None
                else rows.query(
                    query_embeddings=[np.asarray(vector, dtype=np.float32)],
                    n_results=k,
                    where=_where(document_ids),
                    include=["distances"],
                )
            )
        if answer is None:
            # Chroma has answered: no outage, so the circuit is not to count it.
            raise missing(collection)
        found = zip(answer["ids"][0], answer["distances"][0], strict=True)
        hits = [VectorHit(_key(name), 1.0 - float(distance)) for name, distance in found]
        return sorted(hits, key=lambda hit: (-hit.similarity, hit.key))

    def present(self, collection: str, keys: Sequence[ChunkKey]) -> set[ChunkKey]:
        """Return which of these have a vector."""
        found: set[ChunkKey] = set()
        with self._connection.attempt(), _translated(collection):
            rows = self._found(collection)
            for part in _slices(len(keys), PAGE) if rows is not None else ():
                names = rows.get(ids=[_id(key) for key in keys[part]], include=[])["ids"]
                found.update(map(_key, names))
        return found

    def keys(self, collection: str) -> Iterator[ChunkKey]:
        """Return every key that has a vector, a page at a time."""
        start = 0
        while names := self._page(collection, start):
            yield from map(_key, names)
            start += len(names)

    def _page(self, collection: str, start: int) -> Sequence[str]:
        with self._connection.attempt(), _translated(collection):
            rows = self._found(collection)
            if rows is None:
                return ()
            names: Sequence[str] = rows.get(limit=PAGE, offset=start, include=[])["ids"]
            return names

    def delete(self, collection: str, keys: Collection[ChunkKey]) -> None:
        """Remove single vectors."""
        names = [_id(key) for key in keys]
        with self._connection.attempt(), _translated(collection):
            rows = self._found(collection)
            for part in _slices(len(names), PAGE) if rows is not None else ():
                rows.delete(ids=names[part])

    def delete_document(self, collection: str, document_id: UUID) -> None:
        """Remove every vector of a document, in batches as large as Chroma takes."""
        with self._connection.attempt(), _translated(collection):
            rows = self._found(collection)
            if rows is None:
                return
            names = rows.get(where=_where([document_id]), include=[])["ids"]
            for part in _slices(len(names), self._client.get_max_batch_size()):
                rows.delete(ids=names[part])

    def drop(self, collection: str) -> None:
        """Remove a collection whole; its files go when the folder is next opened."""
        with self._connection.attempt(), _translated(collection):
            if self._found(collection) is not None:
                self._client.delete_collection(collection)

    def count(self, collection: str) -> int:
        """Return how many vectors a collection holds."""
        with self._connection.attempt(), _translated(collection):
            rows = self._found(collection)
            return 0 if rows is None else int(rows.count())

    def ping(self) -> None:
        """Return when Chroma answers."""
        with within(PROBE_SECONDS), self._connection.question(), _translated("heartbeat"):
            self._client.heartbeat()

    def close(self) -> None:
        """Stop Chroma and free its folder; the next call opens it again."""
        with self._opening:
            self._opened = None
            self._connection.close()

    @property
    def _client(self) -> Any:
        # Whoever waits while another one opens waits no longer than for anything else.
        if not self._opening.acquire(timeout=-1 if (seconds := left()) is None else seconds):
            raise IndexUnavailable("the vector index is still being opened")
        try:
            if self._opened is None:
                self._opened = self._connection.open()
            return self._opened
        finally:
            self._opening.release()

    def _found(self, collection: str) -> Any:
        from chromadb.errors import NotFoundError  # noqa: PLC0415 (as in _chroma)

        try:
            return self._client.get_collection(collection, embedding_function=None)
        except NotFoundError:
            return None


def sweep(folder: Path) -> None:
    """Unlink the vector files of collections that have been dropped: Chroma leaves them behind.

    Only while Chroma is closed and the folder locked: a second SQLite library in one process
    breaks the first one's locks.
    """
    catalogue = folder / "chroma.sqlite3"
    if not catalogue.exists():
        return
    with closing(sqlite3.connect(f"{catalogue.absolute().as_uri()}?mode=ro", uri=True)) as database:
        known = {str(row[0]) for row in database.execute("SELECT id FROM segments")}
    for leftover in folder.iterdir():
        if leftover.is_dir() and _is_uuid(leftover.name) and leftover.name not in known:
            shutil.rmtree(leftover)


@contextmanager
def _translated(collection: str) -> Iterator[None]:
    """Turn whatever Chroma raises into one of our errors, or say that it is our own mistake."""
    try:
        yield
    except MailroomError:
        raise
    except Exception as error:
        # Chroma raises bare Exception for what its server says, ValueError for a lost connection.
        if type(error).__name__ in {"InvalidArgumentError", "InvalidDimensionException"}:
            raise ConfigurationError(f"collection {collection!r}: {error}") from error
        raise IndexUnavailable(f"vector index, {collection!r}: {error}") from error
    except BaseException as error:
        # A panic in Chroma's Rust core must cost one call, not the worker.
        if type(error).__name__ != "PanicException":
            raise
        raise IndexUnavailable(f"vector index, {collection!r}: {error}") from error


def _chroma() -> Any:
    # Lazy: it takes most of a second to import, and the command line mostly does without.
    import chromadb  # noqa: PLC0415

    return chromadb


def _chroma_settings() -> Any:
    from chromadb.config import Settings  # noqa: PLC0415 (as above)

    # Chroma would read a `.env` file that happens to lie in the working directory.
    return Settings(_env_file=None, anonymized_telemetry=False)


def _id(key: ChunkKey) -> str:
    return f"{key.document_id}:{key.ordinal}"


def _key(name: str) -> ChunkKey:
    document_id, _, ordinal = name.partition(":")
    return ChunkKey(UUID(document_id), int(ordinal))


def _where(document_ids: Sequence[UUID] | None) -> dict[str, Any] | None:
    if document_ids is None:
        return None
    return {"document": {"$in": [document_id.hex for document_id in document_ids]}}


def _slices(length: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, length, size))


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
