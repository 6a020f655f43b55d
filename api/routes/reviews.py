"""The review queue: what waits for a person."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api.deps import Caller, HouseDep, ReadSession, WriteSession
from api.house import House
from api.problems import Problem
from api.shapes import (
    ResolveIn,
    ReviewDetail,
    ReviewPage,
    ReviewState,
    document_out,
    review_out,
)
from classify import review
from classify.contract import ClassificationResult
from core.tables import Decision, Document, ReviewRow

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

PROBLEMS: dict[int | str, dict[str, Any]] = {404: {"model": Problem}, 409: {"model": Problem}}


@router.get("")
def list_reviews(
    caller: Caller,
    session: ReadSession,
    state: ReviewState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: UUID | None = None,
) -> ReviewPage:
    """List reviews, the longest waiting first; `state=open` is the queue."""
    found = review.listed(session, caller.scope, state, cursor, limit + 1)
    items = [review_out(row) for row in found[:limit]]
    return ReviewPage(items=items, next_cursor=str(items[-1].id) if len(found) > limit else None)


@router.get("/{review_id}", responses={404: {"model": Problem}})
def read_review(
    house: HouseDep, caller: Caller, session: ReadSession, review_id: UUID
) -> ReviewDetail:
    """Show a review with its document and what the machine thought."""
    return _detail(house, session, review.get(session, caller.scope, review_id))


@router.post("/{review_id}/claim", responses=PROBLEMS)
def claim_review(
    house: HouseDep, caller: Caller, session: WriteSession, review_id: UUID
) -> ReviewDetail:
    """Take a review to work on; the claim frees itself after 15 minutes."""
    return _detail(house, session, review.claim(session, caller.scope, review_id, caller.name))


@router.post("/{review_id}/release", responses=PROBLEMS)
def release_review(
    house: HouseDep, caller: Caller, session: WriteSession, review_id: UUID
) -> ReviewDetail:
    """Give a claimed review back to the queue."""
    return _detail(house, session, review.release(session, caller.scope, review_id, caller.name))


@router.post("/{review_id}/resolve", responses=PROBLEMS)
def resolve_review(
    house: HouseDep, caller: Caller, session: WriteSession, review_id: UUID, answer: ResolveIn
) -> ReviewDetail:
    """Say what the document is: it is routed, and the answer is kept as a label."""
    resolved = review.resolve(
        session,
        caller.scope,
        review_id,
        caller.name,
        answer.label,
        house.taxonomy,
        answer.department,
        answer.note,
    )
    return _detail(house, session, resolved)


def _detail(house: House, session: Session, row: ReviewRow) -> ReviewDetail:
    session.flush()
    document = session.get_one(Document, row.document_id)
    decision = session.get_one(Decision, row.decision_id)
    return ReviewDetail(
        **review_out(row).model_dump(),
        document=document_out(document),
        decision=ClassificationResult.model_validate(decision.body),
        labels=list(house.taxonomy.names),
    )
