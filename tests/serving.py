"""A `mailroom serve` in a process of its own, for the journeys."""

import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_SECONDS = 60


@dataclass
class Service:
    """A `mailroom serve` in a process of its own."""

    process: subprocess.Popen[str]
    base: str
    key: str
    folder: Path
    environment: dict[str, str]

    def client(self) -> httpx.Client:
        """Return a client that shows the key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line on the service's data folder."""
        return subprocess.run(
            [mailroom(), *words], env=self.environment, capture_output=True, text=True, check=False
        )


def mailroom() -> str:
    """Return the installed command."""
    return str(Path(sys.executable).with_name("mailroom"))


def start(folder: Path, key: str | None = None, **settings: str) -> Service:
    """Start a service on a free port and wait until it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What tells the tests where servers are is no setting, and an unknown one does not start.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAILROOM_TEST_")}
    environment = {**inherited, "MAILROOM_DATA_DIR": str(folder), **settings}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [mailroom(), "serve", "--port", str(port)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    if key is None:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], START_SECONDS)[0], "no key was printed"
        key = process.stdout.readline().strip()
    service = Service(process, f"http://127.0.0.1:{port}", key, folder, environment)
    await_ready(service)
    return service


def await_ready(service: Service) -> None:
    """Wait until the service can work."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            if httpx.get(f"{service.base}/health/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    log = (service.folder / "serve.log").read_text(errors="replace")
    raise AssertionError(f"the service is not ready: {log[-2000:]}")


def stop(service: Service) -> None:
    """End a service as an operator would."""
    service.process.terminate()
    service.process.wait(30)
    if service.process.stdout:
        service.process.stdout.close()


def settled(client: httpx.Client, document_id: str) -> dict[str, Any]:
    """Wait until a document and its job stand still."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        document: dict[str, Any] = client.get(f"/v1/documents/{document_id}").json()
        if document["job"] is None or document["job"]["state"] in (
            "succeeded",
            "dead",
            "cancelled",
        ):
            return document
        time.sleep(0.05)
    raise AssertionError(document)
