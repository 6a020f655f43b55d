"""What comes in is kept once, whole, and never by a name that somebody else chose."""

import io
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from classify.classification import Context
from core.db import reading, transaction
from core.documents import Scope
from core.errors import TooLarge
from core.leases import Told
from core.tables import Event, Workspace
from ingest.intake import clean_name


def accept(intake, sessions, scope, data, name="letter.txt"):
    with transaction(sessions) as session:
        return intake.accept(session, scope, io.BytesIO(data), name, Context())


def events(sessions) -> list[str]:
    with reading(sessions) as session:
        return list(session.scalars(select(Event.type).order_by(Event.sequence)))


def test_a_document_is_kept_recorded_and_sent_after_the_commit(intake, sessions, scope, sent):
    with transaction(sessions) as session:
        accepted = intake.accept(session, scope, io.BytesIO(b"Dear Sir"), "a.txt", Context())
        assert sent == []
    assert sent == [Told(accepted.job.id, "intake")]
    assert events(sessions) == ["document.received"]
    with intake.store.file(accepted.document.sha256) as path:
        assert path.read_bytes() == b"Dear Sir"


def test_what_rolls_back_was_never_sent(intake, sessions, scope, sent):
    def fail():
        with transaction(sessions) as session:
            intake.accept(session, scope, io.BytesIO(b"Dear Sir"), "a.txt", Context())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sent == []
    assert events(sessions) == []


def test_the_same_bytes_are_the_same_document(intake, sessions, scope, sent):
    first = accept(intake, sessions, scope, b"Dear Sir", "a.txt")
    again = accept(intake, sessions, scope, b"Dear Sir", "b.txt")
    assert again.document.id == first.document.id
    assert again.job.id == first.job.id
    assert not again.created
    assert len(sent) == 1


def test_another_workspace_has_a_document_of_its_own(intake, sessions, scope):
    with transaction(sessions) as session:
        other = Workspace(id=uuid4(), name="other")
        session.add(other)
    first = accept(intake, sessions, scope, b"Dear Sir")
    second = accept(intake, sessions, Scope(other.id), b"Dear Sir")
    assert second.created
    assert second.document.id != first.document.id


def test_what_is_not_read_is_kept_and_failed_with_its_code(intake, sessions, scope, sent):
    accepted = accept(intake, sessions, scope, b"\x89PNG\r\n\x1a\n" + bytes(100), "scan.pdf")
    assert accepted.refusal.code == "unsupported_media_type"
    assert accepted.document.state == "failed"
    assert sent == []
    assert events(sessions) == ["document.received", "document.failed"]


def test_what_was_refused_is_refused_again_and_read_once_that_is_possible(
    intake, sessions, scope, sent, monkeypatch
):
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    first = accept(intake, sessions, scope, picture, "scan.png")
    again = accept(intake, sessions, scope, picture, "scan.png")
    assert again.refusal.code == "unsupported_media_type"
    assert again.document.id == first.document.id
    monkeypatch.setattr("ingest.intake.sniff", lambda _path, _name: "text/plain")
    later = accept(intake, sessions, scope, picture, "scan.png")
    assert later.refusal is None
    assert (later.document.state, later.document.media_type) == ("received", "text/plain")
    assert sent == [Told(later.job.id, "intake")]


def test_too_large_leaves_nothing(intake, sessions, scope, tmp_path):
    small = intake.settings.model_copy(
        update={"storage": intake.settings.storage.model_copy(update={"max_upload_mb": 0})}
    )
    with pytest.raises(TooLarge):
        accept(type(intake)(small, intake.store, intake.send), sessions, scope, b"x")
    assert list((tmp_path / "incoming").iterdir()) == []
    assert events(sessions) == []


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\Rechnung.pdf", "Rechnung.pdf"),
        ("a\x00b\n.txt", "ab.txt"),
        ("", "unnamed"),
        ("/", "unnamed"),
    ],
)
def test_names_are_only_names(given_name, kept):
    assert clean_name(given_name) == kept


@given(st.text())
def test_a_name_never_holds_a_path_or_a_control_character(name):
    cleaned = clean_name(name)
    assert cleaned
    assert len(cleaned) <= 500
    assert "/" not in cleaned
    assert cleaned.isprintable()
