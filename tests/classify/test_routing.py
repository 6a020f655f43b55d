"""A document goes out by itself only if nothing speaks against it."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.classification import (
    Classification,
    Destination,
    EngineFailure,
    Opinion,
    ReviewReason,
)
from classify.routing import Review, Route, decide
from core.settings import Policy

DESK = Destination("Accounts Payable", None, "invoices-default")
OPINION = Opinion("local", "head", "1.0.0", "Invoices", 0.97, {"Invoices": 0.97, "Forms": 0.03})
CLEAR = Classification("Invoices", 0.97, opinions=(OPINION,), destination=DESK)
TIMED_OUT = EngineFailure("llm", "engine_unavailable", "no answer within 30 s")
GARBLED = EngineFailure("llm", "invalid_model_output", "no JSON")
UNPREPARED = EngineFailure("local", "model_not_prepared", "run it")


def test_a_clear_case_is_routed_to_its_destination():
    assert decide(CLEAR, Policy()) == Route(DESK)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"has_text": False}, "no_text"),
        ({"failures": (TIMED_OUT,)}, "engine_unavailable"),
        ({"failures": (UNPREPARED,)}, "engine_unavailable"),
        ({"failures": (GARBLED, TIMED_OUT)}, "engine_unavailable"),
        ({"opinions": (), "label": None}, "engine_unavailable"),
        ({"opinions": ()}, "engine_unavailable"),
        ({"failures": (GARBLED,)}, "invalid_model_output"),
        ({"failures": (GARBLED,), "opinions": (), "label": None}, "invalid_model_output"),
        ({"agreed": False}, "disagreement"),
        ({"familiar": False}, "unfamiliar"),
        ({"confidence": 0.89}, "low_confidence"),
        ({"confidence": math.nan}, "low_confidence"),
        ({"destination": None}, "policy"),
    ],
)
def test_what_speaks_against_it_sends_it_to_a_person(changes, reason):
    assert decide(replace(CLEAR, **changes), Policy()) == Review(reason)


def test_the_first_reason_wins():
    worst = replace(
        CLEAR, has_text=False, failures=(TIMED_OUT,), agreed=False, familiar=False, confidence=0.0
    )
    steps: list[tuple[dict[str, Any], ReviewReason]] = [
        ({"has_text": True}, "no_text"),
        ({"failures": (GARBLED,)}, "engine_unavailable"),
        ({"failures": ()}, "invalid_model_output"),
        ({"agreed": True}, "disagreement"),
        ({"familiar": True}, "unfamiliar"),
        ({"confidence": 1.0}, "low_confidence"),
    ]
    for mended, reason in steps:
        assert decide(worst, Policy()) == Review(reason)
        worst = replace(worst, **mended)
    assert decide(worst, Policy()) == Route(DESK)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.9, 1.0])
def test_the_threshold_itself_is_enough(threshold):
    exact = replace(CLEAR, confidence=threshold)
    assert decide(exact, Policy(threshold=threshold)) == Route(DESK)


shares = st.floats(0.0, 1.0)
failures = st.lists(st.sampled_from([TIMED_OUT, GARBLED, UNPREPARED]), max_size=2).map(tuple)
classifications = st.builds(
    Classification,
    label=st.sampled_from(["Invoices", None]),
    confidence=shares,
    opinions=st.sampled_from([(), (OPINION,), (OPINION, OPINION)]),
    failures=failures,
    agreed=st.booleans(),
    familiar=st.booleans(),
    has_text=st.booleans(),
    destination=st.sampled_from([DESK, None]),
)


@given(classifications, shares, shares)
def test_routing_is_monotone_in_confidence(classification, threshold, more):
    policy = Policy(threshold=threshold)
    surer = replace(classification, confidence=max(classification.confidence, more))
    if isinstance(decide(classification, policy), Route):
        assert isinstance(decide(surer, policy), Route)


@given(classifications, shares, shares)
def test_a_higher_threshold_never_routes_more(classification, one, other):
    low, high = sorted((one, other))
    if isinstance(decide(classification, Policy(threshold=high)), Route):
        assert isinstance(decide(classification, Policy(threshold=low)), Route)


@given(classifications, shares)
def test_nothing_is_routed_blind(classification, threshold):
    verdict = decide(classification, Policy(threshold=threshold))
    if isinstance(verdict, Route):
        assert classification.has_text
        assert classification.opinions
        assert classification.label
        assert classification.agreed
        assert classification.familiar
        assert not classification.failures
        assert classification.confidence >= threshold
