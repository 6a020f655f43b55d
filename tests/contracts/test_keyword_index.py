"""One suite for the keyword index of every database."""

from math import log
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.db import transaction
from core.errors import ConfigurationError
from core.tables import ChunkRow, Document
from retrieval.keywords import MAX_TERMS, build_keywords
from tests.retrieval import shelf


@pytest.fixture
def keywords(dialect):
    return build_keywords(dialect)


@pytest.fixture
def put(sessions, scope, keywords):
    def write(name: str, *pages: str, into=scope):
        document_id = shelf.write(sessions, into, name, pages)
        with transaction(sessions) as session:
            keywords.upsert(session, into, document_id, shelf.chunks_of(pages))
        return document_id

    return write


@pytest.fixture
def ask(sessions, scope, keywords):
    """Return the file names and page numbers found, best first."""

    def found(question: str, k: int = 10, within=scope, document_ids=None):
        with sessions() as session:
            hits = keywords.query(session, within, question, k, document_ids)
            rows = select(ChunkRow.id, Document.filename, ChunkRow.page).join(Document)
            names = {row.id: (row.filename, row.page) for row in session.execute(rows)}
            assert all(hit.score > 0 for hit in hits)
            assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
            return [names[hit.chunk_id] for hit in hits]

    return found


def test_the_passage_with_the_rare_word_comes_first(put, ask):
    put("a.txt", "The lease of the lighthouse ends in May.", "The lease of the mill goes on.")
    put("b.txt", "The lease of the barn goes on.")
    assert ask("lease lighthouse")[0] == ("a.txt", 1)
    assert len(ask("lease lighthouse")) == 3


def test_the_score_is_bm25(put, sessions, scope, keywords):
    pages = ("kiln kiln clay", "kiln oven stove grate", "clay")
    put("a.txt", *pages)
    with sessions() as session:
        hits = keywords.query(session, scope, "kiln", 10)
        ids = list(session.scalars(select(ChunkRow.id).order_by(ChunkRow.ordinal)))
    # Each row holds two more tokens, which name its workspace and document.
    lengths = [len(page.split()) + 2 for page in pages]
    mean = sum(lengths) / 3
    rarity = max(log((3 - 2 + 0.5) / (2 + 0.5)), 1e-6)
    expected = {
        ids[row]: rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[row] / mean))
        for row, count in ((0, 2), (1, 1))
    }
    assert {hit.chunk_id: hit.score for hit in hits} == pytest.approx(expected)


def test_word_forms_find_each_other_in_english_and_german(put, ask):
    put("en.txt", "The agreements were terminated by the supplier in March.")
    put("de.txt", "Die Verträge wurden vom Lieferanten zum Monatsende gekündigt, und zwar alle.")
    assert ask("terminating an agreement") == [("en.txt", 1)]
    assert ask("Vertrag") == [("de.txt", 1)]
    assert ask("Welcher Vertraege wegen") == [("de.txt", 1)]


@pytest.mark.parametrize(
    "question",
    ["BW-2025-0417", "a.okafor@tidewell.example", "GB82WEST12345698765432", "GB82 WEST", "1234.5"],
)
def test_ids_addresses_and_amounts_are_found_as_they_are_written(put, ask, question):
    put("invoice.txt", "Invoice BW-2025-0417, 1,234.50 to IBAN GB82 WEST 1234 5698 7654 32.")
    put("mail.txt", "From: a.okafor@tidewell.example, about the lighthouse")
    put("other.txt", "Invoice BW-2024-0001 from b.smith@harrow.example over 99.00")
    assert ask(question)[0][0] == ("mail.txt" if "@" in question else "invoice.txt")


@pytest.mark.parametrize(
    "question",
    [
        'kiln" OR "barn',
        "NOT barn",
        "barn*",
        "barn AND (kiln",
        "scope : barn",
        "^barn NEAR(barn kiln, 2)",
        "barn -kiln",
        '"""',
        "{terms} : barn",
        "' ; DROP TABLE keyword_chunks; --",
    ],
)
def test_operators_in_a_question_are_only_words(put, ask, question):
    put("kiln.txt", "The kiln is hot.")
    put("barn.txt", "The barn is dry.")
    expected = {f"{word}.txt" for word in ("kiln", "barn") if word in question}
    assert {name for name, _ in ask(question)} == expected


