"""What a document looks like to the local engine costs little and hides nothing."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify import features, priming
from core.documents import Page, ParsedDocument

BOOK = features.CueBook.read(priming.read("cues.txt"))


def document(*pages: str, **metadata: str) -> ParsedDocument:
    numbered = tuple(Page(number, text) for number, text in enumerate(pages, start=1))
    return ParsedDocument("text/plain", numbered, metadata)


def measured(text: str) -> dict[str, float]:
    seen = features.excerpt(document(text))
    return dict(zip(features.names(BOOK), features.measure(seen, BOOK), strict=True))


@given(st.lists(st.text(max_size=4000), min_size=1, max_size=12))
def test_an_excerpt_is_bounded_and_a_measure_has_a_fixed_size(pages):
    seen = features.excerpt(document(*pages))
    assert 1 <= len(seen.windows) <= features.WINDOWS
    # Pieces of a window are joined by line breaks, one for each page that it crosses.
    assert all(len(window) <= features.WINDOW + len(pages) for window in seen.windows)
    numbers = features.measure(seen, BOOK)
    assert len(numbers) == len(features.names(BOOK)) == len(features.meanings(BOOK))
    assert all(-1 <= number < 10 for number in numbers)
    assert len(features.passages(seen)) == 2


def test_a_short_document_is_read_whole():
    text = "".join(chr(0x4E00 + place) for place in range(features.WINDOW * features.WINDOWS))
    assert "".join(features.excerpt(document(text)).windows) == text


def test_three_hundred_pages_are_sampled_from_first_to_last():
    seen = features.excerpt(document(*(f"page {number} " * 300 for number in range(1, 301))))
    assert len(seen.windows) == features.WINDOWS
    assert [window.split("page ")[2].strip() for window in seen.windows] == [
        "1",
        "2",
        "109",
        "205",
        "300",
    ]
    assert seen.length > 700_000


def test_a_mail_looks_the_same_as_eml_and_as_text():
    headers = {"from": "a@b.example", "to": "c@d.example", "subject": "Lunch"}
    as_eml = features.excerpt(document("Hi Bo,\nlunch?\nAnn", **headers))
    lines = "From: a@b.example\nTo: c@d.example\nSubject: Lunch\n\nHi Bo,\nlunch?\nAnn"
    as_text = features.excerpt(document(lines, **headers))
    assert features.tokens(as_eml.text) == features.tokens(as_text.text)


def test_addresses_and_links_are_no_words():
    assert features.tokens("Write to ann@firm.example or https://firm.example/x NOW") == [
        "write",
        "to",
        "or",
        "now",
    ]


def test_words_and_pairs_are_counted():
    assert features.word_counts(["amount", "due", "amount"]) == Counter(
        {"amount": 2, "due": 1, "amount due": 1, "due amount": 1}
    )


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("head:amount_due", "Amount due 12.00"),
        ("head:tax_lines", "zzgl. 19 % MwSt."),
        ("head:legal_formulas", "NOW, THEREFORE, the parties"),
        ("head:salutation", "Sehr geehrte Damen und Herren,"),
        ("head:form_certification", "I certify that this is true"),
        ("all:report_parts", "Executive summary and findings"),
        ("blanks", "Name: ________"),
        ("boxes", "☐ yes [ ] no"),
        ("quoted_lines", "> as you wrote"),
        ("clauses", "§ 3 Laufzeit\n4. Term"),
        ("closing_line", "Mit freundlichen Grüßen"),
        ("amounts", "1,204.50 and 3,99"),
    ],
)
def test_a_cue_is_seen(cue, text):
    assert measured(text)[cue] > 0
    assert measured("Rain fell upon the quiet hill")[cue] == 0


def test_phrases_match_whole_words_only():
    book = features.CueBook.read("[due: what is owed]\namount due; due date\n[all: x] amount")
    assert book.count(["the", "amount", "due", "date", "amounts"]) == [2, 1]
    assert [cue.meaning for cue in book.cues] == ["what is owed", "x"]
