"""Decisions as rows: what was decided is kept whole, and documents are sent where it says."""

from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from classify.classification import Classification, Destination
from classify.contract import ClassificationResult, to_contract
from classify.routing import Review, Route, decide
from core import events
from core.documents import Scope
from core.settings import Policy
from core.tables import Decision, Document, now


def record(
    session: Session,
    scope: Scope,
    classification: Classification,
    verdict: Route | Review,
    policy: Policy,
    document: Document | None = None,
) -> tuple[Decision, ClassificationResult]:
    """Keep a decision as the caller gets it; `document` is None for text that is not kept."""
    decision = Decision(
        workspace_id=scope.workspace_id,
        document_id=document.id if document else None,
        label=classification.label,
        confidence=classification.confidence,
        decision="auto_route" if isinstance(verdict, Route) else "human_review",
        review_reason=verdict.reason if isinstance(verdict, Review) else None,
        body={},
    )
    session.add(decision)
    session.flush()
    result = to_contract(
        classification, verdict, policy, id=decision.id, document_id=decision.document_id
    )
    decision.body = result.model_dump(mode="json")
    return decision, result


def shape(classification: Classification, policy: Policy) -> ClassificationResult:
    """Return a decision as callers get it, without keeping it."""
    return to_contract(classification, decide(classification, policy), policy, id=uuid4())


def send_to(
    session: Session,
    scope: Scope,
    document: Document,
    label: str,
    destination: Destination,
    by: str | None = None,
) -> None:
    """Route a document; `by` names the person who decided, None where the machine did."""
    document.state = "routed"
    document.label = label
    document.department = destination.department
    document.assignee = destination.assignee
    document.routed_at = now()
    data = {"label": label, "department": destination.department, "by": by}
    events.publish(session, scope, "document.routed", document.id, data)


def latest(session: Session, scope: Scope, document_id: UUID) -> Decision | None:
    """Return the newest decision on a document."""
    return session.scalar(
        select(Decision)
        .where(Decision.workspace_id == scope.workspace_id, Decision.document_id == document_id)
        .order_by(Decision.created_at.desc(), Decision.id)
        .limit(1)
    )
