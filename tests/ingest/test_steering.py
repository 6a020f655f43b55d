"""People stop jobs and have them done again, whatever workers do at the same moment."""

import io
from functools import partial
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import func, select

from classify.classification import Context
from core.db import reading, transaction
from core.documents import Scope
from core.errors import Conflict, CorruptDocument, NotFound
from core.leases import Told
from core.tables import ChunkRow, Decision, Document, Job, Workspace
from core.tables import Event as EventRow
from ingest import library, parsing, pipeline, steering
from tests.at_once import SECONDS, Meanwhile, at_once

INVOICE = b"INVOICE 2041\n\nTotal due 720.00 GBP by 30 June 2026.\n"


@pytest.fixture
def accept(intake, sessions, scope):
    def door(data=INVOICE, where=scope):
        with transaction(sessions) as session:
            return intake.accept(session, where, io.BytesIO(data), "invoice.txt", Context())

    return door


@pytest.fixture
def accepted(accept):
    return accept()


@pytest.fixture
def cancel(sessions, scope, accepted):
    def door():
        with transaction(sessions) as session:
            return steering.cancel(session, scope, accepted.job.id)

    return door


@pytest.fixture
def replay(sessions, scope, accepted, sent):
    def door():
        with transaction(sessions) as session:
            return steering.replay(session, scope, accepted.job.id, sent.append)

    return door


@pytest.fixture
def states(sessions, accepted):
    """The states of job and document."""

    def read() -> tuple[str, str]:
        with reading(sessions) as session:
            job = session.get_one(Job, accepted.job.id)
            return job.state, session.get_one(Document, accepted.document.id).state

    return read


@pytest.fixture
def damage(monkeypatch):
    """Errors that the next readings end with."""
    errors: list[Exception] = []
    real = parsing.read

    def read(*args):
        if errors:
            raise errors.pop(0)
        return real(*args)

    monkeypatch.setattr(pipeline, "read", read)
    return errors


def count(sessions, table) -> int:
    with reading(sessions) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def events(sessions) -> list[str]:
    with reading(sessions) as session:
        return list(session.scalars(select(EventRow.type).order_by(EventRow.sequence)))


def test_a_waiting_job_is_cancelled_and_put_back_with_its_document(
    run, sessions, accepted, sent, states, cancel, replay
):
    cancel()
    run(accepted.job.id)
    assert states() == ("cancelled", "cancelled")
    assert events(sessions) == ["document.received", "job.cancelled"]
    sent.clear()
    replay()
    assert states() == ("queued", "received")
    assert sent == [Told(accepted.job.id, "intake")]
    run(accepted.job.id)
    assert states() == ("succeeded", "routed")


def test_a_running_job_is_cancelled_and_writes_nothing_more(
    run, sessions, engine, accepted, states, cancel, replay, monkeypatch
):
    inner, turns = type(engine).opine, [cancel]

    def opine(*args):
        while turns:
            turns.pop()()
        return inner(*args)

    monkeypatch.setattr(type(engine), "opine", opine)
    run(accepted.job.id)
    assert states() == ("cancelled", "cancelled")
    assert count(sessions, Decision) == count(sessions, ChunkRow) == 0
    replay()
    run(accepted.job.id)
    assert states() == ("succeeded", "routed")
    assert count(sessions, Decision) == 1


def test_cancelled_while_the_result_is_being_written_is_too_late(
    run, accepted, states, cancel, monkeypatch
):
    real, late = pipeline.embed_later, []

    def embed_later(*args):
        real(*args)
        late.append(Meanwhile(cancel))
        assert late[0].waits()

    monkeypatch.setattr(pipeline, "embed_later", embed_later)
    run(accepted.job.id)
    with pytest.raises(Conflict, match="succeeded"):
        late[0].result()
    assert states() == ("succeeded", "routed")


def test_a_result_that_comes_while_its_job_is_being_cancelled_is_dropped(
    run, sessions, scope, engine, accepted, states, monkeypatch
):
    inner, ready, go = type(engine).opine, Event(), Event()

    def opine(*args):
        ready.set()
        assert go.wait(SECONDS)
        return inner(*args)

    monkeypatch.setattr(type(engine), "opine", opine)
    working = Meanwhile(partial(run, accepted.job.id))
    assert ready.wait(SECONDS)
    with transaction(sessions) as session:
        steering.cancel(session, scope, accepted.job.id)
        go.set()
        assert working.waits()
    working.result()
    assert states() == ("cancelled", "cancelled")
    assert count(sessions, Decision) == count(sessions, ChunkRow) == 0


