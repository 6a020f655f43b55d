"""Originals, kept as they came and addressed by their SHA-256."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import NotFound, StorageUnavailable, TooLarge
from core.settings import Settings

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Staged:
    """A received file that is on disk but not yet kept: where, how long, and its hash."""

    path: Path
    size: int
    sha256: str


class BlobStore(Protocol):
    """Keeps bytes under their SHA-256; keeping the same bytes twice changes nothing."""

    def keep(self, staged: Staged) -> None:
        """Keep a staged file for good; durable when this returns."""

    @contextmanager
    def file(self, sha256: str) -> Iterator[Path]:  # noqa: ARG002 (a contract)
        """Lend the bytes as a file on the local disk.

        Raises:
            NotFound: nothing is kept under this hash.
        """
        yield Path()

    def delete(self, sha256: str) -> None:
        """Forget the bytes; no error where there are none."""

    def check(self) -> None:
        """Return where it can take bytes.

        Raises:
            StorageUnavailable: it cannot.
        """


@contextmanager
def stage(stream: BinaryIO, folder: Path, max_bytes: int) -> Iterator[Staged]:
    """Write a stream to a temporary file in `folder` while hashing it; gone afterwards.

    Raises:
        TooLarge: the stream holds more than `max_bytes`.
        StorageUnavailable: the disk refused to take it.
    """
    path = _new_file(folder)
    try:
        size, sha256 = _copy(stream, path, max_bytes)
        yield Staged(path=path, size=size, sha256=sha256)
    finally:
        path.unlink(missing_ok=True)


def clear_stale(folder: Path, seconds: float) -> int:
    """Delete what processes that were killed left in `folder` so long ago; return how many."""
    before = time.time() - seconds
    left = [path for path in folder.glob("*") if path.is_file() and path.stat().st_mtime < before]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _new_file(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
    except OSError as error:
        raise StorageUnavailable(f"cannot write to {folder}: {error}") from error
    os.close(handle)
    return Path(name)


def _copy(stream: BinaryIO, path: Path, max_bytes: int) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as out:
        while block := stream.read(BLOCK):
            size += len(block)
            if size > max_bytes:
                raise TooLarge(f"the file is larger than {max_bytes} bytes", limit=max_bytes)
            digest.update(block)
            try:
                out.write(block)
            except OSError as error:
                raise StorageUnavailable(f"cannot write {path}: {error}") from error
        out.flush()
        os.fsync(out.fileno())
    return size, digest.hexdigest()


class LocalStore:
    """Originals in a folder of the local disk, spread over sub-folders by hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, staged: Staged) -> None:
        """Copy beside its place, then rename: a crash leaves either nothing or all of it."""
        target = self._path(staged.sha256)
        if target.exists():
            return
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
            shutil.copyfile(staged.path, partial)
            _sync(partial)
            partial.rename(target)
            _sync(target.parent)
        except OSError as error:
            raise StorageUnavailable(f"cannot keep {staged.sha256}: {error}") from error

    @contextmanager
    def file(self, sha256: str) -> Iterator[Path]:
        """Lend the file itself; readers must not change it."""
        path = self._path(sha256)
        if not path.is_file():
            raise NotFound(f"no original {sha256}")
        yield path

    def delete(self, sha256: str) -> None:
        """Unlink the file."""
        self._path(sha256).unlink(missing_ok=True)

    def check(self) -> None:
        """Write a byte and let it go: only that shows a full or read-only disk."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as probe:
                probe.write(b"0")
        except OSError as error:
            raise StorageUnavailable(f"cannot write to {self._folder}: {error}") from error

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256


class MemoryStore:
    """Originals in memory, for tests and trials; nothing survives the process."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def keep(self, staged: Staged) -> None:
        """Take the bytes into memory."""
        self._blobs[staged.sha256] = staged.path.read_bytes()

    @contextmanager
    def file(self, sha256: str) -> Iterator[Path]:
        """Lend a temporary copy."""
        if sha256 not in self._blobs:
            raise NotFound(f"no original {sha256}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / sha256
            path.write_bytes(self._blobs[sha256])
            yield path

    def delete(self, sha256: str) -> None:
        """Drop the bytes."""
        self._blobs.pop(sha256, None)

    def check(self) -> None:
        """Return at once: memory takes all there is."""


def build_store(settings: Settings) -> BlobStore:
    """Return the store that the settings name."""
    if settings.storage.kind == "memory":
        return MemoryStore()
    return LocalStore(settings.data_dir / "originals")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
