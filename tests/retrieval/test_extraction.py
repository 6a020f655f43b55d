"""Which sentences are read for an answer, and what speaks for them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.embedding import HashingEmbedder
from retrieval import cues
from retrieval.extraction import (
    AS_GOOD,
    MOST,
    Reader,
    Scored,
    Sentence,
    Window,
    candidates,
    chosen,
    probability,
)
from retrieval.search import Passage


def passage(text: str, start: int = 0, title: str = "Kiln works", score: float = 1.0) -> Passage:
    return Passage(
        UUID(int=1), title, "f.txt", 0, 1, start, start + len(text), text, score, None, None, ()
    )


def window(page: str, start: int, end: int) -> Window:
    return Window(passage(page[start:end], start), page, 0, whole_start=True, whole_end=True)


def read(question: str, *texts: str) -> list[str]:
    rarity = dict.fromkeys(cues.ASKED, 0.0) | {
        term: 1.0 for word in question.lower().split() for term in [word.strip("?")]
    }
    found = [Sentence(passage(text), 0, len(text), text) for text in texts]
    reader = Reader(HashingEmbedder(), keywords=None)  # type: ignore[arg-type]
    return [each.sentence.text for each in reader.read(question, rarity, found)]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long is the notice period?", "extent"),
        ("Wie lange läuft der Vertrag?", "extent"),
        ("When does it end?", "date"),
        ("Zu welchem Datum kündigt sie?", "date"),
        ("Wann ist die Rechnung fällig?", "date"),
        ("How much is the fee?", "money"),
        ("Wie viel kostet der Leuchtturm?", "money"),
        ("Which percentage was met?", "share"),
        ("How many kilns are there?", "number"),
        ("Who signed it?", "who"),
        ("Wer hat unterschrieben?", "who"),
        ("Where is the kiln?", "where"),
        ("Tell me about the kiln", None),
    ],
)
def test_a_question_shows_what_it_asks_for(question, kind):
    assert cues.asked(question) == kind


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("date", "It ends on 3 May 2025."),
        ("date", "Sie endet am 31. Januar 2026."),
        ("date", "Due: 2025-05-03"),
        ("extent", "for thirty-six (36) months"),
        ("extent", "eine Frist von drei Monaten"),
        ("extent", "a pipe of 2.2 kilometres"),
        ("money", "a fee of GBP 11,200"),
        ("money", "3,82 Mio. Euro"),
        ("money", "Total 3,673.96"),
        ("share", "98,5 % im Kalenderjahr"),
        ("number", "the right to use nine parking spaces"),
        ("who", "said Ada Coyle"),
        ("where", "a kiln in Garthwick"),
    ],
)
def test_a_sentence_shows_what_it_holds(kind, sentence):
    assert cues.holds(kind, sentence, "?")
    assert not cues.holds(kind, "nothing of the sort was ever said", "?")


def test_what_the_question_names_itself_is_no_answer():
    assert not cues.holds(
        "date", "Invoice of 3 May 2025", "When was the invoice of 3 May 2025 paid?"
    )


def test_sentences_of_a_passage_are_read_whole_though_the_passage_tears_them():
    page = "The first kiln stands here. The second kiln stands there. The third is gone."
    found = candidates([window(page, 15, 40)])
    assert [each.text for each in found] == [
        "The first kiln stands here.",
        "The second kiln stands there.",
    ]
    assert all(page[each.start : each.end] == each.text for each in found)


def test_what_two_passages_share_is_read_once():
    page = "The first kiln stands here. The second kiln stands there."
    found = candidates([window(page, 0, 40), window(page, 10, len(page))])
    assert len(found) == 2


def test_what_the_window_tears_is_left_out():
    text = "half a sentence ends. The kiln stands here. And here another one is to"
    torn = Window(passage(text[22:43], 1022), text, 1000, whole_start=False, whole_end=False)
    assert [each.text for each in candidates([torn])] == ["The kiln stands here."]


def test_a_label_is_read_with_the_line_below():
    page = "Due date\n13 April 2025\n\nThe end."
    assert "Due date\n13 April 2025" in [each.text for each in candidates([window(page, 0, 32)])]


def test_the_sentence_with_the_words_and_the_thing_asked_for_comes_first():
    question = "When was the kiln rebuilt?"
    best = read(
        question,
        "The barn was painted by nobody at all.",
        "The kiln was rebuilt after the fire.",
        "The kiln was rebuilt on 3 May 1954.",
    )
    assert best[0] == "The kiln was rebuilt on 3 May 1954."
    assert best[-1] == "The barn was painted by nobody at all."


def test_nothing_to_read_gives_nothing():
    assert read("When was the kiln rebuilt?") == []


def scored(*logits: float) -> list[Scored]:
    rows = [
        Scored(Sentence(passage("kiln", 100 * n), 100 * n, 100 * n + 4, "kiln"), logit)
        for n, logit in enumerate(logits)
    ]
    return sorted(rows, key=lambda each: -each.logit)


@given(st.lists(st.floats(-9, 3), min_size=1, max_size=9))
def test_few_sentences_are_chosen_and_only_ones_nearly_as_good(logits):
    rows = scored(*logits)
    kept = chosen(rows)
    assert kept[0] == rows[0]
    assert len(kept) <= MOST
    assert all(each.logit >= rows[0].logit - AS_GOOD for each in kept)


def test_overlapping_sentences_are_not_chosen_twice():
    one, other = (
        Scored(Sentence(passage("a kiln"), 0, 4, "a ki"), 1.0),
        Scored(Sentence(passage("a kiln"), 2, 6, "kiln"), 1.0),
    )
    assert chosen([one, other]) == [one]


@given(st.floats(-20, 20), st.floats(0.01, 5))
def test_probability_rises_with_the_evidence(logit, more):
    assert 0 <= probability(logit) < probability(logit + more) <= 1
