"""What is lost of the indexes is found by counting, and put back by jobs."""

from dataclasses import replace
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from classify.classification import Context
from core import leases, steps
from core.db import reading, transaction
from core.embedding import HashingEmbedder
from core.errors import IndexUnavailable, Unavailable
from core.tables import ChunkRow, Document, Job, Step, VectorCollection
from ingest import upkeep
from ingest.intake import EMBED
from ingest.upkeep import BUILD, WORDS, Keeper, Upkeep
from retrieval import collection
from retrieval.index import VectorIndex
from retrieval.upkeep import keyword_differences
from retrieval.vectors import ChunkKey, MemoryStore
from tests.at_once import at_once


@pytest.fixture
def store(tools):
    found: MemoryStore = tools.index._store
    return found


def kept(tools):
    return Upkeep(tools.sessions, tools.index, tools.embedder.name, tools.send)


@pytest.fixture
def keeper(tools):
    return Keeper(kept(tools), every=60)


@pytest.fixture
def library(intake, sessions, scope, settle):
    """Three documents, whole in both indexes."""
    with transaction(sessions) as session:
        documents = [
            intake.accept(session, scope, BytesIO(words), "a.txt", Context()).document.id
            for words in (b"Of the kiln.", b"Of the barn.", b"Of the mill.")
        ]
    settle()
    return documents


def jobs_of(sessions, kind):
    with reading(sessions) as session:
        query = select(Job).where(Job.kind == kind).order_by(Job.created_at)
        return session.scalars(query).all()


def name_of(sessions):
    with reading(sessions) as session:
        serving = VectorCollection.state == "serving"
        return session.scalars(select(VectorCollection.name).where(serving)).one()


def documents_in(store, name):
    return {key.document_id for key in store.keys(name)}


def test_equal_indexes_are_left_alone(library, keeper, sent, tools, scope):
    keeper.keep()
    assert sent == []
    assert kept(tools).check(scope).vectors == 3


def test_a_lost_collection_is_built_by_one_job_and_search_says_so_meanwhile(
    library, keeper, sent, store, sessions, scope, tools, settle
):
    store.drop(name_of(sessions))
    keeper.keep()
    keeper.keep()
    (job,) = jobs_of(sessions, BUILD)
    assert [told.job_id for told in sent] == [job.id]
    with reading(sessions) as session, pytest.raises(IndexUnavailable):
        tools.index.query(session, scope, tools.embedder.embed(["kiln"])[0], 3)
    settle()
    (job,) = jobs_of(sessions, BUILD)
    assert (job.state, job.done, job.total) == ("succeeded", 3, 3)
    assert documents_in(store, name_of(sessions)) == set(library)
    keeper.keep()
    assert sent == []


def test_a_collection_that_lost_most_is_built_anew_and_one_that_lost_few_is_mended(
    library, keeper, sent, store, sessions, settle
):
    name = name_of(sessions)
    store.delete_document(name, library[0])
    keeper.keep()
    assert [job.document_id for job in jobs_of(sessions, EMBED)].count(library[0]) == 2
    assert jobs_of(sessions, BUILD) == []
    settle()
    assert documents_in(store, name) == set(library)
    for document in library[:2]:
        store.delete_document(name, document)
    keeper.keep()
    assert len(jobs_of(sessions, BUILD)) == 1
    settle()
    assert documents_in(store, name_of(sessions)) == set(library)
    assert name_of(sessions) != name


def test_what_somebody_works_on_is_not_repaired_a_second_time(
    library, keeper, sent, store, sessions
):
    store.delete_document(name_of(sessions), library[0])
    keeper.keep()
    keeper.keep()
    assert len(sent) == 1


def test_a_document_whose_vectors_vanish_again_and_again_is_left_to_a_person(
    library, keeper, sent, store, sessions, settle
):
    for _ in range(6):
        store.delete_document(name_of(sessions), library[0])
        keeper.keep()
        settle()
        keeper._seen.clear()
    its = [job for job in jobs_of(sessions, EMBED) if job.document_id == library[0]]
    assert len(its) == 1 + upkeep.REPAIRS_A_DAY


