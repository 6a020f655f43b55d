"""Whatever happens to the indexes, they come back whole from SQL, and search answers meanwhile."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest

from core import settings
from retrieval.index import CHROMA, build_store
from retrieval.vectors import ChunkKey
from tests import scripted_embeddings
from tests.scripted_llm import Reply, Request, ScriptedLlm
from tests.serving import Service, mailroom, start, stop

DOCUMENTS = 40
PATIENCE = 120.0
THINGS = ("kiln", "barn", "mill", "weir", "forge", "quay")


class Model:
    """An embedding endpoint that can be told to take its time."""

    def __init__(self) -> None:
        self.pause = 0.0
        self.texts = 0

    def __call__(self, request: Request) -> Reply:
        if len(request.body["input"]) > 1:
            # No question, which is one text: what is being built.
            time.sleep(self.pause)
        self.texts += len(request.body["input"])
        return scripted_embeddings.vectors(request)


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    yield from [Model()]


@pytest.fixture(scope="module")
def variables(model) -> Iterator[dict[str, str]]:
    with ScriptedLlm(model) as server:
        yield {
            "MAILROOM_EMBEDDING__KIND": "openai",
            "MAILROOM_EMBEDDING__MODEL": "scripted",
            "MAILROOM_EMBEDDING__BASE_URL": server.base_url,
            "MAILROOM_EMBEDDING__API_KEY": "none",
            "MAILROOM_INDEX__VERIFY_SECONDS": "1",
            "MAILROOM_SEARCH__WEIGHT": "0.9",
        }


@pytest.fixture(scope="module")
def furnished(tmp_path_factory, variables) -> Service:
    """A service that has stopped; one of its vector segments is large enough to be a file."""
    service = start(tmp_path_factory.mktemp("furnished"), **variables)
    with service.client() as client:
        fill(client, DOCUMENTS)
        until(lambda: jobs(client, "embed_document", "succeeded") == DOCUMENTS)
    stop(service)
    pad(service.folder)
    return service


def fill(client: httpx.Client, count: int) -> None:
    for n in range(count):
        words = f"Letter {n} about the {THINGS[n % len(THINGS)]} in the valley."
        client.post("/v1/documents", files={"file": (f"{n}.txt", words)}).raise_for_status()


def pad(folder: Path) -> None:
    """Put so many strays into the collection that Chroma writes it out."""
    with sqlite3.connect(folder / "mailroom.sqlite3") as database:
        (name,) = database.execute("SELECT name FROM vector_collections").fetchone()
    database.close()
    store = build_store(settings.Index(), folder)
    vectors = np.random.default_rng(0).normal(size=(1200, scripted_embeddings.DIMENSION))
    store.upsert(name, [ChunkKey(uuid4(), n) for n in range(1200)], vectors.astype(np.float32))
    store.close()


@pytest.fixture
def folder(furnished, tmp_path) -> Path:
    return Path(shutil.copytree(furnished.folder, tmp_path / "data"))


@contextmanager
def serving(folder: Path, furnished: Service, variables: dict[str, str]) -> Iterator[Service]:
    service = start(folder, furnished.key, **variables)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            stop(service)


def until(true, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def jobs(client: httpx.Client, kind: str, state: str) -> int:
    found = client.get("/v1/jobs", params={"kind": kind, "state": state, "limit": 100}).json()
    return len(found["items"])


def search(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.post("/v1/search", json={"query": "letter kiln"}).json()
    assert found["passages"]
    return found


def vectors_check(service: Service) -> str:
    return str(
        httpx.get(f"{service.base}/health/ready").raise_for_status().json()["checks"]["vectors"]
    )


def verified(service: Service) -> tuple[int, dict[str, Any]]:
    """Compare the indexes of a service that has stopped: exit code and the only workspace."""
    ended = service.command("index", "verify", "--json")
    assert ended.stdout, ended.stderr
    (workspace,) = json.loads(ended.stdout)["workspaces"]
    return ended.returncode, workspace


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def segment(chroma: Path) -> Path:
    return next(path.parent for path in chroma.glob("*/index_metadata.pickle"))


# One that files show and one that only opening shows; `retrieval/test_probe` knows many more.
BREAKAGES = {
    "segment cut short": lambda chroma: cut(segment(chroma) / "data_level0.bin"),
    "catalogue garbage": lambda chroma: (chroma / "chroma.sqlite3").write_bytes(b"?" * 9000),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_folder_is_moved_aside_and_built_anew(folder, furnished, variables, breakage):
    BREAKAGES[breakage](folder / CHROMA)
    with serving(folder, furnished, variables) as service, service.client() as client:
        until(lambda: search(client)["degraded"] is None)
        assert "set aside as chroma.quarantined-" in vectors_check(service)
        assert jobs(client, "build_vectors", "succeeded") == 1
    assert len(list(folder.glob(f"{CHROMA}.quarantined-*"))) == 1
    code, workspace = verified(service)
    assert (code, workspace["vectors"]["vectors"]) == (0, DOCUMENTS)


def test_a_folder_that_is_whole_stays_and_strays_are_removed(folder, furnished, variables):
    with serving(folder, furnished, variables) as service, service.client() as client:
        until(lambda: search(client)["degraded"] is None)
        assert vectors_check(service) == "ok: embedded"
        assert jobs(client, "build_vectors", "succeeded") == 0
        assert service.command("index", "verify").returncode == 3
        until(lambda: "index.surplus_removed" in (folder / "serve.log").read_text())
    assert verified(service)[0] == 0


def test_a_service_killed_while_it_builds_goes_on_after_a_restart(
    folder, furnished, variables, model
):
    shutil.rmtree(folder / CHROMA)
    model.pause = 3.0
    with serving(folder, furnished, variables) as service, service.client() as client:
        until(lambda: "build_vectors: 32 of 40" in vectors_check(service))
        assert search(client)["degraded"] == "index_unavailable"
        service.process.kill()
        service.process.communicate()
    model.pause, before = 0.0, model.texts
    with serving(folder, furnished, variables) as service, service.client() as client:
        until(lambda: jobs(client, "build_vectors", "succeeded") == 1)
        assert model.texts - before < DOCUMENTS
        assert search(client)["degraded"] is None
    code, workspace = verified(service)
    assert (code, workspace["vectors"]["vectors"]) == (0, DOCUMENTS)


def test_the_command_that_rebuilds_goes_on_where_it_was_killed(folder, furnished, variables, model):
    service = Service(furnished.process, "", furnished.key, folder, environment(folder, variables))
    with sqlite3.connect(folder / "mailroom.sqlite3") as database:
        (lost,) = database.execute("SELECT rowid FROM keyword_chunks LIMIT 1").fetchone()
        database.execute("DELETE FROM keyword_chunks WHERE rowid = ?", (lost,))
    database.close()
    code, workspace = verified(service)
    assert (code, workspace["keywords"]["missing"]) == (1, 1)
    assert workspace["keywords"]["documents"][0]["filename"].endswith(".txt")
    assert workspace["vectors"]["surplus"] == 1200

    model.pause = 3.0
    command = subprocess.Popen([mailroom(), "index", "rebuild"], env=service.environment)
    until(lambda: progress_of(folder, "build_vectors") >= 32)
    command.kill()
    command.wait()
    model.pause, before = 0.0, model.texts
    ended = service.command("index", "rebuild", "--json")
    assert {job["state"] for job in json.loads(ended.stdout)["jobs"]} == {"succeeded"}
    assert model.texts - before < DOCUMENTS
    code, workspace = verified(service)
    assert (code, workspace["vectors"]["vectors"]) == (0, DOCUMENTS)


def environment(folder: Path, variables: dict[str, str]) -> dict[str, str]:
    mine = {k: v for k, v in os.environ.items() if not k.startswith("MAILROOM_")}
    return {**mine, "MAILROOM_DATA_DIR": str(folder), **variables}


def progress_of(folder: Path, kind: str) -> int:
    database = sqlite3.connect(folder / "mailroom.sqlite3", timeout=30)
    row = database.execute("SELECT done FROM jobs WHERE kind = ?", (kind,)).fetchone()
    database.close()
    return int(row[0]) if row else 0


def test_a_chroma_server_that_loses_everything_gets_it_back(tmp_path, variables):
    port = free_port()
    where = {"MAILROOM_INDEX__HOST": "127.0.0.1", "MAILROOM_INDEX__PORT": str(port)}
    quick = {"MAILROOM_OUTSIDE__BREAKER_SECONDS": "1"}
    with chroma_server(tmp_path / "server", port):
        service = start(tmp_path / "data", **variables, **where, **quick)
    try:
        with service.client() as client:
            lose_and_restore(service, client, tmp_path / "server", port)
    finally:
        stop(service)


def lose_and_restore(service: Service, client: httpx.Client, folder: Path, port: int) -> None:
    with chroma_server(folder, port):
        fill(client, 3)
        until(lambda: jobs(client, "embed_document", "succeeded") == 3)
        until(lambda: search(client)["degraded"] is None)
    shutil.rmtree(folder)
    assert search(client)["degraded"] == "index_unavailable"
    with chroma_server(folder, port):
        client.post("/v1/documents", files={"file": ("late.txt", "A letter on a late kiln.")})
        until(lambda: search(client)["degraded"] is None)
        until(lambda: jobs(client, "embed_document", "succeeded") == 4)
        assert jobs(client, "build_vectors", "succeeded") == 1
        code, workspace = verified(service)
        assert (code, workspace["vectors"]["vectors"]) == (0, 4)


@contextmanager
def chroma_server(folder: Path, port: int) -> Iterator[None]:
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--path", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port))
        yield
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat").is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
