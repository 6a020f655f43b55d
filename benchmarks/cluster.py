"""A cluster as an operator runs it: API, workers, beat and a Chroma server, each a real process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
from redis import Redis
from sqlalchemy import make_url

from core import db

POSTGRES = "postgresql+psycopg://root@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379"
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672"
READY_SECONDS = 60.0
STOP_SECONDS = 60.0
INDEXES = range(1, 16)
"""Redis has sixteen; the first is left to others, and says whose the rest are."""
TAKEN_SECONDS = 3600
ALL = "intake,ocr,embed,deliver"
BIN = Path(sys.executable).parent


@dataclass
class Cluster:
    """The processes of one cluster, by name: chroma, api, beat, worker-1, worker-2 and so on."""

    folder: Path
    environment: dict[str, str]
    commands: dict[str, list[str]]
    base: str
    key: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a process, also again after its end; it is not waited for."""
        log, out = self.folder / f"{name}.log", self.folder / f"{name}.out"
        with log.open("ab") as errors, out.open("ab") as output:
            self.processes[name] = subprocess.Popen(
                self.commands[name],
                env=self.environment,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """End a process and all it has started at once, as when its container is killed."""
        process = self.processes[name]
        for pid in [process.pid, *descendants(process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str, seconds: float = STOP_SECONDS) -> int:
        """End a process as `docker stop` does, and return its exit code."""
        process = self.processes[name]
        process.terminate()
        return process.wait(seconds)

    def alive(self, name: str) -> bool:
        """Tell whether a process runs."""
        return self.processes[name].poll() is None

    def log(self, name: str) -> str:
        """Return what a process has written to its log."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def client(self) -> httpx.Client:
        """Return a client that shows the key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def await_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until the API says that it can work."""
        self._await("api", f"{self.base}/health/ready", seconds)
        # Printed once, by the first start.
        self.key = self.key or (self.folder / "api.out").read_text("utf-8").split()[0]

    def await_chroma(self, seconds: float = READY_SECONDS) -> None:
        """Wait until the Chroma server answers."""
        port = self.environment["MAILROOM_INDEX__PORT"]
        self._await("chroma", f"http://127.0.0.1:{port}/api/v2/heartbeat", seconds)

    def close(self) -> None:
        """Stop what runs, the servers last."""
        for name in reversed(self.processes):
            if self.alive(name):
                try:
                    self.stop(name)
                except subprocess.TimeoutExpired:
                    self.kill(name)

    def _await(self, name: str, url: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.alive(name):
            with suppress(httpx.TransportError):
                if httpx.get(url).is_success:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{name} is not ready: {self.log(name)[-2000:]}")


@contextmanager
def cluster(
    folder: Path,
    database: str,
    broker: str,
    workers: Sequence[str] = (ALL, ALL),
    **settings: str,
) -> Iterator[Cluster]:
    """Start a cluster, lend it when its API is ready, and stop it.

    `workers` names the queues of each worker; `settings` are further environment variables.
    """
    api, chroma = _free_port(), _free_port()
    # What tells tests where servers are is no setting, and an unknown one does not start.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAILROOM_TEST_")}
    environment = {
        **inherited,
        "MAILROOM_DATA_DIR": str(folder / "data"),
        "MAILROOM_DATABASE__URL": database,
        "MAILROOM_JOBS__BROKER": broker,
        "MAILROOM_INDEX__HOST": "127.0.0.1",
        "MAILROOM_INDEX__PORT": str(chroma),
        **settings,
    }
    mailroom = str(BIN / "mailroom")
    where = ["--path", str(folder / "chroma"), "--host", "127.0.0.1", "--port", str(chroma)]
    commands = {
        "chroma": [str(BIN / "chroma"), "run", *where],
        "api": [mailroom, "serve", "--port", str(api)],
        "beat": [mailroom, "beat"],
    }
    for n, queues in enumerate(workers, 1):
        commands[f"worker-{n}"] = [mailroom, "worker", "--queues", queues, "--concurrency", "1"]
    folder.mkdir(parents=True, exist_ok=True)
    running = Cluster(folder, environment, commands, f"http://127.0.0.1:{api}")
    try:
        running.start("chroma")
        running.await_chroma()
        for name in commands:
            if name != "chroma":
                running.start(name)
        running.await_ready()
        yield running
    finally:
        running.close()


@contextmanager
def postgres(server: str = POSTGRES) -> Iterator[str]:
    """Make an empty database, lend its URL, and drop it, whoever may still be connected."""
    name = f"mailroom_bench_{uuid4().hex[:12]}"
    _tell(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def redis(server: str = REDIS) -> Iterator[str]:
    """Lend the URL of an empty index of a Redis that others use too, and empty it again."""
    ledger = Redis.from_url(f"{server}/0")
    index = next(one for one in INDEXES if _takes(ledger, server, one))
    try:
        yield f"{server}/{index}"
    finally:
        with Redis.from_url(f"{server}/{index}") as mine:
            mine.flushdb()
        ledger.delete(_ledger_key(index))
        ledger.close()


@contextmanager
def rabbitmq(server: str = RABBITMQ) -> Iterator[str]:
    """Lend the URL of a new virtual host, and delete it with all its queues."""
    vhost = f"mailroom-{uuid4().hex[:12]}"
    user = make_url(server).username or "guest"
    _rabbitmqctl("add_vhost", vhost)
    try:
        _rabbitmqctl("set_permissions", "-p", vhost, user, ".*", ".*", ".*")
        yield f"{server}/{vhost}"
    finally:
        _rabbitmqctl("delete_vhost", vhost)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and theirs."""
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, listing.read_text("ascii").split()):
                found += [child, *descendants(child)]
    return found


def _takes(ledger: Redis, server: str, index: int) -> bool:
    """Take an index that nobody has; one that a killed run left behind is free after an hour."""
    if not ledger.set(_ledger_key(index), os.getpid(), nx=True, ex=TAKEN_SECONDS):
        return False
    with Redis.from_url(f"{server}/{index}") as mine:
        if mine.dbsize() == 0:
            return True
    ledger.delete(_ledger_key(index))
    return False


def _ledger_key(index: int) -> str:
    return f"mailroom-index-{index}-taken"


def _rabbitmqctl(*words: str) -> None:
    subprocess.run(["rabbitmqctl", "--quiet", *words], check=True, capture_output=True)  # noqa: S607


def _tell(server: str, statement: str) -> None:
    engine = db.create(server)
    with engine.connect() as connection:
        # Databases are not made or dropped inside transactions.
        outside = connection.execution_options(isolation_level="AUTOCOMMIT")
        outside.exec_driver_sql(statement)
    engine.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
