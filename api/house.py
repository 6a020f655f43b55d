"""The house put together from its settings: each part is built when first asked for."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from api import auth
from api.delivery import Delivery
from classify.calibration import Calibrator
from classify.classifier import Classifier
from classify.opinions.engine import Engine as OpinionEngine
from classify.opinions.llm import build_engine
from classify.opinions.local import LocalEngine
from classify.taxonomy import Taxonomy, default_taxonomy
from core import db, deliveries, jobs, leases, schema, work, workers
from core.db import Sessions
from core.documents import ParsedDocument, Scope
from core.embedding import Embedder, OpenAIEmbedder, build_embedder
from core.errors import IndexLocked, IndexUnavailable, MailroomError
from core.leases import Told
from core.llm import LanguageModel, build_llm
from core.settings import Settings
from core.storage import BlobStore, build_store, clear_stale
from core.tables import now
from core.telemetry import log
from core.work import Handler
from ingest import inspection, tasks, upkeep
from ingest.intake import INCOMING, Intake
from ingest.tools import Tools
from ingest.upkeep import Keeper, Upkeep
from retrieval.answer import Answerer
from retrieval.index import ChromaStore, VectorIndex
from retrieval.index import build_store as build_vectors
from retrieval.keywords import KeywordIndex, build_keywords
from retrieval.search import Searcher

EMBEDDED = "ok: embedded"
A_DAY = 86_400.0
"""No upload takes so long: what is older in `incoming` was left by a killed process."""


VITAL = frozenset({"database", "storage", "worker"})
"""The checks without which no document can be taken in and worked on; the rest only degrades."""


class House:
    """Everything a door needs, from its settings.

    A short command uses single parts; a service calls `open` first, so that what is missing shows
    at the start and not at the first request.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._running: list[Callable[[], None]] = []
        self._workers: list[jobs.EmbeddedWorker] = []
        self._sender: jobs.Send | None = None
        self._process = jobs.process_name()

    def open(self) -> None:
        """Build every part and begin to work on documents.

        Raises:
            MailroomError: naming the part that cannot be had and what to do.
        """
        # In a process beside this one, which meanwhile builds the rest.
        self.vectors.examine()
        _ = self.tools, self.searcher, self.answerer
        self._open_index()
        clear_stale(self.settings.data_dir / INCOMING, A_DAY)
        self._start_worker()
        self._start_keeper()

    def _open_index(self) -> None:
        try:
            self.index.ping()
        except IndexUnavailable as error:
            if not self.settings.index.host and not self.vectors.examining:
                raise
            # An outage elsewhere, or a folder so large that looking at it takes long: documents
            # can be taken in, routed and found by words meanwhile.
            log().warning("index.unavailable", detail=error.detail)

    @property
    def working(self) -> bool:
        """Whether this process takes or does jobs."""
        return bool(self._workers) and all(worker.alive for worker in self._workers)

    def take_no_more(self) -> None:
        """Take no more jobs, ahead of `close`; what is running goes on."""
        for worker in self._workers:
            worker.close()

    def hurry(self) -> None:
        """Have `close` wait no longer for what is running."""
        for worker in self._workers:
            worker.hurry()

    def close(self) -> None:
        """Finish what is running and let go of files, locks and connections.

        Jobs that do not end within `jobs.grace_seconds` are given back.
        """
        while self._running:
            self._running.pop()()
        if "vectors" in vars(self):
            self.vectors.close()
        if "delivery" in vars(self):
            self.delivery.close()
        if "model" in vars(self) and self.model is not None:
            self.model.close()
        if "engine" in vars(self):
            self.engine.dispose()

    @cached_property
    def engine(self) -> Engine:
        """The database, brought up to this release's tables."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        engine = db.create(self.settings.database_url)
        schema.upgrade(engine)
        return engine

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions of that database, which know how to tell workers of a job."""
        made = db.sessions(self.engine)

        def tell(job_id: UUID, queue: str) -> None:
            self._send(Told(job_id, queue))

        made.configure(info={deliveries.TELL: tell})
        return made

    @cached_property
    def scope(self) -> Scope:
        """The default workspace, which the command line works in."""
        with db.transaction(self.sessions) as session:
            return Scope(auth.default_workspace(session).id)

    @cached_property
    def store(self) -> BlobStore:
        """Where originals are kept."""
        return build_store(self.settings)

    @cached_property
    def embedder(self) -> Embedder:
        """The model that turns text into vectors."""
        rules = self.settings
        return build_embedder(rules.embedding, rules.models_dir, rules.outside)

    @cached_property
    def vectors(self) -> ChromaStore:
        """Where vectors lie; in the embedded default, its lock is held until `close`."""
        rules = self.settings
        return build_vectors(rules.index, rules.data_dir, rules.outside)

    @cached_property
    def index(self) -> VectorIndex:
        """The vector index, in the space of the model in use."""
        return VectorIndex(self.vectors, self.sessions, self.embedder.name)

    @cached_property
    def upkeep(self) -> Upkeep:
        """What compares the indexes with SQL, and has them put right."""
        return Upkeep(self.sessions, self.index, self.embedder.name, self._send)

    @cached_property
    def holds_index(self) -> bool:
        """Whether this process may write the vector index, or else the running service does."""
        try:
            self.index.ping()
        except IndexLocked:
            return False
        return True

    @cached_property
    def keywords(self) -> KeywordIndex:
        """The keyword index of this database."""
        return build_keywords(self.engine.dialect.name)

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The labels that documents are sorted into."""
        return default_taxonomy()

    @cached_property
    def model(self) -> LanguageModel | None:
        """The language model, if one is configured."""
        return build_llm(self.settings.llm)

    @cached_property
    def classifier(self) -> Classifier:
        """The one brain of every door."""
        local = LocalEngine.load(None, self.embedder)
        engines: list[OpinionEngine] = [local]
        if self.model is not None:
            most = self.settings.llm.max_characters
            engines.append(build_engine(self.model, self.taxonomy, most))
        return Classifier(engines, Calibrator.load(None), self.taxonomy)

    @cached_property
    def tools(self) -> Tools:
        """What the journey of a document needs."""
        return Tools(
            settings=self.settings,
            sessions=self.sessions,
            store=self.store,
            embedder=self.embedder,
            index=self.index,
            keywords=self.keywords,
            classifier=self.classifier,
            send=self._send,
        )

    @cached_property
    def intake(self) -> Intake:
        """The way in; jobs go to the worker once one runs."""
        return Intake(self.settings, self.store, self._send)

    @cached_property
    def searcher(self) -> Searcher:
        """Search by words and by meaning."""
        return Searcher(self.index, self.keywords, self.embedder, self.settings.search)

    @cached_property
    def answerer(self) -> Answerer:
        """Answers with checked quotes."""
        return Answerer(self.searcher, self.model)

    def read(self, path: Path) -> ParsedDocument:
        """Read a file as an upload would be read; nothing is kept."""
        with path.open("rb") as stream:
            return inspection.read_stream(self.settings, stream, path.name)

    def first_key(self) -> str | None:
        """Make the first API key of this installation; None where there is one already."""
        with db.transaction(self.sessions) as session:
            return auth.first_key(session)

    def checks(self) -> dict[str, str]:
        """Return what the service rests on, each "ok …" or what is wrong."""
        return {
            "database": _checked(self._check_database),
            "storage": _checked(self._check_storage),
            "vectors": _checked(self._check_index),
            "model": _checked(self._check_model),
            **self._check_workers(),
            "jobs": _checked(self._check_jobs),
        }

    def _check_workers(self) -> dict[str, str]:
        if not self.settings.jobs.embedded:
            # Without them documents are still taken in, and wait.
            return {
                "worker": _checked(lambda: self.at_work("worker")),
                "beat": _checked(lambda: self.at_work("beat")),
            }
        away = "unavailable: the embedded worker does not run"
        return {"worker": EMBEDDED if self.working else away}

    def at_work(self, kind: workers.Kind) -> str:
        """Return in words which workers or beats of the cluster live."""
        queues = jobs.QUEUES if kind == "worker" else ()
        with db.reading(self.sessions) as session:
            return workers.described(session, kind, queues, now())

    def _check_jobs(self) -> str:
        # However long the queues are: a service that is busy can still take documents in.
        with db.reading(self.sessions) as session:
            return leases.described(session, jobs.QUEUES)

    def _check_database(self) -> str:
        with db.reading(self.sessions) as session:
            return db.described(session)

    def _check_storage(self) -> str:
        self.store.check()
        return self.settings.storage.kind

    def _check_model(self) -> str:
        if isinstance(self.embedder, OpenAIEmbedder):
            # Only what its last calls showed: asking it costs money.
            self.embedder.outside.check()
            if not self.embedder.outside.closed:
                return f"{self.embedder.name}, on trial after failures"
        return self.embedder.name

    def _check_index(self) -> str:
        if not self.vectors.examining:
            self.index.ping()
        kind = "server" if self.settings.index.host else "embedded"
        return ", ".join((kind, *self.vectors.remarks, *self._renewals()))

    def _renewals(self) -> list[str]:
        """Return how far the building of indexes has come."""
        with db.reading(self.sessions) as session:
            return upkeep.described(session)

    def _send(self, told: Told) -> None:
        if self._sender is not None:
            self._sender(told)
            return
        # No worker here: the sweeper of the service is to find the job in the database.
        with db.transaction(self.sessions) as session:
            leases.untell(session, told)

    def send_through(self, sender: jobs.Send) -> None:
        """Have new jobs told to workers in this way."""
        self._sender = sender

    @cached_property
    def handlers(self) -> Mapping[str, Handler]:
        """What knows each kind of job."""
        return {**tasks.handlers(self.tools), deliveries.DELIVER: self.delivery}

    @cached_property
    def delivery(self) -> Delivery:
        """What brings events to their receivers."""
        return Delivery(self.sessions, self.settings)

    def work(self, job_id: UUID, process: str | None = None) -> None:
        """Do a job, as a worker of the named process or of this one."""
        owner = jobs.worker_name(process or self._process)
        work.run(self.sessions, self.settings.jobs, self.handlers, job_id, owner)

    def _hand_back(self) -> None:
        """Give unfinished jobs back; a next process takes them at its start."""
        with db.transaction(self.sessions) as session:
            leases.hand_back(session, self._process)

    def _start_worker(self) -> None:
        app = jobs.make_app(self.settings, self.work)
        self._sender = jobs.sender(app)
        if not self.settings.jobs.embedded:
            return
        rules = self.settings.jobs
        own = (jobs.INTAKE, jobs.OCR, jobs.EMBED), rules.concurrency
        # Whoever lets us wait for an answer must not keep documents waiting.
        delivering = (jobs.DELIVER,), 1
        self._workers = [
            # Each with an app of its own, for an app knows one selection of queues.
            jobs.EmbeddedWorker(jobs.make_app(self.settings, self.work), rules, queues, threads)
            for queues, threads in (own, delivering)
        ]
        self._running.append(self._hand_back)
        with db.transaction(self.sessions) as session:
            leases.take_over(session)
            leases.put_back_lost(session, self.settings.jobs)
        sweeper = jobs.Sweeper(self.sessions, self._sender, self.settings.jobs)
        parts: list[jobs.EmbeddedWorker | jobs.Sweeper] = [*self._workers, sweeper]
        for part in parts:
            part.start()
            self._running.append(part.stop)

    def _start_keeper(self) -> None:
        """Have the vector index compared with SQL; in a cluster the beat does that."""
        if not self.settings.jobs.embedded:
            self.upkeep.adopt()
            return
        keeper = Keeper(self.upkeep, self.settings.index.verify_seconds)
        keeper.start()
        self._running.append(keeper.stop)


def _checked(check: Callable[[], str]) -> str:
    try:
        return f"ok: {check()}"
    except MailroomError as error:
        return f"{error.code}: {error.detail}"
    except SQLAlchemyError as error:
        return f"unavailable: {error}"
