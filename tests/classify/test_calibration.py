"""Confidence means what it says, rises with its evidence, and is never borrowed."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.calibration import UNPROVEN, Calibrator, Curve, fit_curve, fit_logistic, pooled_label
from classify.classification import Opinion
from core.errors import ConfigurationError

CURVE = Curve((1.2, 0.6, 1.1, 0.2, 0.1), 0.5)
CALIBRATOR = Calibrator({"head": CURVE})
SHARES = st.floats(0, 1)


def opinion(label="A", share=0.9, familiarity: float | None = 0.9, model="head", **more) -> Opinion:
    other = "B" if label == "A" else "A"
    return Opinion(
        engine=model,
        model=model,
        version="1",
        label=label,
        confidence=share,
        distribution={label: share, other: 1 - share},
        familiarity=familiarity,
        **more,
    )


@given(SHARES, SHARES, SHARES, SHARES)
def test_confidence_rises_with_share_and_familiarity(one, two, three, four):
    (low, high), (strange, known) = sorted((one, two)), sorted((three, four))
    assert 0 <= CURVE.confidence(low, strange) <= CURVE.confidence(high, known) <= 1


def test_a_fitted_curve_recovers_how_often_answers_are_right():
    rng = np.random.default_rng(1)
    shares, known = rng.uniform(0.3, 1, 8000), rng.uniform(0, 1, 8000)
    chance = shares * (0.4 + 0.6 * known)
    right = rng.uniform(size=8000) < chance
    curve = Curve(fit_curve(shares, known, right, np.ones(8000)), 0.5)
    said = np.array([curve.confidence(s, k) for s, k in zip(shares, known, strict=True)])
    for low in (0.2, 0.4, 0.6, 0.8):
        bin_ = (said >= low) & (said < low + 0.2)
        assert abs(said[bin_].mean() - right[bin_].mean()) < 0.06
    assert min(curve.weights[:4]) >= 0


def test_a_clean_sample_claims_no_certainty():
    ones = np.ones(50)
    curve = Curve(fit_curve(ones * 0.99, ones * 0.99, ones.astype(bool), ones), 0.5)
    assert 0.9 < curve.confidence(0.99, 0.99) < 0.9999


def test_slopes_are_never_negative():
    rows = np.column_stack([np.linspace(-1, 1, 200), np.ones(200)])
    fitted = fit_logistic(rows, (rows[:, 0] < 0).astype(float), np.full(200, 1 / 200), 1e-3)
    assert fitted[0] == 0


def test_an_agreeing_second_opinion_adds_and_a_disagreeing_one_takes():
    alone = CALIBRATOR.confidence([opinion(share=0.8)])
    agreed = CALIBRATOR.confidence([opinion(share=0.8), opinion(model="llm", familiarity=None)])
    split = CALIBRATOR.confidence(
        [opinion(share=0.8), opinion("B", 0.6, model="llm", familiarity=None)]
    )
    assert split < alone < agreed < 1


def test_an_engine_that_was_never_checked_decides_nothing_alone():
    said = opinion(share=1.0, model="llm", familiarity=None, stated_confidence=1.0)
    assert CALIBRATOR.confidence([said]) == UNPROVEN
    assert CALIBRATOR.confidence([]) == 0


def test_when_the_unproven_outvote_the_proven_its_confidence_speaks_against():
    local, llm = opinion("A", 0.55), opinion("B", 1.0, model="llm", familiarity=None)
    assert pooled_label([local, llm]) == "B"
    assert CALIBRATOR.confidence([local, llm]) < 0.5


def test_familiar_is_what_reaches_the_line():
    assert CALIBRATOR.familiar([opinion(familiarity=0.5)])
    assert not CALIBRATOR.familiar([opinion(familiarity=0.49)])
    assert CALIBRATOR.familiar([opinion(model="llm", familiarity=None)])


def test_a_calibration_is_kept_as_json(tmp_path):
    CALIBRATOR.save(tmp_path)
    assert Calibrator.load(tmp_path) == CALIBRATOR


def test_the_shipped_calibration_loads_and_names_both_heads():
    assert set(Calibrator.load(None).curves) == {"document-head", "document-head-words"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps({"format": 99, "curves": {}}),
        json.dumps({"format": 1, "curves": {"head": {"weights": [1, 2], "familiar_from": 0}}}),
        json.dumps({"format": 1, "curves": {}, "surprise": 1}),
    ],
)
def test_a_damaged_calibration_is_refused(tmp_path, text):
    (tmp_path / "calibration.json").write_text(text)
    with pytest.raises(ConfigurationError):
        Calibrator.load(tmp_path)


def test_a_falling_curve_is_refused(tmp_path):
    told = {"format": 1, "curves": {"head": {"weights": [-1, 0, 0, 0, 0], "familiar_from": 0}}}
    (tmp_path / "calibration.json").write_text(json.dumps(told))
    with pytest.raises(ConfigurationError):
        Calibrator.load(tmp_path)
