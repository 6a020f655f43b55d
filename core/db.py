"""The database: engine, sessions, SQLite made safe and PostgreSQL kept within bounds."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import ConfigurationError, DatabaseUnavailable

BUSY_TIMEOUT_MS = 15_000
# The WAL-reset bug loses committed data with two connections; these releases carry the fix.
WAL_FIXED = (3, 51, 3)
WAL_BACKPORTS = {(3, 50): 7, (3, 44): 6}

# What may pass by itself: somebody else writes, the disk is full or slow or not there.
SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
PRIMARY_CODE = 0xFF
"""SQLite's codes carry details above their lowest byte."""

# Forty threads answer requests; the server lets a hundred clients in unless told otherwise.
POOL_SIZE, POOL_OVERFLOW, POOL_WAIT_SECONDS = 10, 20, 15
CONNECT_SECONDS = 10
# No statement of ours is slow, so one that is has gone wrong; a lock that is waited for this long
# is not given back. An open transaction may wait for a language model that takes all its retries.
POSTGRES_OPTIONS = {
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": "60s",
    "lock_timeout": "15s",
    "idle_in_transaction_session_timeout": "300s",
}

AFTER_COMMIT = "after_commit"

Sessions = sessionmaker[Session]


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Tell whether this SQLite release is free of the WAL-reset bug."""
    if version < (3, 7, 0) or version >= WAL_FIXED:
        return True
    backport = WAL_BACKPORTS.get(version[:2])
    return backport is not None and version[2] >= backport


def journal_mode() -> str:
    """Return the journal mode that is safe with the SQLite library in use."""
    return "WAL" if wal_is_safe(sqlite3.sqlite_version_info[:3]) else "DELETE"


def create(url: str) -> Engine:
    """Return an engine for `url`, of SQLite or PostgreSQL; nothing is opened yet.

    Raises:
        ConfigurationError: this is the URL of something else, or the driver is not installed.
    """
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise ConfigurationError(f"database.url: {error}") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return _postgres(parsed)
        case other:
            raise ConfigurationError(f"database.url: {other!r} is neither sqlite nor postgresql")


def sessions(engine: Engine) -> Sessions:
    """Return a factory of sessions; the edge that opens one commits it."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def reading(make: Sessions) -> Iterator[Session]:
    """Open a session that only reads, and sees one moment; on SQLite it takes no write lock.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    engine: Engine = make.kw["bind"]
    options: dict[str, Any] = {"mailroom_read_only": True}
    if engine.dialect.name == "postgresql":
        # Else every statement would see a moment of its own: a document that is being worked on,
        # and its job that is done.
        options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    with answering(), make(bind=engine.execution_options(**options)) as session:
        # The database is asked now: that it does not answer shows here, not in the first query.
        session.connection()
        yield session


def pause(session: Session) -> None:
    """Let go of the database while something slow goes on; a session that may write is left alone.

    On SQLite a reader holds a lock that every commit waits for, until its transaction ends.
    """
    options = session.get_bind().get_execution_options()
    if options.get("mailroom_read_only", False):
        session.rollback()


@contextmanager
def transaction(make: Sessions) -> Iterator[Session]:
    """Open a session that commits at the end, or rolls back; then run what waits for the commit.

    Raises:
        DatabaseUnavailable: the database does not answer; nothing was written.
    """
    with answering(), make.begin() as session:
        yield session
    for call in session.info.pop(AFTER_COMMIT, []):
        call()


def described(session: Session) -> str:
    """Return which database answers, and of what release; SQLite's journal with it."""
    if session.connection().dialect.name == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}, {journal_mode()} journal"
    return f"PostgreSQL {session.scalar(text('SHOW server_version'))}"


@contextmanager
def answering() -> Iterator[None]:
    """Turn a database that does not answer into our error; mistakes of ours stay what they are."""
    try:
        yield
    except SQLAlchemyError as error:
        if not _passes(error):
            raise
        # Not the whole text: SQLAlchemy adds the statement and its values.
        reason = getattr(error, "orig", None) or error
        raise DatabaseUnavailable(" ".join(f"database: {reason}".split())) from error


def hold(where: Session | Connection, name: str) -> None:
    """Wait until no other transaction holds `name`, then hold it until this one ends.

    For what must be seen and then done by one at a time. On SQLite writers stand in line anyway.
    """
    connection = where.connection() if isinstance(where, Session) else where
    if connection.dialect.name != "postgresql":
        return
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    connection.execute(select(func.pg_advisory_xact_lock(key)))


def unhurried(connection: Connection) -> None:
    """Let this transaction take its time, as a migration of many rows does."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Have `call` run once this session's transaction is committed; never if it rolls back."""
    session.info.setdefault(AFTER_COMMIT, []).append(call)


def _passes(error: SQLAlchemyError) -> bool:
    """Tell whether the same statement may succeed later: also after a deadlock or a time-out."""
    if isinstance(error, NoConnectionFree):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return (error.orig.sqlite_errorcode & PRIMARY_CODE) in SQLITE_PASSING
    return error.connection_invalidated or isinstance(error, OperationalError)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    raw: Any = connection
    # SQLAlchemy says BEGIN (below); the driver's own late BEGIN would upgrade locks and deadlock.
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute(f"PRAGMA journal_mode={journal_mode()}")
    cursor.execute(f"PRAGMA synchronous={'NORMAL' if journal_mode() == 'WAL' else 'FULL'}")
    cursor.execute("PRAGMA foreign_keys=ON")
    # A transaction that outgrows the cache would else shut out all readers long before it commits.
    cursor.execute("PRAGMA cache_spill=OFF")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    read_only = connection.get_execution_options().get("mailroom_read_only", False)
    # A deferred transaction that later writes can fail at once with SQLITE_BUSY; writers queue.
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _postgres(url: URL) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in POSTGRES_OPTIONS.items())
    ours = {
        "application_name": "mailroom",
        "connect_timeout": CONNECT_SECONDS,
        "options": options,
    }
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=POOL_WAIT_SECONDS,
            # What the URL itself says wins.
            connect_args={name: value for name, value in ours.items() if name not in url.query},
        )
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"database.url: {error.name} is missing; install mailroom[postgres]"
        ) from error
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # Lazy: the driver is an extra that only users of PostgreSQL install.
    from psycopg.types.string import StrDumperUnknown  # noqa: PLC0415

    class WithoutNul(StrDumperUnknown):
        # PostgreSQL's texts cannot hold the NUL character, which callers and files may send.
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\x00", "\ufffd"))

    raw: Any = connection
    raw.adapters.register_dumper(str, WithoutNul)