def test_vectors_without_a_chunk_are_removed(library, keeper, store, sessions, tools):
    name = name_of(sessions)
    stray = ChunkKey(UUID(int=1), 0)
    store.upsert(name, [stray], tools.embedder.embed(["kiln"]))
    keeper.keep()
    assert stray not in set(store.keys(name))
    assert documents_in(store, name) == set(library)


def test_a_document_that_has_neither_vectors_nor_a_job_gets_one(
    library, keeper, sent, store, sessions, settle
):
    with transaction(sessions) as session:
        session.execute(delete(Job).where(Job.document_id == library[1]))
        session.execute(delete(Step).where(Step.document_id == library[1], Step.name == "embed"))
    store.delete_document(name_of(sessions), library[1])
    keeper.keep()
    settle()
    assert documents_in(store, name_of(sessions)) == set(library)


def test_a_dead_job_is_left_to_a_person(library, keeper, sent, sessions):
    with transaction(sessions) as session:
        session.execute(delete(Step).where(Step.document_id == library[1], Step.name == "embed"))
        mine = select(Job).where(Job.document_id == library[1], Job.kind == EMBED)
        session.scalars(mine).one().state = "dead"
    keeper.keep()
    assert sent == []


def test_an_index_that_is_away_changes_nothing(library, keeper, sent, store, sessions, monkeypatch):
    def away(_name):
        raise IndexUnavailable("away")

    monkeypatch.setattr(store, "exists", away)
    with pytest.raises(IndexUnavailable):
        keeper.keep()
    assert sent == []
    assert name_of(sessions)


def test_a_new_model_is_built_by_one_job_however_many_processes_start(
    library, sent, sessions, scope, tools, store
):
    newer = HashingEmbedder(48)
    index = VectorIndex(store, sessions, newer.name)
    process = Upkeep(sessions, index, newer.name, sent.append)
    assert sorted(at_once(*[process.adopt] * 4)) == [0, 0, 0, 1]
    assert len(sent) == 1
    # A worker that still has the old model leaves it to the others.
    older = upkeep.Building(replace(tools, settings=cluster(tools.settings)))
    with transaction(sessions) as session:
        lease = leases.claim(session, sent[0].job_id, "old/1", tools.settings.jobs)
    assert lease is not None
    with pytest.raises(Unavailable, match="no worker with it"):
        older.perform(lease, leases.Progress(sessions, lease))
    assert process.adopt() == 0
    with transaction(sessions) as session:
        leases.hand_back(session, "old")
    upkeep_work(replace(tools, embedder=newer, index=index), sent.pop(0).job_id)
    with reading(sessions) as session:
        assert collection.serving(session, scope, newer.name) is not None
        assert {
            row.version for row in session.scalars(select(Step).where(Step.name == "embed"))
        } == {newer.name}


def cluster(settings):
    return settings.model_copy(
        update={"jobs": settings.jobs.model_copy(update={"broker": "redis://x"})}
    )


def upkeep_work(tools, job_id, clock=None):
    """Do a job that renews an index, once."""
    with transaction(tools.sessions) as session:
        lease = leases.claim(session, job_id, "here/1", tools.settings.jobs)
    assert lease is not None
    handlers = upkeep.handlers(tools, clock) if clock else upkeep.handlers(tools)
    return handlers[lease.kind].perform(lease, leases.Progress(tools.sessions, lease))


