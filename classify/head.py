"""The trained head as it serves: numbers in, scores per label out, kept as data without pickle.

A head is linear over three blocks: words (TF-IDF), cues and layout (standardised), and the
embeddings of two passages. Being linear it can say which words and cues decided.
"""

import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify import features
from core.documents import ParsedDocument
from core.embedding import Embedder
from core.errors import ConfigurationError

Floats = NDArray[np.float64]

FORMAT = 1
HEAD = "document-head"
WORDS_HEAD = "document-head-words"
"""The second head needs no embeddings and serves where these are of another model."""
ARRAYS = ("idf", "cue_mean", "cue_scale", "embedding_mean", "weights", "familiarity")
WORD_SHARE = 2.0
CUE_SHARE = 1.4
EMBEDDING_SHARE = 1.0
"""How much each block may say: the length that its part of a typical vector has."""
SPARSE = 15.0
"""Length of a word vector below which a text has said too little to count in full."""
EVIDENCE = 12
"""Known words below which a text is too short to be called familiar."""
DECIMALS = 6
LIMIT = 2.5
"""Cues count at most this many standard deviations: what is off the scale proves nothing."""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that a head looks at: word counts, cues, and passages as vectors.

    `passages` has shape (2, dimension), or (0, 0) where no embedder was asked.
    """

    words: Mapping[str, int]
    cues: Sequence[float]
    passages: NDArray[np.float32]


def observe(
    seen: features.Excerpt, book: features.CueBook, embedder: Embedder | None
) -> Observation:
    """Take the measure of an excerpt; costs the same for every length of document."""
    empty = np.zeros((0, 0), dtype=np.float32)
    return Observation(
        features.word_counts(features.tokens(seen.text)),
        features.measure(seen, book),
        empty if embedder is None else embedder.embed(features.passages(seen)),
    )


@dataclass(frozen=True)
class Space:
    """How an observation becomes one vector: vocabulary and scales, learnt from training."""

    vocabulary: tuple[str, ...]
    idf: Floats
    cue_mean: Floats
    cue_scale: Floats
    embedding_mean: Floats
    """Mean of the passages laid side by side; empty for a head without embeddings."""

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.vocabulary)}

    @property
    def size(self) -> int:
        """Components of a vector, the constant included."""
        return len(self.vocabulary) + len(self.cue_mean) + len(self.embedding_mean) + 1

    def vectors(self, observations: Sequence[Observation]) -> Floats:
        """Return one row per observation, shape (n, size); the last component is 1."""
        rows = np.empty((len(observations), self.size))
        for row, observation in zip(rows, observations, strict=True):
            row[:] = np.concatenate(
                [self._words(observation), self._cues(observation), self._meaning(observation), [1]]
            )
        return rows

    def known(self, observation: Observation) -> tuple[int, float]:
        """Return how many words of a text are in the vocabulary, and their share of all."""
        singles = {w: n for w, n in observation.words.items() if " " not in w}
        known = sum(count for word, count in singles.items() if word in self._places)
        return known, known / max(sum(singles.values()), 1)

    def _words(self, observation: Observation) -> Floats:
        row = np.zeros(len(self.vocabulary))
        for word, count in observation.words.items():
            place = self._places.get(word)
            if place is not None:
                row[place] = (1 + math.log(count)) * self.idf[place]
        scaled: Floats = row * WORD_SHARE / math.hypot(float(np.linalg.norm(row)), SPARSE)
        return scaled

    def _cues(self, observation: Observation) -> Floats:
        row = (np.asarray(observation.cues) - self.cue_mean) / self.cue_scale
        scaled: Floats = row.clip(-LIMIT, LIMIT) * CUE_SHARE / math.sqrt(max(len(row), 1))
        return scaled

    def _meaning(self, observation: Observation) -> Floats:
        if not len(self.embedding_mean):
            return np.zeros(0)
        scaled: Floats = (observation.passages.ravel() - self.embedding_mean) * EMBEDDING_SHARE
        return scaled


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a head says of one observation."""

    shares: Mapping[str, float]
    """A share for every label; they sum to 1."""
    familiarity: float
    vector: Floats


