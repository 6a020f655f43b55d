"""The HTTP door: builds the application and holds the house open while it serves."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.staticfiles import StaticFiles

from api import problems, web
from api.house import House
from api.middleware import BodyLimit, RequestId
from api.routes import ask, classify, documents, health, jobs, reviews, search, webhooks

MEGABYTE = 1024 * 1024
ANYWHERE: dict[int | str, dict[str, Any]] = {
    401: {"model": problems.Problem, "description": "No key, or nobody's."},
    422: {"model": problems.Problem, "description": "The request cannot be understood."},
}
DESCRIPTION = """
Mailroom reads what a back office receives, decides what it is and where it goes, says how sure it
is, hands the doubtful ones to a person, and answers questions with quotes that are checked.

Send `Authorization: Bearer <key>` with every request under `/v1`. Errors are
`application/problem+json` with a stable `code` and a `hint`.
"""


def create_app(house: House, leaving: Callable[[], bool] = lambda: False) -> FastAPI:
    """Return the application of an open house, which is closed when it stops.

    `leaving` tells whether the server is about to stop: it waits for streams to end by themselves.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.house = house
        app.state.leaving = leaving
        try:
            yield
        finally:
            await run_in_threadpool(house.close)

    app = FastAPI(
        title="Mailroom",
        version="1",
        summary="The open digital mailroom.",
        description=DESCRIPTION,
        lifespan=lifespan,
        # The usual pages load scripts from a CDN; Mailroom works without a network.
        docs_url=None,
        redoc_url=None,
    )
    for room in (documents, classify, search, ask, reviews, jobs, webhooks):
        app.include_router(room.router, responses=ANYWHERE)
    app.include_router(health.router)
    app.include_router(web.router)
    app.mount("/static", StaticFiles(packages=[("api.web", "static")]), name="static")
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=house.settings.storage.max_upload_mb * MEGABYTE)
    app.add_middleware(RequestId)
    return app
