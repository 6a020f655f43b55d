"""What the benchmarks see of a process and all it started: processor seconds and memory."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EVERY_SECONDS = 0.5
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Use:
    """What a tree of processes used while it was watched."""

    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def watched(pid: int) -> Iterator[Use]:
    """Watch a process and all below it: processor seconds exactly, memory by samples."""
    use, stop, before = Use(), threading.Event(), cpu_seconds(pid)

    def look() -> None:
        while not stop.wait(EVERY_SECONDS):
            use.peak_mb = max(use.peak_mb, memory_mb(pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield use
    finally:
        stop.set()
        thread.join()
        use.peak_mb = round(max(use.peak_mb, memory_mb(pid)), 1)
        use.cpu_seconds = round(cpu_seconds(pid) - before, 2)


def cpu_seconds(pid: int) -> float:
    """Return user and system seconds of a tree, those of its ended children included."""
    return sum(sum(map(int, _stat(one)[11:15])) for one in _tree(pid)) / TICKS


def memory_mb(pid: int) -> float:
    """Return what a tree holds now in MB; what processes share counts once."""
    return sum(map(_proportional_kb, _tree(pid))) / 1024


def _tree(root: int) -> set[int]:
    parents = {int(path.name): _parent(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    tree = {root}
    while found := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= found
    return tree


def _parent(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[1]) if len(stat) > 1 else 0


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _stat(pid: int) -> list[str]:
    """Return what the kernel says of a process after its name; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
    except OSError:
        return []


def _proportional_kb(pid: int) -> int:
    if _command(pid) == _command(_parent(pid)):
        # Between fork and exec a child borrows all of its parent's memory, which counts already.
        return 0
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
