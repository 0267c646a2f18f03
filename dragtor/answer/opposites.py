"""Words that exclude each other."""

from __future__ import annotations

import re

# Words on the left and on the right of a bar exclude each other.
_OPPOSITES = """
increase increases increased increasing rise rises rose raise raises raised grow grows grew higher
  greater more larger bigger
  | decrease decreases decreased decreasing reduce reduces reduced reducing reduction fall falls
    fell lower lowers lowered decline declines declined shrink fewer less smaller lesser
above over | below under
before prior | after
earlier | later
early | late
first | last
improve improves improved better best | worsen worsens worsened worse worst
longer | shorter
long | short
stronger | weaker
fast faster quick quickly rapid rapidly | slow slower slowly
older | younger
always | never
common | rare
acute | chronic
mild | severe
likely | unlikely
possible | impossible
safe | unsafe dangerous harmful
effective | ineffective
positive | negative
prevent prevents prevented | cause causes caused
gain gains gained | lose loses lost
maximum | minimum
majority | minority
inside internal inner inwards inward | outside external outer outwards outward
upper | lower
left | right
warm hot | cold
open | closed
front | back
anterior | posterior
proximal | distal
medial | lateral
superficial | deep
complete completely | partial partially
healthy | injured
high | low
heavy | light
straight | bent
thick | thin
hard | soft
wet | dry
most | least
same | different
begin begins began | end ends ended
detect detects detected show shows showed shown reveal reveals revealed
  | miss misses missed overlook overlooks overlooked
recommend recommends recommended | discourage discourages discouraged
"""


def _sides() -> dict[str, frozenset[int]]:
    lines = re.sub(r"\n\s+", " ", _OPPOSITES).strip().splitlines()
    found: dict[str, frozenset[int]] = {}
    for number, line in enumerate(lines):
        for right, words in enumerate(line.split("|")):
            for word in words.split():
                found[word] = found.get(word, frozenset()) | {2 * number + right}
    return found


_SIDES = _sides()
_NONE: frozenset[int] = frozenset()


def sides_of(word: str) -> frozenset[int]:
    """Which sides a word in lower case takes: 2 k and 2 k + 1 exclude each other.

    >>> sides_of("finger")
    frozenset()
    """
    return _SIDES.get(word, _NONE)
