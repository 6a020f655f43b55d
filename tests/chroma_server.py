"""The server that comes with Chroma's package, to be stopped, stalled and brought back by tests."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx

START_SECONDS = 60


class ChromaServer:
    """A `chroma run` on a port of its own; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, again with the same folder and port, and wait until it answers."""
        command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1"]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port), "--path", str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, "no Chroma server"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def stall(self) -> None:
        """Have it hold its connections and say nothing."""
        self._signal(signal.SIGSTOP)
        # The signal has been sent, not yet obeyed: until then it may still answer.
        while not all(state == "T" for state in self._states()):
            time.sleep(0.001)

    def resume(self) -> None:
        """Have it go on."""
        self._signal(signal.SIGCONT)

    def _states(self) -> list[str]:
        """Return the state of each of its threads: T is stopped."""
        assert self._process is not None
        stats = Path(f"/proc/{self._process.pid}/task").glob("*/stat")
        return [stat.read_text().rpartition(")")[2].split()[0] for stat in stats]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/api/v2/heartbeat"
            return httpx.get(url, timeout=5).is_success
        except httpx.TransportError:
            return False
