"""The JSON that callers of classification get: field names are a promise to other systems."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from classify.classification import (
    Classification,
    Destination,
    Fact,
    Opinion,
    Priority,
    PromptRef,
    ReviewReason,
)
from classify.routing import Review, Route
from core.settings import Policy

Share = Annotated[float, Field(ge=0.0, le=1.0)]
DIGITS = 6
"""How many decimals of a share are sent: more would be noise."""

EXAMPLE: dict[str, JsonValue] = {
    "id": "0d8ff7a4-5c3b-4a57-9b8e-2f4be1a0a6f1",
    "document_id": "9f4e6f58-1a3c-4c0e-8a43-7d2f3c5b6a10",
    "primary_classification": "Invoices",
    "confidence_score": 0.974,
    "alternatives": [{"label": "Forms", "confidence": 0.018}],
    "key_information": [
        {"name": "total_due", "value": "720.00 GBP", "page": 1, "quote": "Total due £720.00"}
    ],
    "routing_recommendation": {
        "department": "Accounts Payable",
        "assignee": None,
        "rule": "invoices-default",
    },
    "priority_level": "Medium",
    "reasoning": "local says Invoices (0.97).",
    "decision": "auto_route",
    "review_reason": None,
    "policy": {"threshold": 0.9, "target_error": 0.01, "guarantee": None},
    "opinions": [
        {
            "engine": "local",
            "model": "document-head",
            "version": "1.0.0",
            "label": "Invoices",
            "confidence": 0.97,
            "stated_confidence": None,
        }
    ],
    "failures": [],
    "prompt": {
        "name": "document_classification",
        "version": "1.0.0",
        "sha256": "4b0f0a2f6c1d8e9b7a5c3e1f0d2b4a6c8e0f1a3b5c7d9e2f4a6b8c0d1e3f5a7b",
    },
    "latency_ms": 41,
}


class _Shape(BaseModel):
    """A closed, frozen piece of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Alternative(_Shape):
    """Another label that the document could have."""

    label: str = Field(description="The label.")
    confidence: Share = Field(
        description="Its part of what the calibrated confidence leaves; parts and "
        "`confidence_score` sum to 1."
    )


class KeyInformation(_Shape):
    """A fact of the document, with the place that proves it."""

    name: str = Field(description="What the fact is, in snake_case.")
    value: str = Field(
        description="The value, normalised: dates as YYYY-MM-DD, money as `1.00 EUR`."
    )
    page: int = Field(ge=1, description="The page it stands on, from 1.")
    quote: str = Field(description="The words it was taken from, exactly as the page has them.")


class RoutingRecommendation(_Shape):
    """Who should get the document, also while a person still has to look."""

    department: str = Field(description="The department.")
    assignee: str | None = Field(description="The person in it, if the rule names one.")
    rule: str = Field(description="The rule that says so.")


class Guarantee(_Shape):
    """A bound on the error of automatic decisions, and the labels that it rests on."""

    upper_bound: Share = Field(description="The error is at most this …")
    confidence: Share = Field(description="… with this confidence …")
    labels: int = Field(ge=0, description="… as shown by this many labels.")


class PolicyInUse(_Shape):
    """The policy under which the decision was made."""

    threshold: Share = Field(description="Least calibrated confidence of an automatic decision.")
    target_error: Share = Field(description="Share of wrong automatic decisions aimed at.")
    guarantee: Guarantee | None = Field(
        description="What is proved of the error; null until there are labels enough to say."
    )


class OpinionGiven(_Shape):
    """What one engine said, before calibration."""

    engine: str = Field(description="The kind of engine: local or llm.")
    model: str = Field(description="The model it used.")
    version: str = Field(description="That model's version; for llm the prompt's.")
    label: str = Field(description="The label it gave.")
    confidence: Share = Field(description="Its own share for the label, not calibrated.")
    stated_confidence: Share | None = Field(
        description="What a language model claimed of itself; null for other engines."
    )


class Failure(_Shape):
    """An engine that gave no opinion."""

    engine: str = Field(description="The kind of engine: local or llm.")
    code: str = Field(description="Stable code of what kept it from answering.")
    detail: str = Field(description="The same in words.")


