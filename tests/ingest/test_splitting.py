"""Chunks are the words at their places: proven over arbitrary pages."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langchain_text_splitters import RecursiveCharacterTextSplitter

from core.documents import Page, ParsedDocument
from core.settings import Splitting
from ingest.splitting import split

# Few letters and much white space, so that words repeat and every separator occurs.
REPETITIVE = st.text(alphabet="ab \n\n  ", max_size=1500)
ANY = st.text(max_size=400)
RULES = st.tuples(st.integers(50, 120), st.integers(0, 49)).map(
    lambda pair: Splitting(size=pair[0], overlap=pair[1])
)


def document(*texts: str) -> ParsedDocument:
    pages = tuple(Page(number, text) for number, text in enumerate(texts, start=1))
    return ParsedDocument("text/plain", pages)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(REPETITIVE, ANY), max_size=3), RULES)
@example(["x\n" * 400], Splitting(size=50, overlap=40))
@example([" " * 500 + "a" * 500 + "\n" * 500], Splitting(size=100, overlap=20))
def test_every_chunk_is_the_words_at_its_span(texts, rules):
    parsed = document(*texts)
    chunks = split(parsed, rules)

    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert parsed.quote(chunk.span) == chunk.text
        assert 0 < len(chunk.text) <= rules.size
        assert chunk.text == chunk.text.strip()


@settings(max_examples=150, deadline=None)
@given(st.one_of(REPETITIVE, ANY), RULES)
def test_no_visible_character_is_lost(text, rules):
    covered = {
        place
        for chunk in split(document(text), rules)
        for place in range(chunk.span.start, chunk.span.end)
    }

    lost = [place for place, sign in enumerate(text) if not sign.isspace() and place not in covered]
    assert lost == []


@settings(max_examples=150, deadline=None)
@given(st.one_of(REPETITIVE, ANY), RULES)
def test_the_texts_are_those_of_langchain(text, rules):
    theirs = RecursiveCharacterTextSplitter(chunk_size=rules.size, chunk_overlap=rules.overlap)

    assert [chunk.text for chunk in split(document(text), rules)] == theirs.split_text(text)


def test_chunks_follow_each_other_where_the_text_only_repeats():
    text = "same line\n" * 300

    spans = [chunk.span for chunk in split(document(text), Splitting(size=100, overlap=35))]

    assert spans[-1].end == len(text) - 1
    assert all(later.start > earlier.start for earlier, later in pairwise(spans))
    # A look-up by text would put some chunk far before its place; here the gaps are line ends.
    assert all(later.start <= earlier.end + 1 for earlier, later in pairwise(spans))


def test_a_page_longer_than_the_positions_that_can_be_stated_is_placed_right():
    text = ("lorem ipsum " * 100_000) + "the end"

    last = split(document(text), Splitting())[-1]

    assert last.span.end == len(text)
    assert last.text.endswith("the end")


def test_no_chunk_crosses_a_page():
    chunks = split(document("first page", "second page"), Splitting())

    assert [(chunk.span.page, chunk.text) for chunk in chunks] == [
        (1, "first page"),
        (2, "second page"),
    ]


@pytest.mark.parametrize("text", ["", " \n\t\n "])
def test_a_page_without_words_gives_no_chunk(text):
    assert split(document(text), Splitting()) == []


def test_the_splitter_does_not_drag_a_model_library_in():
    heavy = ("torch", "transformers", "nltk", "spacy", "sentence_transformers")
    program = f"import sys, ingest.splitting; print([m for m in {heavy} if m in sys.modules])"

    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "[]"
