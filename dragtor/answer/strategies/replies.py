"""What of a model's reply can be searched for: small models echo, ramble and reply with nothing."""

from __future__ import annotations

import re

from dragtor.text import content_stems

MAX_CHARS = 300
"""A question of a model is cut off here; longer ones are no questions."""

_LEAD = re.compile(
    r"^(?:[-*+•·#>]+|\d{1,2}[.):](?!\S)"
    r"|(?:(?:more )?general(?: question)?|(?:sub-?)?question)s?\s?\d*\s?:)\s*",
    re.IGNORECASE,
)
_QUOTES = "\"'“”‘’`*"


def lines(reply: str) -> list[str]:
    r"""The lines of a reply without markers of lists, labels and quotation marks; empty ones go.

    >>> lines('1. "What is a pulley?"\n\n- Question: Why does it tear?')
    ['What is a pulley?', 'Why does it tear?']
    """
    found = []
    for line in reply.splitlines():
        bare = " ".join(line.split())
        while (shorter := _LEAD.sub("", bare).strip(_QUOTES + " ")) != bare:
            bare = shorter
        if bare:
            found.append(bare[:MAX_CHARS])
    return found


def is_echo(text: str, question: str) -> bool:
    """Whether a text has the very words of the question that carry meaning, and no other."""
    return set(content_stems(text)) == set(content_stems(question))


def share(text: str, question: str) -> float:
    """Of the words of a text that carry meaning, the share that is the question's; 0 to 1.

    >>> share("How long does a pulley take to heal?", "Do torn pulleys heal?")
    0.5
    """
    said, asked = set(content_stems(text)), set(content_stems(question))
    return len(said & asked) / len(said) if said else 0.0
