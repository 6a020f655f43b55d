"""What the benchmarks share: a service in a process of its own, and numbers as JSON."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import httpx


@dataclass
class Service:
    """A running `mailroom serve`: its process, a client with its key, seconds until ready."""

    process: subprocess.Popen[str]
    client: httpx.Client
    ready_seconds: float

    @property
    def resident_mb(self) -> float:
        """Memory that the process holds now, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    @property
    def loads_torch(self) -> bool:
        """Whether torch's library is mapped into the process."""
        return "libtorch" in Path(f"/proc/{self.process.pid}/maps").read_text("utf-8")


@contextmanager
def service() -> Iterator[Service]:
    """Start a service on a new data folder, wait until it is ready, and stop it afterwards."""
    with tempfile.TemporaryDirectory(prefix="mailroom-bench-") as folder:
        port = _free_port()
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("mailroom")), "serve", "--port", str(port)],
            env={**os.environ, "MAILROOM_DATA_DIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            headers = {"Authorization": f"Bearer {process.stdout.readline().strip()}"}
            base = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=base, headers=headers, timeout=120) as client:
                _await_ready(client)
                yield Service(process, client, time.perf_counter() - started)
        finally:
            process.terminate()
            process.wait(30)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return median and 95th percentile."""
    top = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return {"p50": round(median(seconds), 3), "p95": round(top, 3)}


def report(**numbers: object) -> None:
    """Print one JSON object."""
    print(json.dumps(numbers, indent=2))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(client: httpx.Client) -> None:
    while True:
        try:
            if client.get("/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
