"""The nouns of classifying: opinions, facts, classifications and the context they are made in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ReviewReason = Literal[
    "low_confidence",
    "disagreement",
    "unfamiliar",
    "no_text",
    "engine_unavailable",
    "invalid_model_output",
    "policy",
    "quality_sample",
]
Priority = Literal["Low", "Medium", "High"]


@dataclass(frozen=True, slots=True)
class Context:
    """What the sender knows of a document; each part may be "unknown"."""

    document_type: str = "unknown"
    document_source: str = "unknown"
    business_unit: str = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """A key value with the page and the exact words it was taken from."""

    name: str
    value: str
    page: int
    quote: str


@dataclass(frozen=True, slots=True)
class PromptRef:
    """Which words were said to a model: name, semantic version and content hash."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one engine says a document is.

    `distribution` gives every label of the taxonomy a share; the shares sum to 1.
    `confidence` is the engine's own share for `label`, not yet calibrated.
    `stated_confidence` is what a language model claimed of itself, kept beside, never used as is.
    `familiarity` is in 0..1: how much the document is like what the engine has learnt from
    (1: entirely), None where the engine cannot tell.
    """

    engine: str
    model: str
    version: str
    label: str
    confidence: float
    distribution: Mapping[str, float]
    stated_confidence: float | None = None
    familiarity: float | None = None
    reasoning: str = ""
    facts: tuple[Fact, ...] = ()
    priority: Priority | None = None
    prompt: PromptRef | None = None


@dataclass(frozen=True, slots=True)
class EngineFailure:
    """An engine that gave no opinion: its name and the stable code of why."""

    engine: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Who gets a document: a department, perhaps a person in it, and the rule that says so."""

    department: str
    assignee: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class Classification:
    """All opinions on a document, weighed into one label with a calibrated confidence.

    `label` is None where no engine could say anything. `confidence` is calibrated: of the
    answers given 0.9, nine in ten are right. `destination` is where the label says it should go,
    whether or not a person looks first; None without a label.
    """

    label: str | None
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()
    facts: tuple[Fact, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    failures: tuple[EngineFailure, ...] = ()
    agreed: bool = True
    familiar: bool = True
    has_text: bool = True
    priority: Priority = "Medium"
    reasoning: str = ""
    destination: Destination | None = None
    prompt: PromptRef | None = None
    latency_ms: int = 0
