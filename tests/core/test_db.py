"""SQLite is made safe, and what waits for a commit runs only after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from core import db
from core.db import after_commit, journal_mode, reading, transaction, wal_is_safe


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_wal_is_used_only_where_the_reset_bug_is_fixed(version, safe):
    assert wal_is_safe(version) is safe


@given(st.tuples(st.just(3), st.integers(52, 99), st.integers(0, 9)))
def test_later_releases_carry_the_fix(version):
    assert wal_is_safe(version)


def test_connections_are_prepared(sqlite_sessions):
    with reading(sqlite_sessions) as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA busy_timeout")) == db.BUSY_TIMEOUT_MS
        assert session.scalar(text("PRAGMA journal_mode")).upper() == journal_mode()


def test_a_reader_that_paused_takes_no_write_lock_afterwards(sqlite_sessions):
    with reading(sqlite_sessions) as session:
        db.pause(session)
        session.scalar(text("SELECT 1"))
        with transaction(sqlite_sessions) as other:
            other.execute(text("SELECT 1"))


def test_a_large_write_shuts_no_reader_out_before_it_commits(sqlite_sessions):
    large = text("INSERT INTO workspaces (id, name, created_at) VALUES (:id, :name, :at)")
    with transaction(sqlite_sessions) as writing:
        for number in range(1000):
            values = {"id": f"{number:032x}", "name": f"{number}" * 2000, "at": "2026-01-01"}
            writing.execute(large, values)
        with reading(sqlite_sessions) as session:
            assert session.scalar(text("SELECT count(*) FROM workspaces")) == 0


def test_calls_wait_for_the_commit(sessions):
    called = []
    with transaction(sessions) as session:
        after_commit(session, lambda: called.append(1))
        assert called == []
    assert called == [1]


def test_a_rollback_calls_nothing(sessions):
    called = []

    def fail() -> None:
        with transaction(sessions) as session:
            after_commit(session, lambda: called.append(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert called == []
