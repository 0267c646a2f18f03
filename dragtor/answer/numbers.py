"""Numbers in one way of writing."""

from __future__ import annotations

import re

NUMBER_WORDS = {
    name: str(value)
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50"}


def plain_number(text: str) -> str:
    """One way of writing for a number: no thousands separators, no trailing zeros or sign.

    >>> plain_number("-1,000.50")
    '1000.5'
    """
    digits = text.lstrip("+-")
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits.lstrip("0") or "0"
