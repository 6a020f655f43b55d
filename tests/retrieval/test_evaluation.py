"""The evaluation of retrieval."""

import json
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import settings
from core.documents import Chunk, Span
from core.embedding import HashingEmbedder
from core.errors import InvalidInput
from retrieval.evaluation import evaluate, load, ndcg, recall

TEXTS = {
    "k": ("On kilns", "A kiln is fired for nine hours until the clay is hard."),
    "b": ("On barns", "Hay is kept in a barn until the winter is over."),
    "m": ("", "The mill grinds wheat and rye."),
    "d": ("On dogs", "Dogs are kept by shepherds."),
}
QUESTIONS = {"1": "how long is a kiln fired", "2": "where is hay kept", "3": "who", "4": "unjudged"}
JUDGED = "query-id\tcorpus-id\tscore\n1\tk\t2\n1\tm\t0\n2\tb\t1\n2\td\t1\n3\tmissing\t1\n9\tk\t1\n"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "beir"
    folder.mkdir()
    corpus = [{"_id": name, "title": title, "text": text} for name, (title, text) in TEXTS.items()]
    queries = [{"_id": name, "text": text} for name, text in QUESTIONS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)) + "\n")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)) + "\n")
    (folder / "qrels.tsv").write_text(JUDGED)
    return folder


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def test_the_report_has_exactly_the_promised_keys(data):
    report = evaluate(data, HashingEmbedder(), settings.Search(), quiet)
    assert set(report) == {
        "n_documents",
        "n_queries",
        "keyword",
        "dense",
        "hybrid",
        "index_seconds",
    }
    for way in ("keyword", "dense", "hybrid"):
        assert set(report[way]) == {"ndcg@10", "recall@100", "p50_ms", "p95_ms"}
    assert json.loads(json.dumps(report)) == report
    assert (report["n_documents"], report["n_queries"]) == (4, 3)


def test_the_measures_are_those_of_the_rankings(data):
    report = evaluate(data, HashingEmbedder(), settings.Search(), quiet)
    # Questions 1 and 2 find all that answers them, at the top; the third one's text is not there.
    assert report["hybrid"]["recall@100"] == pytest.approx(2 / 3, abs=1e-3)
    assert report["keyword"]["ndcg@10"] == pytest.approx(2 / 3, abs=1e-3)
    assert report["keyword"]["p95_ms"] >= report["keyword"]["p50_ms"] > 0


def test_a_document_in_several_chunks_counts_once_with_its_best(data):
    def split(text: str) -> list[Chunk]:
        half = len(text) // 2
        spans = [Span(1, 0, half), Span(1, half, len(text))]
        return [Chunk(n, span, text[span.start : span.end]) for n, span in enumerate(spans)]

    report = evaluate(data, HashingEmbedder(), settings.Search(), quiet, split)
    assert report["n_documents"] == 4
    assert report["hybrid"]["recall@100"] == pytest.approx(2 / 3, abs=1e-3)


def test_progress_is_told_to_the_end(data):
    told: dict[str, tuple[int, int]] = {}
    evaluate(
        data,
        HashingEmbedder(),
        settings.Search(),
        lambda what, done, total: told.update({what: (done, total)}),
    )
    assert told == {
        "words": (4, 4),
        "vectors": (4, 4),
        "keyword": (3, 3),
        "dense": (3, 3),
        "hybrid": (3, 3),
    }


def test_what_is_loaded_leaves_out_unjudged_questions_and_zero_grades(data):
    collection = load(data)
    assert set(collection.relevant) == {"1", "2", "3"}
    assert collection.relevant["1"] == {"k": 2}


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_missing_or_broken_file_is_named(data, name):
    (data / name).write_text("query-id\tcorpus-id\tscore\nbroken\n")
    with pytest.raises(InvalidInput, match=name):
        load(data)
    (data / name).unlink()
    with pytest.raises(InvalidInput, match=name):
        load(data)


def test_ndcg_by_hand():
    scores = {"a": 3.0, "b": 2.0, "c": 1.0}
    assert ndcg(scores, {"a": 1}) == 1
    assert ndcg(scores, {"b": 1}) == pytest.approx(1 / log2(3))
    graded = (1 / log2(3) + 2 / log2(4)) / (2 / log2(2) + 1 / log2(3))
    assert ndcg(scores, {"b": 1, "c": 2}) == pytest.approx(graded)
    assert ndcg(scores, {"x": 1}) == 0
    assert ndcg(scores, {"c": 1}, cut=2) == 0


def test_recall_by_hand():
    assert recall({"a": 3.0, "b": 2.0}, {"b": 1, "x": 1}) == 0.5
    assert recall({"a": 3.0, "b": 2.0}, {"b": 1}, cut=1) == 0


@given(
    scores=st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 1), max_size=8),
    relevant=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 3), min_size=1),
)
def test_measures_stay_within_0_and_1(scores, relevant):
    assert 0 <= ndcg(scores, relevant) <= 1 + 1e-9
    assert 0 <= recall(scores, relevant) <= 1
