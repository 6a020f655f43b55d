"""Finding passages."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, ReadSession
from api.problems import Problem
from api.shapes import Shape

router = APIRouter(prefix="/v1/search", tags=["search"])


PASSAGE: dict[str, Any] = {
    "document_id": "8c5e4c1e-3d1b-4f57-9a52-0f2f7d6f3f11",
    "title": "Maintenance contract",
    "filename": "maintenance.pdf",
    "page": 4,
    "start": 1210,
    "end": 1262,
    "text": "Either party may end it with three months' notice.",
    "score": 0.93,
    "keyword_score": 11.2,
    "meaning_score": 0.61,
    "highlights": [[43, 49]],
}


class SearchIn(BaseModel):
    """What to look for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"query": "notice period maintenance contract", "limit": 5}},
    )

    query: Annotated[str, Field(min_length=1, max_length=10_000)]
    limit: int = Field(default=10, ge=1, le=100)
    document_ids: list[UUID] | None = Field(
        default=None, max_length=1000, description="Look in these documents only."
    )


class PassageOut(Shape):
    """A passage and its place: characters `start` to `end` of that page's text."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": PASSAGE})

    document_id: UUID
    title: str
    filename: str
    page: int
    start: int
    end: int
    text: str
    score: float = Field(description="In 0..1; orders the passages of this search.")
    keyword_score: float | None = Field(description="BM25; null if not found by words.")
    meaning_score: float | None = Field(description="Cosine; null if not found by meaning.")
    highlights: tuple[tuple[int, int], ...] = Field(
        description="Where words of the query stand in `text`."
    )


class SearchOut(Shape):
    """Passages, best first."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"example": {"passages": [PASSAGE], "degraded": None}},
    )

    passages: tuple[PassageOut, ...]
    degraded: str | None = Field(
        description="Code of what kept one index out, if anything: words alone decided then."
    )


@router.post("", responses={422: {"model": Problem}})
def search(house: HouseDep, caller: Caller, session: ReadSession, wanted: SearchIn) -> SearchOut:
    """Find passages by words and by meaning, fused."""
    found = house.searcher.search(
        session, caller.scope, wanted.query, wanted.limit, wanted.document_ids
    )
    return SearchOut.model_validate(found)
