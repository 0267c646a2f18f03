"""Fitting when to refuse: to judged questions, and to a library of its own kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dragtor.answer.answerability import Calibration, Coefficient, log_odds, sigmoid

Floats = npt.NDArray[np.float64]

INVERSE_PENALTY = 0.1
"""``C`` of the regression: small figures of small samples stay small."""
RARE = frozenset({"missing_numbers", "missing_names", "only_question_negated", "model_refused"})
RARE_SCALE = 0.5
"""What is mostly 0 has hardly a spread: measured by it, the penalty would not hold it back."""
SLOPE_SPREAD = 0.3
SHIFT_SPREAD = 1.0
"""How far slope and shift of a library are expected to be from 1 and 0 (standard deviations)."""
WORTH = 50
"""Answerable questions that weigh as much as the packaged threshold."""
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A question whose answer is known to be there, or not."""

    figures: Mapping[str, float]
    answerable: bool
    weight: float = 1.0


def regression(
    examples: Sequence[Example], names: Sequence[str]
) -> tuple[dict[str, Coefficient], float]:
    """Coefficients and intercept of a logistic regression, standardised and with an L2 penalty.

    A figure that an example lacks counts as the mean.
    """
    from sklearn.linear_model import LogisticRegression

    weights = np.array([example.weight for example in examples])
    columns = {name: _column(examples, name, weights) for name in names}
    scaled = np.column_stack([values for values, _, _ in columns.values()])
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000)
    model.fit(scaled, [example.answerable for example in examples], sample_weight=weights)
    fitted = {
        name: Coefficient(round(centre, 4), round(scale, 4), round(float(weight), 4))
        for (name, (_, centre, scale)), weight in zip(columns.items(), model.coef_[0], strict=True)
    }
    return fitted, round(float(model.intercept_[0]), 4)


def area(answerable: Sequence[float], unanswerable: Sequence[float]) -> float:
    """Area under the ROC curve, in [0, 1]; 0.5 is chance.

    It is the share of pairs in which the answerable question has the higher score, ties counting
    half (Hanley and McNeil 1982). Raises ValueError where one kind is missing.

    >>> area([0.9, 0.4], [0.5, 0.1])
    0.75
    """
    if not answerable or not unanswerable:
        raise ValueError("an area needs questions of both kinds")
    below = np.sort(np.asarray(unanswerable, dtype=np.float64))
    scores = np.asarray(answerable, dtype=np.float64)
    wins = np.searchsorted(below, scores, side="left").sum()
    ties = np.searchsorted(below, scores, side="right").sum() - wins
    return float((wins + ties / 2) / (len(scores) * len(below)))


def threshold(probabilities: Sequence[float], wrong: float) -> float:
    """The highest threshold that refuses at most this share of answerable questions.

    ``probabilities`` are those of answerable questions; what is refused lies below the threshold.

    >>> threshold([0.2, 0.4, 0.6, 0.8], wrong=0.25)
    0.4
    """
    ordered = sorted(probabilities)
    return ordered[min(math.floor(wrong * len(ordered) + 1e-9), len(ordered) - 1)]


def adjust(packaged: Calibration, examples: Sequence[Example], wrong: float) -> Calibration:
    """A calibration of a library: the packaged one, moved as far as there is reason to.

    Slope and shift are the most likely ones where both are normally distributed around 1 and 0
    before anything is known, so that few questions move them little; answerable and unanswerable
    questions weigh the same together. The threshold is the mean, in log odds, of the packaged one
    (which counts as WORTH questions) and of the one that fits these questions. Without questions
    of both kinds the packaged calibration comes back.
    """
    answerable = [example for example in examples if example.answerable]
    if not answerable or len(answerable) == len(examples):
        return packaged
    slope, shift = _slope_and_shift(packaged, examples)
    moved = replace(packaged, slope=slope, shift=shift)
    fitting = threshold([moved.probability(example.figures) for example in answerable], wrong)
    count = sum(example.weight for example in answerable)
    mean = (count * log_odds(fitting) + WORTH * log_odds(packaged.threshold)) / (count + WORTH)
    return replace(moved, threshold=round(sigmoid(mean), 4))


def held_out(
    examples: Sequence[Example], fit: Callable[[Sequence[Example]], Calibration]
) -> list[tuple[float, bool]]:
    """For each example its probability, and whether it is refused, by a fit to the other folds."""
    outcomes: list[tuple[float, bool]] = [(0.0, False)] * len(examples)
    for fold in range(FOLDS):
        fitted = fit([e for i, e in enumerate(examples) if i % FOLDS != fold])
        for at in range(fold, len(examples), FOLDS):
            probability = fitted.probability(examples[at].figures)
            outcomes[at] = probability, probability < fitted.threshold
    return outcomes


def _column(examples: Sequence[Example], name: str, weights: Floats) -> tuple[Floats, float, float]:
    """One figure of all examples, standardised, with its centre and scale."""
    values = np.array([example.figures.get(name, np.nan) for example in examples])
    there = ~np.isnan(values)
    centre = float(np.average(values[there], weights=weights[there]))
    spread = math.sqrt(np.average((values[there] - centre) ** 2, weights=weights[there]))
    scale = RARE_SCALE if name in RARE else max(spread, 1e-6)
    return np.where(there, (values - centre) / scale, 0.0), centre, scale


def _slope_and_shift(packaged: Calibration, examples: Sequence[Example]) -> tuple[float, float]:
    """The most likely ones; the penalised likelihood is concave, so there is one maximum."""
    from scipy.optimize import minimize

    logits = np.array([packaged.logit(example.figures) for example in examples])
    wanted = np.array([float(example.answerable) for example in examples])
    weights = _balanced(wanted, np.array([example.weight for example in examples]))
    expected, spread = np.array([1.0, 0.0]), np.array([SLOPE_SPREAD, SHIFT_SPREAD])

    def loss(at: Floats) -> float:
        adjusted = at[0] * logits + at[1]
        unlikely = np.logaddexp(0, adjusted) - wanted * adjusted
        return float(weights @ unlikely + (((at - expected) / spread) ** 2).sum() / 2)

    slope, shift = minimize(loss, expected, method="Nelder-Mead").x
    return round(max(float(slope), 0.05), 4), round(float(shift), 4)


def _balanced(wanted: Floats, weights: Floats) -> Floats:
    """Weights by which both kinds count the same, together as much as the smaller kind twice."""
    no, yes = (weights[wanted == kind].sum() for kind in (0.0, 1.0))
    balanced: Floats = weights * np.where(wanted == 1.0, min(no, yes) / yes, min(no, yes) / no)
    return balanced
