"""The review queue: what is put before a person, who works on it, and what they said."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import Session

from classify.classification import Destination, ReviewReason
from classify.decisions import send_to
from classify.taxonomy import Taxonomy
from core import events
from core.documents import Scope
from core.errors import InvalidInput, NotFound, ReviewClaimed, ReviewResolved
from core.tables import Decision, Document, LabelRow, ReviewRow, now

CLAIM_TIME = timedelta(minutes=15)
BY_REVIEWER = "reviewer"


def open_review(
    session: Session, scope: Scope, document: Document, decision: Decision, reason: ReviewReason
) -> ReviewRow:
    """Put a document before a person."""
    review = ReviewRow(
        workspace_id=scope.workspace_id,
        document_id=document.id,
        decision_id=decision.id,
        reason=reason,
    )
    session.add(review)
    document.state = "in_review"
    session.flush()
    data = {"document_id": str(document.id), "reason": reason}
    events.publish(session, scope, "review.opened", review.id, data)
    return review


def get(session: Session, scope: Scope, review_id: UUID) -> ReviewRow:
    """Return a review of this workspace.

    Raises:
        NotFound: there is none under this id.
    """
    return _one(session, _its(scope, review_id), review_id)


def listed(
    session: Session, scope: Scope, state: str | None, after: UUID | None, limit: int
) -> list[ReviewRow]:
    """Return reviews, the longest waiting first, after the one with id `after`."""
    query = select(ReviewRow).where(ReviewRow.workspace_id == scope.workspace_id)
    if state is not None:
        query = query.where(_in_state(state))
    if after is not None:
        last = get(session, scope, after)
        query = query.where(tuple_(ReviewRow.created_at, ReviewRow.id) > (last.created_at, last.id))
    return list(session.scalars(query.order_by(ReviewRow.created_at, ReviewRow.id).limit(limit)))


def claim(session: Session, scope: Scope, review_id: UUID, who: str) -> ReviewRow:
    """Take a review to work on; the claim frees itself after `CLAIM_TIME`.

    Raises:
        ReviewClaimed: somebody else is working on it.
        ReviewResolved: it is done.
    """
    review = _available(session, scope, review_id, who)
    review.state = "claimed"
    review.claimed_by = who
    review.claimed_until = now() + CLAIM_TIME
    return review


def release(session: Session, scope: Scope, review_id: UUID, who: str) -> ReviewRow:
    """Give a claimed review back to the queue."""
    review = _available(session, scope, review_id, who)
    review.state = "open"
    review.claimed_by = review.claimed_until = None
    return review


def resolve(
    session: Session,
    scope: Scope,
    review_id: UUID,
    who: str,
    label: str,
    taxonomy: Taxonomy,
    department: str | None = None,
    note: str | None = None,
) -> ReviewRow:
    """Decide a review: the document is routed, and the answer kept as a label.

    Raises:
        InvalidInput: the taxonomy has no such label.
        ReviewClaimed, ReviewResolved: as for `claim`.
    """
    destination = taxonomy.destination(label)
    if destination is None:
        raise InvalidInput(f"no label {label!r}; there are {', '.join(taxonomy.names)}")
    if department is not None:
        destination = Destination(department, None, BY_REVIEWER)
    document = _document(session, scope, review_id)
    review = _available(session, scope, review_id, who)
    decision = session.get_one(Decision, review.decision_id)
    review.state = "resolved"
    review.resolved_by, review.resolved_at = who, now()
    review.claimed_until = None
    review.label, review.note = label, note
    send_to(session, scope, document, label, destination, by=who)
    review.department = destination.department
    session.add(_label(review, decision, label, who))
    data = {"document_id": str(document.id), "label": label, "predicted": decision.label}
    events.publish(session, scope, "review.resolved", review.id, data)
    return review


def _available(session: Session, scope: Scope, review_id: UUID, who: str) -> ReviewRow:
    # Two reviewers may reach for the same item: the second waits here and then sees the first.
    review = _one(session, _its(scope, review_id).with_for_update(), review_id)
    if review.state == "resolved":
        raise ReviewResolved(f"review {review_id} was resolved by {review.resolved_by}")
    held = review.claimed_until is not None and review.claimed_until > now()
    if held and review.claimed_by != who:
        raise ReviewClaimed(f"review {review_id} is claimed by {review.claimed_by}")
    return review


def _document(session: Session, scope: Scope, review_id: UUID) -> Document:
    # Locked before the review, as everywhere: whoever erases a document comes from there.
    document_id = get(session, scope, review_id).document_id
    document = session.get(Document, document_id, with_for_update=True)
    if document is None:
        raise NotFound(f"no review {review_id}")
    return document


def _its(scope: Scope, review_id: UUID) -> Select[ReviewRow]:
    return select(ReviewRow).where(
        ReviewRow.id == review_id, ReviewRow.workspace_id == scope.workspace_id
    )


def _one(session: Session, query: Select[ReviewRow], review_id: UUID) -> ReviewRow:
    # Read anew: while this waited for a lock, what the session knew may have changed.
    review = session.scalar(query.execution_options(populate_existing=True))
    if review is None:
        raise NotFound(f"no review {review_id}")
    return review


def _in_state(state: str) -> ColumnElement[bool]:
    lapsed = (ReviewRow.state == "claimed") & (ReviewRow.claimed_until <= now())
    if state == "open":
        return (ReviewRow.state == "open") | lapsed
    if state == "claimed":
        return (ReviewRow.state == "claimed") & (ReviewRow.claimed_until > now())
    return ReviewRow.state == state


def _label(review: ReviewRow, decision: Decision, label: str, who: str) -> LabelRow:
    # Everything below the threshold is reviewed, so it was chosen with certainty.
    return LabelRow(
        workspace_id=review.workspace_id,
        document_id=review.document_id,
        review_id=review.id,
        label=label,
        predicted=decision.label,
        confidence=decision.confidence,
        inclusion_probability=1.0,
        given_by=who,
    )
