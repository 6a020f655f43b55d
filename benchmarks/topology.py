"""What chaos is brought upon: one process, or a whole cluster, each with servers of its own."""

import os
import random
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import chromadb
import httpx
import redis
from sqlalchemy.exc import SQLAlchemyError

from benchmarks import census
from benchmarks.census import Census
from benchmarks.machines import Crew, Machine, clean_environment, free_port, holding, mailroom
from core import db

T = TypeVar("T")
START_SECONDS = 180
LOOK_SECONDS = 0.1
POSTGRES_USER = "postgres" if os.geteuid() == 0 else None
"""PostgreSQL does not run as root."""


class Topology(ABC):
    """A running service, how to reach it, and what can befall it."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], command: Sequence[str] = (mailroom(),)
    ) -> None:
        self.folder = folder
        self.command = command
        self.data_dir = folder / "data"
        self.logs = folder / "logs"
        self.scratch = folder / "scratch"
        for each in (self.data_dir, self.logs, self.scratch):
            each.mkdir(parents=True)
        self.port = free_port()
        self.settings = {
            "MAILROOM_DATA_DIR": str(self.data_dir),
            "TMPDIR": str(self.scratch),
            **settings,
        }
        self.key = ""

    crew: Crew

    @property
    @abstractmethod
    def url(self) -> str:
        """The database."""

    @property
    @abstractmethod
    def harms(self) -> Mapping[str, Callable[[random.Random], None]]:
        """What can befall it, by name."""

    @abstractmethod
    def start(self) -> None:
        """Start everything and wait until it is ready."""

    @abstractmethod
    def whole(self) -> bool:
        """Tell whether every chunk has its vector, as far as can be seen from outside."""

    @abstractmethod
    def census(self) -> Census:
        """Count what there is, and stop everything."""

    @property
    def base(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.port}"

    def jobs(self) -> tuple[int, int] | None:
        """Return how many jobs are to be done, and how many are; None while nobody tells."""
        engine = db.create(self.url)
        try:
            return census.jobs(engine)
        except SQLAlchemyError:
            return None
        finally:
            engine.dispose()

    def left_behind(self) -> dict[str, int]:
        """Count what is still there after everything was stopped, and should not be."""
        return {
            "processes": len(holding(str(self.scratch))),
            "temporary_folders": sum(1 for one in self.scratch.iterdir() if one.is_dir()),
        }

    def machine(self, name: str, *command: str, user: str | None = None) -> Machine:
        """Return a machine of this topology."""
        return Machine(name, command, self.logs / f"{name}.log", self.settings, user)

    def await_key(self, machine: Machine) -> str:
        """Return the key that the first start prints."""
        return until(lambda: _key_in(machine.log), f"a key in {machine.log}")

    def await_ready(self) -> None:
        """Wait until the API can work."""
        until(lambda: _answers(f"{self.base}/health/ready"), f"{self.base} is ready")


class Embedded(Topology):
    """`mailroom serve` with nothing beside it."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], command: Sequence[str] = (mailroom(),)
    ) -> None:
        super().__init__(folder, settings, command)
        serve = self.machine("serve", *command, "serve", "--port", str(self.port))
        self.crew = Crew(serve)

    @property
    def url(self) -> str:
        """SQLite in the data folder."""
        return f"sqlite:///{self.data_dir / 'mailroom.sqlite3'}"

    @property
    def harms(self) -> Mapping[str, Callable[[random.Random], None]]:
        """The process is killed; the child that reads for it must notice."""
        return {"serve": lambda _: self.crew.kill("serve", alone=True)}

    def start(self) -> None:
        """Start the one process."""
        serve = self.crew.machines["serve"]
        serve.start()
        self.key = self.await_key(serve)
        self.await_ready()
        self.crew.start()

    def whole(self) -> bool:
        """Believe it: only its own process may look into embedded Chroma."""
        return True

    def census(self) -> Census:
        """Stop it, and look into its folder."""
        self.crew.stop()
        return census.take_stopped(self.data_dir)


