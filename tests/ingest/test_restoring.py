"""What a backup holds comes back, on either database; what cannot come back writes nothing."""

import hashlib
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, String, Uuid, func, insert, select, update
from sqlalchemy.orm import Session

from core import backup, db, schema, settings, steps
from core.archive import members, writing
from core.db import reading, transaction
from core.documents import Scope
from core.errors import BackupDamaged, BackupIncompatible, NotEmpty
from core.storage import LocalStore, stage
from core.tables import (
    ChunkRow,
    Document,
    Event,
    Job,
    Row,
    Step,
    UtcDateTime,
    VectorCollection,
    WorkerRow,
    now,
)
from ingest.intake import EMBED
from ingest.restoring import Restorer, examine
from retrieval.index import open_index
from retrieval.keywords import build_keywords
from tests import postgres

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.service)]
ORIGINAL = b"the original of the first document"
CHANGED = {one.__tablename__ for one in (Job, Step, VectorCollection, WorkerRow)}


def quiet(_what, _done, _total):
    """Say nothing."""


def value(column, n, parents):
    """Return something that a column takes: one that has every kind of trouble in it."""
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        return parents[target.table.name][n][target.name]
    if column.nullable and n:
        return None
    text = f"é{n}" if getattr(column.type, "length", None) else f'wombat Ü "x"\n\\ \u2028 🎉 {n}'
    values = {
        UtcDateTime: now() - timedelta(microseconds=n + 1),
        JSON: {"odd": text, "n": 0.1 + 0.2, "list": [n, None, True]},
        Boolean: n == 0,
        Integer: 1000 + n,
        Float: 1 / 3 + n,
        Uuid: uuid4(),
        String: text,
    }
    if column.name == "sha256":
        return hashlib.sha256(ORIGINAL if n == 0 else b"lost").hexdigest()
    return next(values[kind] for kind in type(column.type).__mro__ if kind in values)


def fill(sessions):
    """Write two rows into every table, whatever tables there are."""
    written: dict[str, list[dict[str, Any]]] = {}
    with transaction(sessions) as session:
        for name, table in backup.TABLES.items():
            written[name] = []
            for n in range(2):
                written[name].append({c.name: value(c, n, written) for c in table.columns})
            session.execute(insert(table), written[name])


