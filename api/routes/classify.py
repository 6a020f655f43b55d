"""What is this? Answered on the spot, by the same brain that reads the mail."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from api.deps import Caller, HouseDep
from api.house import House
from api.problems import Problem
from api.shapes import ClassifyIn
from classify import decisions
from classify.classification import Context
from classify.contract import ClassificationResult
from classify.routing import decide
from core.db import transaction
from core.documents import ParsedDocument
from core.errors import InvalidInput
from ingest import inspection

router = APIRouter(prefix="/v1/classify", tags=["classify"])

MULTIPART = "multipart/form-data"
NAME = {"type": "string", "maxLength": 200, "default": "unknown"}
FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "document_type": NAME,
        "document_source": NAME,
        "business_unit": NAME,
    },
}
# One route takes two kinds of body, which a signature cannot say.
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ClassifyIn.model_json_schema()},
            MULTIPART: {"schema": FORM},
        },
    }
}

Submission = ClassifyIn | FormData


async def _submission(request: Request, _caller: Caller) -> Submission:
    """Take the body as JSON or as a form, whichever it says it is."""
    if request.headers.get("content-type", "").startswith(MULTIPART):
        return await request.form(max_files=1)
    try:
        return ClassifyIn.model_validate_json(await request.body())
    except ValidationError as error:
        found = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise InvalidInput("; ".join(found)) from error


@router.post(
    "",
    responses={413: {"model": Problem}, 415: {"model": Problem}, 422: {"model": Problem}},
    openapi_extra=BODY,
)
def classify(
    house: HouseDep, caller: Caller, submission: Annotated[Submission, Depends(_submission)]
) -> ClassificationResult:
    """Say what a text or file is, how sure that is, and where it should go; nothing is kept of it.

    To have it kept, routed and, if doubtful, put before a person, POST it to `/v1/documents`.
    """
    classification = house.classifier.classify(*_parsed(house, submission))
    policy = house.settings.policy
    verdict = decide(classification, policy)
    with transaction(house.sessions) as session:
        _, result = decisions.record(session, caller.scope, classification, verdict, policy)
    return result


def _parsed(house: House, submission: Submission) -> tuple[ParsedDocument, Context]:
    if isinstance(submission, ClassifyIn):
        said = submission.document_type, submission.document_source, submission.business_unit
        return inspection.as_document(submission.document_content), Context(*said)
    file = submission.get("file")
    if not isinstance(file, UploadFile):
        raise InvalidInput("file: the form holds no file under this name")
    parsed = inspection.read_stream(house.settings, file.file, file.filename or "")
    return parsed, _context(submission)


def _context(form: FormData) -> Context:
    said = {
        name: str(form.get(name, "unknown"))[:200]
        for name in ("document_type", "document_source", "business_unit")
    }
    return Context(**said)
