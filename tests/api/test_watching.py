"""Whoever watches a job costs next to nothing, and leaves nothing behind."""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import QueuePool
from starlette.types import Message

from api import auth
from api.app import create_app
from api.house import House
from api.routes import jobs
from core import leases, settings
from core.db import transaction
from core.tables import Workspace

PATIENCE_SECONDS = 30


@pytest.fixture
def house(tmp_path, monkeypatch) -> Iterator[House]:
    """A house without a worker: what waits there waits for ever."""
    monkeypatch.setattr(jobs, "LOOK_SECONDS", 0.01)
    built = House(settings.load(environ={}, data_dir=tmp_path))
    yield built
    built.close()


@pytest.fixture
def key(house) -> str:
    return str(house.first_key())


@pytest.fixture
def job_id(house) -> UUID:
    with transaction(house.sessions) as session:
        return leases.create(session, house.scope, "process_document", "intake").id


@pytest.fixture
def app(house) -> FastAPI:
    made = create_app(house)
    made.state.house, made.state.leaving = house, lambda: False
    return made


class Watcher:
    """A client on the other side of the application, which can go at any time."""

    def __init__(self, app: FastAPI, job_id: UUID, key: str) -> None:
        self.sent: list[Message] = []
        self.told = asyncio.Event()
        self._gone = asyncio.Event()
        self._asked = False
        path = f"/v1/jobs/{job_id}/events"
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"x-api-key", key.encode())],
        }
        self.task = asyncio.create_task(app(self._scope, self._receive, self._send))

    def leave(self) -> None:
        self._gone.set()

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        if b"event: job" in message.get("body", b""):
            self.told.set()


async def together(*waiting: Awaitable[object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*waiting)


def test_a_watcher_who_goes_leaves_no_task_and_no_connection_behind(app, house, job_id, key):
    async def play() -> None:
        watchers = [Watcher(app, job_id, key) for _ in range(20)]
        await together(*(watcher.told.wait() for watcher in watchers))
        for watcher in watchers:
            watcher.leave()
        await together(*(watcher.task for watcher in watchers))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(play())
    pool = house.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0


def test_more_can_watch_than_there_are_threads_and_connections(app, house, job_id, key):
    async def play() -> None:
        watchers = [Watcher(app, job_id, key) for _ in range(120)]
        await together(*(watcher.told.wait() for watcher in watchers))
        with transaction(house.sessions) as session:
            leases.cancel(session, house.scope, job_id)
        await together(*(watcher.task for watcher in watchers))
        assert all('"state":"cancelled"' in watcher.text for watcher in watchers)

    asyncio.run(play())


def test_a_stream_ends_when_the_server_is_about_to_stop(app, job_id, key):
    async def play() -> None:
        watcher = Watcher(app, job_id, key)
        await together(watcher.told.wait())
        app.state.leaving = lambda: True
        await together(watcher.task)
        assert watcher.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}

    asyncio.run(play())


def test_the_jobs_of_another_workspace_are_not_watched(app, house, job_id):
    with transaction(house.sessions) as session:
        other = Workspace(name="other")
        session.add(other)
        session.flush()
        foreign = auth.create_key(session, other, "theirs")

    async def play() -> None:
        watcher = Watcher(app, job_id, foreign)
        await together(watcher.task)
        assert watcher.status == 404

    asyncio.run(play())
