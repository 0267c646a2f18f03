"""How well a score tells questions that can be answered from those that cannot.

A higher score says "the sources hold the answer". A question is refused when its score is below a
threshold; a wrong refusal is one of an answerable question.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dragtor.answer.fitting import area

__all__ = ["Refusals", "area", "at_threshold", "at_wrong", "risk_at", "risk_coverage"]


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a threshold does, all in [0, 1].

    ``precision``: share of the refusals that are right; 1 where nothing is refused. ``recall``:
    share of the unanswerable questions that are refused. ``wrong``: share of the answerable ones.
    """

    threshold: float
    precision: float
    recall: float
    wrong: float


def at_threshold(
    answerable: Sequence[float], unanswerable: Sequence[float], threshold: float
) -> Refusals:
    """What refusing everything below a threshold does. See :class:`Refusals`."""
    wrong = sum(score < threshold for score in answerable)
    right = sum(score < threshold for score in unanswerable)
    return Refusals(
        threshold=threshold,
        precision=right / (right + wrong) if right + wrong else 1.0,
        recall=right / len(unanswerable) if unanswerable else 0.0,
        wrong=wrong / len(answerable) if answerable else 0.0,
    )


def at_wrong(answerable: Sequence[float], unanswerable: Sequence[float], bound: float) -> Refusals:
    """The highest threshold that refuses at most this share of the answerable questions.

    >>> at_wrong([0.2, 0.4, 0.6, 0.8], [0.1, 0.3, 0.5], bound=0.25)
    Refusals(threshold=0.4, precision=0.6666666666666666, recall=0.6666666666666666, wrong=0.25)
    """
    allowed = math.floor(bound * len(answerable) + 1e-9)
    ordered = [*sorted(answerable), math.inf]
    return at_threshold(answerable, unanswerable, ordered[allowed])


def risk_coverage(
    answerable: Sequence[float], unanswerable: Sequence[float]
) -> list[tuple[float, float]]:
    """Coverage and risk as questions are answered from the highest score down.

    Coverage is the share of all questions that is answered, risk the share of those that has no
    answer in the sources (El-Yaniv and Wiener 2010). Questions of equal score come together, so
    there are as many points as different scores.
    """
    scored = [(score, False) for score in answerable] + [(score, True) for score in unanswerable]
    scored.sort(key=lambda one: -one[0])
    curve, risky = [], 0
    for count, (score, risk) in enumerate(scored, start=1):
        risky += risk
        if count == len(scored) or scored[count][0] != score:
            curve.append((count / len(scored), risky / count))
    return curve


def risk_at(curve: Sequence[tuple[float, float]], coverage: float) -> float:
    """The risk at the first point of a curve that covers at least this share."""
    return next(risk for covered, risk in curve if covered >= coverage - 1e-9)
