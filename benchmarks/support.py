"""How well sentences are checked against passages, on three sets with human judgements.

AttributionBench (claims of generated answers, cited pages), WiCE (sentences of Wikipedia, whole web
pages) and HealthVer (health claims, sentences of papers). Supported counts against all the rest: so
WiCE's "partially supported" is not supported. A claim of several sentences is as likely borne out
as its sentences on average. Usage:

    DRAGTOR_DATA=… python benchmarks/support.py [--fit] [--clapnq]

Cross-validation never has a question (or, where there is none, a claim) on both sides; ``others``
is fitted on the two other sets alone. Sets and classes weigh the same in every fit and figure.
``--fit`` writes ``dragtor/answer/support.json`` as well; ``--clapnq`` checks human answers against
their own passage and against another's.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import common
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import balanced_accuracy_score, roc_auc_score, roc_curve

from dragtor.answer.citations import FeatureChecker, most
from dragtor.answer.features import features
from dragtor.answer.reading import read
from dragtor.answer.support import MODEL, SupportModel, Thresholds, Verdict
from dragtor.config import Settings, load_settings
from dragtor.encode.onnx import OnnxEncoder
from dragtor.types import DocumentInfo, Hit, Location, Passage

SETS = ("attributionbench", "wice", "healthver")
FOLDS = 5
SEEDS = (0, 1, 2)
L2 = 20.0
"""Strength of the penalty on standardised coefficients, for about 3,500 rows of weight 1."""
FALLING = ("rarest_missing", "numbers_missing", "negation_added", "sides_missing", "evidence")
"""What can only speak against a claim; all else can only speak for it."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Claims:
    """A set, one row for each sentence of a claim; ``owner`` is the claim it belongs to."""

    names: list[str]
    values: Array
    owner: npt.NDArray[np.int64]
    ceilings: list[Verdict]
    labels: list[str]
    groups: npt.NDArray[np.int64]
    milliseconds: list[float]

    @property
    def truth(self) -> Array:
        """1 where people said supported, else 0."""
        return np.array([label == "supported" for label in self.labels], dtype=np.float64)

    def mean(self, of_rows: Array) -> Array:
        """From sentences to claims."""
        count = np.bincount(self.owner, minlength=len(self.labels))
        sums = np.bincount(self.owner, of_rows, minlength=len(self.labels))
        means: Array = sums / np.maximum(count, 1)
        return means


def main() -> None:
    """Run, print the tables, and keep the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--fit", action="store_true", help="write dragtor/answer/support.json")
    parser.add_argument("--clapnq", action="store_true", help="human answers and their passages")
    arguments = parser.parse_args()
    settings = load_settings(common.HERE.parent / "config")
    encoder = _encoder(settings)
    sets = {name: _claims(name, encoder) for name in SETS}
    result: dict[str, Any] = {
        "sets": {name: _validated(name, sets, settings) for name in SETS},
    }
    model = _fit([(sets[name], np.arange(len(sets[name].labels))) for name in SETS])
    if arguments.fit:
        _write(model, result["sets"])
    if arguments.clapnq:
        result["clapnq"] = _clapnq(FeatureChecker(encoder.encode_spans, _thresholds(settings)))
    _print(result)
    common.store("support", result)


def _thresholds(settings: Settings) -> Thresholds:
    return Thresholds(settings.answer.support_yes, settings.answer.support_partly)


def _encoder(settings: Settings) -> OnnxEncoder:
    folder = settings.paths.models / "all-MiniLM-L6-v2"
    return OnnxEncoder(folder, max_tokens=256, threads=settings.encoder.threads)


def _claims(name: str, encoder: OnnxEncoder) -> Claims:
    lines = (common.data(name) / "items.jsonl").open(encoding="utf-8")
    items = [json.loads(line) for line in lines]
    rows, owner, ceilings, spent = [], [], [], []
    for number, item in enumerate(items):
        common.quiet(number, len(items), name)
        started = time.perf_counter()
        for reading in read(item["claim"], hits(name, item["evidence"]), (), encoder.encode_spans):
            figures = features(reading.overlap, reading.seen)
            rows.append(figures)
            owner.append(number)
            ceilings.append(most(reading, reading.evidence()))
        spent.append((time.perf_counter() - started) * 1000)
    groups = {group: n for n, group in enumerate({_group(item): 0 for item in items})}
    return Claims(
        list(rows[0]),
        np.array([list(row.values()) for row in rows]),
        np.array(owner),
        ceilings,
        [item["label"] for item in items],
        np.array([groups[_group(item)] for item in items]),
        spent,
    )


def hits(name: str, evidence: Sequence[str]) -> list[Hit]:
    """Evidence as a search would bring it: WiCE's sentences are one page."""
    texts = ["\n\n".join(evidence)] if name == "wice" else evidence
    return [
        Hit(
            number,
            1.0,
            {},
            Passage(f"p{number}", 0, len(text), text),
            DocumentInfo(f"d{number}", f"file:///{number}", "", "text"),
            Location(),
        )
        for number, text in enumerate(texts, 1)
    ]


def _group(item: dict[str, Any]) -> str:
    return str(item.get("question") or item["claim"])


