"""Sentences and lines at exact places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sentences import LONGEST, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        ["The lease ends in May.", "It may be renewed!", "Shall it?"],
        ["Dr. Coyle and Mr. J. Okafor met at No. 12.", "They left."],
        ["Am 3. Mai tritt der Vertrag in Kraft.", "Er gilt z.B. für alle Anlagen, vgl. Abs. 2."],
        ["Die Miete beträgt 1.250,00 EUR.", "Sie ist am 1. Januar fällig."],
        ["He said: “We pleaded guilty.”", "Then he left."],
        ["Revenue was 3.2 million (see p. 4).", "Costs fell."],
        ["In total it was paid in 2024.", "The rest is due."],
    ],
)
def test_sentences_end_at_full_stops_that_end_sentences(text):
    assert cut(" ".join(text)) == text


def test_wrapped_prose_is_joined_and_lines_of_a_form_are_not():
    text = (
        "Invoice number: BW-2025-0417\nDue date: 13 April 2025\n\n"
        "Leakage in Garthwick fell by a fifth after 460 listening devices were\n"
        "fixed to hydrants. The rest follows in the coming year, as planned in\n"
        "the first report.\n"
        "Copier paper A4 24 box 18.95 20% 454.80\n"
        "Height-adjustable desk, oak 3 pcs 412.00 20% 1,236.00\n"
    )
    assert cut(text) == [
        "Invoice number: BW-2025-0417",
        "Due date: 13 April 2025",
        "Leakage in Garthwick fell by a fifth after 460 listening devices were\nfixed to hydrants.",
        "The rest follows in the coming year, as planned in\nthe first report.",
        "Copier paper A4 24 box 18.95 20% 454.80",
        "Height-adjustable desk, oak 3 pcs 412.00 20% 1,236.00",
    ]


def test_bullets_and_numbered_clauses_begin_anew():
    lines = [
        "The supplier shall deliver all of the following things in good time",
        "- one kiln with a door that closes tightly and a chimney of brick",
        "2.1 This agreement takes effect on the first day of July of the year",
    ]
    assert cut("\n".join(lines)) == lines


def test_what_is_too_long_is_cut_at_semicolons():
    limb = "the tenant shall keep the premises in good order and repair at all times"
    text = "; ".join([limb] * 20)
    parts = cut(text)
    assert all(len(part) <= LONGEST for part in parts)
    assert all(part.endswith(";") for part in parts[:-1])


@given(st.text(alphabet="aB1. ,;\n\t!?-—“”()é\f\r", max_size=400))
def test_sentences_are_in_order_apart_trimmed_and_hold_all_that_is_visible(text):
    position = 0
    for start, end in sentences(text):
        assert position <= start < end
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        assert end - start <= LONGEST
        position = end
    assert not text[position:].strip()


@pytest.mark.parametrize(
    "text", ["." * 200_000, "a" * 200_000, "1 " * 100_000, "A.\n" * 70_000, "9   " * 50_000]
)
def test_text_made_to_be_slow_is_not(text):
    assert len(sentences(text)) <= len(text)
