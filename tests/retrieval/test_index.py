"""Collections of workspaces, changing the model, and the folder that one process holds."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from core import settings
from core.db import reading, transaction
from core.embedding import HashingEmbedder
from core.errors import IndexLocked, IndexUnavailable, LeaseLost
from core.tables import ChunkRow, Document, VectorCollection
from retrieval import collection
from retrieval.index import VectorIndex, build_store, open_index
from retrieval.keywords import build_keywords
from retrieval.vectors import ChunkKey, MemoryStore
from tests.at_once import at_once
from tests.retrieval import shelf
from tests.retrieval.shelf import Shelf

OLD, NEW = HashingEmbedder(32), HashingEmbedder(48)


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def library(sessions, scope, store, dialect):
    index = VectorIndex(store, sessions, OLD.name)
    return Shelf(sessions, scope, build_keywords(dialect), index, OLD)


@pytest.fixture
def newer(sessions, store):
    return VectorIndex(store, sessions, NEW.name)


def nearest(sessions, scope, index, embedder, text):
    with reading(sessions) as session:
        return [hit.key for hit in index.query(session, scope, embedder.embed([text])[0], 3)]


def states(sessions):
    with reading(sessions) as session:
        return dict(
            session.execute(select(VectorCollection.embedder, VectorCollection.state)).all()
        )


def quiet(_done: int, _total: int) -> None:
    pass


def test_the_first_collection_of_a_workspace_serves_at_once(library, sessions, scope):
    document = library.put("a.txt", "kiln")
    assert nearest(sessions, scope, library.index, OLD, "kiln") == [ChunkKey(document, 0)]
    assert states(sessions) == {OLD.name: "serving"}
    with reading(sessions) as session:
        assert library.index.count(session, scope) == 1
        assert not library.index.needs_reembedding(session, scope)


def test_each_workspace_has_a_collection_of_its_own(library, sessions, scope, store):
    neighbour = replace(library, scope=shelf.another_workspace(sessions))
    library.put("a.txt", "kiln")
    neighbour.put("b.txt", "kiln")
    with reading(sessions) as session:
        ours = collection.serving(session, scope, OLD.name)
        theirs = collection.serving(session, neighbour.scope, OLD.name)
    assert ours is not None
    assert theirs is not None
    assert ours.name != theirs.name
    assert (store.count(ours.name), store.count(theirs.name)) == (1, 1)


def test_a_new_model_is_built_beside_the_old_and_then_switched(library, newer, sessions, scope):
    names = [library.put(f"{n}.txt", f"kiln {n}", f"barn {n}") for n in range(3)]
    with reading(sessions) as session:
        assert newer.needs_reembedding(session, scope)
    with pytest.raises(IndexUnavailable, match=NEW.name):
        nearest(sessions, scope, newer, NEW, "kiln")
    seen = []
    assert newer.reembed(scope, NEW, lambda done, total: seen.append((done, total))) == 6
    assert seen[-1] == (6, 6)
    assert states(sessions) == {NEW.name: "serving"}
    assert nearest(sessions, scope, newer, NEW, "barn 1")[0] == ChunkKey(names[1], 1)
    assert newer.reembed(scope, NEW, quiet) == 0
    with pytest.raises(IndexUnavailable):
        nearest(sessions, scope, library.index, OLD, "kiln")


def test_building_goes_on_where_it_stopped(library, newer, sessions, scope, store, monkeypatch):
    monkeypatch.setattr(collection, "BATCH", 2)
    for n in range(5):
        library.put(f"{n}.txt", f"kiln {n}")

    class Tired(HashingEmbedder):
        def embed(self, texts):
            done.extend(texts)
            if len(done) == 4:
                raise KeyboardInterrupt
            return super().embed(texts)

    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        newer.reembed(scope, Tired(48), quiet)
    assert states(sessions) == {OLD.name: "serving", NEW.name: "building"}
    assert newer.reembed(scope, NEW, quiet) == 3
    with reading(sessions) as session:
        assert newer.count(session, scope) == 5


def test_what_comes_and_goes_while_building_is_kept_right(library, newer, sessions, scope):
    gone = library.put("gone.txt", "kiln")
    library.put("stays.txt", "barn")
    later = Shelf(sessions, scope, library.keywords, newer, NEW)

    class Meanwhile(HashingEmbedder):
        def embed(self, texts):
            if not came:
                came.append(later.put("came.txt", "mill"))
                with transaction(sessions) as session:
                    session.delete(session.get_one(Document, gone))
                newer.delete(scope, gone)
            return super().embed(texts)

    came: list[object] = []
    newer.reembed(scope, Meanwhile(48), quiet)
    assert nearest(sessions, scope, newer, NEW, "mill")[0].document_id == came[0]
    with reading(sessions) as session:
        assert newer.count(session, scope) == 2


def test_going_back_to_an_earlier_model_builds_it_anew(library, newer, sessions, scope, store):
    library.put("a.txt", "kiln")
    drop, store.drop = store.drop, lambda _name: None
    newer.reembed(scope, NEW, quiet)
    store.drop = drop
    with transaction(sessions) as session:
        session.add(
            VectorCollection(
                workspace_id=scope.workspace_id, embedder=OLD.name, name="old", state="retired"
            )
        )
    assert library.index.reembed(scope, OLD, quiet) == 1
    assert states(sessions) == {OLD.name: "serving"}
    assert len(nearest(sessions, scope, library.index, OLD, "kiln")) == 1


def begin(sessions, scope, embedder=OLD):
    with transaction(sessions) as session:
        return collection.begin(session, scope, embedder.name).name


def finish(builder):
    while not builder.switch(lambda _session: None):
        while builder.advance(lambda _session, _chunks: None):
            pass


def test_a_collection_is_built_anew_while_the_old_one_answers(library, sessions, scope, store):
    first = library.put("a.txt", "kiln")
    old = collection_names(sessions, scope)
    name = begin(sessions, scope)
    assert begin(sessions, scope) == name
    builder = library.index.builder(scope, OLD, name)
    builder.start()
    assert nearest(sessions, scope, library.index, OLD, "kiln") == [ChunkKey(first, 0)]
    second = library.put("b.txt", "barn")
    assert {store.count(one) for one in [*old, name]} == {2, 1}
    finish(builder)
    library.index.drop_retired(scope)
    assert collection_names(sessions, scope) == [name]
    assert [store.exists(one) for one in [*old, name]] == [False, True]
    assert sorted(store.keys(name)) == sorted([ChunkKey(first, 0), ChunkKey(second, 0)])


def collection_names(sessions, scope):
    with reading(sessions) as session:
        return list(collection.names(session, scope))


def test_what_is_committed_behind_the_cursor_is_not_missed(library, sessions, scope, store):
    library.put("a.txt", "kiln", document_id=UUID(int=7))
    name = begin(sessions, scope)
    builder = library.index.builder(scope, OLD, name)
    builder.start()
    assert builder.advance(lambda _session, _chunks: None)
    behind = library.put("late.txt", "barn", document_id=UUID(int=3))
    stray = shelf.write(sessions, scope, "stray.txt", ("mill",), document_id=UUID(int=2))
    assert not builder.switch(lambda _session: None)
    finish(builder)
    assert {key.document_id for key in store.keys(name)} == {UUID(int=7), behind, stray}


def test_the_vector_of_a_text_that_was_read_anew_meanwhile_is_the_new_ones(
    library, sessions, scope, store
):
    document = library.put("a.txt", "kiln", "clay")
    name = begin(sessions, scope)

    class Meanwhile(HashingEmbedder):
        def embed(self, texts):
            if not reread:
                reread.append(document)
                with transaction(sessions) as session:
                    session.execute(delete(ChunkRow).where(ChunkRow.ordinal == 1))
                    session.execute(update(ChunkRow).values(text="barn"))
                library.embed(document, shelf.chunks_of(("barn",)))
            return super().embed(texts)

    reread: list[UUID] = []
    builder = library.index.builder(scope, Meanwhile(32), name)
    builder.start()
    finish(builder)
    (hit,) = store.query(name, OLD.embed(["barn"])[0], 5)
    assert (hit.key, hit.similarity) == (ChunkKey(document, 0), pytest.approx(1, abs=1e-5))


def test_what_fails_to_be_noted_is_built_again(library, sessions, scope):
    library.put("a.txt", "kiln")
    builder = library.index.builder(scope, OLD, begin(sessions, scope))
    builder.start()

    def lost(_session, _chunks):
        raise LeaseLost

    with pytest.raises(LeaseLost):
        builder.advance(lost)
    assert builder.advance(lambda _session, _chunks: None)
    with pytest.raises(LeaseLost):
        builder.switch(lambda session: lost(session, 0))
    assert sorted(all_states(sessions)) == ["building", "serving"]


def all_states(sessions):
    with reading(sessions) as session:
        return session.scalars(select(VectorCollection.state)).all()


def test_several_that_build_at_once_end_with_one_whole_collection(library, sessions, scope, store):
    for n in range(9):
        library.put(f"{n}.txt", f"kiln {n}")
    name = begin(sessions, scope)

    def build():
        builder = library.index.builder(scope, OLD, name)
        builder.start()
        finish(builder)

    assert at_once(build, build, build) == [None, None, None]
    assert store.count(name) == 9
    with reading(sessions) as session:
        found = collection.serving(session, scope, OLD.name)
    assert found is not None
    assert found.name == name


def test_a_lost_collection_is_not_made_by_writing_but_replaced(library, sessions, scope, store):
    document = library.put("a.txt", "kiln")
    (name,) = collection_names(sessions, scope)
    store.drop(name)
    with pytest.raises(IndexUnavailable, match="missing"):
        nearest(sessions, scope, library.index, OLD, "kiln")
    with pytest.raises(IndexUnavailable, match="missing"):
        library.put("b.txt", "barn")
    with transaction(sessions) as session:
        collection.condemn(session, scope, name)
        collection.condemn(session, scope, name)
    assert sorted(all_states(sessions)) == ["building", "retired"]
    with pytest.raises(IndexUnavailable, match="not yet embedded"):
        nearest(sessions, scope, library.index, OLD, "kiln")
    library.put("c.txt", "mill")
    assert library.index.reembed(scope, OLD, quiet) == 3
    assert nearest(sessions, scope, library.index, OLD, "kiln")[0] == ChunkKey(document, 0)


def test_a_collection_that_is_lost_half_built_is_begun_anew(library, sessions, scope, store):
    library.put("a.txt", "kiln")
    name = begin(sessions, scope)
    builder = library.index.builder(scope, OLD, name)
    builder.start()
    builder.advance(lambda _session, _chunks: None)
    store.drop(name)
    builder.start()
    finish(builder)
    assert store.count(name) == 1


def test_erasing_reaches_the_collections_of_every_model(library, newer, sessions, scope, store):
    document = library.put("a.txt", "kiln")
    newer.upsert(scope, document, shelf.chunks_of(("kiln",)), NEW.embed(["kiln"]))
    newer.delete(scope, document)
    with reading(sessions) as session:
        names = collection.names(session, scope)
    assert len(names) == 2
    assert [store.count(name) for name in names] == [0, 0]


def test_a_document_without_text_leaves_the_workspace_empty(library, sessions, scope):
    with reading(sessions) as session:
        assert not library.index.needs_reembedding(session, scope)
        assert library.index.query(session, scope, OLD.embed(["kiln"])[0], 3) == []


@pytest.fixture
def embedded(tmp_path, sessions):
    rules = settings.Index(lock_seconds=0.2)
    return lambda: open_index(rules, tmp_path, sessions, OLD.name)


def test_one_holder_of_a_folder_turns_the_next_away_until_it_closes(embedded):
    first, second = embedded(), embedded()
    first.ping()
    with pytest.raises(IndexLocked, match="chroma"):
        second.ping()
    first.close()
    second.ping()
    second.close()
    second.close()


def test_another_process_is_turned_away(embedded, tmp_path):
    index = embedded()
    index.ping()
    script = (
        "from pathlib import Path; from core import settings; from retrieval.index import *\n"
        "from core.errors import IndexLocked\n"
        f"store = build_store(settings.Index(lock_seconds=0.1), Path({str(tmp_path)!r}))\n"
        "try: store.ping()\n"
        "except IndexLocked: print('turned away')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "turned away"
    index.close()


def test_vectors_outlive_the_process(embedded, sessions, scope, dialect):
    index = embedded()
    document = Shelf(sessions, scope, build_keywords(dialect), index, OLD).put("a.txt", "kiln")
    index.close()
    again = embedded()
    assert nearest(sessions, scope, again, OLD, "kiln") == [ChunkKey(document, 0)]
    again.close()


def test_files_of_dropped_collections_are_gone_after_the_next_start(tmp_path, scope):
    keys = [ChunkKey(scope.workspace_id, n) for n in range(1200)]
    vectors = np.tile(OLD.embed(["kiln"]), (1200, 1))
    store = build_store(settings.Index(), tmp_path)
    for name in ("kept", "dropped"):
        store.make(name)
        store.upsert(name, keys, vectors)
    store.close()
    assert len(folders(tmp_path)) == 2
    store.drop("dropped")
    store.close()
    store.ping()
    assert len(folders(tmp_path)) == 1
    assert store.count("kept") == 1200
    store.close()


def folders(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "chroma").iterdir() if path.is_dir()]


def test_a_folder_that_is_no_index_is_unavailable_and_not_held(tmp_path):
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"not a database" * 100)
    store = build_store(settings.Index(lock_seconds=0.2), tmp_path)
    for _ in range(2):
        with pytest.raises(IndexUnavailable) as caught:
            store.ping()
        assert caught.value.code == "index_unavailable"


def test_a_server_that_is_not_there_is_unavailable(tmp_path):
    store = build_store(settings.Index(host="127.0.0.1", port=1), tmp_path)
    with pytest.raises(IndexUnavailable):
        store.ping()
