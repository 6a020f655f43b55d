"""A backup's file: a gzipped tar of known names, with the SHA-256 of everything in it at its end.

`tar` and `sha256sum -c SHA256SUMS` read it too. Headers are read here one by one, since tarfile
keeps every one in memory and follows those that name links, paths and sizes of any kind.
"""

import gzip
import hashlib
import io
import os
import re
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from core.errors import BackupDamaged, Conflict, StorageUnavailable

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
NAMES = re.compile(r"manifest\.json|SHA256SUMS|tables/[a-z_]+/\d{6}\.jsonl|originals/[0-9a-f]{64}")
MOST_BYTES = {MANIFEST: 1 << 20, "tables": 1 << 30}
"""What is read into memory, a line at a time at best, is bounded; originals are not."""

BLOCK = 1 << 20
COMPRESSION = 3
"""Originals are compressed already, and text gains little from more."""
PRIVATE = 0o600
"""A backup holds documents and the hashes of API keys."""


class Writer:
    """Writes members one after the other; nothing of them stays in memory."""

    def __init__(self, out: IO[bytes], sums: IO[bytes]) -> None:
        self._file = gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=COMPRESSION)
        self._sums = sums

    def add(self, name: str, data: IO[bytes], size: int) -> None:
        """Write `size` bytes of `data` under a name.

        Raises:
            StorageUnavailable: there is less of it.
        """
        sha256 = self._write(name, data, size)
        self._sums.write(f"{sha256}  {name}\n".encode())

    def finish(self) -> None:
        """Write the checksums and the end; what has no end is no backup."""
        size = self._sums.tell()
        self._sums.seek(0)
        self._write(SUMS, self._sums, size)
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))
        self._file.close()

    def _write(self, name: str, data: IO[bytes], size: int) -> str:
        head = tarfile.TarInfo(name)
        head.size, head.mode, head.mtime = size, PRIVATE, int(time.time())
        self._file.write(head.tobuf(tarfile.GNU_FORMAT))
        digest, left = hashlib.sha256(), size
        while left:
            block = data.read(min(left, BLOCK))
            if not block:
                raise StorageUnavailable(f"{name} has become shorter while it was copied")
            digest.update(block)
            self._file.write(block)
            left -= len(block)
        self._file.write(bytes(-size % tarfile.BLOCKSIZE))
        return digest.hexdigest()


@contextmanager
def writing(target: Path) -> Iterator[tuple[Writer, Path]]:
    """Lend a writer and a folder for what is needed meanwhile; at the end the file gets its name.

    Until then there is nothing under that name, whatever happens. Only its owner may read it.

    Raises:
        Conflict: there is such a file already.
        StorageUnavailable: the disk does not take it.
    """
    if target.exists():
        raise Conflict(f"{target} exists already; name a new file")
    try:
        with (
            tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder,
            tempfile.TemporaryFile(dir=folder) as sums,
        ):
            partial = Path(folder) / "partial"
            partial.touch(PRIVATE)
            with partial.open("wb") as out:
                writer = Writer(out, sums)
                yield writer, Path(folder)
                writer.finish()
                out.flush()
                os.fsync(out.fileno())
            partial.rename(target)
            _sync(target.parent)
    except OSError as error:
        raise StorageUnavailable(f"cannot write {target}: {error}") from error


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive; its `data` can be read until the next one is asked for."""

    name: str
    size: int
    data: BinaryIO


def members(path: Path) -> Iterator[Member]:
    """Return the files of an archive in their order; the checksums are compared at the end.

    Raises:
        BackupDamaged: this is no backup, or not all of it, or not what was written.
    """
    with (
        _damage(),
        path.open("rb") as raw,
        gzip.GzipFile(fileobj=raw) as file,
        tempfile.TemporaryFile() as sums,
    ):
        while (head := _head(file)).name != SUMS:
            part = _Part(file, head.size)
            yield Member(head.name, head.size, io.BufferedReader(part, BLOCK))
            sums.write(f"{part.finish()}  {head.name}\n".encode())
        _compare(_Part(file, head.size), sums)
        if file.read(BLOCK).strip(b"\0"):
            raise BackupDamaged("something follows after the end")


def _head(file: gzip.GzipFile) -> tarfile.TarInfo:
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE or not block.strip(b"\0"):
        raise BackupDamaged("it ends too early: the checksums are missing")
    head = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    # Nothing else was ever written: no links, no folders, no paths, no headers that stretch others.
    if head.type != tarfile.REGTYPE or not NAMES.fullmatch(head.name):
        raise BackupDamaged(f"{head.name[:100]!r} does not belong into a backup")
    if head.size < 0 or head.size > MOST_BYTES.get(head.name.split("/")[0], head.size):
        raise BackupDamaged(f"{head.name} is too large: {head.size} bytes")
    return head


def _compare(part: "_Part", sums: IO[bytes]) -> None:
    """Compare the checksums that are written with those of what was read."""
    sums.seek(0)
    with io.BufferedReader(part) as written:
        for wrote, read in zip(written, sums, strict=False):
            if wrote != read:
                name = read.decode().split()[-1]
                raise BackupDamaged(f"{name} is not what was written: its checksum differs")
    more = sums.read(1)
    part.finish()
    if more or sums.tell() != part.size:
        raise BackupDamaged("it does not hold the files that its checksums name")


class _Part(io.RawIOBase):
    """The bytes of one member, hashed as they are read."""

    def __init__(self, file: gzip.GzipFile, size: int) -> None:
        super().__init__()
        self.size = self._left = size
        self._file, self._digest = file, hashlib.sha256()

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some of what is left."""
        view = memoryview(buffer)
        wanted = min(len(view), self._left)
        with _damage():
            block = self._file.read(wanted)
        if wanted and not block:
            raise BackupDamaged("it ends too early: it has been cut off")
        view[: len(block)] = block
        self._digest.update(block)
        self._left -= len(block)
        return len(block)

    def finish(self) -> str:
        """Read what nobody wanted, and the filling behind it; return the SHA-256 of all."""
        block = bytearray(BLOCK)
        while self._left:
            self.readinto(block)
        self._file.read(-self.size % tarfile.BLOCKSIZE)
        return self._digest.hexdigest()


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise BackupDamaged("it ends too early: it has been cut off") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BackupDamaged(f"it cannot be unpacked: {error}") from error
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise BackupDamaged(f"it is no archive: {error}") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
