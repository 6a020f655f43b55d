"""Measures classification as it is served: the same engine, calibrator and routing as in use.

Cross-validation is nested: head, familiarity and calibration are fitted on the training side
alone, then judge documents that none of them has seen. Coverage and risk follow Geifman and
El-Yaniv, "Selective Classification for Deep Neural Networks" (NeurIPS 2017); ECE with equal-width
bins follows Guo et al. (ICML 2017).
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify import training
from classify.calibration import Calibrator
from classify.classification import Context
from classify.classifier import Classifier
from classify.head import HEAD
from classify.opinions.local import LocalEngine
from classify.routing import Route, decide
from classify.taxonomy import Taxonomy
from classify.training import Example, LabelledDocument, Read, Say
from core.embedding import Embedder, Vectors
from core.errors import InvalidInput
from core.settings import Policy

BINS = 10
SEED = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """One document's truth beside what the classifier said and what routing made of it."""

    path: str
    truth: str
    label: str | None
    confidence: float
    routed: bool

    @property
    def right(self) -> bool:
        """Whether the label is the true one."""
        return self.label == self.truth


def evaluate(
    data: Path,
    *,
    read: Read,
    embedder: Embedder,
    taxonomy: Taxonomy,
    policy: Policy,
    folds: int | None = None,
    leave_out: str | None = None,
    others: Path | None = None,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Judge the documents of a folder with labels.csv and return the report of `contracts`.

    With `folds` the folder is cross-validated; with `leave_out` each value of that column is left
    out in turn; with neither, the shipped head is judged. `others` is a CSV (path,label) of
    documents that no label fits: they should all go to a person.

    Raises:
        InvalidInput: labels.csv is missing or lacks a column, or nothing could be read.
    """
    started = time.perf_counter()
    rows = training.read_rows(data / training.LABELS_FILE)
    loaded, failures = training.load(data, rows, read, say)
    if not loaded:
        raise InvalidInput(f"none of the {len(rows)} documents of {data} could be read")
    bench = _Bench(Remembering(embedder), taxonomy, policy, say)
    if folds or leave_out:
        judged, classifier = bench.cross_validate(loaded, _parts(loaded, rows, folds, leave_out))
    else:
        classifier = bench.shipped()
        judged = bench.judge(classifier, loaded)
    report = {**measure(judged), "failures": failures}
    if others:
        report["others"] = bench.judge_others(classifier, others, read)
    return {**report, "seconds": round(time.perf_counter() - started, 2)}


class Remembering:
    """An embedder that keeps what it has computed: folds look at the same texts again."""

    def __init__(self, inner: Embedder) -> None:
        """Wrap an embedder."""
        self._inner = inner
        self._kept: dict[str, Vectors] = {}
        self.name = inner.name

    @property
    def dimension(self) -> int:
        """Number of components of a vector."""
        return self._inner.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if new:
            self._kept.update(zip(new, self._inner.embed(new), strict=True))
        return np.stack([self._kept[text] for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the same for questions, not kept."""
        return self._inner.embed_queries(texts)


@dataclass(frozen=True)
class _Bench:
    """What judging needs."""

    embedder: Remembering
    taxonomy: Taxonomy
    policy: Policy
    say: Say

    def shipped(self) -> Classifier:
        """Return the classifier as it is served without a language model."""
        engine = LocalEngine.load(None, self.embedder)
        return Classifier([engine], Calibrator.load(None), self.taxonomy)

    def trained(self, given: Sequence[Example]) -> Classifier:
        """Return a classifier trained on these examples alone."""
        trained = training.fit(given, self.embedder.name, [HEAD])
        engine = LocalEngine(trained.heads[0], self.embedder)
        return Classifier([engine], trained.calibrator, self.taxonomy)

    def cross_validate(
        self, documents: Sequence[LabelledDocument], parts: Iterable[NDArray[np.int_]]
    ) -> tuple[list[Judged], Classifier]:
        """Judge each part by a classifier trained on the others; return one trained on all too."""
        self.say(f"looking at {len(documents)} documents and the primer")
        own = training.examples(documents, self.embedder)
        primer = training.primer(training.labels_of(documents), self.embedder)
        judged: list[Judged] = []
        for held in parts:
            kept = [own[place] for place in range(len(own)) if place not in set(held.tolist())]
            self.say(f"training on {len(kept)} documents, judging {len(held)}")
            judged += self.judge(self.trained([*kept, *primer]), [documents[p] for p in held])
        return judged, self.trained([*own, *primer])

    def judge(self, classifier: Classifier, documents: Sequence[LabelledDocument]) -> list[Judged]:
        """Ask the classifier and routing about each document."""
        return [self._judge_one(classifier, document) for document in documents]

    def _judge_one(self, classifier: Classifier, known: LabelledDocument) -> Judged:
        said = classifier.classify(known.document, Context())
        routed = isinstance(decide(said, self.policy), Route)
        return Judged(known.path, known.label, said.label, said.confidence, routed)

    def judge_others(self, classifier: Classifier, file: Path, read: Read) -> dict[str, int]:
        """Count how many documents that fit no label are sent to a person."""
        rows = training.read_rows(file)
        loaded, failures = training.load(file.parent, rows, read, self.say)
        held = sum(not each.routed for each in self.judge(classifier, loaded))
        # What cannot be read goes to a person as well.
        return {"n": len(rows), "to_review": held + len(failures)}


def _parts(
    documents: Sequence[LabelledDocument],
    rows: Sequence[Mapping[str, str]],
    folds: int | None,
    column: str | None,
) -> Iterator[NDArray[np.int_]]:
    """Yield the places to hold out, part by part."""
    if folds:
        yield from stratified([document.label for document in documents], folds)
        return
    values = {row["path"]: row.get(column or "", "") for row in rows}
    if not any(values.values()):
        raise InvalidInput(f"labels.csv has no column {column!r} to leave out")
    found = np.array([values[document.path] for document in documents])
    for value in sorted(set(values.values())):
        if (found == value).any():
            yield np.flatnonzero(found == value)


def stratified(labels: Sequence[str], folds: int) -> list[NDArray[np.int_]]:
    """Return `folds` parts of the places, each with its share of every label, seeded."""
    shuffled = np.random.default_rng(SEED).permutation(len(labels))
    dealt: list[list[int]] = [[] for _ in range(folds)]
    turn = 0
    for label in sorted(set(labels)):
        for place in (int(p) for p in shuffled if labels[p] == label):
            dealt[turn % folds].append(place)
            turn += 1
    return [np.array(sorted(part), dtype=np.int_) for part in dealt if part]


def measure(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return every number of the report that needs only truths, labels and confidences."""
    right = np.array([each.right for each in judged])
    confidence = np.array([each.confidence for each in judged])
    routed = np.array([each.routed for each in judged])
    curve = risk_coverage(confidence, right)
    labels = per_label(judged)
    return {
        "n": len(judged),
        "accuracy": _round(right.mean()),
        "macro_f1": _round(_macro_f1(labels)),
        "ece": _round(ece(confidence, right)),
        "brier": _round(float(((confidence - right) ** 2).mean())),
        "coverage_at_99": _round(coverage_at(confidence, right, 0.99)),
        "coverage_at_98": _round(coverage_at(confidence, right, 0.98)),
        "auto_routed": _round(routed.mean()),
        "auto_error": _round(1 - right[routed].mean()) if routed.any() else 0.0,
        "per_label": labels,
        "risk_coverage": [[_round(c), _round(r)] for c, r in curve],
        "reliability": reliability(confidence, right),
    }


def _round(value: float) -> float:
    return round(float(value), 4)


def ece(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of equal width."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(confidence[bins == place].mean() - right[bins == place].mean()) * (bins == place).sum()
        for place in range(BINS)
        if (bins == place).any()
    ]
    return float(sum(gaps) / len(confidence))


def reliability(
    confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> list[dict[str, float]]:
    """Return the reliability diagram: per bin its number, mean confidence and accuracy."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "n": int((bins == place).sum()),
            "confidence": _round(confidence[bins == place].mean()),
            "accuracy": _round(right[bins == place].mean()),
        }
        for place in range(BINS)
        if (bins == place).any()
    ]


