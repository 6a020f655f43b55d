"""Keeping the indexes equal to SQL: what is lost is found by counting and put back by jobs.

Nothing is repaired here itself. A few documents get a job each that embeds them again; a lost
collection, or one of a new model, gets one job that builds it from SQL. Such jobs are durable like
all others: any worker goes on with them where the last one stopped.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import jobs, leases, steps
from core.db import Sessions, after_commit, hold, reading, transaction
from core.documents import Scope
from core.errors import MailroomError, NotFound, Unavailable
from core.jobs import Send
from core.leases import Lease, Progress, Told
from core.tables import Document, Job, VectorCollection, Workspace, now
from core.telemetry import log
from core.work import Handler
from ingest import library
from ingest.intake import EMBED
from ingest.tools import Tools
from retrieval import collection
from retrieval.index import VectorIndex
from retrieval.upkeep import Standing

BUILD, WORDS = "build_vectors", "rebuild_keywords"
"""The kinds of jobs that renew an index."""
BUILDING, INDEXING = "building", "indexing"
ACTIVE = ("queued", "running")
SLICE_SECONDS = 5.0
"""After so long a renewal lets other work come in between: new documents do not wait for it."""
DOCUMENTS = 16
"""Documents whose words are looked up at once, to be written one by one."""
AT_ONCE = 500
"""Documents that are put right by one comparison; the next one finds the rest."""
REPAIRS_A_DAY = 3
"""A document whose vectors vanish again and again is left to a person."""
IMPATIENT_SECONDS = 5.0

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What it takes to compare the vector index with SQL, and to have it put right."""

    sessions: Sessions
    index: VectorIndex
    embedder: str
    send: Send

    def scopes(self) -> list[Scope]:
        """Return every workspace."""
        with reading(self.sessions) as session:
            return [Scope(one) for one in session.scalars(select(Workspace.id))]

    def adopt(self) -> int:
        """Have workspaces that this model does not serve yet built with it; returns how many.

        Only a process that starts may do so: later on, a process that still has an earlier model
        would bring that one back.
        """
        begun = 0
        for scope in self.scopes():
            with transaction(self.sessions) as session:
                if self.index.needs_reembedding(session, scope):
                    _, new = self._build(session, scope)
                    begun += new
        return begun

    def rebuild_vectors(self, session: Session, scope: Scope) -> Job:
        """Have a workspace's vectors built anew beside those that serve; once at a time.

        What was begun and given up is taken up again.
        """
        job, _ = self._build(session, scope)
        return self._revived(session, scope, job)

    def rebuild_keywords(self, session: Session, scope: Scope) -> Job:
        """Have a workspace's keyword index written anew, a document at a time; once at a time."""
        hold(session, f"keyword index of {scope.workspace_id}")
        unfinished = Job.kind == WORDS, Job.state.in_((*ACTIVE, "dead"))
        known = leases.listed(session, scope, *unfinished, limit=1)
        if known:
            return self._revived(session, scope, known[0])
        return self._create(session, scope, WORDS, None)

    def check(self, scope: Scope) -> Standing:
        """Compare a workspace's vectors with SQL, and have what is missing put back.

        Raises:
            IndexUnavailable: the store does not answer; then nothing can be said.
        """
        self.index.drop_retired(scope)
        standing = self.index.standing(scope)
        if standing.state == "lost" or _mostly_missing(standing):
            self._replace(scope, standing)
        elif standing.state == "building":
            with transaction(self.sessions) as session:
                self._build(session, scope)
        elif standing.state == "serving":
            self._repair(scope, self._forgotten(scope))
        return standing

    def mend(self, scope: Scope) -> int:
        """Compare one by one: remove what is too many, embed what is missing; returns how many.

        Raises:
            IndexUnavailable: the store does not answer.
        """
        found = self.index.differences(scope)
        if found.surplus:
            self.index.remove(scope, found.surplus)
            log().info("index.surplus_removed", vectors=len(found.surplus), **_named(scope))
        return self._repair(scope, sorted(found.missing)[:AT_ONCE])

    def idle(self, scope: Scope) -> bool:
        """Tell whether no work on a workspace's documents is under way."""
        active = Job.workspace_id == scope.workspace_id, Job.state.in_(ACTIVE)
        with reading(self.sessions) as session:
            return session.scalar(select(Job.id).where(*active).limit(1)) is None

    def _build(self, session: Session, scope: Scope) -> tuple[Job, bool]:
        """Return the one job that builds this model's next collection, and whether it is new."""
        row = collection.begin(session, scope, self.embedder)
        known = leases.listed(session, scope, Job.kind == BUILD, Job.subject == row.id, limit=1)
        if known:
            return known[0], False
        log().info("index.building", model=self.embedder, **_named(scope))
        return self._create(session, scope, BUILD, row.id), True

    def _create(self, session: Session, scope: Scope, kind: str, subject: UUID | None) -> Job:
        job = leases.create(session, scope, kind, jobs.EMBED, subject=subject)
        self._tell(session, job)
        return job

    def _revived(self, session: Session, scope: Scope, job: Job) -> Job:
        if job.state in ("dead", "cancelled"):
            job = leases.replay(session, scope, job.id)
            self._tell(session, job)
        return job

    def _tell(self, session: Session, job: Job) -> None:
        told = Told(job.id, job.queue)
        after_commit(session, lambda: self.send(told))

    def _replace(self, scope: Scope, standing: Standing) -> None:
        found = {"state": standing.state, "vectors": standing.vectors, "of": standing.expected}
        log().warning("index.lost", collection=standing.name, **found, **_named(scope))
        with transaction(self.sessions) as session:
            collection.condemn(session, scope, standing.name or "")
            self._build(session, scope)

    def _forgotten(self, scope: Scope) -> Sequence[UUID]:
        """Return documents with text that have no vectors and no job that would make them."""
        job = select(Job.id).where(
            Job.document_id == Document.id,
            Job.kind == EMBED,
            Job.state.in_((*ACTIVE, "dead", "cancelled")),
        )
        wanted = select(Document.id).where(
            Document.workspace_id == scope.workspace_id,
            collection.has_text(),
            ~collection.embedded(self.embedder),
            ~collection.under_way(),
            ~job.exists(),
        )
        with reading(self.sessions) as session:
            return session.scalars(wanted.limit(AT_ONCE)).all()

    def _repair(self, scope: Scope, documents: Sequence[UUID]) -> int:
        """Have documents embedded again; those that somebody works on are left in peace."""
        repaired = sum(self._embed_again(scope, one) for one in documents)
        if repaired:
            log().warning("index.repairing", documents=repaired, **_named(scope))
        return repaired

    def _embed_again(self, scope: Scope, document_id: UUID) -> bool:
        with transaction(self.sessions) as session:
            try:
                document = library.lock(session, scope, document_id)
            except NotFound:
                return False
            its = Job.document_id == document_id
            lately = its, Job.kind == EMBED, Job.created_at > now() - timedelta(days=1)
            active = select(func.count()).where(its, Job.state.in_(ACTIVE))
            repairs = select(func.count()).where(*lately)
            if session.scalar(active) or (session.scalar(repairs) or 0) > REPAIRS_A_DAY:
                return False
            steps.forget(session, document, steps.EMBED)
            job = leases.create(session, scope, EMBED, jobs.EMBED, document_id)
            self._tell(session, job)
            return True