class PromptUsed(_Shape):
    """The prompt file whose words, labels and rules were used."""

    name: str = Field(description="The prompt's name.")
    version: str = Field(description="Its semantic version.")
    sha256: str = Field(description="SHA-256 of its file.")


class ClassificationResult(_Shape):
    """What a document is, how sure that is, where it goes, and whether a person looks first."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    id: UUID = Field(description="This decision.")
    document_id: UUID | None = Field(description="The stored document; null for text sent along.")
    primary_classification: str | None = Field(
        description="The label; null where nothing could be said."
    )
    confidence_score: Share = Field(
        description="Calibrated: of the answers given 0.9, nine in ten are right."
    )
    alternatives: tuple[Alternative, ...] = Field(description="Other labels, likeliest first.")
    key_information: tuple[KeyInformation, ...] = Field(
        max_length=5, description="Up to five facts, each found word for word on its page."
    )
    routing_recommendation: RoutingRecommendation | None = Field(
        description="Where the document should go; null without a label."
    )
    priority_level: Priority = Field(description="How soon somebody must act.")
    reasoning: str = Field(description="Why, in words.")
    decision: Literal["auto_route", "human_review"] = Field(
        description="Whether it went out by itself or waits for a person."
    )
    review_reason: ReviewReason | None = Field(
        description="Why a person has to look; null if nobody has to."
    )
    policy: PolicyInUse
    opinions: tuple[OpinionGiven, ...] = Field(description="What each engine said.")
    failures: tuple[Failure, ...] = Field(description="Engines that gave no opinion, and why.")
    prompt: PromptUsed | None = Field(
        description="The prompt file that labels and rules come from."
    )
    latency_ms: int = Field(ge=0, description="Time from parsed text to this result.")


def to_contract(
    classification: Classification,
    verdict: Route | Review,
    policy: Policy,
    *,
    id: UUID,  # noqa: A002 (the field's promised name)
    document_id: UUID | None = None,
) -> ClassificationResult:
    """Shape a classification into the promised JSON; `.model_dump(mode="json")` gives it."""
    return ClassificationResult(
        id=id,
        document_id=document_id,
        primary_classification=classification.label,
        confidence_score=round(classification.confidence, DIGITS),
        alternatives=_alternatives(classification),
        key_information=tuple(_fact(fact) for fact in classification.facts),
        routing_recommendation=_recommendation(classification.destination),
        priority_level=classification.priority,
        reasoning=classification.reasoning,
        decision="auto_route" if isinstance(verdict, Route) else "human_review",
        review_reason=verdict.reason if isinstance(verdict, Review) else None,
        policy=_policy(policy),
        opinions=tuple(_opinion(opinion) for opinion in classification.opinions),
        failures=_failures(classification),
        prompt=_prompt(classification.prompt),
        latency_ms=classification.latency_ms,
    )


def _alternatives(classification: Classification) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(label=label, confidence=round(share, DIGITS))
        for label, share in classification.alternatives
    )


def _fact(fact: Fact) -> KeyInformation:
    return KeyInformation(name=fact.name, value=fact.value, page=fact.page, quote=fact.quote)


def _recommendation(destination: Destination | None) -> RoutingRecommendation | None:
    if destination is None:
        return None
    return RoutingRecommendation(
        department=destination.department, assignee=destination.assignee, rule=destination.rule
    )


def _policy(policy: Policy) -> PolicyInUse:
    return PolicyInUse(threshold=policy.threshold, target_error=policy.target_error, guarantee=None)


def _opinion(opinion: Opinion) -> OpinionGiven:
    return OpinionGiven(
        engine=opinion.engine,
        model=opinion.model,
        version=opinion.version,
        label=opinion.label,
        confidence=round(opinion.confidence, DIGITS),
        stated_confidence=opinion.stated_confidence,
    )


def _failures(classification: Classification) -> tuple[Failure, ...]:
    return tuple(
        Failure(engine=failure.engine, code=failure.code, detail=failure.detail)
        for failure in classification.failures
    )


def _prompt(prompt: PromptRef | None) -> PromptUsed | None:
    if prompt is None:
        return None
    return PromptUsed(name=prompt.name, version=prompt.version, sha256=prompt.sha256)