# --- fitting


def _fit(parts: Sequence[tuple[Claims, npt.NDArray[np.int64]]]) -> SupportModel:
    """A logistic regression on some claims of some sets, each coefficient with its known sign."""
    values, truth, weights = [], [], []
    for claims, chosen in parts:
        rows = np.flatnonzero(np.isin(claims.owner, chosen))
        owner = claims.owner[rows]
        share = 1 / np.bincount(claims.owner)[owner]
        y = claims.truth[owner]
        balanced = np.where(y == 1, 0.5 / (share @ y), 0.5 / (share @ (1 - y)))
        values.append(claims.values[rows])
        truth.append(y)
        weights.append(share * balanced)
    names = parts[0][0].names
    x, y, w = np.concatenate(values), np.concatenate(truth), np.concatenate(weights)
    w *= len(y) / w.sum()
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = (x - mean) / scale

    def loss(p: Array) -> tuple[float, Array]:
        logit = p[0] + z @ p[1:]
        value = w @ (np.logaddexp(0, logit) - y * logit) + L2 / 2 * (p[1:] @ p[1:])
        error = w * (expit(logit) - y)
        return float(value), np.concatenate([[error.sum()], z.T @ error + L2 * p[1:]])

    bounds = [(None, None), *((None, 0) if name in FALLING else (0, None) for name in names)]
    found = minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    slopes = found[1:] / scale
    coefficients = dict(zip(names, (float(slope) for slope in slopes), strict=True))
    return SupportModel(float(found[0] - slopes @ mean), coefficients)


def _scores(model: SupportModel, claims: Claims, thresholds: Thresholds) -> Array:
    """Of each claim, with the checks."""
    scores = [
        thresholds.support(
            model.probability(dict(zip(claims.names, row.tolist(), strict=True))), ceiling
        ).score
        for row, ceiling in zip(claims.values, claims.ceilings, strict=True)
    ]
    return claims.mean(np.array(scores))


def _across(
    name: str, sets: dict[str, Claims], using: Sequence[str], thresholds: Thresholds
) -> list[Array]:
    """Scores of a set by models that saw none of its groups, for each seed."""
    found = []
    for seed in SEEDS:
        scores = np.zeros(len(sets[name].labels))
        for fold in range(FOLDS):
            parts = [(sets[one], _chosen(sets[one], seed, fold, kept=True)) for one in using]
            held = _chosen(sets[name], seed, fold, kept=False)
            scores[held] = _scores(_fit(parts), sets[name], thresholds)[held]
        found.append(scores)
    return found


def _chosen(claims: Claims, seed: int, fold: int, *, kept: bool) -> npt.NDArray[np.int64]:
    order = np.random.default_rng(seed).permutation(claims.groups.max() + 1)
    inside = order[claims.groups] % FOLDS == fold
    return np.flatnonzero(inside ^ kept)


# --- figures


def _validated(name: str, sets: dict[str, Claims], settings: Settings) -> dict[str, Any]:
    claims, thresholds = sets[name], _thresholds(settings)
    truth = claims.truth
    together = _across(name, sets, SETS, thresholds)
    alone = _across(name, sets, [name], thresholds)
    others = _scores(
        _fit([(sets[one], np.arange(len(sets[one].labels))) for one in SETS if one != name]),
        claims,
        thresholds,
    )
    cosine = claims.mean(claims.values[:, claims.names.index("cosine")])
    first = together[0]
    return {
        "claims": len(truth),
        "supported": round(float(truth.mean()), 3),
        "together": _figures(truth, together),
        "alone": _figures(truth, alone),
        "others": _figures(truth, [others]),
        "cosine": _best_cosine(claims, cosine),
        "calibration_error": round(float(np.mean([_ece(truth, one) for one in together])), 3),
        "verdicts": _verdicts(claims.labels, first, thresholds),
        "yes_against_rest": round(
            float(
                np.mean([balanced_accuracy_score(truth, one >= thresholds.yes) for one in together])
            ),
            3,
        ),
        "precision_of_yes": _precision(truth, together, thresholds.yes),
        "milliseconds": round(float(np.median(claims.milliseconds)), 1),
        "milliseconds_p95": round(float(np.percentile(claims.milliseconds, 95)), 1),
    }


def _figures(truth: Array, scores: Sequence[Array]) -> dict[str, float]:
    """Balanced accuracy at 0.5, and area under the ROC curve: means over seeds."""
    accuracies = [balanced_accuracy_score(truth, one >= 0.5) for one in scores]
    areas = [roc_auc_score(truth, one) for one in scores]
    return {
        "balanced_accuracy": round(float(np.mean(accuracies)), 3),
        "area": round(float(np.mean(areas)), 3),
    }


