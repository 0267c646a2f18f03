"""Whether a difference between two systems on the same queries is more than luck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

EXACT = 16
"""With so many differing queries or fewer, all sign patterns are counted instead of sampled."""


def paired_randomisation(
    ours: Sequence[float], theirs: Sequence[float], *, rounds: int = 100_000, seed: int = 0
) -> float:
    """Two-sided p-value of the difference of means over paired scores, by Fisher's randomisation.

    If both systems were alike, each query's two scores could as well be swapped. The p-value is the
    share of all ways of swapping that give at least the difference seen; beyond :data:`EXACT`
    differing queries it is estimated from ``rounds`` random ones, the seen one counted in.
    Smucker, Allan and Carterette, "A comparison of statistical significance tests for information
    retrieval evaluation" (2007). Raises ValueError if the scores do not pair up.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} scores do not pair up with {len(theirs)}")
    differences = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    differences = differences[differences != 0]
    if not len(differences):
        return 1.0
    # Sums that differ by rounding alone count as equal.
    seen = abs(differences.sum()) - 1e-9
    if len(differences) <= EXACT:
        return float(np.mean(np.abs(_all_signs(len(differences)) @ differences) >= seen))
    at_least = sum(
        int(np.sum(np.abs(signs @ differences) >= seen))
        for signs in _random_signs(len(differences), rounds, seed)
    )
    return (at_least + 1) / (rounds + 1)


def holm(values: Sequence[float]) -> list[float]:
    """p-values, in the order given, adjusted for there being several (Holm 1979), at most 1.

    Where only those below a level are believed, the chance that any of these is luck is at most
    that level, however the comparisons hang together.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [1.0] * len(values)
    most = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        most = max(most, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = most
    return adjusted


def _all_signs(n: int) -> npt.NDArray[np.float64]:
    bits = np.arange(2**n)[:, None] >> np.arange(n) & 1
    return (bits * 2 - 1).astype(np.float64)


def _random_signs(n: int, rounds: int, seed: int) -> Iterator[npt.NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    step = max(1, 2_000_000 // n)
    for start in range(0, rounds, step):
        size = (min(step, rounds - start), -(-n // 8))
        bits = np.unpackbits(random.integers(0, 256, size, dtype=np.uint8), axis=1, count=n)
        yield bits.astype(np.float64) * 2 - 1
