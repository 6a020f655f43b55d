"""What every test may ask for: a database of its own, and a service that really runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from api import auth
from core import db, schema
from core.db import Sessions
from core.documents import Scope
from tests import postgres
from tests.serving import Service, settled, start, stop


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """The URL of a migrated PostgreSQL database; the tests of one run share it in turn."""
    with postgres.database() as url:
        engine = db.create(url)
        schema.upgrade(engine)
        engine.dispose()
        yield url


@pytest.fixture
def sqlite_sessions(tmp_path: Path) -> Iterator[Sessions]:
    """Sessions of a migrated SQLite database."""
    engine = db.create(f"sqlite:///{tmp_path / 'test.sqlite3'}")
    schema.upgrade(engine)
    yield db.sessions(engine)
    engine.dispose()


@pytest.fixture
def postgres_sessions(migrated_postgres: str) -> Iterator[Sessions]:
    """Sessions of a migrated PostgreSQL database without a row."""
    engine = db.create(migrated_postgres)
    postgres.empty(engine)
    yield db.sessions(engine)
    engine.dispose()


@pytest.fixture(
    params=["sqlite_sessions", pytest.param("postgres_sessions", marks=pytest.mark.service)],
    ids=["sqlite", "postgres"],
)
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """Sessions of a migrated database: every test that asks for them runs on both kinds."""
    made: Sessions = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def dialect(sessions: Sessions) -> str:
    """SQLAlchemy's name of that database."""
    return str(sessions.kw["bind"].dialect.name)


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """A session that is rolled back at the end."""
    with sessions() as opened:
        yield opened


@pytest.fixture
def scope(sessions: Sessions) -> Scope:
    """A workspace."""
    with db.transaction(sessions) as opened:
        return Scope(auth.default_workspace(opened).id)


@pytest.fixture(
    scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.service)]
)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """One service for all journeys, on either database."""
    with ExitStack() as stack:
        settings = {}
        if request.param == "postgres":
            settings["MAILROOM_DATABASE__URL"] = stack.enter_context(postgres.database())
        running = start(tmp_path_factory.mktemp("service"), **settings)
        stack.callback(stop, running)
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """A client of that service."""
    with service.client() as opened:
        yield opened


@pytest.fixture
def settle(client: httpx.Client) -> Callable[[str], dict[str, Any]]:
    """Return a function that waits until a document stands still, and returns it."""

    def wait(document_id: str) -> dict[str, Any]:
        return settled(client, document_id)

    return wait
