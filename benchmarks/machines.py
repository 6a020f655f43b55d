"""Processes that are killed and come back, as a container platform would have them."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 0.05
AGAIN_SECONDS = 1.0
"""A process that ended by itself is started again no sooner than this."""
STOP_SECONDS = 60


@dataclass
class Machine:
    """One process of a topology, with all that it starts."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self) -> None:
        """Start it; what it says goes to its log."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                env={**clean_environment(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
            )
        self.started_at = time.monotonic()

    @property
    def dead(self) -> bool:
        """Whether it was started and has ended."""
        return self.process is not None and self.process.poll() is not None

    @property
    def children(self) -> list[int]:
        """The processes that it started itself."""
        assert self.process is not None
        return children(self.process.pid)

    def kill(self, *, alone: bool = False) -> None:
        """Kill it and all that it started at once, or alone: what it started must then end."""
        if self.process is not None:
            mine = set() if alone else descendants(self.process.pid)
            for pid in mine | {self.process.pid}:
                slay(pid)
            self.process.wait()

    def stop(self) -> None:
        """End it as an operator would; kill what does not listen."""
        if self.process is None or self.dead:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()


class Crew:
    """Starts again whatever has ended, and counts what ended by itself."""

    def __init__(self, *machines: Machine) -> None:
        self.machines = {machine.name: machine for machine in machines}
        self.ended_by_itself: Counter[str] = Counter()
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="crew", daemon=True)

    def start(self) -> None:
        """Watch over machines that have been started."""
        self._thread.start()

    def kill(self, name: str, *, alone: bool = False) -> None:
        """Kill a machine, and start it anew at once."""
        with self._lock:
            machine = self.machines[name]
            machine.kill(alone=alone)
            machine.start()

    def kill_child(self, name: str, dice: random.Random) -> None:
        """Kill one of the processes that a machine works with; the machine goes on."""
        with self._lock:
            pids = self.machines[name].children
            if pids:
                slay(dice.choice(pids))

    def wipe(self, name: str, folder: Path) -> None:
        """Kill a machine, delete its folder, and start it anew."""
        with self._lock:
            machine = self.machines[name]
            machine.kill()
            shutil.rmtree(folder)
            machine.start()

    def stop(self) -> None:
        """Stop watching, then stop the machines in the order given."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for machine in self.machines.values():
            machine.stop()

    def _tend(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            with self._lock:
                for machine in self.machines.values():
                    if machine.dead and time.monotonic() - machine.started_at > AGAIN_SECONDS:
                        self.ended_by_itself[machine.name] += 1
                        machine.start()


def mailroom() -> str:
    """Return the installed command."""
    return str(Path(sys.executable).with_name("mailroom"))


def clean_environment() -> dict[str, str]:
    """Return this process's environment without settings of the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAILROOM_")}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children(pid: int) -> list[int]:
    """Return the processes that this one started and that still run."""
    found = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in tasks.read_text("ascii").split()]
    return found


def descendants(pid: int) -> set[int]:
    """Return the processes that this one started, and those that they started."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        new = set(children(waiting.pop())) - found
        found |= new
        waiting += new
    return found


def holding(words: str) -> list[int]:
    """Return the processes in whose environment these words stand."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if words.encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
    return found


def slay(pid: int) -> None:
    """Kill one process, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
