"""Text into terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import analysis


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The notice period is three months and it ends with the year.", "en"),
        ("Die Kündigungsfrist beträgt drei Monate und endet mit dem Jahr.", "de"),
        ("Total 720.00 GBP", None),
        ("", None),
    ],
)
def test_function_words_tell_the_language(text, language):
    assert analysis.guess_language(text) == language


def test_words_are_folded_stemmed_and_function_words_left_out():
    assert analysis.index_terms("The Agreements were TERMINATED", "en") == ["agreement", "termin"]
    assert analysis.index_terms("Die Verträge der Größe", "de") == ["vertrag", "gross"]


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("Müller", "Mueller", "de"),
        ("Straße", "STRASSE", "de"),
        ("café", "cafe", "en"),
        ("Mu\u0308ller", "Müller", "de"),
        ("infor\u00admation", "information", "en"),
        ("agree-\nments", "agreement", "en"),
        ("1,234.50", "1.234,5", "en"),
        ("12.000", "12,000", "en"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "en"),
        ("Müller-Lüdenscheidt", "MÜLLER-LÜDENSCHEIDT".title(), "de"),
    ],
)
def test_two_ways_to_write_the_same_share_a_term(one, other, language):
    shared = set(analysis.index_terms(one, language)) & set(analysis.index_terms(other, language))
    assert shared


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("BW-2025-0417", "bw-2025-0417"),
        ("a.b@tidewell.example", "a.b@tidewell.example"),
        ("14/03/2025", "14/03/2025"),
        ("720.00", "720"),
        ("Tavener-Jones", "tavener-jones"),
    ],
)
def test_ids_addresses_dates_and_double_names_stay_whole_beside_their_parts(text, exact):
    terms = analysis.index_terms(text, "en")
    assert exact in terms
    assert len(terms) > 1


def test_different_amounts_share_no_whole_term():
    assert "1234.5" in analysis.index_terms("1,234.50", "en")
    assert "1234.5" not in analysis.index_terms("1,234.55", "en")


def test_a_name_in_capitals_is_no_function_word():
    assert analysis.index_terms("IT department", "en") == ["it!", "depart"]
    assert analysis.index_terms("it departed", "en") == ["depart"]


def test_a_question_of_unclear_language_is_analysed_in_both():
    assert set(analysis.query_terms("agreements Verträge")) >= {"agreement", "vertrag"}


def test_a_question_repeats_no_term():
    assert analysis.query_terms("the kiln and the kilns of the kiln") == ["kiln"]


def test_highlights_are_the_places_of_matching_words():
    text = "Two agreements, one Agreement; die Verträge."
    found = analysis.highlights(text, frozenset(analysis.query_terms("agreement Vertrag")))
    assert [text[start:end] for start, end in found] == ["agreements", "Agreement", "Verträge"]


@given(st.text(max_size=300))
def test_terms_hold_no_space_and_are_never_empty(text):
    for language in analysis.LANGUAGES:
        for term in analysis.index_terms(text, language):
            assert term
            assert term.split() == [term]


@given(st.lists(st.text(alphabet="abcäß019-.@'", min_size=1, max_size=8), max_size=12))
def test_a_word_has_the_same_terms_alone_as_among_others(words):
    for language in analysis.LANGUAGES:
        among = analysis.index_terms(" ".join(words), language)
        assert among == [term for word in words for term in analysis.index_terms(word, language)]


@pytest.mark.parametrize("text", ["." * 200_000, "a-" * 100_000, "a'" * 100_000, "-\n" * 100_000])
def test_text_made_to_be_slow_is_not(text):
    assert len(analysis.index_terms(text, "en")) <= len(text)
