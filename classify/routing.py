"""Decides whether a classified document goes out by itself: the only reader of thresholds."""

from dataclasses import dataclass

from classify.classification import Classification, Destination, EngineFailure, ReviewReason
from core.errors import InvalidModelOutput
from core.settings import Policy


@dataclass(frozen=True, slots=True)
class Route:
    """The document goes to this destination without a person."""

    destination: Destination


@dataclass(frozen=True, slots=True)
class Review:
    """A person decides; `reason` says why the machine does not."""

    reason: ReviewReason


def decide(classification: Classification, policy: Policy) -> Route | Review:
    """Route a document if nothing speaks against it, else say what does; pure.

    The first reason wins: no_text, engine_unavailable, invalid_model_output, disagreement,
    unfamiliar, low_confidence; then policy, where a label has nowhere to go.
    """
    if reason := _missing(classification):
        return Review(reason)
    if not classification.agreed:
        return Review("disagreement")
    if not classification.familiar:
        return Review("unfamiliar")
    # Written so that a confidence which is not a number goes to a person.
    if not classification.confidence >= policy.threshold:
        return Review("low_confidence")
    if classification.destination is None:
        return Review("policy")
    return Route(classification.destination)


def _missing(classification: Classification) -> ReviewReason | None:
    """Tell what kept an engine from giving an opinion, if anything did."""
    if not classification.has_text:
        return "no_text"
    failures = classification.failures
    if any(not _answered_badly(failure) for failure in failures):
        return "engine_unavailable"
    if failures:
        return "invalid_model_output"
    if classification.label is None or not classification.opinions:
        return "engine_unavailable"
    return None


def _answered_badly(failure: EngineFailure) -> bool:
    return failure.code == InvalidModelOutput.code