def risk_coverage(
    confidence: NDArray[np.float64], right: NDArray[np.bool_]
) -> list[tuple[float, float]]:
    """Return (coverage, risk) at every confidence that occurs, the surest first.

    Equal confidences are taken together: no threshold can part them.
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    sure = confidence[order]
    ends = [i for i in range(len(sure)) if i + 1 == len(sure) or sure[i] > sure[i + 1]]
    return [((end + 1) / len(sure), float(wrong[end]) / (end + 1)) for end in ends]


def coverage_at(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float
) -> float:
    """Return the largest coverage whose precision is at least this; 0 where there is none."""
    risks = risk_coverage(confidence, right)
    return max((c for c, risk in risks if risk <= 1 - precision + 1e-12), default=0.0)


def per_label(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Return n, precision and recall of every true label."""
    report = {}
    for label in sorted({each.truth for each in judged}):
        true = [each for each in judged if each.truth == label]
        said = [each for each in judged if each.label == label]
        hits = sum(each.right for each in true)
        precision = _round(hits / len(said)) if said else 0.0
        report[label] = {"n": len(true), "precision": precision, "recall": _round(hits / len(true))}
    return report


def _macro_f1(labels: Mapping[str, Mapping[str, float]]) -> float:
    scores = [
        2 * each["precision"] * each["recall"] / (each["precision"] + each["recall"])
        if each["precision"] + each["recall"]
        else 0.0
        for each in labels.values()
    ]
    return sum(scores) / len(scores)
