"""PostgreSQL ranks as SQLite does, score by score, however long the document."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from api import auth
from core.db import reading, transaction
from core.documents import Scope
from retrieval.keywords import MAX_TERMS, build_keywords
from retrieval.keywords_postgres import (
    BLOCK,
    LONGEST_TERM,
    MOST,
    POSTING,
    PostgresKeywords,
    Postings,
    Totals,
    pack,
    rank,
)
from tests.retrieval import shelf

WORDS = [f"word{n}" for n in range(120)]
DOCUMENTS = {"short": 1, "some": 9, "many": BLOCK + 30}
QUESTIONS = ["word0", "word3 word7 word50", "word60 unheard", " ".join(WORDS[:10])]

chunks = st.dictionaries(
    st.integers(1, 40), st.lists(st.sampled_from("abcdef"), max_size=12), min_size=1, max_size=12
)


def pages(count: int) -> tuple[str, ...]:
    """Return pages on which low numbers are common words and high ones rare."""
    dice = np.random.default_rng(count)

    def page() -> str:
        drawn = len(WORDS) * dice.random(dice.integers(3, 40)) ** 2
        return " ".join(WORDS[int(number)] for number in drawn)

    return tuple(page() for _ in range(count))


def scores(sessions, question: str, k: int, only: str | None = None) -> list[tuple[int, float]]:
    """Index the documents and ask; hits are named by place, since ids differ."""
    keywords = build_keywords(sessions.kw["bind"].dialect.name)
    with transaction(sessions) as session:
        scope = Scope(auth.default_workspace(session).id)
    ids = {}
    for name, count in DOCUMENTS.items():
        ids[name] = shelf.write(sessions, scope, name, pages(count))
        with transaction(sessions) as session:
            keywords.upsert(session, scope, ids[name], shelf.chunks_of(pages(count)))
    with reading(sessions) as session:
        first = session.scalar(text("SELECT min(id) FROM chunks"))
        documents = [ids[only]] if only else None
        hits = keywords.query(session, scope, question, k, documents)
        return [(hit.chunk_id - first, hit.score) for hit in hits]


@pytest.mark.service
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("only", [None, "some"])
def test_both_databases_give_the_same_scores(sqlite_sessions, postgres_sessions, question, only):
    ours = scores(postgres_sessions, question, 500, only)
    theirs = scores(sqlite_sessions, question, 500, only)
    assert [chunk for chunk, _ in ours] == [chunk for chunk, _ in theirs]
    assert [score for _, score in ours] == pytest.approx([score for _, score in theirs])
    assert ours


@pytest.mark.service
def test_a_term_of_any_length_can_be_indexed_and_found(postgres_sessions):
    # Folding makes eighteen letters of this one; an index entry cannot be that long.
    word = "\ufdfa" * 60
    with transaction(postgres_sessions) as session:
        scope = Scope(auth.default_workspace(session).id)
    document = shelf.write(postgres_sessions, scope, "a", (word,))
    keywords = PostgresKeywords()
    with transaction(postgres_sessions) as session:
        keywords.upsert(session, scope, document, shelf.chunks_of((word,)))
        assert len(keywords.query(session, scope, word, 3)) == 1
        assert keywords.rarity(session, ["x" * 200])["x" * 200] > 0


@pytest.mark.service
def test_an_entry_of_the_index_holds_a_full_block_of_the_longest_term(postgres_sessions):
    # Letters of four bytes each, in chunks that do not compress.
    dice = np.random.default_rng(1)
    packed = dice.bytes(BLOCK * POSTING.itemsize)
    term = "".join(chr(0x20000 + int(n)) for n in dice.integers(0, 40_000, LONGEST_TERM))
    with transaction(postgres_sessions) as session:
        insert = text("INSERT INTO keyword_postings VALUES (gen_random_uuid(), :term, 1, :packed)")
        session.execute(insert, {"term": term, "packed": packed})


@given(chunks, st.integers(1, 15))
def test_ranking_adds_up_the_formula(block, k):
    packed = {term: np.frombuffer(one, POSTING) for term, one in pack(block).items()}
    mean = sum(len(terms) + 2 for terms in block.values()) / len(block)
    found = [Postings(len(one), one) for one in packed.values()]
    if not found:
        return
    hits = rank(found, Totals(len(block), mean), k)
    expected = {
        chunk: sum(_bm25(block, terms, term, mean) for term in packed if term in terms)
        for chunk, terms in block.items()
        if terms
    }
    best = sorted(expected.values(), reverse=True)[:k]
    assert [hit.score for hit in hits] == pytest.approx(best)
    assert all(hit.score == pytest.approx(expected[hit.chunk_id]) for hit in hits)


def test_equal_scores_go_by_row_id():
    packed = np.array([(n, 1, 5) for n in (9, 3, 7, 1)], POSTING)
    hits = rank([Postings(4, packed)], Totals(10, 5.0), 3)
    assert [hit.chunk_id for hit in hits] == [1, 3, 7]


def test_a_chunk_of_very_many_words_is_counted_to_the_end_of_its_field():
    packed = np.frombuffer(pack({1: ["a"] * (MOST + 10)})["a"], POSTING)
    assert packed.tolist() == [(1, MOST, MOST)]


def test_totals_that_lag_behind_do_not_break_a_search():
    packed = np.array([(n, 1, 5) for n in range(1, 4)], POSTING)
    assert len(rank([Postings(3, packed)], Totals(2, 5.0), 10)) == 3


@pytest.mark.service
def test_rarest_terms_are_those_of_the_own_workspace(postgres_sessions):
    with transaction(postgres_sessions) as session:
        ours = Scope(auth.default_workspace(session).id)
    theirs = shelf.another_workspace(postgres_sessions)
    keywords = PostgresKeywords()
    common = " ".join(WORDS[: MAX_TERMS + 5])
    for scope, texts in ((ours, (common, common, "kiln")), (theirs, ("kiln",) * 9)):
        document = shelf.write(postgres_sessions, scope, str(scope), texts)
        with transaction(postgres_sessions) as session:
            keywords.upsert(session, scope, document, shelf.chunks_of(texts))
    with reading(postgres_sessions) as session:
        hits = keywords.query(session, ours, f"{common} kiln", 10)
    assert len(hits) == 3


def _bm25(block, terms, term, mean):
    holding = sum(term in each for each in block.values())
    rarity = max(log((len(block) - holding + 0.5) / (holding + 0.5)), 1e-6)
    count, length = terms.count(term), len(terms) + 2
    return rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / mean))
