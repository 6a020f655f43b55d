"""A step is done for one content and one version, and forgotten on demand."""

import pytest

from core import steps
from core.db import transaction
from core.tables import Document


@pytest.fixture
def document(sessions, scope):
    with transaction(sessions) as session:
        row = Document(
            workspace_id=scope.workspace_id,
            sha256="0" * 64,
            filename="a.txt",
            media_type="text/plain",
            size=1,
        )
        session.add(row)
        return row


def test_a_step_is_done_once_it_was_marked(sessions, document):
    with transaction(sessions) as session:
        assert not steps.done(session, document, steps.READ, "1")
        steps.mark(session, document, steps.READ, "1")
    with transaction(sessions) as session:
        assert steps.done(session, document, steps.READ, "1")
        assert not steps.done(session, document, steps.EMBED, "1")


def test_other_content_or_another_version_is_not_done(sessions, document):
    with transaction(sessions) as session:
        steps.mark(session, document, steps.READ, "1")
        assert not steps.done(session, document, steps.READ, "2")
        session.get_one(Document, document.id).sha256 = "1" * 64
        assert not steps.done(session, session.get_one(Document, document.id), steps.READ, "1")


def test_marked_again_only_the_newer_version_is_done(sessions, document):
    for version in ("1", "2"):
        with transaction(sessions) as session:
            steps.mark(session, document, steps.READ, version)
    with transaction(sessions) as session:
        assert not steps.done(session, document, steps.READ, "1")
        assert steps.done(session, document, steps.READ, "2")


def test_a_long_version_is_done_too(sessions, document):
    long = "a model " * 40
    with transaction(sessions) as session:
        steps.mark(session, document, steps.EMBED, long)
    with transaction(sessions) as session:
        assert steps.done(session, document, steps.EMBED, long)


def test_only_the_named_steps_are_forgotten(sessions, document):
    with transaction(sessions) as session:
        for name in (steps.READ, steps.CLASSIFY, steps.EMBED):
            steps.mark(session, document, name, "1")
        steps.forget(session, document, steps.CLASSIFY, steps.EMBED)
    with transaction(sessions) as session:
        assert steps.of(session, document).keys() == {steps.READ}
