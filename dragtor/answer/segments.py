"""Where a text turns to another topic, as far as its words tell.

A stretch about one thing uses few words often. So the best cut of a text is the one by which the
words of each stretch are the most probable, if each stretch has word probabilities of its own
(Utiyama and Isahara, "A statistical model for domain-independent text segmentation", 2001). With
f(w) the count of a word in a stretch of n words, k different words in the text and N words, a
stretch costs

    sum over w of f(w) log((n + k) / (f(w) + 1)) + prior log N

and dynamic programming finds the cheapest cut. The same dips in cohesion that TextTiling looks for
(Hearst, "TextTiling", 1997) are found, without a window or a threshold to choose.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

_TOO_SHORT = 1e9
"""Cost of a stretch that is too short: paid only where there is no other way."""


def cuts(
    units: Sequence[Sequence[str]], sizes: Sequence[int], least: int, most: int, prior: float = 1.0
) -> list[int]:
    """Numbers of the units that begin a stretch, the first (0) among them; none of no units.

    Parameters
    ----------
    units
        The content words of each sentence, in text order.
    sizes
        How long each sentence is.
    least, most
        How long a stretch is, in the measure of ``sizes``: not shorter unless the text is, and not
        longer unless no sentence border lies in between.
    prior
        What each stretch costs, in log N: more makes fewer.
    """
    vocabulary = len({word for unit in units for word in unit})
    total = sum(len(unit) for unit in units)
    each = prior * math.log(max(total, 2))
    logs = [0.0] + [n * math.log(n + 1) for n in range(1, total + 1)]
    best = [0.0] + [math.inf] * len(units)
    previous = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        counts: Counter[str] = Counter()
        words, size, gain = 0, 0, 0.0
        for begin in range(end - 1, -1, -1):
            size += sizes[begin]
            if size > most and begin < end - 1:
                break
            for word in units[begin]:
                seen = counts[word]
                gain += logs[seen + 1] - logs[seen]
                counts[word] = seen + 1
            words += len(units[begin])
            cost = best[begin] + each + words * math.log(max(words + vocabulary, 1)) - gain
            cost += _TOO_SHORT if size < least else 0.0
            if cost < best[end]:
                best[end], previous[end] = cost, begin
    return _starts(previous)


def _starts(previous: Sequence[int]) -> list[int]:
    """Where the stretches begin, from where the last stretch of each beginning of a text does."""
    starts: list[int] = []
    end = len(previous) - 1
    while end > 0:
        end = previous[end]
        starts.append(end)
    return starts[::-1]
