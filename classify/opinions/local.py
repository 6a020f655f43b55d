"""The local engine: a trained head over words, cues and embeddings; needs no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from classify import features, priming
from classify.calibration import SHIPPED
from classify.classification import Context, Opinion
from classify.head import HEAD, WORDS_HEAD, Floats, Head, Verdict, look
from core.documents import ParsedDocument
from core.embedding import Embedder

TOLD = 4
"""How many words and how many cues an opinion names."""
LEAST_SAY = 0.01
"""A word or cue that moved the score by less than this decided nothing."""


@dataclass(frozen=True)
class LocalEngine:
    """Says what a document is by a trained head; safe to call from several threads."""

    head: Head
    embedder: Embedder | None
    name: str = "local"

    @classmethod
    def load(cls, folder: Path | None, embedder: Embedder) -> "LocalEngine":
        """Load the head in a folder, or the shipped one.

        Vectors of two models must never be compared: with an embedder that the head was not
        trained on, the head that needs no embeddings serves instead.

        Raises:
            ConfigurationError: there is no head, or its files are damaged.
        """
        where = folder or SHIPPED
        if (where / f"{HEAD}.json").is_file():
            head = Head.load(where, HEAD)
            if head.embedder == embedder.name:
                return cls(head, embedder)
        return cls(Head.load(where, WORDS_HEAD), None)

    def opine(self, document: ParsedDocument, context: Context) -> Opinion:  # noqa: ARG002
        """Return the head's opinion; what a sender claims of a document is not looked at."""
        observation = look(document, self._book, self.embedder)
        verdict = self.head.judge(observation)
        label = max(verdict.shares, key=verdict.shares.__getitem__)
        return Opinion(
            engine=self.name,
            model=self.head.name,
            version=self.head.version,
            label=label,
            confidence=verdict.shares[label],
            distribution=verdict.shares,
            familiarity=verdict.familiarity,
            reasoning=self._reasons(label, verdict),
        )

    @cached_property
    def _book(self) -> features.CueBook:
        return features.CueBook.read(priming.read("cues.txt"))

    @cached_property
    def _meanings(self) -> list[str]:
        told = features.meanings(self._book)
        # One thing seen at the top and throughout is one reason.
        return [told[name].removesuffix(" at the top") for name in features.names(self._book)]

    def _reasons(self, label: str, verdict: Verdict) -> str:
        """Name the words and cues that moved the score towards the label and away from others."""
        place = self.head.labels.index(label)
        others = np.delete(self.head.weights, place, axis=1).mean(axis=1)
        say = verdict.vector * (self.head.weights[:, place] - others)
        words, cues, _ = self._blocks(say)
        spoken = _most(words, [f"“{word}”" for word in self.head.space.vocabulary])
        # A cue speaks for a document by being there; what is missing persuades nobody.
        there = np.where(self._blocks(verdict.vector)[1] > 0, cues, 0.0)
        shown = _most(there, self._meanings)
        parts = [
            f"words such as {', '.join(spoken)}" if spoken else "",
            f"signs such as {', '.join(shown)}" if shown else "",
        ]
        said = " and ".join(part for part in parts if part) or "its wording as a whole"
        return f"Reads like {label}: {said}."

    def _blocks(self, vector: Floats) -> tuple[Floats, Floats, Floats]:
        """Part a vector into words, cues, and embeddings with the constant."""
        first = len(self.head.space.vocabulary)
        second = first + len(self.head.space.cue_mean)
        return vector[:first], vector[first:second], vector[second:]


def _most(says: Floats, names: Sequence[str]) -> list[str]:
    order = np.argsort(-says, kind="stable")
    told = dict.fromkeys(names[place] for place in order[: 2 * TOLD] if says[place] >= LEAST_SAY)
    return list(told)[:TOLD]
