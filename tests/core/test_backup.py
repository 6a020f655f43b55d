"""A backup holds every row of one moment and every original, while the service goes on."""

import io
import json
import threading
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from core import backup
from core.archive import members
from core.db import reading, transaction
from core.documents import Scope
from core.errors import NotFound
from core.storage import LocalStore, stage
from core.tables import ApiKey, Document, Event, Row, Workspace


def quiet(_what, _done, _total):
    """Say nothing."""


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "originals")


@pytest.fixture
def take(sessions, store, tmp_path):
    def taken(name="backup.tar.gz"):
        return backup.take(sessions, store, tmp_path / name, "model", quiet)

    return taken


def keep(store, tmp_path, data):
    with stage(io.BytesIO(data), tmp_path / "incoming", 1 << 20) as staged:
        store.keep(staged)
        return staged.sha256


def add(sessions, scope, sha256):
    with transaction(sessions) as session:
        session.add(
            Document(
                workspace_id=scope.workspace_id,
                sha256=sha256,
                filename="a.txt",
                media_type="text/plain",
                size=1,
            )
        )
        session.add(
            Event(workspace_id=scope.workspace_id, type="document.received", subject="x", data={})
        )


def rows(taken, table):
    found = [
        line
        for member in members(taken.file)
        if member.name.startswith(f"tables/{table.__tablename__}/")
        for line in member.data
    ]
    return [backup.line_to_row(table.__table__, line) for line in found]


def test_no_table_is_forgotten(take):
    assert set(take().manifest.rows) == set(Row.metadata.tables)


def test_it_says_what_it_is(take, dialect):
    files = members(take().file)
    first = next(files)
    assert first.name == "manifest.json"
    said = json.loads(first.data.read())
    assert said["format"] == 1
    assert said["schema_revision"]
    assert (said["database"], said["embedding"]) == (dialect, "model")


def test_long_tables_go_in_parts(sessions, scope, take, monkeypatch):
    monkeypatch.setattr(backup, "PART_BYTES", 1000)
    for n in range(30):
        add(sessions, scope, f"{n:064}")
    taken = take()
    assert len([m for m in members(taken.file) if m.name.startswith("tables/documents/")]) > 3
    assert len(rows(taken, Document)) == taken.manifest.rows["documents"] == 30


def test_an_original_of_two_workspaces_is_kept_once(sessions, scope, take, store, tmp_path):
    with transaction(sessions) as session:
        session.add(other := Workspace(name="other"))
    sha256 = keep(store, tmp_path, b"shared")
    add(sessions, scope, sha256)
    add(sessions, Scope(other.id), sha256)
    taken = take()
    kept = {m.name: m.data.read() for m in members(taken.file) if m.name.startswith("originals/")}
    assert kept == {f"originals/{sha256}": b"shared"}
    assert taken.manifest.originals == 1


def test_an_original_that_is_gone_or_damaged_is_reported_and_the_rest_is_kept(
    sessions, scope, take, store, tmp_path
):
    gone, broken, good = (keep(store, tmp_path, data) for data in (b"gone", b"broken", b"good"))
    for sha256 in (gone, broken, good):
        add(sessions, scope, sha256)
    store.delete(gone)
    with store.file(broken) as path:
        path.write_bytes(b"br0ken")
    taken = take()
    assert (taken.missing, taken.damaged) == ([gone], [broken])
    kept = [m.name for m in members(taken.file) if m.name.startswith("originals/")]
    assert kept == [f"originals/{good}"]


def test_an_original_erased_at_the_last_moment_is_reported(sessions, scope, take, store, tmp_path):
    sha256 = keep(store, tmp_path, b"erased")
    add(sessions, scope, sha256)
    lend = store.file

    def erased_first(wanted):
        store.delete(wanted)
        return lend(wanted)

    store.file = erased_first
    assert take().missing == [sha256]
    with pytest.raises(NotFound), lend(sha256):
        pass


@pytest.mark.parametrize("restarts", [0, 1_000_000], ids=["in one go", "in pieces"])
def test_it_sees_one_moment_while_others_write(sessions, scope, take, monkeypatch, restarts):
    """On SQLite pieces begin again with every commit, so that they need a pause of the writers."""
    monkeypatch.setattr(backup, "PAGES_AT_ONCE", 2)
    monkeypatch.setattr(backup, "RESTARTS", restarts)
    count, stop = 0, threading.Event()

    def write():
        nonlocal count
        while not stop.is_set() and count < 60:
            add(sessions, scope, f"{count:064}")
            count += 1
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    try:
        while not stop.is_set():
            taken = take(f"{uuid4().hex}.tar.gz")
            counts.append(taken.manifest.rows)
            assert len(rows(taken, Document)) == taken.manifest.rows["documents"]
    finally:
        stop.set()
        writer.join()
    assert count == 60
    assert counts
    assert all(one["documents"] == one["events"] for one in counts)


def test_nobody_waits_while_tables_are_written(sessions, scope, store, tmp_path):
    done: list[str] = []

    def write_meanwhile(what, _done, _total):
        if what == "tables":
            add(sessions, scope, f"{len(done):064}")
            done.append(what)

    taken = backup.take(sessions, store, tmp_path / "b.tar.gz", "model", write_meanwhile)
    assert len(done) == len(backup.TABLES)
    assert rows(taken, Document) == rows(taken, Event) == []


def test_values_survive_as_lines(sessions, scope, take):
    odd = 'Ünï "x" \\ \n \u2028 🎉 \x00 end'
    with transaction(sessions) as session:
        session.add(ApiKey(workspace_id=scope.workspace_id, name="k", sha256="0" * 64))
        values = {"workspace_id": scope.workspace_id, "type": "odd", "subject": "s"}
        session.execute(insert(Event).values(**values, data={"odd": odd, "n": 0.1 + 0.2}))
    with reading(sessions) as session:
        wanted = [dict(row) for row in session.execute(select(Event.__table__)).mappings()]
    assert rows(take(), Event) == wanted
