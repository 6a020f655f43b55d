"""Serves the one page; it holds no data, and its script asks the API with the user's key."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def index() -> HTMLResponse:
    """Send the page."""
    return HTMLResponse((files("api.web") / "static" / "index.html").read_text("utf-8"))
