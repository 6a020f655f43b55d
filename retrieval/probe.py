"""Opens a Chroma folder in a child process, since a broken segment crashes instead of raising.

Run as a module it is that child: it prints what it found as JSON. A segment that was cut short is
not always noticed by Chroma, which then finds nothing or the wrong things; so its files are
measured, and vectors are asked for themselves.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from core.telemetry import log

WAIT_SECONDS = 3.0
"""How long an opening waits for the child, from its start; a service starts without it then."""
LONGEST_SECONDS = 120.0
"""A child that takes longer hangs."""
KEPT = 2
SAMPLES = 10
FURTHEST = 0.001
"""A vector's own cosine distance, and some rounding."""
GROWN = 10

# What hnswlib writes, as Chroma 1 keeps it: a version and six sizes; the third is how many
# elements there are, the fourth how many bytes each takes.
HEADER = struct.Struct("<iQQQQQQ")
VERSION = 1
LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Finding:
    """What the child found: what is broken, if anything, and what is only remarkable."""

    broken: str | None = None
    warnings: tuple[str, ...] = ()


class Examination:
    """A child process that examines a folder, which nobody else may open meanwhile."""

    def __init__(self, folder: Path, longest: float = LONGEST_SECONDS) -> None:
        """Start the child."""
        self._began = time.monotonic()
        self._longest = longest
        # Its standard input ends with this process: the child must not outlive it.
        self._child = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
            [sys.executable, "-c", _BOOT, json.dumps(_import_path()), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._finding: Finding | None = None
        self._thread = threading.Thread(target=self._listen, name="chroma-probe", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether the child has answered or ended."""
        return self._finding is not None

    def wait(self, seconds: float = WAIT_SECONDS) -> Finding | None:
        """Return what was found; None if nothing was within `seconds` of the child's start."""
        self._thread.join(max(0.0, self._began + seconds - time.monotonic()))
        return self._finding

    def stop(self) -> None:
        """End the child."""
        self._child.kill()
        self._thread.join()

    def _listen(self) -> None:
        patience = threading.Timer(self._longest, self._child.kill)
        patience.start()
        said = self._child.stdout.read() if self._child.stdout else ""
        code = self._child.wait()
        hung = time.monotonic() - self._began >= self._longest
        patience.cancel()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        slow = Finding(f"it did not answer within {self._longest:g} s")
        self._finding = slow if hung and not said else _understood(said, code)


def quarantine(folder: Path, reason: str) -> Path:
    """Move a broken folder aside, keep the newest few such, and return where it is now."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = folder.with_name(f"{folder.name}.quarantined-{moment}")
    folder.rename(aside)
    log().error("index.quarantined", folder=str(aside), reason=reason)
    for old in quarantined(folder)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return aside


def quarantined(folder: Path) -> list[Path]:
    """Return the folders that were moved aside, newest first."""
    return sorted(folder.parent.glob(f"{folder.name}.quarantined-*"), reverse=True)


def examine(folder: Path) -> Finding:
    """Look at a Chroma folder; call it in a child process."""
    if not (folder / "chroma.sqlite3").exists():
        left = [path.name for path in folder.iterdir()] if folder.exists() else []
        # Segments without their catalogue are of no use to anybody.
        return Finding("chroma.sqlite3 is missing" if any(map(_is_uuid, left)) else None)
    broken = next((fault for path in _segments(folder) if (fault := _cut_short(path))), None)
    broken = broken or _unlike_itself(folder)
    grown = [path.name for path in _segments(folder) if _overgrown(path)]
    warnings = tuple(f"link_lists.bin of {name} has grown without bound" for name in grown)
    return Finding(broken, warnings)


def main(folder: str) -> None:
    """Examine a folder and print what was found."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        found = examine(Path(folder))
    except Exception as error:  # noqa: BLE001 (whatever Chroma raises means the same here)
        found = Finding(f"{type(error).__name__}: {error}")
    sys.stdout.write(json.dumps({"broken": found.broken, "warnings": found.warnings}))
    sys.stdout.flush()
    # Chroma's threads need not be waited for: nothing was written.
    os._exit(0)


_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from retrieval.probe import main; main(sys.argv[2])"
)


def _import_path() -> list[str]:
    """Return this process's import path, absolute: the child finds modules where it did."""
    return [str(Path(entry).absolute()) for entry in sys.path]


def _understood(said: str, code: int) -> Finding:
    with suppress(ValueError, KeyError, TypeError):
        found = json.loads(said)
        return Finding(found["broken"], tuple(found["warnings"]))
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Finding(f"opening it ended with {how}")


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _segments(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_dir() and _is_uuid(path.name))


def _cut_short(segment: Path) -> str | None:
    """Say which file of a segment that was written out is shorter than it says itself."""
    if not (segment / "index_metadata.pickle").exists():
        # All of it is still in the catalogue's log.
        return None
    header = (segment / "header.bin").read_bytes()
    if len(header) < HEADER.size:
        return f"header.bin of {segment.name} is cut short"
    version, _, _, elements, size, *_ = HEADER.unpack_from(header)
    if version != VERSION:
        return None
    least = {"data_level0.bin": elements * size, "length.bin": elements * 4}
    for name, number in least.items():
        if (segment / name).stat().st_size < number:
            return f"{name} of {segment.name} is cut short"
    if not _links_whole(segment / "link_lists.bin", elements):
        return f"link_lists.bin of {segment.name} is cut short"
    return None


def _links_whole(path: Path, elements: int) -> bool:
    """Tell whether the file holds a list, with its length before it, for every element."""
    links = path.read_bytes()
    place = 0
    for _ in range(elements):
        if place + LENGTH.size > len(links):
            return False
        place += LENGTH.size + LENGTH.unpack_from(links, place)[0]
    return place <= len(links)


def _unlike_itself(folder: Path) -> str | None:
    """Ask each collection for some of its own vectors; say which does not find them."""
    # Lazy: only the child needs it here.
    import chromadb  # noqa: PLC0415
    from chromadb.config import Settings  # noqa: PLC0415

    settings = Settings(_env_file=None, anonymized_telemetry=False)
    client = chromadb.PersistentClient(folder, settings=settings)
    for listed in client.list_collections():
        rows = client.get_collection(listed.name, embedding_function=None)
        if not _finds_itself(rows):
            return f"collection {listed.name} does not find its own vectors"
    return None


def _finds_itself(rows: Any) -> bool:
    count = rows.count()
    places = {number * count // SAMPLES for number in range(min(count, SAMPLES))}
    found = [rows.get(limit=1, offset=place, include=["embeddings"]) for place in sorted(places)]
    vectors = [one["embeddings"][0] for one in found]
    if not vectors:
        return True
    answer = rows.query(query_embeddings=vectors, n_results=1, include=["distances"])
    return all(each and each[0] <= FURTHEST for each in answer["distances"])


def _overgrown(segment: Path) -> bool:
    links, data = segment / "link_lists.bin", segment / "data_level0.bin"
    if not links.exists() or not data.exists():
        return False
    return links.stat().st_size > GROWN * data.stat().st_size


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
