"""Asking the documents."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Caller, HouseDep, ReadSession
from api.problems import Problem
from retrieval.answer import Answer

router = APIRouter(prefix="/v1/ask", tags=["ask"])


ANSWER = {
    "question": "When does the maintenance contract end?",
    "answer": "The contract ends on 30 June 2027. [1]",
    "mode": "extractive",
    "refused": False,
    "refusal_reason": None,
    "confidence_score": 0.91,
    "citations": [
        {
            "n": 1,
            "document_id": "8c5e4c1e-3d1b-4f57-9a52-0f2f7d6f3f11",
            "title": "Maintenance contract",
            "page": 4,
            "start": 1210,
            "end": 1244,
            "quote": "The contract ends on 30 June 2027.",
            "verified": True,
        }
    ],
    "degraded": None,
}


class AskIn(BaseModel):
    """A question in plain words."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"question": "When does the maintenance contract end?"}},
    )

    question: Annotated[str, Field(min_length=1, max_length=2_000)]


@router.post(
    "",
    responses={
        200: {"content": {"application/json": {"example": ANSWER}}},
        422: {"model": Problem},
    },
)
def ask(house: HouseDep, caller: Caller, session: ReadSession, asked: AskIn) -> Answer:
    """Answer from the documents with quotes that were checked in code, or refuse and say why."""
    return house.answerer.ask(session, caller.scope, asked.question)
