"""Is it alive, and can it work?"""

from http import HTTPStatus

from fastapi import APIRouter, Response

from api.deps import HouseDep
from api.house import VITAL
from api.shapes import Health

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def live() -> Health:
    """Answer as long as the process does."""
    return Health(status="ok", checks={})


@router.get("/ready", responses={503: {"model": Health}})
def ready(house: HouseDep, response: Response) -> Health:
    """Answer 200 while documents can be taken in and worked on, else 503 with what is missing.

    While only vectors or the embedding model are out of reach it is 200 and `degraded`: documents
    are classified and routed, search and answers go by words, and what waits catches up later.
    """
    checks = house.checks()
    wrong = {name for name, value in checks.items() if not value.startswith("ok")}
    if wrong & VITAL:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(status="unavailable", checks=checks)
    return Health(status="degraded" if wrong else "ok", checks=checks)
