"""A journey that is begun again goes on where it stood, and undoes nobody's decision."""

import io
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from classify import review
from classify.classification import Context
from classify.taxonomy import default_taxonomy
from core import leases, steps
from core.db import reading, transaction
from core.errors import LeaseLost
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
from ingest import library, parsing, pipeline, steering

INVOICE = b"INVOICE 2041\n\nTotal due 720.00 GBP by 30 June 2026.\n" * 60
OWNER = "process/worker"


@pytest.fixture
def accepted(intake, sessions, scope):
    with transaction(sessions) as session:
        return intake.accept(session, scope, io.BytesIO(INVOICE), "invoice.txt", Context())


@pytest.fixture
def reads(monkeypatch):
    """How often an original was read."""
    done, real = [], parsing.read

    def read(path, *rest):
        done.append(path)
        return real(path, *rest)

    monkeypatch.setattr(pipeline, "read", read)
    return done


@dataclass
class Trouble:
    """What becomes of the calls of the embedding model: those by these numbers fail."""

    errors: dict[int, BaseException] = field(default_factory=dict)
    calls: int = 0
    embedded: int = 0


@pytest.fixture
def trouble(tools, monkeypatch):
    monkeypatch.setattr(pipeline, "EMBED_AT_ONCE", 1)
    model = type(tools.embedder)
    told, real = Trouble(), model.embed

    def embed(self, texts):
        told.calls += 1
        if told.calls in told.errors:
            raise told.errors[told.calls]
        told.embedded += len(texts)
        return real(self, texts)

    monkeypatch.setattr(model, "embed", embed)
    return told


def count(sessions, table) -> int:
    with reading(sessions) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def document(sessions, accepted) -> Document:
    with reading(sessions) as session:
        return session.get_one(Document, accepted.document.id)


def change(sessions, table, key, **values):
    with transaction(sessions) as session:
        row = session.get_one(table, key)
        for name, value in values.items():
            setattr(row, name, value)


def left_behind(sessions):
    """Lets the lease of a worker that has died run out."""
    with transaction(sessions) as session:
        leases.take_over(session)


def claim(tools, job_id, owner=OWNER):
    with transaction(tools.sessions) as session:
        lease = leases.claim(session, job_id, owner, tools.settings.jobs)
    assert lease is not None
    return lease


def again(intake, sessions, scope, accepted):
    """Another job for the same document."""
    with transaction(sessions) as session:
        return intake.enqueue(session, scope, library.lock(session, scope, accepted.document.id))


class TestReading:
    @pytest.fixture
    def crashed(self, run, engine, sessions, accepted, reads):
        """The worker died after reading."""
        engine.fail_with = [KeyboardInterrupt()]
        with pytest.raises(KeyboardInterrupt):
            run(accepted.job.id)
        left_behind(sessions)
        assert len(reads) == 1
        return accepted

    def test_what_was_read_is_not_read_again(self, run, sessions, crashed, reads):
        run(crashed.job.id)
        assert len(reads) == 1
        assert document(sessions, crashed).state == "routed"
        assert count(sessions, Decision) == 1

    def test_a_newer_reader_reads_again(self, run, sessions, crashed, reads, monkeypatch):
        monkeypatch.setattr(pipeline, "READER_VERSION", "another")
        run(crashed.job.id)
        assert len(reads) == 2
        assert count(sessions, PageRow) == document(sessions, crashed).page_count

    def test_what_was_read_of_other_content_is_read_again(self, run, sessions, crashed, reads):
        key = (crashed.document.id, steps.READ)
        change(sessions, Step, key, sha256="0" * 64)
        run(crashed.job.id)
        assert len(reads) == 2
        with reading(sessions) as session:
            assert session.get_one(Step, key).sha256 == crashed.document.sha256

    def test_what_is_read_back_is_what_was_read(self, tools, sessions, crashed):
        progress = leases.Progress(sessions, claim(tools, crashed.job.id))
        kept = pipeline.read_once(tools, document(sessions, crashed), progress)
        with tools.store.file(crashed.document.sha256) as path:
            anew = parsing.read(path, "text/plain", tools.settings.reading, progress.step)
        assert kept == anew


class TestEmbedding:
    @pytest.fixture
    def job_id(self, run, sent, accepted):
        run(accepted.job.id)
        return sent[-1].job_id

    @pytest.fixture
    def chunks(self, sessions, job_id) -> int:
        with reading(sessions) as session:
            document_id = session.get_one(Job, job_id).document_id
            mine = select(func.count()).where(ChunkRow.document_id == document_id)
            number = session.scalars(mine).one()
        assert number >= 4
        return number

    def test_it_goes_on_at_the_batch_where_its_worker_died(
        self, run, tools, sessions, scope, accepted, job_id, chunks, trouble
    ):
        trouble.errors = {3: KeyboardInterrupt()}
        with pytest.raises(KeyboardInterrupt):
            run(job_id)
        left_behind(sessions)
        run(job_id)
        assert (trouble.embedded, trouble.calls) == (chunks, chunks + 1)
        with reading(sessions) as session:
            assert session.get_one(Job, job_id).state == "succeeded"
            assert tools.index.count(session, scope) == chunks
            done = steps.of(session, accepted.document)[steps.EMBED]
        assert done.version == tools.embedder.name

    def test_failures_between_which_it_gets_on_never_end_it(
        self, run, tools, sessions, job_id, chunks, trouble
    ):
        trouble.errors = {2 * n: OSError("the line is bad") for n in range(1, chunks)}
        for _ in range(chunks):
            run(job_id)
            change(sessions, Job, job_id, run_after=now() - timedelta(seconds=1))
        with reading(sessions) as session:
            job = session.get_one(Job, job_id)
        assert (job.state, job.claims, trouble.embedded) == ("succeeded", chunks, chunks)
        assert job.claims > tools.settings.jobs.attempts

    def test_giving_it_up_leaves_the_document_routed(
        self, run, sessions, accepted, job_id, trouble
    ):
        trouble.errors = {1: ZeroDivisionError()}
        run(job_id)
        with reading(sessions) as session:
            assert session.get_one(Job, job_id).state == "dead"
        assert document(sessions, accepted).state == "routed"