class Keeper:
    """Compares the vector index with SQL now and then, and has what is missing put back.

    It counts; one by one it compares only where the numbers differ and have changed since.
    """

    def __init__(self, upkeep: Upkeep, every: float) -> None:
        self._upkeep, self._every = upkeep, every
        self._seen: dict[Scope, tuple[int, int]] = {}
        self._away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Compare now and then again and again."""
        self._thread.start()

    def stop(self) -> None:
        """End the comparing; an index that hangs is not waited for."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(IMPATIENT_SECONDS)

    def keep(self) -> None:
        """Compare every workspace once.

        Raises:
            Unavailable: index or database do not answer.
        """
        for scope in self._upkeep.scopes():
            if self._stop.is_set():
                return
            standing = self._upkeep.check(scope)
            if standing.state == "serving":
                self._look_closer(scope, standing)

    def _look_closer(self, scope: Scope, standing: Standing) -> None:
        numbers = standing.expected, standing.vectors
        if standing.vectors == standing.expected or numbers == self._seen.get(scope):
            return
        # While documents are embedded there are more vectors than documents that are done.
        if standing.vectors > standing.expected and not self._upkeep.idle(scope):
            return
        self._upkeep.mend(scope)
        self._seen[scope] = numbers

    def _run(self) -> None:
        adopted = False
        while True:
            try:
                if not adopted:
                    self._upkeep.adopt()
                    adopted = True
                self.keep()
                self._away = False
            except Unavailable as error:
                self._tell_once(error)
            except Exception as error:  # noqa: BLE001 (the next comparison tries again)
                log().warning("index.comparison_failed", error=repr(error), exc_info=error)
            pause = min(self._every, IMPATIENT_SECONDS) if self._away else self._every
            if self._stop.wait(pause):
                return

    def _tell_once(self, error: MailroomError) -> None:
        if not self._away:
            log().info("index.comparison_waits", code=error.code, detail=error.detail)
        self._away = True