def content(sessions) -> dict[str, list[dict[str, Any]]]:
    with reading(sessions) as session:
        return {
            name: [
                dict(row)
                for row in session.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for name, table in backup.TABLES.items()
        }


class Place:
    """An installation: a database, a store and a folder."""

    def __init__(self, sessions, folder):
        self.sessions, self.folder = sessions, folder
        self.store = LocalStore(folder / "originals")
        dialect = sessions.kw["bind"].dialect.name
        self.keywords = build_keywords(dialect)
        self.index = open_index(settings.Index(), folder, sessions, "a model")

    def keep(self, data):
        with stage(io.BytesIO(data), self.folder / "incoming", 1 << 20) as staged:
            self.store.keep(staged)

    def take(self):
        target = self.folder / f"{uuid4().hex}.tar.gz"
        return backup.take(self.sessions, self.store, target, "a model", quiet)

    def restore(self, file):
        parts = self.sessions, self.store, self.index, self.keywords, self.folder
        return Restorer(*parts).restore(file, examine(file), quiet)


@pytest.fixture
def place(request, tmp_path):
    """Return what makes an empty installation; the one on PostgreSQL takes the earlier's place."""
    engines = []

    def make(kind):
        folder = tmp_path / uuid4().hex
        folder.mkdir()
        if kind == "postgres":
            made = request.getfixturevalue("postgres_sessions")
            postgres.empty(made.kw["bind"])
            return Place(made, folder)
        engines.append(db.create(f"sqlite:///{folder / 'a.sqlite3'}"))
        schema.upgrade(engines[-1])
        return Place(db.sessions(engines[-1]), folder)

    yield make
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_every_row_of_every_table_comes_back_on_either_database(place, source, target):
    old = place(source)
    fill(old.sessions)
    old.keep(ORIGINAL)
    before = content(old.sessions)
    taken = old.take()
    new = place(target)
    restored = new.restore(taken.file)
    after = content(new.sessions)
    for name in set(before) - CHANGED:
        assert after[name] == before[name], name
    for name in (Job.__tablename__, Step.__tablename__):
        assert all(row in after[name] for row in before[name])
    assert after[WorkerRow.__tablename__] == []
    assert len(taken.missing) == 1
    assert restored.missing == taken.missing
    with new.store.file(hashlib.sha256(ORIGINAL).hexdigest()) as path:
        assert path.read_bytes() == ORIGINAL


@pytest.mark.parametrize("target", KINDS)
def test_what_comes_later_has_higher_numbers_than_what_was_restored(place, target):
    old = place("sqlite")
    fill(old.sessions)
    new = place(target)
    new.restore(old.take().file)
    with transaction(new.sessions) as session:
        session.add(event := Event(**owner(session), type="t", subject="s", data={}))
        session.flush()
        assert event.sequence > 1001
        document = session.scalar(select(Document.id))
        places = {"page": 1, "start": 0, "end": 1}
        chunk = ChunkRow(
            **owner(session), document_id=document, ordinal=9999, text="later", **places
        )
        session.add(chunk)
        session.flush()
        assert chunk.id > 1001


def owner(session: Session) -> dict[str, UUID]:
    return {"workspace_id": session.scalars(select(Document.workspace_id)).all()[0]}


@pytest.mark.parametrize("target", KINDS)
def test_words_find_what_was_restored_at_once(place, target):
    old = place("sqlite")
    fill(old.sessions)
    new = place(target)
    new.restore(old.take().file)
    with reading(new.sessions) as session:
        scope = Scope(owner(session)["workspace_id"])
        hits = new.keywords.query(session, scope, "wombat", 10)
        known = session.scalars(
            select(ChunkRow.id).where(ChunkRow.workspace_id == scope.workspace_id)
        ).all()
        assert {hit.chunk_id for hit in hits} == set(known) != set()


def test_vectors_are_to_be_made_again_and_nothing_claims_to_have_them(place):
    old, new = place("sqlite"), place("sqlite")
    fill(old.sessions)
    with transaction(old.sessions) as session:
        session.execute(update(Step).values(name=steps.EMBED))
    restored = new.restore(old.take().file)
    with reading(new.sessions) as session:
        assert session.scalar(select(func.count()).select_from(Step)) == 0
        collections = session.scalars(select(VectorCollection)).all()
        assert {(one.embedder, one.state) for one in collections} == {("a model", "serving")}
        waiting = session.scalars(select(Job).where(Job.kind == EMBED)).all()
        documents = set(session.scalars(select(ChunkRow.document_id)))
    assert {job.document_id for job in waiting} == documents
    assert {(job.state, job.queue, job.sent_at) for job in waiting} == {("queued", "embed", None)}
    assert restored.embedding == len(waiting)


def test_a_document_that_waits_to_be_embedded_is_not_put_in_line_twice(place):
    old, new = place("sqlite"), place("sqlite")
    fill(old.sessions)
    with transaction(old.sessions) as session:
        document = session.scalar(select(Job.document_id).where(Job.document_id.is_not(None)))
        session.execute(update(Job).values(kind=EMBED, state="queued"))
    new.restore(old.take().file)
    with reading(new.sessions) as session:
        mine = select(func.count()).select_from(Job).where(Job.document_id == document)
        assert session.scalar(mine) == 1


def test_unfinished_jobs_wait_for_a_worker_and_finished_ones_stay_as_they_are(place):
    old, new = place("sqlite"), place("sqlite")
    fill(old.sessions)
    with transaction(old.sessions) as session:
        running, dead = session.scalars(select(Job).order_by(Job.attempts))
        running.state, running.attempts, running.lease_owner = "running", 2, "somebody"
        running.lease_until = running.sent_at = now()
        dead.state, dead.attempts = "dead", 3
    restored = new.restore(old.take().file)
    with reading(new.sessions) as session:
        running, dead = session.get_one(Job, running.id), session.get_one(Job, dead.id)
    assert (running.state, running.attempts) == ("queued", 1)
    assert (running.lease_owner, running.lease_until, running.sent_at) == (None, None, None)
    assert (dead.state, dead.attempts) == ("dead", 3)
    assert restored.requeued == 1


def test_an_installation_that_holds_anything_is_left_alone(place):
    old, new = place("sqlite"), place("sqlite")
    fill(old.sessions)
    file = old.take().file
    new.restore(file)
    before = content(new.sessions)
    with pytest.raises(NotEmpty, match="documents"):
        new.restore(file)
    assert content(new.sessions) == before


def rewritten(file, change):
    """Pack a backup again with other content, and right checksums."""
    other = file.with_name("other.tar.gz")
    with writing(other) as (writer, _):
        for member in members(file):
            name, data = change(member.name, member.data.read())
            writer.add(name, io.BytesIO(data), len(data))
    return other


def manifest(**values):
    def change(name, data):
        said = {**json.loads(data), **values} if name == "manifest.json" else None
        return name, json.dumps(said).encode() if said else data

    return change


def line(table, **values):
    def change(name, data):
        if not name.startswith(f"tables/{table}/"):
            return name, data
        first, *rest = data.splitlines(keepends=True)
        return name, json.dumps({**json.loads(first), **values}).encode() + b"\n" + b"".join(rest)

    return change


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"format": 2, "mailroom": "9.9"}, "format 2.*Mailroom 9.9"),
        ({"schema_revision": "9999", "mailroom": "9.9"}, "a later release, Mailroom 9.9"),
        ({"rows": {"documents": 2}}, "other tables"),
    ],
)
def test_a_backup_of_another_release_is_refused_and_the_release_is_named(place, values, words):
    old, new = place("sqlite"), place("sqlite")
    fill(old.sessions)
    with pytest.raises(BackupIncompatible, match=words):
        new.restore(rewritten(old.take().file, manifest(**values)))