class Ticking:
    """A clock that says after every look that a whole slice has passed."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        self.at += 0.6 * upkeep.SLICE_SECONDS
        return self.at


@pytest.mark.parametrize("kind", [BUILD, WORDS])
def test_long_renewals_give_way_and_go_on_where_they_were(
    library, kind, sent, sessions, scope, tools, store, monkeypatch
):
    monkeypatch.setattr(collection, "DOCUMENTS", 1)
    monkeypatch.setattr(upkeep, "DOCUMENTS", 1)
    ask = {BUILD: kept(tools).rebuild_vectors, WORDS: kept(tools).rebuild_keywords}[kind]
    with transaction(sessions) as session:
        job = ask(session, scope)
        assert ask(session, scope).id == job.id
    seen = []
    while sent:
        upkeep_work(tools, sent.pop(0).job_id, Ticking())
        (job,) = jobs_of(sessions, kind)
        seen.append((job.state, job.done, job.attempts))
    assert seen == [("queued", 1, 0), ("queued", 2, 0), ("queued", 3, 0), ("succeeded", 3, 1)]
    assert documents_in(store, name_of(sessions)) == set(library)


def test_a_worker_that_dies_while_building_loses_nothing(
    library, sent, sessions, scope, tools, store, settle, monkeypatch
):
    monkeypatch.setattr(collection, "DOCUMENTS", 1)
    with transaction(sessions) as session:
        kept(tools).rebuild_vectors(session, scope)

    class Dying(HashingEmbedder):
        def embed(self, texts):
            self.calls = getattr(self, "calls", 0) + 1
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().embed(texts)

    with pytest.raises(KeyboardInterrupt):
        upkeep_work(replace(tools, embedder=Dying()), sent[0].job_id)
    with transaction(sessions) as session:
        leases.free_at_once(session, sent[0].job_id)
    settle()
    (job,) = jobs_of(sessions, BUILD)
    assert (job.state, job.done) == ("succeeded", 3)
    assert documents_in(store, name_of(sessions)) == set(library)


def test_keywords_are_restored_from_sql(library, sent, sessions, scope, tools, settle, dialect):
    with transaction(sessions) as session:
        tools.keywords.delete(session, scope, library[0])
        stray = session.scalars(select(ChunkRow).where(ChunkRow.document_id == library[1])).one()
        session.delete(stray)
        if dialect == "postgresql":
            session.execute(text("UPDATE keyword_totals SET chunks = chunks + 1000"))
    with reading(sessions) as session:
        found = keyword_differences(session, tools.keywords, scope)
    assert (found.missing, found.surplus) == ({library[0]: 1}, {library[1]: 1})
    with transaction(sessions) as session:
        kept(tools).rebuild_keywords(session, scope)
    settle()
    with reading(sessions) as session:
        found = keyword_differences(session, tools.keywords, scope)
        hits = tools.keywords.query(session, scope, "kiln", 10)
        if dialect == "postgresql":
            assert session.scalar(text("SELECT sum(chunks) FROM keyword_totals")) == 2
    assert (found.missing, found.surplus) == ({}, {})
    assert len(hits) == 1


def test_a_document_that_is_read_anew_does_not_look_lost(library, keeper, sent, sessions):
    with transaction(sessions) as session:
        for ordinal in range(1, 9):
            session.add(chunk(session, library[0], ordinal))
        session.add(another_job(session, library[0]))
    keeper.keep()
    assert sent == []
    assert jobs_of(sessions, BUILD) == []


def chunk(session, document_id, ordinal):
    workspace = session.get_one(Document, document_id).workspace_id
    return ChunkRow(
        document_id=document_id,
        workspace_id=workspace,
        ordinal=ordinal,
        page=1,
        start=0,
        end=4,
        text="clay",
    )


def another_job(session, document_id):
    workspace = session.get_one(Document, document_id).workspace_id
    return Job(workspace_id=workspace, document_id=document_id, kind=EMBED, queue="embed")


def test_steps_say_that_a_rebuilt_document_is_embedded(library, sent, sessions, scope, tools):
    with transaction(sessions) as session:
        session.execute(delete(Step).where(Step.name == steps.EMBED))
        job = kept(tools).rebuild_vectors(session, scope)
    upkeep_work(tools, job.id)
    with reading(sessions) as session:
        done = session.scalars(select(Step.document_id).where(Step.name == steps.EMBED)).all()
    assert set(done) == set(library)
