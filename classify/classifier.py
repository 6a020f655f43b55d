"""Asks every engine what a document is and weighs their opinions into one classification."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from classify import facts
from classify.classification import Classification, Context, EngineFailure, Fact, Opinion
from classify.opinions.engine import Engine
from classify.taxonomy import PriorityDecision, Taxonomy
from core.documents import ParsedDocument
from core.errors import MailroomError


class Calibrator(Protocol):
    """Turns opinions into a confidence that holds what it says."""

    def confidence(self, opinions: Sequence[Opinion]) -> float:
        """Return the calibrated probability, in 0..1, that the opinions' pooled label is right."""
        ...

    def familiar(self, opinions: Sequence[Opinion]) -> bool:
        """Tell whether the document is like what the engines have learnt from."""
        ...


@dataclass(frozen=True)
class Classifier:
    """One brain for every door: engines, a calibrator and a taxonomy.

    `clock` gives seconds; only differences count.
    """

    engines: Sequence[Engine]
    calibrator: Calibrator
    taxonomy: Taxonomy
    clock: Callable[[], float] = time.perf_counter

    def classify(self, document: ParsedDocument, context: Context) -> Classification:
        """Return what a document is, how sure that is, and why.

        An engine that cannot be asked or answers badly becomes a failure in the result, never an
        error; a document without text is asked of nobody.
        """
        started = self.clock()
        if document.has_text:
            result = self._weigh(document, *self._ask(document, context))
        else:
            result = _without_text()
        elapsed = round((self.clock() - started) * 1000)
        return replace(result, prompt=self.taxonomy.source, latency_ms=elapsed)

    def _ask(
        self, document: ParsedDocument, context: Context
    ) -> tuple[list[Opinion], list[EngineFailure]]:
        """Ask all engines at once, each in a thread of its own where there are several."""
        ask = partial(_opinion_of, document=document, context=context)
        if len(self.engines) == 1:
            answers = [ask(self.engines[0])]
        else:
            with ThreadPoolExecutor(max(len(self.engines), 1), "engine") as pool:
                # Each thread keeps the caller's context: the request id belongs in its log lines.
                waiting = [pool.submit(copy_context().run, ask, each) for each in self.engines]
            answers = [future.result() for future in waiting]
        opinions = [answer for answer in answers if isinstance(answer, Opinion)]
        failures = [answer for answer in answers if isinstance(answer, EngineFailure)]
        return opinions, failures

    def _weigh(
        self, document: ParsedDocument, opinions: list[Opinion], failures: list[EngineFailure]
    ) -> Classification:
        if not opinions:
            return _without_opinion(failures)
        shares = pooled(opinions, self.taxonomy.names)
        label = max(shares, key=shares.__getitem__)
        confidence = self.calibrator.confidence(opinions)
        priority = self._priority(label, document, opinions)
        return Classification(
            label=label,
            confidence=confidence,
            alternatives=_alternatives(label, confidence, shares),
            facts=_key_information(label, document, opinions),
            opinions=tuple(opinions),
            failures=tuple(failures),
            agreed=len({opinion.label for opinion in opinions}) == 1,
            familiar=self.calibrator.familiar(opinions),
            priority=priority.priority,
            reasoning=_reasoning(label, opinions, failures, priority),
            destination=self.taxonomy.destination(label),
        )

    def _priority(
        self, label: str, document: ParsedDocument, opinions: Sequence[Opinion]
    ) -> PriorityDecision:
        """Rules win over a model's word, which a document may have talked it into."""
        ruled = self.taxonomy.priority(label, document)
        said = next((o.priority for o in opinions if o.priority and o.label == label), None)
        return PriorityDecision(said) if said and not ruled.rule else ruled


def pooled(opinions: Sequence[Opinion], labels: Sequence[str]) -> dict[str, float]:
    """Return the mean of the opinions' distributions, one share a label, in the labels' order.

    A tie goes to the label that the first opinion prefers.
    """
    first = opinions[0].label
    order = [first, *(name for name in labels if name != first)]
    count = len(opinions)
    return {name: sum(o.distribution.get(name, 0.0) for o in opinions) / count for name in order}


def _opinion_of(
    engine: Engine, document: ParsedDocument, context: Context
) -> Opinion | EngineFailure:
    try:
        return engine.opine(document, context)
    except MailroomError as error:
        # Only what an engine raises on purpose is a failure; a bug must be seen, not routed around.
        return EngineFailure(engine.name, error.code, error.detail)


def _without_text() -> Classification:
    return Classification(
        None, 0.0, has_text=False, reasoning="The document holds no text that could be read."
    )


def _without_opinion(failures: Sequence[EngineFailure]) -> Classification:
    said = "; ".join(f"{f.engine}: {f.code} ({f.detail})" for f in failures) or "none is set up"
    return Classification(
        None, 0.0, failures=tuple(failures), reasoning=f"No engine gave an opinion: {said}."
    )


def _alternatives(
    label: str, confidence: float, shares: Mapping[str, float]
) -> tuple[tuple[str, float], ...]:
    """Share out what the calibrated confidence leaves, in the proportions the opinions give."""
    others = {name: share for name, share in shares.items() if name != label and share > 0}
    total = sum(others.values())
    ranked = sorted(others.items(), key=lambda item: -item[1])
    return tuple((name, (1.0 - confidence) * share / total) for name, share in ranked)


def _key_information(
    label: str, document: ParsedDocument, opinions: Sequence[Opinion]
) -> tuple[Fact, ...]:
    told = [fact for opinion in opinions if opinion.label == label for fact in opinion.facts]
    return facts.merge(facts.extract(document, label), facts.verify(told, document))


def _reasoning(
    label: str,
    opinions: Sequence[Opinion],
    failures: Sequence[EngineFailure],
    priority: PriorityDecision,
) -> str:
    parts = [f"{o.engine} says {o.label} ({o.confidence:.2f})" for o in opinions]
    parts += [f"{f.engine} gave no opinion ({f.code})" for f in failures]
    sentences = ["; ".join(parts) + "."]
    sentences += [o.reasoning.strip() for o in opinions if o.label == label and o.reasoning.strip()]
    if priority.rule:
        sentences.append(f"Priority {priority.priority} by rule {priority.rule}: “{priority.cue}”.")
    return " ".join(sentences)