def _best_cosine(claims: Claims, cosine: Array) -> dict[str, float]:
    """The baseline: a threshold on the best cosine, chosen on four fifths for the fifth."""
    found = []
    for seed in SEEDS:
        said = np.zeros(len(cosine), dtype=bool)
        for fold in range(FOLDS):
            kept, held = (_chosen(claims, seed, fold, kept=kept) for kept in (True, False))
            wrong, right, limits = roc_curve(claims.truth[kept], cosine[kept])
            said[held] = cosine[held] >= limits[int(np.argmax(right - wrong))]
        found.append(balanced_accuracy_score(claims.truth, said))
    area = float(roc_auc_score(claims.truth, cosine))
    return {"balanced_accuracy": round(float(np.mean(found)), 3), "area": round(area, 3)}


def _even(truth: Array) -> Array:
    """Weights under which as many are supported as not."""
    weights: Array = np.where(truth == 1, 0.5 / truth.sum(), 0.5 / (1 - truth).sum())
    return weights


def _ece(truth: Array, scores: Array, bins: int = 10) -> float:
    """Expected calibration error (Naeini et al. 2015), classes weighing the same."""
    weights = _even(truth)
    of = np.minimum((scores * bins).astype(int), bins - 1)
    return float(
        sum(abs(weights[of == b] @ (scores[of == b] - truth[of == b])) for b in range(bins))
    )


def _precision(truth: Array, scores: Sequence[Array], least: float) -> dict[str, float]:
    """Of yes, classes weighing the same, and which share of the supported it is said of."""
    found = []
    for one in scores:
        right = float((one >= least)[truth == 1].mean())
        wrong = float((one >= least)[truth == 0].mean())
        found.append((right / max(right + wrong, 1e-9), right))
    precision, recall = np.mean(found, axis=0)
    return {"precision": round(float(precision), 3), "recall": round(float(recall), 3)}


def _verdicts(labels: Sequence[str], scores: Array, limits: Thresholds) -> dict[str, Any]:
    """Share of yes, partly and no by what people said."""
    found: dict[str, Counter[str]] = {}
    for label, score in zip(labels, scores, strict=True):
        verdict = "yes" if score >= limits.yes else "partly" if score >= limits.partly else "no"
        found.setdefault(label, Counter())[verdict] += 1
    return {
        label: {v: round(count[v] / count.total(), 3) for v in ("yes", "partly", "no")}
        for label, count in sorted(found.items())
    }


def _clapnq(checker: FeatureChecker) -> dict[str, Any]:
    """Sentences of human answers against their own passage, and against another question's."""
    folder = common.data("clapnq_dev")
    corpus = {
        entry["id"]: entry["text"]
        for entry in map(json.loads, (folder / "corpus.jsonl").open(encoding="utf-8"))
    }
    gold = dict(
        line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text("utf-8").split("\n")[1:-1]
    )
    queries = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    pairs = [
        (query["answers"][0], corpus[gold[query["id"]]])
        for query in queries
        if query["id"] in gold and query.get("answers")
    ]
    random.Random(0).shuffle(pairs)
    others = [text for _, text in pairs[1:]] + [pairs[0][1]]
    return {
        "own": _shares(checker, pairs),
        "other": _shares(
            checker, [(answer, text) for (answer, _), text in zip(pairs, others, strict=True)]
        ),
    }


def _shares(checker: FeatureChecker, pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    count: Counter[str] = Counter()
    for answer, text in pairs:
        for sentence in checker.check(answer, hits("clapnq", [text])):
            count[sentence.support.verdict] += 1
    total = count.total()
    return {"sentences": total} | {v: round(count[v] / total, 3) for v in ("yes", "partly", "no")}


# --- results


def _write(model: SupportModel, figures: dict[str, Any]) -> None:
    stored = {
        "what": "Logistic regression of 'the passages bear this sentence out' on the figures of "
        "dragtor.answer.features; p = 1 / (1 + exp(-(intercept + sum of coefficient x figure))).",
        "fitted": {
            "by": "python benchmarks/support.py --fit",
            "on": {name: figures[name]["claims"] for name in SETS},
            "with": f"all-MiniLM-L6-v2; L2 {L2}; sets and classes weigh the same; signs held",
            "balanced_accuracy_cross_validated": {
                name: figures[name]["together"]["balanced_accuracy"] for name in SETS
            },
        },
        "intercept": round(model.intercept, 4),
        "coefficients": {name: round(value, 4) for name, value in model.coefficients.items()},
    }
    MODEL.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def _print(result: dict[str, Any]) -> None:
    print(f"{'':17} together alone others cosine  area   ECE yes:prec recall  ms  p95")
    for name, one in result["sets"].items():
        together, alone, others, cosine = (
            one[kind]["balanced_accuracy"] for kind in ("together", "alone", "others", "cosine")
        )
        print(
            f"{name:17} {together:8.3f} {alone:5.3f}"
            f" {others:6.3f} {cosine:6.3f} {one['together']['area']:5.3f}"
            f" {one['calibration_error']:5.3f} {one['precision_of_yes']['precision']:8.3f}"
            f" {one['precision_of_yes']['recall']:6.3f} {one['milliseconds']:3.0f}"
            f" {one['milliseconds_p95']:4.0f}"
        )
        for label, shares in one["verdicts"].items():
            print(f"    {label:20} {shares}")
    for name, shares in result.get("clapnq", {}).items():
        print(f"clapnq {name:6} {shares}")


if __name__ == "__main__":
    main()
