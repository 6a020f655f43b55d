"""Documents in, and what became of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, Response, UploadFile, status
from fastapi.responses import FileResponse, JSONResponse

from api import problems
from api.deps import Caller, HouseDep, ReadSession, WriteSession
from api.problems import Problem
from api.shapes import (
    DocumentAccepted,
    DocumentDetail,
    DocumentPage,
    DocumentState,
    DocumentText,
    PageText,
    StepOut,
    accepted_out,
    document_out,
    job_out,
)
from classify import decisions
from classify.classification import Context
from classify.contract import ClassificationResult
from core import steps
from ingest import intake, library

router = APIRouter(prefix="/v1/documents", tags=["documents"])

KNOWN = Annotated[str, Form(max_length=200, description="What the sender knows; or unknown.")]


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=DocumentAccepted,
    responses={
        200: {"model": DocumentAccepted, "description": "These bytes were here before."},
        413: {"model": Problem},
        415: {"model": Problem, "description": "Kept, but of a kind that is not read."},
        422: {"model": Problem},
    },
)
def upload(
    house: HouseDep,
    caller: Caller,
    session: WriteSession,
    response: Response,
    file: Annotated[UploadFile, File(description="The document.")],
    document_type: KNOWN = "unknown",
    document_source: KNOWN = "unknown",
    business_unit: KNOWN = "unknown",
) -> DocumentAccepted | JSONResponse:
    """Take a document in; it is read, classified and routed in the background.

    A file that cannot be read is kept all the same, and the problem names its `document_id`.
    """
    context = Context(document_type, document_source, business_unit)
    accepted = house.intake.accept(session, caller.scope, file.file, file.filename or "", context)
    if accepted.refusal is not None:
        # Returned, not raised: the transaction that keeps the original must commit.
        return problems.answer(accepted.refusal, document_id=accepted.document.id)
    if not accepted.created:
        response.status_code = status.HTTP_200_OK
    if accepted.job is not None:
        response.headers["Location"] = f"/v1/jobs/{accepted.job.id}"
    return accepted_out(accepted.document, accepted.job, duplicate=not accepted.created)


@router.get("")
def list_documents(
    caller: Caller,
    session: ReadSession,
    state: DocumentState | None = None,
    label: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: UUID | None = None,
) -> DocumentPage:
    """List documents, newest first."""
    found = library.listed(session, caller.scope, state, label, cursor, limit + 1)
    more = len(found) > limit
    items = [document_out(document) for document in found[:limit]]
    return DocumentPage(items=items, next_cursor=str(items[-1].id) if more else None)


@router.get("/{document_id}", responses={404: {"model": Problem}})
def read_document(
    house: HouseDep, caller: Caller, session: ReadSession, document_id: UUID
) -> DocumentDetail:
    """Show a document with the steps that are done, its newest job and its decision."""
    document = library.get(session, caller.scope, document_id)
    done = steps.of(session, document)
    job = intake.latest_job(session, caller.scope, document_id)
    decision = decisions.latest(session, caller.scope, document_id)
    return DocumentDetail(
        **document_out(document).model_dump(),
        details=document.details,
        steps={name: StepOut.model_validate(row) for name, row in done.items()},
        job=job_out(job, house.settings.jobs, document.filename) if job else None,
        decision=ClassificationResult.model_validate(decision.body) if decision else None,
    )


@router.get(
    "/{document_id}/content",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}}, 404: {"model": Problem}},
)
def read_content(
    house: HouseDep, caller: Caller, session: ReadSession, document_id: UUID
) -> Response:
    """Send the original, exactly as it came."""
    document = library.get(session, caller.scope, document_id)
    with house.tools.store.file(document.sha256) as path:
        # An attachment, never rendered here: the file is a stranger's.
        return FileResponse(path, filename=document.filename, media_type=document.media_type)


@router.get("/{document_id}/text", responses={404: {"model": Problem}})
def read_text(caller: Caller, session: ReadSession, document_id: UUID) -> DocumentText:
    """Show the text as it was read, page by page."""
    pages = library.pages(session, caller.scope, document_id)
    shaped = [PageText.model_validate(page) for page in pages]
    return DocumentText(document_id=document_id, pages=shaped)


@router.delete(
    "/{document_id}", status_code=status.HTTP_204_NO_CONTENT, responses={404: {"model": Problem}}
)
def delete_document(
    house: HouseDep, caller: Caller, session: WriteSession, document_id: UUID
) -> None:
    """Erase a document: original, text, index entries, decisions and reviews."""
    library.delete(house.tools, session, caller.scope, document_id)