class Cluster(Topology):
    """API, two workers and beat over PostgreSQL, Redis and a Chroma server, all of its own."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str], command: Sequence[str] = (mailroom(),)
    ) -> None:
        super().__init__(folder, settings, command)
        self.database, self.broker, self.vectors = (free_port() for _ in range(3))
        self.chroma_folder = folder / "chroma"
        self.settings |= {
            "MAILROOM_DATABASE__URL": self.url,
            "MAILROOM_JOBS__BROKER": f"redis://127.0.0.1:{self.broker}/0",
            "MAILROOM_INDEX__HOST": "127.0.0.1",
            "MAILROOM_INDEX__PORT": str(self.vectors),
        }
        # Stopped in this order.
        self.crew = Crew(
            self.machine("api", *command, "serve", "--port", str(self.port)),
            self.machine("worker-1", *command, "worker", "--concurrency", "1"),
            self.machine("worker-2", *command, "worker", "--concurrency", "1"),
            self.machine("beat", *command, "beat"),
            self._chroma_machine(),
            self._redis_machine(),
            self._postgres_machine(),
        )

    @property
    def url(self) -> str:
        """PostgreSQL, a server of our own."""
        return f"postgresql+psycopg://mailroom@127.0.0.1:{self.database}/postgres"

    @property
    def harms(self) -> Mapping[str, Callable[[random.Random], None]]:
        """Each process is killed, Redis is emptied, the Chroma server's folder is deleted."""
        kills = {name: self._killing(name) for name in self.crew.machines}
        return kills | {
            "a worker's child": self._kill_child,
            "a worker's parent": self._kill_parent,
            "redis flushed": self._flush,
            "chroma deleted": lambda _: self.crew.wipe("chroma", self.chroma_folder),
        }

    def start(self) -> None:
        """Start the servers, then the API, which makes the tables, then who needs them."""
        machines = self.crew.machines
        self._make_database()
        for name in ("postgres", "redis", "chroma"):
            machines[name].start()
        until(self._database_answers, "PostgreSQL answers")
        until(lambda: _answers(f"http://127.0.0.1:{self.vectors}/api/v2/heartbeat"), "Chroma")
        machines["api"].start()
        self.key = self.await_key(machines["api"])
        self.await_ready()
        for name in ("worker-1", "worker-2", "beat"):
            machines[name].start()
        self.crew.start()

    def _database_answers(self) -> bool:
        """Tell whether PostgreSQL answers."""
        engine = db.create(self.url)
        try:
            with engine.connect():
                return True
        except SQLAlchemyError:
            return False
        finally:
            engine.dispose()

    def whole(self) -> bool:
        """Count chunks and vectors."""
        try:
            counted = self._count()
        except Exception as error:  # noqa: BLE001 (whatever Chroma's client raises: ask again)
            print(f"not yet: {error!r}"[:200])
            return False
        return not counted.strays["chunks_without_vector"]

    def census(self) -> Census:
        """Count while the servers run, then stop everything."""
        try:
            return self._count()
        finally:
            self.crew.stop()

    def _count(self) -> Census:
        client = chromadb.HttpClient("127.0.0.1", self.vectors, settings=census.quiet())
        return census.take(self.url, self.data_dir, client)

    def _killing(self, name: str) -> Callable[[random.Random], None]:
        return lambda _: self.crew.kill(name)

    def _kill_child(self, dice: random.Random) -> None:
        self.crew.kill_child(dice.choice(("worker-1", "worker-2")), dice)

    def _kill_parent(self, dice: random.Random) -> None:
        self.crew.kill(dice.choice(("worker-1", "worker-2")), alone=True)

    def _flush(self, _: random.Random) -> None:
        with closing(redis.Redis(port=self.broker)) as broker:
            broker.flushdb()

    def _chroma_machine(self) -> Machine:
        command = str(Path(mailroom()).with_name("chroma"))
        where = ("--path", str(self.chroma_folder), "--host", "127.0.0.1")
        return self.machine("chroma", command, "run", *where, "--port", str(self.vectors))

    def _redis_machine(self) -> Machine:
        # It keeps nothing on disk: to be killed is to be emptied.
        rules = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1")
        return self.machine("redis", _found("redis-server"), "--port", str(self.broker), *rules)

    def _postgres_machine(self) -> Machine:
        where = ("-D", str(self.folder / "postgres"), "-k", "", "-h", "127.0.0.1")
        command = (_found("postgres"), *where, "-p", str(self.database))
        return self.machine("postgres", *command, user=POSTGRES_USER)

    def _make_database(self) -> None:
        home = self.folder / "postgres"
        home.mkdir()
        if POSTGRES_USER:
            # Its user must be able to walk down to it.
            self.folder.chmod(0o755)
            shutil.chown(home, POSTGRES_USER)
        subprocess.run(
            [_found("initdb"), "-D", str(home), "-U", "mailroom", "-A", "trust", "-E", "UTF8"],
            env={**clean_environment(), "LC_ALL": "C.UTF-8"},
            user=POSTGRES_USER,
            group=POSTGRES_USER,
            extra_groups=[] if POSTGRES_USER else None,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def until(look: Callable[[], T], what: str, seconds: float = START_SECONDS) -> T:
    """Look until something is there, and return it.

    Raises:
        TimeoutError: it is not there in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"after {seconds} s still not: {what}")


@contextmanager
def running(topology: Topology) -> Iterator[Topology]:
    """Start a topology, and see to it that nothing of it runs on."""
    try:
        topology.start()
        yield topology
    finally:
        topology.crew.stop()


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise SystemExit(f"{program} is not installed; the cluster needs it")
    return path


def _key_in(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()
    return next((line.strip() for line in lines if line.startswith("mr_")), "")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False
