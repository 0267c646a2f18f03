"""Which of several settings is better, and whether the difference is more than luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dragtor.evaluate.evaluating import LATENCY, QUALITY, Outcome, means
from dragtor.evaluate.results import Results
from dragtor.evaluate.significance import holm, paired_randomisation

LEVEL = 0.05
"""A difference is shown where luck gives one as large less often than this."""
ROUNDS = 20_000
RESAMPLES = 2000

Verdict = Literal["baseline", "better", "worse", "no difference shown", "not comparable"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of a setting: its mean, and where the mean lies with 95 % confidence.

    ``difference`` is that to the baseline over the questions that both have, ``p`` its two-sided
    p-value, and ``adjusted`` that after Holm's correction for all comparisons of this metric.
    """

    value: float
    low: float
    high: float
    difference: float | None = None
    p: float | None = None
    adjusted: float | None = None
    verdict: Verdict = "not comparable"


@dataclass(frozen=True, slots=True)
class Row:
    """A setting on one set of questions; metrics that apply to none of them are absent."""

    questions: str
    setting: str
    count: int
    metrics: Mapping[str, Measured]
    latency: Mapping[str, float]


def compare(results: Results) -> list[Row]:
    """A row for each setting on each set of questions, in their order."""
    rows = []
    tests = _tests(results)
    for questions, by_setting in results.outcomes.items():
        for setting, outcomes in by_setting.items():
            if not outcomes:
                continue
            found = means(outcomes)
            metrics = {
                metric: _measured(
                    outcomes,
                    metric,
                    tests.get((metric, questions, setting)),
                    setting == results.run.baseline,
                )
                for metric in QUALITY
                if found[metric] is not None
            }
            latency = {name: value for name in LATENCY if (value := found[name]) is not None}
            rows.append(Row(questions, setting, len(outcomes), metrics, latency))
    return rows


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % confidence interval of a mean by the percentiles of bootstrap samples (Efron 1979)."""
    data = np.asarray(values, dtype=np.float64)
    random = np.random.default_rng(0)
    at_once = max(1, 1_000_000 // len(data))  # of thousands of questions, all would take gigabytes
    samples = [
        random.choice(data, (min(at_once, RESAMPLES - start), len(data))).mean(axis=1)
        for start in range(0, RESAMPLES, at_once)
    ]
    low, high = np.percentile(np.concatenate(samples), [2.5, 97.5])
    return float(low), float(high)


_Key = tuple[str, str, str]
_Test = tuple[float, float, float]


def _tests(results: Results) -> dict[_Key, _Test]:
    """Difference, p-value and adjusted p-value by metric, questions and setting."""
    found: dict[_Key, _Test] = {}
    for metric in QUALITY:
        raw: dict[_Key, tuple[float, float]] = {}
        for questions, by_setting in results.outcomes.items():
            base = _values(by_setting.get(results.run.baseline, ()), metric)
            for setting, outcomes in by_setting.items():
                ours = _values(outcomes, metric)
                shared = [id for id in base if id in ours]
                if setting == results.run.baseline or not shared:
                    continue
                pair = [ours[id] for id in shared], [base[id] for id in shared]
                p = paired_randomisation(*pair, rounds=ROUNDS)
                raw[metric, questions, setting] = float(np.mean(pair[0]) - np.mean(pair[1])), p
        adjusted = holm([p for _, p in raw.values()])
        found |= {key: (*raw[key], p) for key, p in zip(raw, adjusted, strict=True)}
    return found


def _measured(
    outcomes: Sequence[Outcome], metric: str, test: _Test | None, is_baseline: bool
) -> Measured:
    values = list(_values(outcomes, metric).values())
    mean, (low, high) = float(np.mean(values)), interval(values)
    if test is None:
        verdict: Verdict = "baseline" if is_baseline else "not comparable"
        return Measured(mean, low, high, verdict=verdict)
    return Measured(mean, low, high, *test, verdict=_verdict(*test))


def _verdict(difference: float, p: float, adjusted: float) -> Verdict:
    if adjusted >= LEVEL:
        return "no difference shown"
    return "better" if difference > 0 else "worse"


def _values(outcomes: Sequence[Outcome], metric: str) -> dict[str, float]:
    return {one.id: one.scores[metric] for one in outcomes if metric in one.scores}
