"""Trains the local engine: a head, how familiar looks, and a calibration, from a labelled folder.

The head is a least-squares classifier onto one-against-all targets (Rifkin, Yeo and Poggio,
"Regularized least-squares classification", 2003) over words, cues and embeddings. It is solved in
closed form, so that leaving out any group of documents costs a small matrix instead of a new
training: every number that calibration and familiarity are fitted on comes from a head that was
not taught the document, nor, for half of them, anything of its kind (only the scales and the
vocabulary, which no label enters, saw it). No randomness but the seeded primer: the same
documents give the same files.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify import features, priming
from classify.calibration import Calibrator, Curve, fit_curve, fit_logistic
from classify.head import (
    HEAD,
    WORDS_HEAD,
    Floats,
    Head,
    Observation,
    Space,
    look,
    resemblance,
    sigmoid,
    softmax,
)
from classify.priming import OTHER
from core.documents import Page, ParsedDocument
from core.embedding import Embedder
from core.errors import InvalidInput, MailroomError

VERSION = "1.0.0"
LABELS_FILE = "labels.csv"
FOREIGN = frozenset({OTHER, "AMBIGUOUS"})
"""Labels that mean "none of these": learnt from, never answered."""
VARIANTS = 8
"""How many texts are made of each template of the primer."""
VOCABULARY = 4000
KINDS = 3
"""A word must occur in this many kinds of document: a sender's name does not."""
RIDGE = 3.0
BALANCE = 0.75
"""A kind with n documents weighs n ** (1 - BALANCE): many alike are not many witnesses."""
FOLDS = 5
LEAST_SCALE = 0.15
CLUSTER = 12
"""Documents of one label that are taken for one kind where nothing says where they came from."""
PRIMER_SAY = 0.2
"""How much a primer's text counts beside a real document when confidence is fitted."""
MIXED = 0.07
"""Weight of documents that are two things at once, as a share of the others'."""
MIXING = tuple((part, step) for part in (0.5, 0.6) for step in (97, 193, 389))
"""Proportions of a mixture, and how far apart in the list its two documents stand."""
FOREIGN_LET_IN = 0.02
"""Share of foreign kinds, each held out in turn, that may pass for familiar."""

Read = Callable[[Path], ParsedDocument]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """A document, what it is, and where it came from if that is known."""

    path: str
    label: str
    document: ParsedDocument
    source: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """An observed document. `kind` groups those that look alike because one hand made them."""

    observation: Observation
    label: str
    kind: str
    own: bool = True
    """Whether it came from the folder rather than from the primer."""


@dataclass(frozen=True)
class Trained:
    """What training gives: heads (with embeddings and without) and the calibration of both."""

    heads: tuple[Head, ...]
    calibrator: Calibrator

    def save(self, folder: Path) -> None:
        """Write everything that serving reads."""
        for head in self.heads:
            head.save(folder)
        self.calibrator.save(folder)


def train(
    documents: Sequence[LabelledDocument], embedder: Embedder, variants: int = VARIANTS
) -> Trained:
    """Train on documents and the primer's texts for their labels.

    Raises:
        InvalidInput: there are fewer than two labels to tell apart.
    """
    given = [*examples(documents, embedder), *primer(labels_of(documents), embedder, variants)]
    return fit(given, embedder.name)


def labels_of(documents: Iterable[LabelledDocument]) -> tuple[str, ...]:
    """Return the labels that can be answered, in order of their names."""
    return tuple(sorted({document.label for document in documents} - FOREIGN))


def examples(documents: Sequence[LabelledDocument], embedder: Embedder) -> list[Example]:
    """Observe documents; those without a known source are grouped by how they read."""
    book = features.CueBook.read(priming.read("cues.txt"))
    seen = [look(document.document, book, embedder) for document in documents]
    labels = [OTHER if d.label in FOREIGN else d.label for d in documents]
    kinds = [f"{label}/{d.source}" for label, d in zip(labels, documents, strict=True)]
    for label in set(labels):
        bare = [i for i, d in enumerate(documents) if labels[i] == label and not d.source]
        for place, cluster in zip(bare, _clusters([seen[i] for i in bare]), strict=True):
            kinds[place] = f"{label}/#{cluster}"
    return [Example(*parts) for parts in zip(seen, labels, kinds, strict=True)]