@pytest.mark.parametrize("_turn", range(3))
def test_cancelled_at_the_moment_it_is_done_it_is_one_or_the_other(
    run, sessions, accepted, states, cancel, _turn
):
    _, cancelled = at_once(partial(run, accepted.job.id), cancel)
    if isinstance(cancelled, Conflict):
        assert states() == ("succeeded", "routed")
    else:
        assert states() == ("cancelled", "cancelled")
    assert count(sessions, Decision) == (states()[0] == "succeeded")
    assert events(sessions).count("job.cancelled") == (states()[0] == "cancelled")


def test_whoever_comes_at_once_for_one_document_nobody_locks_the_other_out(
    run, tools, sessions, scope, accepted, cancel, replay
):
    def erase():
        with transaction(sessions) as session:
            library.delete(tools, session, scope, accepted.document.id)

    work = partial(run, accepted.job.id)
    ended = at_once(work, cancel, replay, work, cancel, replay, erase, work)
    assert {type(answer) for answer in ended} <= {type(None), Job, Conflict, NotFound}
    assert count(sessions, Document) == count(sessions, Job) == count(sessions, ChunkRow) == 0


def test_a_dead_job_is_put_back_with_its_document(run, sessions, damage, accepted, states, replay):
    damage.append(CorruptDocument("page 3"))
    run(accepted.job.id)
    assert states() == ("dead", "failed")
    replay()
    assert states() == ("queued", "received")
    run(accepted.job.id)
    assert states() == ("succeeded", "routed")
    with reading(sessions) as session:
        row = session.get_one(Document, accepted.document.id)
        assert (row.error_code, row.error_detail) == (None, None)
    assert events(sessions).count("job.dead") == 1


def test_the_embedding_of_a_document_is_steered_without_moving_it(
    run, sessions, scope, accepted, sent, states
):
    run(accepted.job.id)
    embedding = sent.pop().job_id
    with transaction(sessions) as session:
        steering.cancel(session, scope, embedding)
    assert states() == ("succeeded", "routed")
    with transaction(sessions) as session:
        steering.replay(session, scope, embedding, sent.append)
    assert states() == ("succeeded", "routed")
    assert sent[-1] == Told(embedding, "embed")


def test_what_is_steered_and_rolled_back_was_never_told(sessions, scope, accepted, sent, cancel):
    cancel()
    sent.clear()

    def fail():
        with transaction(sessions) as session:
            steering.replay(session, scope, accepted.job.id, sent.append)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sent == []


class TestAll:
    """Dead jobs are put back by the lot."""

    @pytest.fixture
    def dead(self, run, damage, accept) -> list[UUID]:
        """Two documents that died of one thing, and one of another."""
        lot = [accept(INVOICE + bytes([65 + n])) for n in range(3)]
        damage += [CorruptDocument("a"), CorruptDocument("b"), ZeroDivisionError("c")]
        for accepted in lot:
            run(accepted.job.id)
        return [accepted.job.id for accepted in lot]

    def replay_dead(self, sessions, scope, send, *filters):
        with transaction(sessions) as session:
            found = steering.replay_dead(session, scope, send, *filters)
            return [job.id for job in found]

    def test_those_that_pass_the_filters_are_put_back(self, sessions, scope, dead, sent):
        sent.clear()
        corrupt = Job.error_code == "corrupt"
        assert set(self.replay_dead(sessions, scope, sent.append, corrupt)) == set(dead[:2])
        assert {told.job_id for told in sent} == set(dead[:2])
        with reading(sessions) as session:
            documents = session.scalars(select(Document.state)).all()
            assert session.get_one(Job, dead[2]).state == "dead"
        assert sorted(documents) == ["failed", "received", "received"]

    @pytest.mark.usefixtures("dead")
    def test_those_of_another_workspace_are_not(self, sessions, sent):
        with transaction(sessions) as session:
            other = Workspace(name="other")
            session.add(other)
        assert self.replay_dead(sessions, Scope(other.id), sent.append) == []

    def test_by_several_at_once_each_is_put_back_once(self, sessions, scope, dead, sent):
        sent.clear()
        lots = at_once(*[partial(self.replay_dead, sessions, scope, sent.append)] * 3)
        assert sorted(job_id for lot in lots for job_id in lot) == sorted(dead)
        assert sorted(told.job_id for told in sent) == sorted(dead)

    @pytest.mark.usefixtures("dead")
    def test_only_so_many_at_a_time(self, sessions, scope, sent, monkeypatch):
        monkeypatch.setattr(steering, "MOST_AT_ONCE", 2)
        assert [len(self.replay_dead(sessions, scope, sent.append)) for _ in "abc"] == [2, 1, 0]
