"""Two people cannot decide the same review, and a review goes with its document."""

from functools import partial

import pytest
from sqlalchemy import delete, select, update

from classify import review
from classify.taxonomy import default_taxonomy
from core.db import reading, transaction
from core.documents import Scope
from core.errors import NotFound, ReviewClaimed, ReviewResolved
from core.tables import Decision, Document, Event, LabelRow, ReviewRow, Workspace, now
from tests.at_once import Meanwhile, at_once

PEOPLE = ["ada", "ben", "cy", "di"]


@pytest.fixture
def open_review(sessions, scope):
    with transaction(sessions) as session:
        document = Document(
            workspace_id=scope.workspace_id,
            sha256="0" * 64,
            filename="a.txt",
            media_type="text/plain",
            size=1,
        )
        session.add(document)
        session.flush()
        decision = Decision(
            workspace_id=scope.workspace_id,
            document_id=document.id,
            label="Invoices",
            confidence=0.4,
            decision="human_review",
            body={},
        )
        session.add(decision)
        session.flush()
        return review.open_review(session, scope, document, decision, "low_confidence").id


def claim(sessions, scope, review_id, who):
    with transaction(sessions) as session:
        return review.claim(session, scope, review_id, who).claimed_by


def resolve(sessions, scope, review_id, who):
    with transaction(sessions) as session:
        taxonomy = default_taxonomy()
        return review.resolve(session, scope, review_id, who, "Reports", taxonomy).resolved_by


def test_one_of_many_gets_the_claim(sessions, scope, open_review):
    answers = at_once(*[partial(claim, sessions, scope, open_review, who) for who in PEOPLE])
    winners = [answer for answer in answers if isinstance(answer, str)]
    refused = [answer for answer in answers if isinstance(answer, ReviewClaimed)]
    assert len(winners) == 1
    assert len(refused) == len(PEOPLE) - 1
    assert all(winners[0] in answer.detail for answer in refused)


def test_one_of_many_resolves_it_and_one_label_is_kept(sessions, scope, open_review):
    answers = at_once(*[partial(resolve, sessions, scope, open_review, who) for who in PEOPLE])
    winners = [answer for answer in answers if isinstance(answer, str)]
    assert len(winners) == 1
    assert sum(isinstance(answer, ReviewResolved) for answer in answers) == len(PEOPLE) - 1
    with reading(sessions) as session:
        assert session.scalars(select(LabelRow.given_by)).all() == winners
        kinds = session.scalars(select(Event.type).order_by(Event.sequence)).all()
    assert kinds == ["review.opened", "document.routed", "review.resolved"]


def test_a_lapsed_claim_may_be_taken_by_another(sessions, scope, open_review):
    claim(sessions, scope, open_review, "ada")
    with transaction(sessions) as session:
        session.get_one(ReviewRow, open_review).claimed_until = now()
    assert claim(sessions, scope, open_review, "ben") == "ben"


def test_what_is_erased_meanwhile_is_not_found(sessions, scope, open_review):
    def late():
        with pytest.raises(NotFound):
            claim(sessions, scope, open_review, "ada")

    with transaction(sessions) as session:
        session.execute(delete(Document))
        claiming = Meanwhile(late)
        assert claiming.waits()
    claiming.result()


def test_resolving_and_erasing_do_not_lock_each_other_out(sessions, scope, open_review):
    with transaction(sessions) as session:
        # As an erasure does: first the document, then what belongs to it.
        document = session.scalars(select(Document).with_for_update()).one()
        session.execute(update(Document).values(title="going"))
        resolving = Meanwhile(partial(resolve, sessions, scope, open_review, "ada"))
        assert resolving.waits()
        session.delete(document)
    with pytest.raises(NotFound):
        resolving.result()


def test_another_workspace_does_not_see_it(sessions, open_review):
    with transaction(sessions) as session:
        neighbour = Workspace(name="neighbour")
        session.add(neighbour)
    with pytest.raises(NotFound):
        claim(sessions, Scope(neighbour.id), open_review, "ada")
