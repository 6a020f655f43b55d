"""The journey of one document, as a table of contents."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from classify.classification import Classification, Context
from classify.decisions import record, send_to
from classify.review import open_review
from classify.routing import Review, Route, decide
from core import events, jobs, leases, steps
from core.db import Sessions, after_commit, reading, transaction
from core.documents import Chunk, Page, ParsedDocument, Scope
from core.leases import Lease, Progress, Told
from core.settings import Policy
from core.tables import ChunkRow, Decision, Document, PageRow
from ingest import library
from ingest.intake import EMBED
from ingest.parsing import READER_VERSION, read
from ingest.splitting import split
from ingest.tools import Tools
from retrieval.keyword_contract import Terms, terms_of

EMBED_AT_ONCE = 64
READING, CLASSIFYING, EMBEDDING = "reading", "classifying", "embedding"
CLASSIFIED = "1"
"""Version of what a decision is made by; the decision itself names engines and prompt."""

Outcome = Literal["routed", "in_review", "decided_before"]


def process(tools: Tools, lease: Lease, progress: Progress) -> Outcome:
    """Take a received document through every step up to its decision; safe to run again.

    What was decided before is left as it is, for a person may have resolved it since.
    The slow steps hold no transaction. What reading gave is kept when it is done, so that a crash
    later does not read again; all the rest is written in one transaction with the end of the job,
    so that a crash leaves either nothing or everything. Embedding follows as a job of its own:
    neither a decision nor search by words waits for vectors.

    Raises:
        MailroomError: the document cannot be read, or something needed does not answer.
        LeaseLost: another worker has the job, or it was cancelled; nothing was written.
    """
    document = _enter(tools.sessions, lease)
    if document is None:
        return "decided_before"
    parsed = read_once(tools, document, progress)
    chunks = split(parsed, tools.settings.splitting)
    classification = classify(tools, parsed, document, progress)
    terms = terms_of(chunks)

    with transaction(tools.sessions) as session:
        document = library.lock(session, lease.scope, document.id)
        if document.state in library.DECIDED:
            leases.succeed(session, lease)
            return "decided_before"
        keep_chunks(session, tools, lease.scope, document, chunks, terms)
        outcome = conclude(session, lease.scope, document, classification, tools.settings.policy)
        steps.mark(session, document, steps.CLASSIFY, CLASSIFIED)
        embed_later(session, tools, document, chunks)
        leases.succeed(session, lease)
    return outcome


def embed(tools: Tools, lease: Lease, progress: Progress) -> str:
    """Write the vectors of a document's chunks, a batch at a time; goes on where it was stopped.

    Vectors have ids that a second run writes again, and search shows only what SQL knows.

    Raises:
        MailroomError: the embedding model or the index does not answer.
        LeaseLost: another worker has the job, or it was cancelled.
    """
    chunks = library.chunks(tools.sessions, lease.scope, lease.document)
    done = lease.done if lease.stage == EMBEDDING else 0
    progress.stage(EMBEDDING, done, len(chunks))
    for start in range(done, len(chunks), EMBED_AT_ONCE):
        batch = chunks[start : start + EMBED_AT_ONCE]
        vectors = tools.embedder.embed([chunk.text for chunk in batch])
        tools.index.upsert(lease.scope, lease.document, batch, vectors)
        with transaction(tools.sessions) as session:
            progress.advance(session, done=start + len(batch))

    with transaction(tools.sessions) as session:
        document = library.lock(session, lease.scope, lease.document)
        steps.mark(session, document, steps.EMBED, tools.embedder.name)
        leases.succeed(session, lease)
    return f"{len(chunks)} chunks"


def context_of(document: Document) -> Context:
    """Return what the sender said of a document."""
    return Context(document.document_type, document.document_source, document.business_unit)


def read_once(tools: Tools, document: Document, progress: Progress) -> ParsedDocument:
    """Read the kept original in a limited child process, page by page, unless that was done."""
    with reading(tools.sessions) as session:
        if steps.done(session, document, steps.READ, READER_VERSION):
            return library.parsed(session, document)
    progress.stage(READING)
    with tools.store.file(document.sha256) as path:
        parsed = read(path, document.media_type, tools.settings.reading, progress.step)
    with transaction(tools.sessions) as session:
        current = library.lock(session, progress.lease.scope, document.id)
        keep_pages(session, current, parsed)
        steps.mark(session, current, steps.READ, READER_VERSION)
        progress.advance(session)
    return parsed


def classify(
    tools: Tools, parsed: ParsedDocument, document: Document, progress: Progress
) -> Classification:
    """Ask what the document is and how sure that is."""
    progress.stage(CLASSIFYING)
    return tools.classifier.classify(parsed, context_of(document))


def keep_pages(session: Session, document: Document, parsed: ParsedDocument) -> None:
    """Write the pages, in place of those of an earlier reading."""
    session.execute(delete(PageRow).where(PageRow.document_id == document.id))
    session.add_all(_page(document.id, page) for page in parsed.pages)
    document.title = parsed.title
    document.page_count = len(parsed.pages)
    document.character_count = sum(len(page.text) for page in parsed.pages)
    document.details = {
        "metadata": dict(parsed.metadata),
        "form_fields": dict(parsed.form_fields),
        "attachments": list(parsed.attachments),
    }
    session.flush()


def keep_chunks(
    session: Session,
    tools: Tools,
    scope: Scope,
    document: Document,
    chunks: Sequence[Chunk],
    terms: Terms,
) -> None:
    """Write the chunks and their words, in place of those of an earlier run."""
    steps.forget(session, document, steps.EMBED)
    tools.index.prepare(session, scope)
    session.execute(delete(ChunkRow).where(ChunkRow.document_id == document.id))
    session.add_all(_row(scope, document.id, chunk) for chunk in chunks)
    session.flush()
    tools.keywords.upsert(session, scope, document.id, chunks, terms)


def embed_later(
    session: Session, tools: Tools, document: Document, chunks: Sequence[Chunk]
) -> None:
    """Write the job that embeds the chunks, and send it after the commit."""
    if not chunks:
        return
    scope = Scope(document.workspace_id)
    job = leases.create(session, scope, EMBED, jobs.EMBED, document.id)
    after_commit(session, lambda: tools.send(Told(job.id, job.queue)))


def conclude(
    session: Session,
    scope: Scope,
    document: Document,
    classification: Classification,
    policy: Policy,
) -> Outcome:
    """Decide, keep the decision, and route the document or put it before a person."""
    verdict = decide(classification, policy)
    decision, _ = record(session, scope, classification, verdict, policy, document)
    document.label = classification.label
    document.confidence = classification.confidence
    document.priority = classification.priority
    document.error_code = document.error_detail = None
    _tell_classified(session, scope, document, decision)
    match verdict:
        case Route(destination):
            send_to(session, scope, document, decision.label or "", destination)
            return "routed"
        case Review(reason):
            open_review(session, scope, document, decision, reason)
            return "in_review"


def _enter(make: Sessions, lease: Lease) -> Document | None:
    """Note that a document is being worked on; one that is decided ends the job instead."""
    with transaction(make) as session:
        document = library.lock(session, lease.scope, lease.document)
        if document.state in library.DECIDED:
            leases.succeed(session, lease)
            return None
        leases.confirm(session, lease)
        document.state = "processing"
        return document


def _page(document_id: UUID, page: Page) -> PageRow:
    return PageRow(document_id=document_id, number=page.number, text=page.text, error=page.error)


def _row(scope: Scope, document_id: UUID, chunk: Chunk) -> ChunkRow:
    return ChunkRow(
        document_id=document_id,
        workspace_id=scope.workspace_id,
        ordinal=chunk.ordinal,
        page=chunk.span.page,
        start=chunk.span.start,
        end=chunk.span.end,
        text=chunk.text,
    )


def _tell_classified(
    session: Session, scope: Scope, document: Document, decision: Decision
) -> None:
    data = {
        "decision_id": str(decision.id),
        "label": decision.label,
        "confidence": decision.confidence,
        "decision": decision.decision,
    }
    events.publish(session, scope, "document.classified", document.id, data)
