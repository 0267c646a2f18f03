"""Filters: how a person writes them, and what they mean for one value.

``kind=pdf``, ``published>=2023``, ``uri^=https://www.hoopersbeta.com``, ``title*=pulley``,
``has:author``. How several of them combine is said at :class:`dragtor.types.Filter`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Literal, cast, get_args

from dragtor.errors import QueryError
from dragtor.types import Filter

Operator = Literal["=", ">", ">=", "<", "<=", "^=", "*=", "has"]

_WRITTEN = re.compile(r"\s*([^=<>^*]+?)\s*(>=|<=|\^=|\*=|=|<|>)\s*(\S.*?)\s*", re.DOTALL)
_HAS = re.compile(r"\s*has:\s*(\S.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ].*)?)?)?", re.DOTALL)
_ORDERED: dict[str, Callable[[float | str, float | str], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def parse_filter(text: str) -> Filter:
    """Read a filter as it is written on the command line. Raises QueryError.

    >>> parse_filter("published>=2023")
    Filter(key='published', operator='>=', value='2023')
    """
    if has := _HAS.fullmatch(text):
        return Filter(has[1], "has")
    if not (written := _WRITTEN.fullmatch(text)):
        raise QueryError(
            f"the filter {text!r} cannot be understood: write key=value, key>value, key>=value, "
            "key<value, key<=value, key^=beginning, key*=part, or has:key"
        )
    key, sign, value = written.groups()
    return Filter(key, cast(Operator, sign), value)


def alternatives(filters: Iterable[Filter]) -> list[list[Filter]]:
    """Groups of which each must hold, and in each of them one filter must.

    Filters that order (``>``, ``<=`` …) are each on their own, so that two of them make a range.
    """
    groups: dict[tuple[str, ...], list[Filter]] = {}
    for one in filters:
        if one.operator not in get_args(Operator):
            raise QueryError(f"there is no filter operator {one.operator!r}")
        apart = (one.operator, one.value) if one.operator in _ORDERED else ()
        groups.setdefault((one.key.casefold(), *apart), []).append(one)
    return list(groups.values())


def matches(sign: str, value: str | None, wanted: str) -> bool:
    """Whether a document's value fulfils a condition; no value fulfils none."""
    if value is None or value == "":
        return False
    if sign == "has":
        return True
    have, want = value.casefold(), wanted.casefold()
    if sign == "^=":
        return have.startswith(want)
    if sign == "*=":
        return want in have
    return _compared(sign, have, want)


def _compared(sign: str, have: str, want: str) -> bool:
    if _NUMBER.fullmatch(have) and _NUMBER.fullmatch(want):
        if sign == "=":
            return have == want or float(have) == float(want)
        return _ORDERED[sign](float(have), float(want))
    if _DATE.fullmatch(have) and _DATE.fullmatch(want):
        # A year or a month stands for the whole of it: 2023-05-01 is neither before nor after 2023.
        have = have[: len(want)]
    return have == want if sign == "=" else _ORDERED[sign](have, want)