@dataclass(frozen=True)
class Head:
    """A linear head over labels and one more column for what belongs to none of them."""

    name: str
    version: str
    labels: tuple[str, ...]
    space: Space
    weights: Floats
    """Shape (space.size, len(labels) + 1); the last column is "none of these"."""
    temperature: float
    familiarity: Floats
    """Weights of `resemblance`, shape (4,): best score, lead over "none", known words, constant."""
    embedder: str | None = None
    """Whose vectors it was trained on; None for a head that needs none."""

    @property
    def whole(self) -> bool:
        """Whether all parts fit together and hold numbers."""
        space, parts = self.space, [getattr(self.space, name) for name in ARRAYS[:4]]
        fits = (
            self.weights.shape == (space.size, len(self.labels) + 1)
            and self.familiarity.shape == (4,)
            and len(space.idf) == len(space.vocabulary)
            and len(space.cue_mean) == len(space.cue_scale)
            and bool(len(space.embedding_mean)) == bool(self.embedder)
        )
        return fits and all(np.isfinite(p).all() for p in (*parts, self.weights, self.familiarity))

    def judge(self, observation: Observation) -> Verdict:
        """Return shares for all labels and how familiar the text is."""
        vector = self.space.vectors([observation])[0]
        scores = vector @ self.weights
        known, share = self.space.known(observation)
        likeness = resemblance(scores[None], np.array([share]))[0] @ self.familiarity
        familiar = float(sigmoid(likeness)) * min(1.0, known / EVIDENCE)
        shares = softmax(scores[None, :-1] * self.temperature)[0]
        return Verdict(dict(zip(self.labels, shares.tolist(), strict=True)), familiar, vector)

    def save(self, folder: Path) -> None:
        """Write `<name>.json` and `<name>.npz`; the same head gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        told = {
            "format": FORMAT,
            "name": self.name,
            "version": self.version,
            "labels": self.labels,
            "embedder": self.embedder,
            "temperature": self.temperature,
            "vocabulary": self.space.vocabulary,
        }
        text = json.dumps(told, ensure_ascii=False, indent=0, sort_keys=True)
        (folder / f"{self.name}.json").write_text(text + "\n", "utf-8")
        # Rounded, so that the last bit of another number of threads makes no other file.
        arrays = {name: self._array(name).round(DECIMALS).astype(np.float32) for name in ARRAYS}
        np.savez(folder / f"{self.name}.npz", allow_pickle=False, **arrays)

    def _array(self, name: str) -> Floats:
        owner = self if name in {"weights", "familiarity"} else self.space
        array: Floats = getattr(owner, name)
        return array

    @classmethod
    def load(cls, folder: Path, name: str) -> "Head":
        """Read a head that `save` wrote; nothing in the files is ever executed.

        Raises:
            ConfigurationError: the files are missing, damaged, or of another format.
        """
        try:
            told = json.loads((folder / f"{name}.json").read_text("utf-8"))
            with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
                arrays = {key: stored[key].astype(np.float64) for key in ARRAYS}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ConfigurationError(f"{folder / name} is not a trained head: {error}") from error
        return cls._checked(folder / name, told, arrays)

    @classmethod
    def _checked(cls, path: Path, told: dict[str, Any], arrays: dict[str, Floats]) -> "Head":
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise ConfigurationError(f"{path} is not of a format that this release reads")
        try:
            space = Space(
                tuple(told["vocabulary"]),
                *(arrays[key] for key in ("idf", "cue_mean", "cue_scale", "embedding_mean")),
            )
            head = cls(
                name=told["name"],
                version=told["version"],
                labels=tuple(told["labels"]),
                space=space,
                weights=arrays["weights"],
                temperature=float(told["temperature"]),
                familiarity=arrays["familiarity"],
                embedder=told["embedder"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(f"{path} lacks a part: {error}") from error
        if not head.whole:
            raise ConfigurationError(f"{path} has parts that do not fit together")
        return head


def resemblance(scores: Floats, known: Floats) -> Floats:
    """Return what tells the familiar from the foreign, shape (n, 4); see `Head.familiarity`.

    A regression onto one-against-all targets falls back to "no" for every label where a text
    shares nothing with the training texts, so a low best score is a distance from them.
    """
    best = scores[:, :-1].max(axis=1)
    return np.column_stack([best, best - scores[:, -1], known, np.ones(len(scores))])


def softmax(values: Floats) -> Floats:
    """Return rows of shares that sum to 1."""
    lifted = np.exp(values - values.max(axis=1, keepdims=True))
    shares: Floats = lifted / lifted.sum(axis=1, keepdims=True)
    return shares


def sigmoid(values: Floats | float) -> Floats:
    """Return 1 / (1 + exp(-values)), without overflow."""
    squashed: Floats = 0.5 * (1 + np.tanh(0.5 * np.asarray(values, dtype=np.float64)))
    return squashed


def look(
    document: ParsedDocument, book: features.CueBook, embedder: Embedder | None
) -> Observation:
    """Observe a document."""
    return observe(features.excerpt(document), book, embedder)
