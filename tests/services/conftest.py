"""Brokers for the tests of a cluster; under CI they must be there."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from benchmarks import cluster
from core.db import Sessions
from core.documents import Scope
from tests.services.toys import Workshop, workshop

Make = Callable[..., Workshop]


@pytest.fixture(scope="session")
def redis_broker() -> Iterator[str]:
    yield from _lent(cluster.redis, os.environ.get("MAILROOM_TEST_REDIS", cluster.REDIS))


@pytest.fixture(scope="session")
def rabbitmq_broker() -> Iterator[str]:
    yield from _lent(cluster.rabbitmq, os.environ.get("MAILROOM_TEST_RABBITMQ", cluster.RABBITMQ))


@pytest.fixture(params=["redis_broker", "rabbitmq_broker"], ids=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> str:
    """The URL of a broker: every test that asks for it runs on both kinds."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def make(postgres_sessions: Sessions, scope: Scope, tmp_path: Path) -> Iterator[Make]:
    """A function that makes a workshop on a broker, with rules of its own."""
    with ExitStack() as stack:

        def made(broker: str, **rules: str) -> Workshop:
            return stack.enter_context(
                workshop(postgres_sessions, scope, broker, tmp_path, **rules)
            )

        yield made


@pytest.fixture
def sessions(postgres_sessions: Sessions) -> Sessions:
    """Processes share no SQLite."""
    return postgres_sessions


def _lent(lend: Callable[[str], AbstractContextManager[str]], server: str) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(lend(server))
        except Exception as error:  # noqa: BLE001 (whatever keeps it from being had)
            message = f"no broker for the tests at {server}: {error!r}"
            pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
        yield url
