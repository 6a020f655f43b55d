"""Search over both indexes."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import settings
from core.db import reading, transaction
from core.embedding import HashingEmbedder
from core.errors import EngineUnavailable, IndexLocked
from core.tables import Document
from retrieval.index import VectorIndex
from retrieval.keywords import build_keywords
from retrieval.search import Searcher, fuse
from retrieval.vectors import MemoryStore
from tests.retrieval import shelf
from tests.retrieval.shelf import Shelf


@pytest.fixture
def library(sessions, scope, dialect):
    embedder = HashingEmbedder()
    index = VectorIndex(MemoryStore(), sessions, embedder.name)
    return Shelf(sessions, scope, build_keywords(dialect), index, embedder)


@pytest.fixture
def searcher(library):
    return Searcher(library.index, library.keywords, library.embedder, settings.Search())


@pytest.fixture
def find(sessions, scope, searcher):
    def found(query: str, limit=10, within=scope, document_ids=None, by=searcher):
        with reading(sessions) as session:
            return by.search(session, within, query, limit, document_ids)

    return found


def test_a_passage_carries_its_place_its_scores_and_where_the_words_stand(library, find):
    kiln = library.put("kiln.txt", "The barn is dry.", "Our kilns are hot.", title="On kilns")
    library.put("barn.txt", "The barn is dry and the mill is wet.")
    best = find("hot kiln").passages[0]
    assert (best.document_id, best.page, best.ordinal) == (kiln, 2, 1)
    assert (best.title, best.filename) == ("On kilns", "kiln.txt")
    assert (best.start, best.end, best.text) == (0, 18, "Our kilns are hot.")
    assert best.keyword_score is not None
    assert best.meaning_score is not None
    assert 0 < best.score <= 1
    assert [best.text[start:end] for start, end in best.highlights] == ["kilns", "hot"]


def test_a_document_without_a_title_goes_by_its_file_name(library, find):
    library.put("kiln.txt", "The kiln is hot.")
    assert find("kiln").passages[0].title == "kiln.txt"


def test_passages_come_best_first_and_no_more_than_asked(library, find):
    library.put("a.txt", *(f"kiln number {n} {'kiln ' * n}" for n in range(9)))
    scores = [passage.score for passage in find("kiln", limit=5).passages]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)


def test_another_workspace_is_never_seen(library, find, sessions):
    neighbour = replace(library, scope=shelf.another_workspace(sessions))
    theirs = neighbour.put("theirs.txt", "The kiln is theirs.")
    assert find("kiln").passages == ()
    library.put("ours.txt", "The kiln is ours.")
    assert [each.filename for each in find("kiln").passages] == ["ours.txt"]
    assert find("kiln", document_ids=[theirs]).passages == ()
    assert [p.filename for p in find("kiln", within=neighbour.scope).passages] == ["theirs.txt"]


def test_a_vector_that_strays_from_another_workspace_is_not_shown(library, find, sessions):
    neighbour = shelf.another_workspace(sessions)
    theirs = shelf.write(sessions, neighbour, "theirs.txt", ("The kiln is theirs.",))
    chunks = shelf.chunks_of(("The kiln is theirs.",))
    library.index.upsert(library.scope, theirs, chunks, library.embedder.embed(["kiln"]))
    assert find("kiln").passages == ()


def test_a_question_can_be_kept_to_some_documents(library, find):
    library.put("a.txt", "The kiln is hot.")
    second = library.put("b.txt", "The kiln is cold.")
    assert {each.document_id for each in find("kiln", document_ids=[second]).passages} == {second}
    assert find("kiln", document_ids=[uuid4()]).passages == ()
    assert find("kiln", document_ids=[]).passages == ()


def test_an_erased_document_is_not_shown_though_its_vectors_remain(library, find, sessions, scope):
    gone = library.put("a.txt", "The kiln is hot.")
    with transaction(sessions) as session:
        library.keywords.delete(session, scope, gone)
        session.delete(session.get_one(Document, gone))
    assert find("kiln").passages == ()


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_nothing_asked_is_nothing_found(library, find, query):
    library.put("a.txt", "The kiln is hot.")
    assert find(query).passages == ()


def test_an_empty_workspace_is_not_degraded(find):
    assert find("kiln").passages == ()
    assert find("kiln").degraded is None


class Down(MemoryStore):
    def query(self, *_args, **_fields):
        raise IndexLocked("held")


class Mute(HashingEmbedder):
    def embed_queries(self, _texts):
        raise EngineUnavailable("mute")


def test_without_vectors_words_decide_and_the_result_says_so(library, find, sessions, scope):
    library.put("a.txt", "The kiln is hot.")
    down = VectorIndex(Down(), sessions, library.embedder.name)
    words_only = Searcher(down, library.keywords, library.embedder, settings.Search())
    found = find("kiln", by=words_only)
    assert found.degraded == "index_locked"
    assert [(each.filename, each.meaning_score) for each in found.passages] == [("a.txt", None)]


def test_without_the_embedding_model_words_decide(library, find):
    library.put("a.txt", "The kiln is hot.")
    mute = Searcher(library.index, library.keywords, Mute(), settings.Search())
    assert find("kiln", by=mute).degraded == "engine_unavailable"
    assert [each.filename for each in find("kiln", by=mute).passages] == ["a.txt"]


def test_while_another_model_is_moving_in_words_decide(library, find, sessions):
    library.put("a.txt", "The kiln is hot.")
    newer = HashingEmbedder(64)
    index = VectorIndex(MemoryStore(), sessions, newer.name)
    found = find("kiln", by=Searcher(index, library.keywords, newer, settings.Search()))
    assert found.degraded == "index_unavailable"
    assert [each.filename for each in found.passages] == ["a.txt"]


SCORES = st.dictionaries(st.integers(1, 30), st.floats(-1, 50), max_size=12)


@given(words=SCORES, meaning=SCORES, weight=st.floats(0, 1))
def test_fusion_ranks_every_candidate_once_within_bounds(words, meaning, weight):
    ranked = fuse(words, meaning, weight)
    assert {each.chunk_id for each in ranked} == words.keys() | meaning.keys()
    assert all(-1e-9 <= each.score <= 1 + 1e-9 for each in ranked)
    order = [(-each.score, each.chunk_id) for each in ranked]
    assert order == sorted(order)
    assert ranked == fuse(dict(reversed(words.items())), dict(reversed(meaning.items())), weight)


@given(scores=SCORES, factor=st.floats(0.5, 20), shift=st.floats(-5, 5))
def test_fusion_does_not_care_for_the_scale_of_a_side(scores, factor, shift):
    scaled = {key: score * factor + shift for key, score in scores.items()}
    before = {each.chunk_id: each.score for each in fuse(scores, {}, 0.3)}
    spread = max(scores.values(), default=0) - min(scores.values(), default=0)
    if spread > 1e-3:
        after = {each.chunk_id: each.score for each in fuse(scaled, {}, 0.3)}
        assert after == pytest.approx(before, abs=1e-6)


def test_weight_moves_the_ranking_from_words_to_meaning():
    words, meaning = {1: 9.0, 2: 1.0, 3: 0.5}, {2: 0.9, 1: 0.2, 4: 0.1}
    assert fuse(words, meaning, 0.0)[0].chunk_id == 1
    assert fuse(words, meaning, 1.0)[0].chunk_id == 2
    only_words = fuse(words, meaning, 0.5)[-1]
    assert (only_words.keyword_score, only_words.meaning_score) in {(0.5, None), (None, 0.1)}


def test_a_single_candidate_counts_in_full():
    assert fuse({7: 3.2}, {}, 0.5)[0].score == 0.5
    assert fuse({7: 3.2}, {7: -0.1}, 0.5)[0].score == 1.0