def test_a_backup_of_an_earlier_schema_is_refused_and_the_way_is_shown(place, monkeypatch):
    old = place("sqlite")
    taken = old.take()
    monkeypatch.setattr(schema, "known", lambda: ["0009", taken.manifest.schema_revision])
    with pytest.raises(BackupIncompatible, match="an earlier release") as refused:
        examine(taken.file)
    assert "then upgrade" in refused.value.hint


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (manifest(rows=dict.fromkeys(Row.metadata.tables, 7)), "other rows"),
        (manifest(taken_at="yesterday"), "manifest"),
        (line("documents", id="no id"), "documents"),
        (line("documents", size="large"), "size"),
        (line("documents", created_at=7), "documents"),
        (line("documents", surprise=1), "surprise"),
        (line("chunks", document_id=str(uuid4())), "refuses"),
        (lambda name, data: (name.replace("tables/pages", "tables/passwords"), data), "passwords"),
        (
            lambda name, data: (name, b"evil" if name.startswith("originals") else data),
            "other bytes",
        ),
        (
            lambda name, data: (name.replace("manifest.json", f"originals/{'0' * 64}"), data),
            "begin",
        ),
    ],
)
def test_a_backup_that_contradicts_itself_writes_nothing(place, change, words):
    old, new = place("sqlite"), place("sqlite")
    fill(old.sessions)
    old.keep(ORIGINAL)
    with pytest.raises(BackupDamaged, match=words):
        new.restore(rewritten(old.take().file, change))
    assert not any(content(new.sessions).values())


def test_a_damaged_backup_is_refused_before_the_first_write(place):
    old, new = place("sqlite"), place("sqlite")
    fill(old.sessions)
    old.keep(ORIGINAL)
    file = old.take().file
    data = bytearray(file.read_bytes())
    data[-40] ^= 1
    file.write_bytes(data)
    with pytest.raises(BackupDamaged):
        new.restore(file)
    assert not any(content(new.sessions).values())
    assert not (new.folder / "originals").exists()
