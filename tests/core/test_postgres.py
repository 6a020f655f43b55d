"""PostgreSQL is kept within bounds, and what cannot be there at once takes turns."""

from datetime import UTC
from functools import partial

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from api import auth
from core import db, schema
from core.db import hold, reading, transaction
from core.errors import ConfigurationError, DatabaseUnavailable, remedy
from core.tables import Document, Workspace, now
from tests import postgres
from tests.at_once import Meanwhile, at_once

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
TWO_GIGABYTES = 2**31


@pytest.fixture
def server():
    with postgres.database() as url:
        yield url


@pytest.mark.service
class TestConnections:
    def test_they_are_prepared(self, postgres_sessions):
        with reading(postgres_sessions) as session:
            for name, value in {
                "application_name": "mailroom",
                "TimeZone": "UTC",
                "statement_timeout": "1min",
                "lock_timeout": "15s",
                "idle_in_transaction_session_timeout": "5min",
            }.items():
                assert session.scalar(text(f"SHOW {name}")) == value

    def test_the_release_is_told(self, postgres_sessions):
        with reading(postgres_sessions) as session:
            assert db.described(session).startswith("PostgreSQL 1")

    def test_the_url_has_the_last_word(self, server):
        engine = db.create(f"{server}?application_name=other")
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW application_name")) == "other"
        engine.dispose()

    def test_what_only_reads_cannot_write(self, postgres_sessions):
        write = text("DELETE FROM workspaces")
        with pytest.raises(DBAPIError, match="read-only"), reading(postgres_sessions) as session:
            session.execute(write)
        with transaction(postgres_sessions) as session:
            session.add(Workspace(name="a"))

    def test_a_reader_sees_one_moment(self, postgres_sessions):
        with transaction(postgres_sessions) as session:
            session.add(Workspace(name="before"))
        with reading(postgres_sessions) as session:
            assert session.scalar(select(Workspace.name)) == "before"
            with transaction(postgres_sessions) as other:
                other.execute(text("UPDATE workspaces SET name = 'after'"))
            assert session.scalar(text("SELECT name FROM workspaces")) == "before"

    def test_nul_characters_do_not_stop_a_document(self, postgres_sessions):
        with transaction(postgres_sessions) as session:
            session.add(Workspace(name="a\x00b"))
        with reading(postgres_sessions) as session:
            assert session.scalar(select(Workspace.name)) == "a\ufffdb"

    def test_a_connection_that_was_cut_is_replaced(self, postgres_sessions):
        with reading(postgres_sessions) as session:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
        other = db.create(str(postgres_sessions.kw["bind"].url))
        with other.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        other.dispose()
        with reading(postgres_sessions) as session:
            assert session.scalar(text("SELECT pg_backend_pid()")) != pid


def test_moments_come_back_in_utc(sessions):
    with transaction(sessions) as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SET LOCAL timezone = 'Asia/Tokyo'"))
        before = now()
        session.add(Workspace(name="a", created_at=before))
        session.flush()
        session.expire_all()
        moment = session.scalars(select(Workspace.created_at)).one()
    assert (moment, moment.tzinfo) == (before, UTC)


def test_a_file_may_be_larger_than_two_gigabytes(sessions, scope):
    with transaction(sessions) as session:
        session.add(
            Document(
                workspace_id=scope.workspace_id,
                sha256="0" * 64,
                filename="a",
                media_type="a/b",
                size=TWO_GIGABYTES,
            )
        )
    with reading(sessions) as session:
        assert session.scalar(select(Document.size)) == TWO_GIGABYTES


class TestFailures:
    def test_no_server_is_a_passing_failure(self):
        sessions = db.sessions(db.create(NOWHERE))
        with pytest.raises(DatabaseUnavailable) as caught, reading(sessions):
            pass
        assert remedy(caught.value) == "wait"
        assert "SELECT" not in caught.value.detail

    def test_upgrading_says_so_too(self):
        with pytest.raises(DatabaseUnavailable, match="connection"):
            schema.upgrade(db.create(NOWHERE))

    @pytest.mark.parametrize("url", ["mysql://a/b", "no url", ""])
    def test_another_database_is_refused_by_name(self, url):
        with pytest.raises(ConfigurationError, match=r"database\.url"):
            db.create(url)

    def test_a_mistake_of_ours_stays_a_mistake(self, sessions):
        with pytest.raises(DBAPIError), transaction(sessions) as session:
            session.execute(text("SELECT * FROM no_such_table"))
        with pytest.raises(IntegrityError), transaction(sessions) as session:
            session.add_all([Workspace(name="a"), Workspace(name="a")])

    @pytest.mark.service
    def test_a_lock_that_is_not_given_back_is_a_passing_failure(self, postgres_sessions):
        def try_it():
            with transaction(postgres_sessions) as session:
                session.execute(text("SET LOCAL lock_timeout = '50ms'"))
                hold(session, "a thing")

        with transaction(postgres_sessions) as session:
            hold(session, "a thing")
            with pytest.raises(DatabaseUnavailable, match="lock timeout"):
                try_it()

    def test_a_busy_sqlite_is_a_passing_failure(self, sqlite_sessions):
        def try_it():
            with reading(sqlite_sessions) as session:
                session.execute(text("PRAGMA busy_timeout=10"))
                session.execute(text("DELETE FROM workspaces"))

        with transaction(sqlite_sessions) as session:
            session.add(Workspace(name="a"))
            session.flush()
            with pytest.raises(DatabaseUnavailable, match="locked"):
                try_it()


class TestTurns:
    def test_what_holds_the_same_name_waits(self, sessions):
        def second():
            with transaction(sessions) as session:
                hold(session, "a thing")

        with transaction(sessions) as session:
            hold(session, "a thing")
            session.execute(select(Workspace))
            waiting = Meanwhile(second)
            assert waiting.waits()
        waiting.result()

    @pytest.mark.service
    def test_another_name_does_not_wait(self, postgres_sessions):
        def second():
            with transaction(postgres_sessions) as session:
                hold(session, "another thing")

        with transaction(postgres_sessions) as session:
            hold(session, "a thing")
            Meanwhile(second).result()

    @pytest.mark.service
    def test_processes_that_start_together_migrate_once(self, server):
        engines = [db.create(server) for _ in range(3)]
        assert at_once(*[partial(schema.upgrade, engine) for engine in engines]) == [None] * 3
        assert "documents" in inspect(engines[0]).get_table_names()
        for engine in engines:
            engine.dispose()

    def test_processes_that_start_together_make_one_key(self, sessions):
        def first_key():
            with transaction(sessions) as session:
                return auth.first_key(session)

        keys = at_once(*[first_key] * 4)
        assert len([key for key in keys if key is not None]) == 1
        with reading(sessions) as session:
            assert len(session.scalars(select(Workspace)).all()) == 1