def described(session: Session) -> list[str]:
    """Return what is being renewed, and how far that has come."""
    active = select(Job).where(Job.queue == jobs.EMBED, Job.state.in_(ACTIVE))
    found = session.scalars(active.where(Job.kind.in_((BUILD, WORDS))).order_by(Job.created_at))
    return [f"{job.kind}: {job.done} of {job.total or 'all'}" for job in found]


def handlers(tools: Tools, clock: Clock = time.monotonic) -> Mapping[str, Handler]:
    """Return what knows the jobs that renew an index, by kind."""
    return {BUILD: Building(tools, clock), WORDS: Indexing(tools, clock)}


@dataclass(frozen=True, slots=True)
class Building:
    """Builds a vector collection from SQL beside the one that serves, then switches."""

    tools: Tools
    clock: Clock = time.monotonic

    def perform(self, lease: Lease, progress: Progress) -> str:
        """Build for a while, and give way if that was not all."""
        until = self.clock() + SLICE_SECONDS
        with reading(self.tools.sessions) as session:
            row = session.get(VectorCollection, lease.subject)
            total = collection.total(session, lease.scope)
        if row is None or row.state != collection.BUILDING:
            return self._superseded(lease)
        if row.embedder != self.tools.embedder.name:
            return self._another_model(lease, row)
        builder = self.tools.index.builder(lease.scope, self.tools.embedder, row.name)
        builder.start()
        done = lease.done if lease.stage == BUILDING and row.cursor is not None else 0
        progress.stage(BUILDING, done, total)

        def kept(session: Session, chunks: int) -> None:
            nonlocal done
            done = min(done + chunks, total)
            progress.advance(session, done=done)

        while self.clock() < until:
            if builder.advance(kept):
                continue
            if builder.switch(lambda session: leases.succeed(session, lease)):
                self.tools.index.drop_retired(lease.scope)
                return f"serves with {total} chunks"
        return _give_way(self.tools, progress)

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Leave the half-built collection: a replay goes on with it."""

    def left(self, lease: Lease) -> bool:
        """Tell whether the collection is no longer wanted."""
        with reading(self.tools.sessions) as session:
            return session.get(VectorCollection, lease.subject) is None

    def _superseded(self, lease: Lease) -> str:
        with transaction(self.tools.sessions) as session:
            leases.succeed(session, lease)
        return "another collection serves"

    def _another_model(self, lease: Lease, row: VectorCollection) -> str:
        if not self.tools.settings.jobs.embedded:
            raise Unavailable(f"the collection is for {row.embedder!r}: no worker with it is free")
        # There is no other worker: the model was changed back.
        with transaction(self.tools.sessions) as session:
            collection.give_up(session, lease.scope, row.name)
            leases.succeed(session, lease)
        return f"{row.embedder} is no longer wanted"


@dataclass(frozen=True, slots=True)
class Indexing:
    """Writes the keyword index of a workspace anew, from SQL, while it answers."""

    tools: Tools
    clock: Clock = time.monotonic

    def perform(self, lease: Lease, progress: Progress) -> str:
        """Write documents in the order of their ids for a while; the job's subject is the last."""
        until = self.clock() + SLICE_SECONDS
        last = lease.subject
        progress.stage(INDEXING, lease.done if last else 0, self._count(lease.scope))
        if last is None:
            self._forget_strays(lease.scope)
        done = lease.done if last else 0
        while self.clock() < until:
            documents = self._after(lease.scope, last)
            if not documents:
                return self._finish(lease, done)
            for last in documents:
                done += 1
                with transaction(self.tools.sessions) as session:
                    self._index(session, lease.scope, last)
                    progress.advance(session, done=done, subject=last)
        return _give_way(self.tools, progress)

    def given_up(self, session: Session, lease: Lease, code: str, detail: str) -> None:
        """Leave the index as far as it came: a replay goes on with it."""

    def left(self, lease: Lease) -> bool:  # noqa: ARG002 (a Handler's)
        """Leave nothing: every document was written whole."""
        return False

    def _count(self, scope: Scope) -> int:
        mine = Document.workspace_id == scope.workspace_id
        query = select(func.count()).select_from(Document).where(mine, collection.has_text())
        with reading(self.tools.sessions) as session:
            return session.scalar(query) or 0

    def _after(self, scope: Scope, last: UUID | None) -> Sequence[UUID]:
        query = select(Document.id).where(
            Document.workspace_id == scope.workspace_id, collection.has_text()
        )
        if last is not None:
            query = query.where(Document.id > last)
        with reading(self.tools.sessions) as session:
            return session.scalars(query.order_by(Document.id).limit(DOCUMENTS)).all()

    def _index(self, session: Session, scope: Scope, document_id: UUID) -> None:
        try:
            library.lock(session, scope, document_id)
        except NotFound:
            return
        chunks = library.chunks_in(session, scope, document_id)
        self.tools.keywords.upsert(session, scope, document_id, chunks)

    def _forget_strays(self, scope: Scope) -> None:
        """Forget entries of documents that SQL does not have, or has no text of."""
        mine = Document.workspace_id == scope.workspace_id
        with transaction(self.tools.sessions) as session:
            known = set(session.scalars(select(Document.id).where(mine, collection.has_text())))
            for document_id in self.tools.keywords.entries(session, scope).keys() - known:
                self.tools.keywords.delete(session, scope, document_id)

    def _finish(self, lease: Lease, done: int) -> str:
        with transaction(self.tools.sessions) as session:
            self.tools.keywords.tidy(session, lease.scope)
            leases.succeed(session, lease)
        return f"{done} documents"


def _give_way(tools: Tools, progress: Progress) -> str:
    with transaction(tools.sessions) as session:
        told = leases.give_way(session, progress.lease, jobs.EMBED)
        after_commit(session, lambda: tools.send(told))
    return "goes on later"


def _mostly_missing(standing: Standing) -> bool:
    return standing.state == "serving" and standing.vectors * 2 < standing.expected


def _named(scope: Scope) -> dict[str, str]:
    return {"workspace": str(scope.workspace_id)}
