"""Metrics of one query: of what was retrieved, as trec_eval defines them, and of an answer.

``ranked`` are ids, best first, none twice. ``judged`` gives the grade of each judged id; above 0 is
relevant, and what is not judged is not relevant. All metrics lie in [0, 1] and are 0 for a query
without relevant ids (which trec_eval leaves out, as :mod:`dragtor.evaluate.evaluating` does).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import log2

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)

Judged = Mapping[str, int]
"""Grade by id."""
Metric = Callable[[Sequence[str], Judged], float]


def ndcg(ranked: Sequence[str], judged: Judged, k: int) -> float:
    """Normalised discounted cumulative gain of the first k.

    Gain is the grade, discount log2(rank + 1); 1 is the best order of all that is relevant.
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002), with the
    discount of trec_eval's ``ndcg_cut``.
    """
    best = sorted((grade for grade in judged.values() if grade > 0), reverse=True)
    ideal = _discounted(best[:k])
    return _discounted([max(0, judged.get(id, 0)) for id in ranked[:k]]) / ideal if ideal else 0.0


def recall(ranked: Sequence[str], judged: Judged, k: int) -> float:
    """Share of the relevant ids that is among the first k."""
    relevant = _relevant(judged)
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def success(ranked: Sequence[str], judged: Judged, k: int) -> float:
    """1 if any of the first k is relevant, else 0."""
    return float(not _relevant(judged).isdisjoint(ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], judged: Judged) -> float:
    """1 / rank of the first relevant id, 0 if there is none. Its mean over queries is MRR."""
    relevant = _relevant(judged)
    return next((1 / rank for rank, id in enumerate(ranked, start=1) if id in relevant), 0.0)


def average_precision(ranked: Sequence[str], judged: Judged) -> float:
    """Mean, over all relevant ids, of the precision at their rank. Its mean over queries is MAP."""
    relevant = _relevant(judged)
    found, total = 0, 0.0
    for rank, id in enumerate(ranked, start=1):
        if id in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


MEASURES: Mapping[str, Metric] = {
    "nDCG@10": partial(ndcg, k=10),
    "recall@10": partial(recall, k=10),
    "recall@100": partial(recall, k=100),
    "MRR": reciprocal_rank,
    "MAP": average_precision,
    "success@1": partial(success, k=1),
}
"""The metrics of a ranking, by the names that the field has for them."""


def token_f1(answer: str, references: Iterable[str]) -> float:
    """Shared words of an answer and the reference that is nearest to it, in [0, 1].

    Harmonic mean of precision and recall over words with their counts, after the normalisation of
    SQuAD's evaluation script: lower case, no ASCII punctuation, no articles. Two texts without
    words are alike. Rajpurkar et al., "SQuAD" (2016). 0 without references.
    """
    return max((_f1(_squad_words(answer), _squad_words(one)) for one in references), default=0.0)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    shared = (Counter(said) & Counter(wanted)).total()
    return 2 * shared / (len(said) + len(wanted))


def _squad_words(text: str) -> list[str]:
    return _ARTICLE.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def _relevant(judged: Judged) -> set[str]:
    return {id for id, grade in judged.items() if grade > 0}
