"""Uploads, workers and erasures of the same document meet, and nothing is doubled or lost."""

import io
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from classify.classification import Context
from core.db import reading, transaction
from core.documents import Chunk, Page, ParsedDocument, Span
from core.errors import NotFound
from core.tables import ChunkRow, Document, Event, Job, VectorCollection
from ingest import library, pipeline
from retrieval import collection
from retrieval.keyword_contract import terms_of
from tests import postgres
from tests.at_once import Meanwhile, at_once

LETTER = b"Dear Sir, the kiln is hot."
TEXT = LETTER.decode()
CHUNKS = [Chunk(0, Span(1, 0, len(TEXT)), TEXT)]
UPLOADS = 6


def accept(intake, sessions, scope, data=LETTER):
    with transaction(sessions) as session:
        return intake.accept(session, scope, io.BytesIO(data), "letter.txt", Context())


def erase(tools, sessions, scope, document_id):
    with transaction(sessions) as session:
        library.delete(tools, session, scope, document_id)


def count(sessions, table) -> int:
    with reading(sessions) as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def index(tools, session, scope, document_id):
    """Write what a worker writes at the end."""
    document = library.lock(session, scope, document_id)
    pipeline.keep_pages(session, document, ParsedDocument("text/plain", (Page(1, TEXT),)))
    pipeline.keep_chunks(session, tools, scope, document, CHUNKS, terms_of(CHUNKS))


def test_the_same_bytes_at_once_are_one_document(intake, sessions, scope, sent):
    answers = at_once(*[partial(accept, intake, sessions, scope)] * UPLOADS)
    assert sorted(answer.created for answer in answers) == [False] * (UPLOADS - 1) + [True]
    assert len({answer.document.id for answer in answers}) == 1
    assert len({answer.job.id for answer in answers}) == 1
    assert count(sessions, Document) == count(sessions, Job) == count(sessions, Event) == 1
    assert len(sent) == 1


@postgres.ONLY
def test_other_bytes_do_not_wait(intake, sessions, scope):
    with transaction(sessions) as session:
        intake.accept(session, scope, io.BytesIO(LETTER), "letter.txt", Context())
        other = Meanwhile(partial(accept, intake, sessions, scope, b"Another letter"))
        assert other.result().created


def test_an_upload_during_an_erasure_keeps_its_original(tools, intake, sessions, scope):
    first = accept(intake, sessions, scope).document
    with transaction(sessions) as session:
        session.delete(session.get_one(Document, first.id))
    with transaction(sessions) as session:
        again = intake.accept(session, scope, io.BytesIO(LETTER), "letter.txt", Context())
        forgetting = Meanwhile(partial(library._forget_original, tools, first.sha256))
        assert forgetting.waits()
    forgetting.result()
    assert again.created
    with tools.store.file(first.sha256) as path:
        assert path.read_bytes() == LETTER


def test_an_erasure_waits_for_the_worker_and_takes_its_words_along(tools, intake, sessions, scope):
    document_id = accept(intake, sessions, scope).document.id
    with transaction(sessions) as session:
        index(tools, session, scope, document_id)
        erasing = Meanwhile(partial(erase, tools, sessions, scope, document_id))
        assert erasing.waits()
    erasing.result()
    assert count(sessions, Document) == count(sessions, ChunkRow) == 0
    with reading(sessions) as session:
        assert tools.keywords.query(session, scope, "kiln", 10) == []


@postgres.ONLY
def test_an_erasure_leaves_no_row_of_the_keyword_index(tools, intake, sessions, scope):
    document_id = accept(intake, sessions, scope).document.id
    with transaction(sessions) as session:
        index(tools, session, scope, document_id)
    erase(tools, sessions, scope, document_id)
    with reading(sessions) as session:
        assert session.scalar(text("SELECT count(*) FROM keyword_blocks")) == 0
        assert session.scalar(text("SELECT count(*) FROM keyword_postings")) == 0
        totals = session.execute(text("SELECT sum(chunks), sum(terms) FROM keyword_totals"))
        assert tuple(totals.one()) == (0, 0)


def test_a_worker_that_comes_after_the_erasure_finds_nothing(tools, intake, sessions, scope):
    document_id = accept(intake, sessions, scope).document.id

    def work():
        with transaction(sessions) as session:
            index(tools, session, scope, document_id)

    with transaction(sessions) as session:
        library.delete(tools, session, scope, document_id)
        working = Meanwhile(work)
        assert working.waits()
    with pytest.raises(Exception, match=r"(?i)no document|foreign key|0 were matched"):
        working.result()
    assert count(sessions, ChunkRow) == 0


def test_erased_twice_at_once_the_second_finds_nothing(tools, intake, sessions, scope):
    document_id = accept(intake, sessions, scope).document.id
    first, second = at_once(*[partial(erase, tools, sessions, scope, document_id)] * 2)
    assert {type(first), type(second)} == {type(None), NotFound}
    with reading(sessions) as session:
        kinds = session.scalars(select(Event.type).where(Event.type == "document.deleted")).all()
    assert len(kinds) == 1


def test_the_first_documents_of_a_workspace_share_a_collection(sessions, scope):
    def name():
        with transaction(sessions) as session:
            return collection.prepare(session, scope, "a model")[0].name

    assert len(set(at_once(*[name] * 4))) == 1
    with reading(sessions) as session:
        assert session.scalars(select(VectorCollection.state)).all() == ["serving"]


@postgres.ONLY
def test_workers_do_not_wait_for_each_other_in_the_keyword_index(tools, intake, sessions, scope):
    documents = [accept(intake, sessions, scope, uuid4().bytes.hex().encode()) for _ in "abcd"]
    earlier, first, *others = [accepted.document.id for accepted in documents]

    def work(document_id):
        with transaction(sessions) as session:
            index(tools, session, scope, document_id)

    work(earlier)
    with transaction(sessions) as session:
        index(tools, session, scope, first)
        for document_id in others:
            Meanwhile(partial(work, document_id)).result()
    with reading(sessions) as session:
        totals = session.scalars(text("SELECT chunks FROM keyword_totals"))
        assert sorted(totals) == [2, 2]
        hits = tools.keywords.query(session, scope, "kiln", 10)
    assert len(hits) == 4