class TestDecided:
    """A document that was decided is not decided again."""

    @pytest.fixture
    def resolved(self, run, sessions, scope, accepted):
        """A person said that this is a contract."""
        run(accepted.job.id)
        with transaction(sessions) as session:
            row = library.lock(session, scope, accepted.document.id)
            decision = session.scalars(select(Decision)).one()
            asked = review.open_review(session, scope, row, decision, "low_confidence")
            review.resolve(session, scope, asked.id, "ann", "Contracts", default_taxonomy())
        return accepted

    def test_another_job_leaves_what_a_person_resolved(
        self, run, intake, engine, sessions, scope, resolved, sent
    ):
        before, events = document(sessions, resolved), count(sessions, Event)
        sent.clear()
        job = again(intake, sessions, scope, resolved)
        run(job.id)
        after = document(sessions, resolved)
        assert (after.state, after.label, after.department) == (
            "routed",
            "Contracts",
            before.department,
        )
        assert (count(sessions, Decision), count(sessions, LabelRow), engine.asked) == (1, 1, 1)
        assert count(sessions, Event) == events
        assert [told.job_id for told in sent] == [job.id]
        with reading(sessions) as session:
            assert session.get_one(Job, job.id).state == "succeeded"

    def test_another_job_that_is_steered_or_given_up_leaves_it_too(
        self, run, intake, sessions, scope, resolved, sent
    ):
        job = again(intake, sessions, scope, resolved)
        with transaction(sessions) as session:
            steering.cancel(session, scope, job.id)
        assert document(sessions, resolved).state == "routed"
        with transaction(sessions) as session:
            steering.replay(session, scope, job.id, sent.append)
        assert document(sessions, resolved).state == "routed"
        change(sessions, Job, job.id, attempts=3)
        run(job.id)
        with reading(sessions) as session:
            assert session.get_one(Job, job.id).error_code == "worker_lost"
        assert document(sessions, resolved).state == "routed"

    def test_what_is_decided_meanwhile_is_not_decided_twice(
        self, run, intake, engine, sessions, scope, accepted, monkeypatch
    ):
        other = again(intake, sessions, scope, accepted)
        inner, turns = type(engine).opine, [other.id]

        def opine(self, *args):
            if turns:
                run(turns.pop(), "another/worker")
            return inner(self, *args)

        monkeypatch.setattr(type(engine), "opine", opine)
        run(accepted.job.id)
        assert (count(sessions, Decision), count(sessions, ReviewRow)) == (1, 0)
        with reading(sessions) as session:
            states = session.scalars(select(Job.state).where(Job.kind == "process_document")).all()
        assert states == ["succeeded", "succeeded"]


class TestLosing:
    """A worker that has lost its job writes nothing of the document."""

    def test_cancelled_before_it_began_the_document_stays_cancelled(
        self, tools, sessions, scope, accepted
    ):
        lease = claim(tools, accepted.job.id)
        with transaction(sessions) as session:
            steering.cancel(session, scope, accepted.job.id)
        with pytest.raises(LeaseLost):
            pipeline.process(tools, lease, leases.Progress(sessions, lease))
        assert document(sessions, accepted).state == "cancelled"

    def test_taken_over_while_reading_it_keeps_no_page(
        self, tools, sessions, accepted, monkeypatch
    ):
        real = parsing.read

        def read(*args):
            left_behind(sessions)
            claim(tools, accepted.job.id)
            return real(*args)

        monkeypatch.setattr(pipeline, "read", read)
        lease = claim(tools, accepted.job.id)
        with pytest.raises(LeaseLost):
            pipeline.process(tools, lease, leases.Progress(sessions, lease, every=3600))
        assert count(sessions, PageRow) == count(sessions, Step) == 0

    def test_taken_over_while_classifying_it_decides_nothing(
        self, tools, engine, sessions, accepted, monkeypatch
    ):
        inner = type(engine).opine

        def opine(*args):
            left_behind(sessions)
            claim(tools, accepted.job.id)
            return inner(*args)

        monkeypatch.setattr(type(engine), "opine", opine)
        lease = claim(tools, accepted.job.id)
        with pytest.raises(LeaseLost):
            pipeline.process(tools, lease, leases.Progress(sessions, lease))
        assert count(sessions, Decision) == 0
        assert document(sessions, accepted).state == "processing"