@given(question=st.text(max_size=60))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_question_can_be_asked(sessions, scope, keywords, question):
    with sessions() as session:
        assert keywords.query(session, scope, question, 5) == []


def test_another_workspace_is_never_seen(put, ask, sessions, scope):
    neighbour = shelf.another_workspace(sessions)
    put("ours.txt", "The kiln is ours.")
    theirs = put("theirs.txt", "The kiln is theirs.", into=neighbour)
    assert ask("kiln") == [("ours.txt", 1)]
    assert ask("kiln", within=neighbour) == [("theirs.txt", 1)]
    assert ask("kiln", document_ids=[theirs]) == []
    assert ask(f"w{neighbour.workspace_id.hex} d{theirs.hex}") == []


def test_a_document_of_another_workspace_cannot_be_deleted(put, ask, sessions, scope, keywords):
    neighbour = shelf.another_workspace(sessions)
    theirs = put("theirs.txt", "The kiln is theirs.", into=neighbour)
    with transaction(sessions) as session:
        keywords.delete(session, scope, theirs)
    assert ask("kiln", within=neighbour) == [("theirs.txt", 1)]


def test_a_question_can_be_kept_to_some_documents(put, ask):
    put("a.txt", "The kiln is hot.")
    second = put("b.txt", "A kiln, a kiln, another kiln.")
    third = put("c.txt", "No kiln here.")
    assert {name for name, _ in ask("kiln", document_ids=[second, third])} == {"b.txt", "c.txt"}
    assert ask("kiln", document_ids=[]) == []


def test_what_is_indexed_again_replaces_what_was(put, ask, sessions, scope, keywords):
    document_id = put("a.txt", "The kiln is hot.", "The barn is dry.")
    for _ in range(2):
        with transaction(sessions) as session:
            keywords.upsert(session, scope, document_id, shelf.chunks_of(("The mill is wet.",)))
    assert ask("kiln barn") == []
    assert ask("mill") == [("a.txt", 1)]


def test_a_deleted_document_is_not_found_again(put, ask, sessions, scope, keywords):
    gone = put("a.txt", "The kiln is hot.")
    put("b.txt", "The kiln is cold.")
    for document_id in (gone, gone, uuid4()):
        with transaction(sessions) as session:
            keywords.delete(session, scope, document_id)
    assert ask("kiln") == [("b.txt", 1)]


def test_a_rolled_back_document_was_never_there(put, ask, sessions, scope, keywords):
    document_id = put("a.txt", "The kiln is hot.")
    with sessions() as session:
        keywords.delete(session, scope, document_id)
        session.rollback()
    assert ask("kiln") == [("a.txt", 1)]


def test_no_more_than_k_are_returned(put, ask):
    put("a.txt", *(f"The kiln number {n} is hot." for n in range(20)))
    assert len(ask("kiln", k=7)) == 7


def test_a_question_of_a_whole_page_keeps_its_rarest_words(put, ask):
    common = " ".join(f"word{n}" for n in range(MAX_TERMS + 40))
    put("common.txt", *([common] * 3))
    put("rare.txt", "ptarmigan")
    assert ask(common + " ptarmigan")[0] == ("rare.txt", 1)


def test_rare_words_weigh_more_than_common_ones(put, sessions, keywords):
    put("a.txt", "kiln clay", "kiln", "kiln")
    with sessions() as session:
        rarity = keywords.rarity(session, ["kiln", "clay", "absent"])
    assert 0 < rarity["kiln"] < rarity["clay"] < rarity["absent"]


def test_an_unknown_database_is_refused():
    with pytest.raises(ConfigurationError, match="oracle"):
        build_keywords("oracle")
