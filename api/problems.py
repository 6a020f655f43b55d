"""The one table from our errors to HTTP problems (RFC 9457)."""

from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from core import errors
from core.telemetry import log

MEDIA_TYPE = "application/problem+json"

# The first class of an error's ancestry that stands here gives the status.
STATUS: dict[type[BaseException], HTTPStatus] = {
    errors.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.MailroomError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
CODES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.BAD_REQUEST: "invalid_request",
}

# What a job may fail of besides our errors.
WORK_HINTS = {
    "worker_lost": "Look at the file: it may be too heavy. Raise the reading limits or split it, "
    "then replay the job.",
    "internal_error": "See the log for this job's id, report it, and replay the job after a fix.",
}


class Problem(BaseModel):
    """What went wrong, for machines (`code`) and for people (`detail`, `hint`)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:mailroom:problem:unsupported_media_type",
                "title": "The file is of a kind that Mailroom does not read.",
                "status": 415,
                "detail": "image/png (scan.png)",
                "code": "unsupported_media_type",
                "hint": "Send it as PDF, docx, eml, html, csv, md or plain text.",
                "request_id": "5f0c7d0e9a6b4d5c",
            }
        },
    )

    type: str = Field(description="A URN that ends in the code.")
    title: str = Field(description="One sentence, the same for every problem of this code.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time, with the bad value.")
    code: str = Field(description="Stable name of the problem.")
    hint: str = Field(description="What to do next.")
    request_id: str | None = Field(description="Find it in the logs under this id.")


def status_of(error: errors.MailroomError) -> HTTPStatus:
    """Return the HTTP status of one of our errors."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer(error: errors.MailroomError, **extra: Any) -> JSONResponse:
    """Shape one of our errors; `extra` fields come on top."""
    fields = {**error.fields, **extra}
    return _problem(
        status_of(error), error.code, error.title(), error.detail, error.hint, jsonable(fields)
    )


def hint(code: str) -> str:
    """Say what to do next about a failure that is known by its code only, as a job's is."""
    found = (kind.hint for kind in _kinds(errors.MailroomError) if kind.code == code)
    return WORK_HINTS.get(code) or next(found, errors.MailroomError.hint)


def jsonable(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields in a form that JSON knows."""
    return dict(jsonable_encoder(fields))


def install(app: FastAPI) -> None:
    """Have every error leave `app` as a problem."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[JSONResponse]]] = {
        errors.MailroomError: _known,
        RequestValidationError: _invalid,
        HTTPException: _http,
        Exception: _unknown,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _known(_request: Request, error: errors.MailroomError) -> JSONResponse:
    response = answer(error)
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    found = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{item['where']}: {item['what']}" for item in found)
    return answer(errors.InvalidInput(detail), errors=found)


async def _http(_request: Request, error: HTTPException) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    code = CODES.get(status, status.phrase.lower().replace(" ", "_"))
    hint = "See /openapi.json for what this service answers to."
    response = _problem(status, code, status.phrase, str(error.detail), hint, {})
    response.headers.update(error.headers or {})
    return response


async def _unknown(_request: Request, error: Exception) -> JSONResponse:
    log().error("request.crashed", exc_info=error)
    return _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something broke inside Mailroom.",
        "The error has been logged under this request id.",
        errors.MailroomError.hint,
        {},
    )


def _problem(
    status: HTTPStatus, code: str, title: str, detail: str, hint: str, extra: dict[str, Any]
) -> JSONResponse:
    problem = Problem(
        type=f"urn:mailroom:problem:{code}",
        title=title,
        status=status.value,
        detail=detail,
        code=code,
        hint=hint,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
        **extra,
    )
    return JSONResponse(problem.model_dump(), status_code=status, media_type=MEDIA_TYPE)


def _kinds(kind: type[errors.MailroomError]) -> Iterator[type[errors.MailroomError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)