def primer(labels: Sequence[str], embedder: Embedder, variants: int = VARIANTS) -> list[Example]:
    """Observe the primer's texts for these labels, and all that belongs to none."""
    book = features.CueBook.read(priming.read("cues.txt"))
    wanted = {*labels, OTHER}
    texts = [primed for primed in priming.prime(variants, seed=0) if primed.label in wanted]
    return [
        Example(look(_plain(text.text), book, embedder), text.label, _kind(text), own=False)
        for text in texts
    ]


def _plain(text: str) -> ParsedDocument:
    return ParsedDocument("text/plain", (Page(1, text),))


def _kind(text: priming.Template) -> str:
    return f"primer/{text.label}/{text.kind}"


def _clusters(observations: Sequence[Observation]) -> list[int]:
    """Group by nearest of a few documents that are far from each other (Gonzalez 1985)."""
    if not observations:
        return []
    rows = np.array([[*_unit(o.cues), *o.passages.ravel()] for o in observations])
    centres = [0]
    apart = np.linalg.norm(rows - rows[0], axis=1)
    while len(centres) < max(2, len(rows) // CLUSTER) and apart.max() > 0:
        centres.append(int(apart.argmax()))
        apart = np.minimum(apart, np.linalg.norm(rows - rows[centres[-1]], axis=1))
    distances = np.linalg.norm(rows[:, None] - rows[None, centres], axis=2)
    return [int(nearest) for nearest in distances.argmin(axis=1)]


def _unit(values: Sequence[float]) -> Floats:
    row = np.asarray(values)
    unit: Floats = row / max(float(np.linalg.norm(row)), 1.0)
    return unit


def fit(
    given: Sequence[Example],
    embedder: str,
    names: Sequence[str] = (HEAD, WORDS_HEAD),
) -> Trained:
    """Fit heads with and without embeddings, each with its calibration; see the module.

    `embedder` is the name of whose vectors the examples hold.

    Raises:
        InvalidInput: there are fewer than two labels to tell apart.
    """
    own = [example for example in given if example.own and example.label != OTHER]
    labels = tuple(sorted({example.label for example in own}))
    if len(labels) < 2:  # noqa: PLR2004 (one label leaves nothing to tell apart)
        raise InvalidInput(f"{len(labels)} label in the training folder; at least 2 are needed")
    fitted = [_fit_one(name, given, labels, embedder) for name in names]
    curves = {head.name: curve for head, curve in fitted}
    return Trained(tuple(head for head, _ in fitted), Calibrator(curves, VERSION))


def _fit_one(
    name: str, given: Sequence[Example], labels: tuple[str, ...], embedder: str
) -> tuple[Head, Curve]:
    task = _Task.of(given, labels, with_meaning=name == HEAD)
    known = np.array([task.space.known(e.observation)[1] for e in given])
    apart, near = task.scores_without(task.kinds), task.scores_without(task.folds)
    temperature = _temperature(apart, task.places, task.weights)
    likeness = _fit_familiarity(resemblance(apart, known), task)
    head = Head(
        name=name,
        version=VERSION,
        labels=labels,
        space=task.space,
        weights=task.solve(),
        temperature=temperature,
        familiarity=likeness,
        embedder=embedder if name == HEAD else None,
    )
    return head, _fit_curve(head, task, known, apart, near)


@dataclass(frozen=True)
class _Task:
    """Examples as a regression: rows, targets, weights, and the groups to leave out."""

    space: Space
    rows: Floats
    places: NDArray[np.int_]
    """The column of each example's label; the last column is "none"."""
    weights: Floats
    trust: Floats
    """The weights again, for fitting confidence: texts of the primer are too clean to count."""
    kinds: list[NDArray[np.int_]]
    folds: list[NDArray[np.int_]]
    columns: int

    @classmethod
    def of(cls, given: Sequence[Example], labels: Sequence[str], *, with_meaning: bool) -> "_Task":
        observations = [example.observation for example in given]
        kinds = [example.kind for example in given]
        space = _learn_space(observations, kinds, with_meaning=with_meaning)
        order = {label: place for place, label in enumerate([*labels, OTHER])}
        sizes = Counter(kinds)
        weights = np.array([sizes[kind] ** -BALANCE for kind in kinds])
        full = [example.own or example.label == OTHER for example in given]
        return cls(
            space=space,
            rows=space.vectors(observations),
            places=np.array([order[example.label] for example in given]),
            weights=weights / weights.mean(),
            trust=weights * np.where(full, 1.0, PRIMER_SAY),
            kinds=_groups(kinds),
            folds=_groups(_dealt([e.label for e in given], FOLDS)),
            columns=len(order),
        )

    @property
    def targets(self) -> Floats:
        """One column per label: 1 for its own, -1 for the others."""
        targets: Floats = np.eye(self.columns)[self.places] * 2 - 1
        return targets

    def solve(self) -> Floats:
        """Return the weights of all columns, shape (space.size, columns)."""
        solved: Floats = self.rows.T @ np.linalg.solve(self._gram(), self.targets)
        return solved

    def _gram(self) -> Floats:
        gram: Floats = self.rows @ self.rows.T + np.diag(RIDGE / self.weights)
        return gram

    def scores_without(self, groups: Sequence[NDArray[np.int_]]) -> Floats:
        """Score each example by the solution that left its group out, for all groups at once.

        With M the inverse of the regularised Gram matrix, the error of the solution that never
        saw group g is M_gg^-1 (M T)_g: block-wise leave-one-out of ridge regression.
        """
        inverse = np.linalg.inv(self._gram())
        dual = inverse @ self.targets
        scores = np.empty_like(self.targets)
        for group in groups:
            block = inverse[np.ix_(group, group)]
            scores[group] = self.targets[group] - np.linalg.solve(block, dual[group])
        return scores


def _learn_space(
    observations: Sequence[Observation], kinds: Sequence[str], *, with_meaning: bool
) -> Space:
    vocabulary, idf = _vocabulary(observations, kinds)
    cues = np.array([observation.cues for observation in observations])
    passages = np.array([observation.passages.ravel() for observation in observations])
    return Space(
        vocabulary=vocabulary,
        idf=idf,
        cue_mean=cues.mean(axis=0),
        cue_scale=cues.std(axis=0).clip(min=LEAST_SCALE),
        embedding_mean=passages.mean(axis=0) if with_meaning else np.zeros(0),
    )


def _vocabulary(
    observations: Sequence[Observation], kinds: Sequence[str]
) -> tuple[tuple[str, ...], Floats]:
    """Keep the commonest words that several kinds of document use."""
    found: Counter[str] = Counter()
    where: defaultdict[str, set[str]] = defaultdict(set)
    for observation, kind in zip(observations, kinds, strict=True):
        for word in observation.words:
            found[word] += 1
            where[word].add(kind)
    invented = priming.invented()
    shared = [
        word
        for word, places in where.items()
        if len(places) >= KINDS and invented.isdisjoint(word.split())
    ]
    kept = sorted(shared, key=lambda word: (-found[word], word))[:VOCABULARY]
    counts = np.array([found[word] for word in kept], dtype=np.float64)
    return tuple(kept), np.log((1 + len(observations)) / (1 + counts)) + 1


def _groups(names: Sequence[Any]) -> list[NDArray[np.int_]]:
    places: defaultdict[Any, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[name].append(place)
    return [np.array(group) for group in places.values()]


def _dealt(labels: Sequence[str], hands: int) -> list[int]:
    """Deal examples out like cards, label by label, so that every hand has its share of each."""
    dealt: Counter[str] = Counter()
    hands_of = []
    for label in labels:
        hands_of.append(dealt[label] % hands)
        dealt[label] += 1
    return hands_of


def _temperature(scores: Floats, places: NDArray[np.int_], weights: Floats) -> float:
    """Choose the temperature that makes the right labels likeliest (Guo et al. 2017)."""
    real = places < scores.shape[1] - 1
    mass = weights[real]

    def surprise(temperature: float) -> float:
        shares = softmax(scores[real, :-1] * temperature)
        return float(-mass @ np.log(shares[np.arange(len(shares)), places[real]] + 1e-12))

    return min((round(0.5 * 1.1**turn, 4) for turn in range(40)), key=surprise)


def _fit_familiarity(rows: Floats, task: _Task) -> Floats:
    """Tell kinds of document that belong to a label from those that do not, each held out."""
    real = task.places < task.columns - 1
    mass = _even(real, task.weights)
    return fit_logistic(rows, real.astype(np.float64), mass, 1e-3)


def _even(real: NDArray[np.bool_], weights: Floats) -> Floats:
    """Let both sides weigh the same, and all together 1."""
    sides = np.where(real, weights[real].sum(), weights[~real].sum())
    even: Floats = weights / sides / 2
    return even


def _fit_curve(head: Head, task: _Task, known: Floats, apart: Floats, near: Floats) -> Curve:
    """Fit the curve on answers given without the document's fold, and without its whole kind.

    To them come documents that are two things at once, which no folder has enough of: whatever
    is answered there is wrong, so that a narrow lead costs confidence.
    """
    mixed, halves = _mixtures(near, task.places, known)
    scores = np.vstack([apart, near, mixed])
    familiar = sigmoid(
        resemblance(scores, np.concatenate([known, known, halves])) @ head.familiarity
    )
    shares = softmax(scores[:, :-1] * head.temperature)
    nowhere = np.full(len(mixed), -1)
    right = shares.argmax(axis=1) == np.concatenate([task.places, task.places, nowhere])
    real = task.trust[task.places < task.columns - 1].sum()
    mass = np.full(len(mixed), 2 * real * MIXED / max(len(mixed), 1))
    weights = np.concatenate([task.trust, task.trust, mass])
    foreign = task.places == task.columns - 1
    return Curve(
        fit_curve(shares.max(axis=1), familiar, right, weights),
        _familiar_from(familiar[: len(apart)], foreign, task.weights),
    )


def _mixtures(scores: Floats, places: NDArray[np.int_], known: Floats) -> tuple[Floats, Floats]:
    """Score pairs of documents of two labels as one; a linear head gives a mixture the mean.

    Each document is paired with those some steps further, in two proportions.
    """
    real = np.flatnonzero(places < scores.shape[1] - 1)
    mixed, halves = [], []
    for part, step in MIXING:
        other = np.roll(real, step)
        two = places[real] != places[other]
        one, other = real[two], other[two]
        mixed.append(part * scores[one] + (1 - part) * scores[other])
        halves.append(part * known[one] + (1 - part) * known[other])
    return np.vstack(mixed), np.concatenate(halves)


def _familiar_from(familiar: Floats, foreign: NDArray[np.bool_], weights: Floats) -> float:
    """Return the familiarity that all but `FOREIGN_LET_IN` of the foreign kinds stay below."""
    order = np.argsort(-familiar[foreign], kind="stable")
    passed = np.cumsum(weights[foreign][order]) / weights[foreign].sum()
    place = int(np.searchsorted(passed, FOREIGN_LET_IN))
    return round(float(familiar[foreign][order][min(place, len(order) - 1)]), 6)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV of documents with at least the columns path and label.

    Raises:
        InvalidInput: the file is missing, or a column is.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    if not rows or not all(row.get("path") and row.get("label") for row in rows):
        raise InvalidInput(f"{path} needs rows with path and label")
    return rows


def load(
    folder: Path, rows: Sequence[Mapping[str, str]], read: Read, say: Say
) -> tuple[list[LabelledDocument], list[dict[str, str]]]:
    """Read the documents of the rows; what cannot be read becomes `{path, code}`."""
    loaded: list[LabelledDocument] = []
    failures: list[dict[str, str]] = []
    for number, row in enumerate(rows, start=1):
        say(f"reading {number} of {len(rows)}: {row['path']}")
        try:
            document = read(folder / row["path"])
        except MailroomError as error:
            failures.append({"path": row["path"], "code": error.code})
            continue
        if not document.has_text:
            failures.append({"path": row["path"], "code": "no_text"})
            continue
        source = row.get("source") or ""
        loaded.append(LabelledDocument(row["path"], row["label"], document, source))
    return loaded, failures


def train_folder(
    data: Path,
    out: Path,
    read: Read,
    embedder: Embedder,
    say: Say,
    also: Sequence[Path] = (),
) -> dict[str, Any]:
    """Train on a folder with labels.csv (path,label and, if known, source), write to `out`.

    `also` names further folders of the same kind. Returns what was learnt from: counts,
    failures, and the SHA-256 of the files written.

    Raises:
        InvalidInput: a labels.csv is missing, or there are fewer than two labels.
    """
    documents: list[LabelledDocument] = []
    failures: list[dict[str, str]] = []
    for folder in (data, *also):
        loaded, failed = load(folder, read_rows(folder / LABELS_FILE), read, say)
        documents += loaded
        failures += failed
    say(f"training on {len(documents)} documents")
    trained = train(documents, embedder)
    trained.save(out)
    return {
        "n": len(documents),
        "labels": dict(Counter(document.label for document in documents)),
        "failures": failures,
        "embedder": embedder.name,
        "version": VERSION,
        "files": {path.name: _sha256(path) for path in sorted(out.glob("*.[jn]*"))},
    }


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
