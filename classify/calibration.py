"""Turns opinions into a confidence that holds what it says: beta calibration in two numbers.

Kull, Silva Filho and Flach, "Beta calibration" (AISTATS 2017), fit
logit P(right) = a ln p - b ln(1 - p) + c with a, b >= 0, which unlike Platt's sigmoid can leave a
calibrated score alone. Here the same shape takes the share of the best label and, beside it, the
familiarity of the document, so that confidence falls where a document is unlike the training ones
(Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, on why raw shares mislead).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify.classification import Opinion
from classify.head import Floats, sigmoid
from core.errors import ConfigurationError

FORMAT = 1
FILE = "calibration.json"
SHIPPED = Path(__file__).parent / "models" / "document-head"
EDGE = 1e-6
"""Shares are kept this far from 0 and 1, where their logarithm ends."""
UNPROVEN = 0.8
"""The most that is believed of an engine whose answers were never compared with the truth."""
ROUNDS = 4000


@dataclass(frozen=True, slots=True)
class Curve:
    """One engine's fitted curve and the familiarity from which a document counts as familiar."""

    weights: tuple[float, ...]
    """Of ln p, -ln(1-p), ln f, -ln(1-f) and the constant; all but the last are at least 0."""
    familiar_from: float

    def confidence(self, share: float, familiarity: float) -> float:
        """Return the chance that the best label is right; rises with both numbers."""
        row = evidence(np.array([share]), np.array([familiarity]))
        return float(sigmoid(row @ np.array(self.weights))[0])


@dataclass(frozen=True)
class Calibrator:
    """Knows each engine's curve by the name of its model."""

    curves: Mapping[str, Curve]
    version: str = "1.0.0"
    second_opinion: float = 1.0
    """Log-odds that an agreeing engine without a curve of its own adds: less than independent
    engines would earn, since they read the same words."""

    def confidence(self, opinions: Sequence[Opinion]) -> float:
        """Return the calibrated probability, in 0..1, that the opinions' pooled label is right.

        The least sure engine with a curve speaks; one that prefers another label leaves at most
        what its own confidence does not claim. Engines without a curve can add a little to it,
        never carry a decision: nobody has compared their answers with the truth.
        """
        if not opinions:
            return 0.0
        label = pooled_label(opinions)
        proven = [self._of(opinion, label) for opinion in opinions if opinion.model in self.curves]
        others = [opinion for opinion in opinions if opinion.model not in self.curves]
        if not proven:
            return min(UNPROVEN, *(opinion.distribution.get(label, 0.0) for opinion in others))
        balance = _balance(others, label)
        if any(opinion.label != label for opinion in opinions if opinion.model in self.curves):
            balance = min(balance, 0)
        return _moved(min(proven), self.second_opinion * balance)

    def familiar(self, opinions: Sequence[Opinion]) -> bool:
        """Tell whether every engine that can tell knows documents like this one."""
        return all(
            opinion.familiarity >= self.curves[opinion.model].familiar_from
            for opinion in opinions
            if opinion.model in self.curves and opinion.familiarity is not None
        )

    def _of(self, opinion: Opinion, label: str) -> float:
        familiarity = 1.0 if opinion.familiarity is None else opinion.familiarity
        sure = self.curves[opinion.model].confidence(opinion.confidence, familiarity)
        return sure if opinion.label == label else 1.0 - sure

    def save(self, folder: Path) -> None:
        """Write `calibration.json`."""
        told = {"format": FORMAT, **asdict(self)}
        text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / FILE).write_text(text + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path | None = None) -> "Calibrator":
        """Read what `save` wrote; None means the calibration that ships with the head.

        Raises:
            ConfigurationError: the file is missing, damaged, or of another format.
        """
        path = (folder or SHIPPED) / FILE
        try:
            told = json.loads(path.read_text("utf-8"))
            if told.pop("format") != FORMAT:
                raise ConfigurationError(f"{path} is not of a format that this release reads")
            curves = {name: _curve(curve) for name, curve in told.pop("curves").items()}
            return cls(curves, **told)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{path} is not a calibration: {error}") from error


def _curve(told: Mapping[str, Any]) -> Curve:
    *slopes, constant = (float(weight) for weight in told["weights"])
    if len(slopes) != 4 or min(slopes) < 0:  # noqa: PLR2004 (the four terms of `evidence`)
        raise ValueError(f"{told['weights']} is not a rising curve")
    return Curve((*slopes, constant), float(told["familiar_from"]))


def pooled_label(opinions: Sequence[Opinion]) -> str:
    """Return the label with the largest mean share; a tie goes to the first opinion's."""
    names = dict.fromkeys([opinions[0].label, *(n for o in opinions for n in o.distribution)])
    return max(names, key=lambda name: sum(o.distribution.get(name, 0.0) for o in opinions))


def _balance(opinions: Sequence[Opinion], label: str) -> int:
    """Count who agrees; who does not counts double: doubt is cheap, errors are not."""
    return sum(1 if opinion.label == label else -2 for opinion in opinions)


def _moved(share: float, log_odds: float) -> float:
    held = min(max(share, EDGE), 1 - EDGE)
    return 1 / (1 + math.exp(-math.log(held / (1 - held)) - log_odds))


def evidence(shares: Floats, familiarities: Floats) -> Floats:
    """Return the terms of the two-number beta curve, shape (n, 5)."""
    p, f = np.clip(shares, EDGE, 1 - EDGE), np.clip(familiarities, EDGE, 1 - EDGE)
    return np.column_stack([np.log(p), -np.log(1 - p), np.log(f), -np.log(1 - f), np.ones(len(p))])


def fit_curve(
    shares: Floats, familiarities: Floats, right: NDArray[np.bool_], weights: Floats
) -> tuple[float, ...]:
    """Fit a curve to out-of-fold answers; `weights` say how much each answer counts.

    Targets are drawn in a little, as Platt (1999) does, so that a clean sample of n does not
    claim certainty.
    """
    mass = weights.sum()
    hits = float(weights[right].sum())
    size = len(weights)
    high = (hits / mass * size + 1) / (hits / mass * size + 2)
    low = 1 / ((mass - hits) / mass * size + 2)
    fitted = fit_logistic(
        evidence(shares, familiarities), np.where(right, high, low), weights / mass, 1e-4
    )
    return tuple(round(float(weight), 6) for weight in fitted)


def fit_logistic(rows: Floats, targets: Floats, weights: Floats, ridge: float) -> Floats:
    """Fit a logistic curve whose slopes are at least 0; the last column is the constant.

    Projected gradient with Nesterov's momentum: no library, no randomness, the same everywhere.
    """
    penalty = np.append(np.full(rows.shape[1] - 1, ridge), 0.0)
    step = 1 / (0.25 * np.linalg.norm(rows.T * weights @ rows, 2) + ridge)
    fitted = ahead = np.zeros(rows.shape[1])
    for turn in range(ROUNDS):
        slope = rows.T @ (weights * (sigmoid(rows @ ahead) - targets)) + penalty * ahead
        moved = ahead - step * slope
        moved[:-1] = moved[:-1].clip(min=0)
        ahead = moved + turn / (turn + 3) * (moved - fitted)
        fitted = moved
    return fitted
