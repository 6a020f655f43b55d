"""Evaluation judges by the very path that serves, on documents no part of it has seen."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify import evaluation, priming, training
from classify.evaluation import Judged
from classify.taxonomy import default_taxonomy
from core.documents import Page, ParsedDocument
from core.embedding import HashingEmbedder
from core.errors import InvalidInput, UnsupportedMediaType
from core.settings import Policy

KEYS = {
    "n",
    "accuracy",
    "macro_f1",
    "ece",
    "brier",
    "coverage_at_99",
    "coverage_at_98",
    "auto_routed",
    "auto_error",
    "per_label",
    "risk_coverage",
    "failures",
    "seconds",
}
ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def _small_primer(monkeypatch):
    # Two variants say what eight say, sooner.
    real = training.primer
    monkeypatch.setattr(training, "primer", lambda labels, embedder: real(labels, embedder, 2))


def read(path):
    if path.suffix == ".jpg":
        raise UnsupportedMediaType
    return ParsedDocument("text/plain", (Page(1, path.read_text("utf-8")),))


@pytest.fixture
def folder(tmp_path):
    texts = [t for t in priming.prime(1, 5) if t.label in {"Contracts", "Invoices", "Forms"}]
    rows = []
    for place, text in enumerate(texts):
        (tmp_path / f"{place}.txt").write_text(text.text, "utf-8")
        rows.append((f"{place}.txt", text.label, f"house {place % 3}"))
    (tmp_path / "blank.txt").write_text("\n")
    rows += [("scan.jpg", "Invoices", "house 1"), ("blank.txt", "Forms", "house 2")]
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "source"), *rows])
    return tmp_path


def evaluate(folder, **more):
    return evaluation.evaluate(
        folder,
        read=read,
        embedder=HashingEmbedder(16),
        taxonomy=default_taxonomy(),
        policy=Policy(),
        **more,
    )


def check(report, folder):
    assert set(report) >= KEYS
    assert report["n"] == len(training.read_rows(folder / "labels.csv")) - 2
    assert report["failures"] == [
        {"path": "scan.jpg", "code": "unsupported_media_type"},
        {"path": "blank.txt", "code": "no_text"},
    ]
    assert sum(label["n"] for label in report["per_label"].values()) == report["n"]
    assert report["risk_coverage"][-1] == [1.0, round(1 - report["accuracy"], 4)]
    assert report["accuracy"] > 0.8


def test_folds_report_every_key_and_oddities_go_to_a_person(folder):
    poem = "The moon is low and the old king said to her love, O night of silver dreams"
    (folder / "poem.txt").write_text(poem)
    (folder / "others.csv").write_text("path,label\npoem.txt,OTHER\nscan.jpg,AMBIGUOUS\n")
    told: list[str] = []
    report = evaluate(folder, folds=3, others=folder / "others.csv", say=told.append)
    check(report, folder)
    assert report["others"] == {"n": 2, "to_review": 2}
    assert told


def test_each_value_of_a_column_is_left_out(folder):
    told: list[str] = []
    check(evaluate(folder, leave_out="source", say=told.append), folder)
    assert sum(line.startswith("training on") for line in told) == 3


def test_the_shipped_head_is_judged_without_training(folder, monkeypatch):
    monkeypatch.setattr(training, "fit", None)
    check(evaluate(folder), folder)


def test_a_column_that_is_not_there_cannot_be_left_out(folder):
    with pytest.raises(InvalidInput):
        evaluate(folder, leave_out="sender")


def test_a_folder_of_unreadable_files_is_refused(tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\nscan.jpg,Invoices\n")
    with pytest.raises(InvalidInput):
        evaluate(tmp_path)


@given(st.lists(st.sampled_from("ABC"), min_size=6, max_size=80), st.integers(2, 6))
def test_folds_part_the_places_and_share_out_every_label(labels, folds):
    parts = evaluation.stratified(labels, folds)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    for label in set(labels):
        counts = [sum(labels[place] == label for place in part) for part in parts]
        counts += [0] * (folds - len(parts))
        assert max(counts) - min(counts) <= 1


@given(ANSWERS)
def test_risk_at_full_coverage_is_the_error_and_coverage_keeps_its_promise(answers):
    confidence = np.array([share for share, _ in answers])
    right = np.array([hit for _, hit in answers])
    curve = evaluation.risk_coverage(confidence, right)
    assert curve[-1][0] == 1
    assert curve[-1][1] == pytest.approx(1 - right.mean())
    assert [c for c, _ in curve] == sorted(c for c, _ in curve)
    kept = round(evaluation.coverage_at(confidence, right, 0.9) * len(right))
    if kept:
        sure = right[np.argsort(-confidence, kind="stable")][:kept]
        assert sure.mean() >= 0.9 - 1e-9


def test_equal_confidences_cannot_be_told_apart():
    curve = evaluation.risk_coverage(np.array([0.9, 0.9]), np.array([True, False]))
    assert curve == [(1.0, 0.5)]


def test_known_numbers():
    judged = [
        Judged("a", "A", "A", 0.95, routed=True),
        Judged("b", "A", "B", 0.65, routed=False),
        Judged("c", "B", "B", 0.95, routed=True),
        Judged("d", "B", "B", 0.65, routed=False),
    ]
    report = evaluation.measure(judged)
    assert report["accuracy"] == 0.75
    assert report["ece"] == pytest.approx(0.5 * 0.05 + 0.5 * 0.15)
    assert report["brier"] == pytest.approx((2 * 0.05**2 + 0.65**2 + 0.35**2) / 4, abs=1e-4)
    assert report["coverage_at_99"] == 0.5
    assert (report["auto_routed"], report["auto_error"]) == (0.5, 0.0)
    assert report["per_label"]["B"] == {"n": 2, "precision": 0.6667, "recall": 1.0}
    assert [bin_["n"] for bin_ in report["reliability"]] == [2, 2]


def test_texts_are_embedded_once():
    class Counting(HashingEmbedder):
        seen = 0

        def embed(self, texts):
            self.seen += len(texts)
            return super().embed(texts)

    inner = Counting(8)
    outer = evaluation.Remembering(inner)
    assert np.array_equal(outer.embed(["a", "b", "a"]), inner.embed(["a", "b", "a"]))
    outer.embed(["b"])
    assert inner.seen == 5
