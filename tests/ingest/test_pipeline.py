"""The journey ends in exactly one decision, however often it is begun."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from classify.classification import Context
from core import leases
from core.db import reading, transaction
from core.tables import (
    ChunkRow,
    Decision,
    Document,
    Event,
    Job,
    LabelRow,
    PageRow,
    ReviewRow,
    Step,
    now,
)
from ingest import library

INVOICE = b"INVOICE 2041\n\nTotal due 720.00 GBP by 30 June 2026.\n" * 60


@pytest.fixture
def accepted(intake, sessions, scope):
    with transaction(sessions) as session:
        return intake.accept(session, scope, io.BytesIO(INVOICE), "invoice.txt", Context())


def count(sessions, table) -> int:
    with reading(sessions) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def document(sessions, accepted) -> Document:
    with reading(sessions) as session:
        return session.get_one(Document, accepted.document.id)


def job(sessions, accepted) -> Job:
    with reading(sessions) as session:
        return session.get_one(Job, accepted.job.id)


def make_due(sessions, accepted) -> None:
    with transaction(sessions) as session:
        session.get_one(Job, accepted.job.id).run_after = now() - timedelta(seconds=1)


def test_a_clear_document_is_routed(settle, sessions, accepted):
    settle()
    row = document(sessions, accepted)
    assert (row.state, row.label, row.department) == ("routed", "Invoices", "Accounts Payable")
    assert job(sessions, accepted).state == "succeeded"
    assert count(sessions, ReviewRow) == 0
    with reading(sessions) as session:
        kinds = list(session.scalars(select(Event.type).order_by(Event.sequence)))
    assert kinds == ["document.received", "document.classified", "document.routed"]


def test_chunks_are_slices_of_their_pages(run, sessions, accepted):
    run(accepted.job.id)
    with reading(sessions) as session:
        pages = {page.number: page.text for page in session.scalars(select(PageRow))}
        chunks = list(session.scalars(select(ChunkRow)))
    assert len(chunks) > 1
    assert all(pages[c.page][c.start : c.end] == c.text for c in chunks)


def test_a_second_message_for_the_same_job_does_nothing(run, sessions, accepted, engine):
    run(accepted.job.id)
    run(accepted.job.id)
    assert engine.asked == 1
    assert count(sessions, Decision) == 1


def test_a_passing_failure_is_tried_again(run, tools, sessions, accepted, monkeypatch):
    real, broken = tools.store.file, [OSError("the disk sleeps")]

    def file(sha256):
        if broken:
            raise broken.pop()
        return real(sha256)

    monkeypatch.setattr(tools.store, "file", file)
    run(accepted.job.id)
    assert (job(sessions, accepted).state, job(sessions, accepted).error_code) == (
        "queued",
        "internal_error",
    )
    make_due(sessions, accepted)
    run(accepted.job.id)
    assert document(sessions, accepted).state == "routed"
    assert job(sessions, accepted).claims == 2


def test_a_failure_that_stays_ends_after_three_attempts(
    run, tools, sessions, accepted, monkeypatch
):
    def file(_sha256):
        raise OSError("the disk is gone")

    monkeypatch.setattr(tools.store, "file", file)
    for _ in range(5):
        make_due(sessions, accepted)
        run(accepted.job.id)
    assert (job(sessions, accepted).state, job(sessions, accepted).attempts) == ("dead", 3)
    assert document(sessions, accepted).error_code == "internal_error"


def test_a_document_that_kills_its_worker_is_given_up(run, tools, sessions, accepted):
    for n in range(3):
        with transaction(sessions) as session:
            assert leases.claim(session, accepted.job.id, f"killed-{n}", tools.settings.jobs)
            leases.take_over(session)
    run(accepted.job.id)
    assert document(sessions, accepted).error_code == "worker_lost"
    assert job(sessions, accepted).state == "dead"


def test_an_error_nobody_foresaw_fails_the_document_with_a_code(run, sessions, accepted, engine):
    engine.fail_with = [RuntimeError("a bug")]
    run(accepted.job.id)
    row = document(sessions, accepted)
    assert (row.state, row.error_code) == ("failed", "internal_error")
    assert "a bug" in (row.error_detail or "")


def test_running_again_after_a_crash_before_the_commit_doubles_nothing(
    run, settle, tools, sessions, scope, accepted, monkeypatch
):
    def crash(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(leases, "succeed", crash)
        with pytest.raises(KeyboardInterrupt):
            run(accepted.job.id)
    assert count(sessions, Decision) == count(sessions, ChunkRow) == 0
    with transaction(sessions) as session:
        leases.take_over(session)
    settle()
    assert count(sessions, Decision) == 1
    with reading(sessions) as session:
        assert tools.index.count(session, scope) == count(sessions, ChunkRow)


def test_erasing_takes_everything_along(settle, tools, sessions, scope, accepted):
    settle()
    with transaction(sessions) as session:
        library.delete(tools, session, scope, accepted.document.id)
    for table in (Document, PageRow, ChunkRow, Decision, ReviewRow, LabelRow, Job, Step):
        assert count(sessions, table) == 0, table
    with reading(sessions) as session:
        assert tools.index.count(session, scope) == 0
        assert tools.keywords.query(session, scope, "invoice", 10) == []


def test_erased_while_being_processed_leaves_nothing(
    run, tools, sessions, scope, accepted, monkeypatch
):
    classify = tools.classifier.classify

    def erase_then_classify(*args):
        with transaction(sessions) as session:
            library.delete(tools, session, scope, accepted.document.id)
        return classify(*args)

    monkeypatch.setattr(
        type(tools.classifier), "classify", lambda _self, *a: erase_then_classify(*a)
    )
    run(accepted.job.id)
    assert count(sessions, Document) == count(sessions, ChunkRow) == 0
    with reading(sessions) as session:
        assert tools.index.count(session, scope) == 0
