"""Databases on a real PostgreSQL for the tests; nothing of them stays behind."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Engine, make_url, text

from core import db, keyword_table
from core.errors import DatabaseUnavailable
from core.tables import Row

PREFIX = "mailroom_test_"
A_DAY = 24 * 3600
VARIABLE = "MAILROOM_TEST_POSTGRES"
USUAL = "postgresql+psycopg://root@127.0.0.1:5432/postgres"
TABLES = [
    keyword_table.TOTALS,
    keyword_table.POSTINGS,
    keyword_table.BLOCKS,
    *(table.name for table in reversed(Row.metadata.sorted_tables)),
]

ONLY = pytest.mark.parametrize(
    "sessions",
    [pytest.param("postgres_sessions", marks=pytest.mark.service)],
    indirect=True,
    ids=["postgres"],
)
"""Marks a test whose `sessions` are to be PostgreSQL's alone."""


@contextmanager
def database() -> Iterator[str]:
    """Make an empty database, lend its URL, and drop it, whoever may still be connected.

    Without a server the test is skipped; under CI, where one was promised, it fails.
    """
    server = make_url(os.environ.get(VARIABLE, USUAL)).render_as_string(hide_password=False)
    name = f"{PREFIX}{int(time.time())}_{uuid4().hex[:8]}"
    try:
        _tell(server, f"CREATE DATABASE {name}")
    except DatabaseUnavailable as error:
        message = f"no PostgreSQL for the tests ({VARIABLE}): {error}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _tell(server, f"DROP DATABASE {name} WITH (FORCE)")
        _tell(server, *_forgotten(server))


def _forgotten(server: str) -> list[str]:
    """Return what drops the databases of runs that were killed before they could."""
    engine = db.create(server)
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT datname FROM pg_database")).all()
    engine.dispose()
    ours = [match for name in names if (match := re.fullmatch(rf"{PREFIX}(\d+)_\w+", name))]
    old = [match.group() for match in ours if int(match[1]) < time.time() - A_DAY]
    return [f"DROP DATABASE IF EXISTS {name}" for name in old]


def empty(engine: Engine) -> None:
    """Take every row out of a migrated database, and everybody else off it.

    A few milliseconds; a new database for each test, or TRUNCATE, would take a hundred.
    """
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    statements = [others, *(f"DELETE FROM {table}" for table in TABLES)]  # noqa: S608 (our names)
    with engine.begin() as connection:
        connection.exec_driver_sql("; ".join(statements))


def _tell(url: str, *statements: str) -> None:
    engine = db.create(url)
    try:
        with db.answering(), engine.connect() as connection:
            # Databases are not made or dropped inside transactions.
            outside = connection.execution_options(isolation_level="AUTOCOMMIT")
            for statement in statements:
                outside.exec_driver_sql(statement)
    finally:
        engine.dispose()
