"""A child process with limits, and frames from it: what a hostile file can break is only that.

The child is a fresh interpreter, not a fork: it inherits neither the parent's memory nor its
threads, locks, descriptors or environment, and starts in tens of milliseconds.
"""

import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

# Isolated and without `site`: no variable, user folder or .pth file has a say in what the child
# loads. It finds modules where its parent found them, in a wheel as in a checkout.
_BOOT = (
    "import json, sys; task = json.loads(sys.argv[1]); sys.path[:] = task.pop('import_from'); "
    "from ingest.reading_child import main; main(task)"
)
_HEADER = struct.Struct(">I")
_PIECE = 1 << 16


class Silent(Exception):
    """The child said nothing for as long as it was given."""


class Garbled(Exception):
    """What the child sent is not a frame."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended: its exit code (minus the signal that killed it) and what it used.

    Linux starts a child's peak at its parent's; `peak_is_own` tells that it went beyond.
    """

    exit_code: int
    cpu_seconds: float
    peak_mb: float
    peak_is_own: bool


class Child:
    """One reading process; when the `with` block is left, it and all it started are gone."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        """Start the child on a task, which must be plain JSON."""
        self._inherited_mb = _own_peak_mb()
        self._scratch = tempfile.TemporaryDirectory(prefix="mailroom-reading-")
        asked = json.dumps({**task, "import_from": _import_path()})
        # Limits are set by the child itself: a hook between fork and exec is unsafe with threads
        # and would copy the page tables of a large parent.
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter, our own module)
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, asked],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._scratch.name,
            env={"TMPDIR": self._scratch.name, "HOME": self._scratch.name, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        self._ending: Ending | None = None

    def __enter__(self) -> Self:
        """Return the running child."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill what is left, whatever happened in the block."""
        self.end()

    def receive(self, seconds: float, limit: int) -> Any:
        """Return the next frame, or None when the child has closed its end.

        Raises:
            Silent: no whole frame within `seconds`.
            Garbled: a frame longer than `limit` bytes, or not JSON.
        """
        deadline = time.monotonic() + seconds
        header = self._take(_HEADER.size, deadline)
        if header is None:
            return None
        (length,) = _HEADER.unpack(header)
        if length > limit:
            raise Garbled(f"a frame of {length} bytes")
        body = self._take(length, deadline)
        if body is None:
            return None
        try:
            return json.loads(body)
        except ValueError as error:
            raise Garbled("a frame that is not JSON") from error

    def end(self, *, patience: float = 0.0) -> Ending:
        """Kill the child and everything in its session, and return how it ended.

        A child that has closed its end gets `patience` seconds to exit by itself, so that its
        own exit code is seen.
        """
        if self._ending is None:
            self._ending = self._reap(patience)
            if self._process.stdout:
                self._process.stdout.close()
            self._scratch.cleanup()
        return self._ending

    def _reap(self, patience: float) -> Ending:
        pid = self._process.pid
        deadline = time.monotonic() + patience
        done, status, used = os.wait4(pid, os.WNOHANG)
        while not done and time.monotonic() < deadline:
            time.sleep(0.002)
            done, status, used = os.wait4(pid, os.WNOHANG)
        # The whole group, even when its leader is gone: nothing may outlive the reading.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if not done:
            _, status, used = os.wait4(pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        cpu = used.ru_utime + used.ru_stime
        peak = _megabytes(used.ru_maxrss)
        return Ending(self._process.returncode, cpu, peak, peak_is_own=peak > self._inherited_mb)

    def _take(self, count: int, deadline: float) -> bytes | None:
        """Read exactly `count` bytes, or None where the stream ends first."""
        if self._process.stdout is None:
            return None
        descriptor = self._process.stdout.fileno()
        taken = bytearray()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while len(taken) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise Silent
            piece = os.read(descriptor, min(_PIECE, count - len(taken)))
            if not piece:
                return None
            taken += piece
        return bytes(taken)


def _import_path() -> list[str]:
    """Return the parent's import path, absolute, since the child starts in an empty folder."""
    return [str(Path(entry).absolute()) for entry in sys.path]


def _own_peak_mb() -> float:
    """Return the most memory that this process has held, in MB; 0 where nothing tells."""
    try:
        lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0.0
    peak = next((line for line in lines if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(peak.split()[1]) / 1024


def _megabytes(maxrss: int) -> float:
    # Linux counts kilobytes, macOS bytes.
    return maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
