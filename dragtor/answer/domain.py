"""What a domain wants said beside an answer: a standing notice, and a word in an emergency."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dragtor.errors import ConfigError
from dragtor.text import stems, words
from dragtor.types import Notice

_SENTENCE_END = re.compile(r"[.!?;\n]+")
_NOT = re.compile(
    r"\b(?:(can)not|(ca|wo)n['’]?t|(is|are|was|were|do|does|did|has|have|had|could)n['’]?t)\b",
    re.IGNORECASE,
)
_DENIALS = frozenset(stems(["no", "not", "without", "never"]))
_PASSED_OVER = frozenset(
    """a an the my his her their our your this that any
    am is are was were be been being has have had m s re ve
    really very so quite even just still completely totally suddenly now all barely properly
    """.split()
)
"""What stands between the words of a phrase without changing it: "is [just] not breathing"."""
(_SOMEONE,) = stems(["someone"])
_PEOPLE = frozenset(
    stems(
        """i he she they we someone somebody person people friend mate partner buddy belayer climber
        leader man woman guy girl boy kid child baby son daughter brother sister mother father mum
        mom dad wife husband boyfriend girlfriend student coach colleague""".split()
    )
)
_KNOWLEDGE = re.compile(
    r"\W*(?:which|what (?:injur|condition|disease|problem|structure)\w*)\b", re.IGNORECASE
)
_OWN = re.compile(
    r"\b(?:i|me|my|he|his|him|she|her|we|our|us|they|their|them|someone|somebody)\b", re.IGNORECASE
)


class Domain:
    """Says what goes before any answer.

    A sign is one phrase, or several joined by "+" that all stand in one sentence of the question,
    in any order; "/" stands between phrases of which one is enough. The words of a phrase follow
    one another as in the sign, but for articles, auxiliaries and the like; case and inflection do
    not matter ("can't" is "cannot"), and "someone" in a sign is any person ("he", "my belayer"). A
    phrase after "no", "not" or "without" is denied and shows nothing, and so does a sentence that
    asks which injury it is in general. Raises ConfigError for a part without a word.

    Parameters
    ----------
    notice
        Said with every answer, unless it is empty.
    emergency
        Said with an answer whose question shows one of the ``signs``, unless it is empty.
    """

    def __init__(self, notice: str, emergency: str, signs: Sequence[str]) -> None:
        self._notice = notice.strip()
        self._emergency = emergency.strip()
        self._signs = [
            [[_stemmed(phrase) for phrase in part.split("/")] for part in sign.split("+")]
            for sign in signs
        ]
        for sign, parts in zip(signs, self._signs, strict=True):
            if not all(phrase for part in parts for phrase in part):
                raise ConfigError(
                    f"domain.emergency_signs has {sign!r}, with a part without a word"
                )

    def advise(self, question: str) -> tuple[Notice, ...]:
        """What goes before the answer to a question: in an emergency that first."""
        return tuple(self._notices(question))

    def shows_emergency(self, question: str) -> bool:
        """Whether the question shows one of the signs."""
        said = [_stemmed(part) for part in _SENTENCE_END.split(question) if not _general(part)]
        return any(
            all(any(_holds(sentence, phrase) for phrase in part) for part in sign)
            for sign in self._signs
            for sentence in said
        )

    def _notices(self, question: str) -> Iterator[Notice]:
        if self._emergency and self.shows_emergency(question):
            yield Notice("emergency", self._emergency)
        if self._notice:
            yield Notice("domain", self._notice)


def _general(sentence: str) -> bool:
    """Whether a sentence asks about injuries as such: "Which injury …?", and nobody has it."""
    return bool(_KNOWLEDGE.match(sentence)) and not _OWN.search(sentence)


def _stemmed(text: str) -> list[str]:
    """Stems of the words that are not passed over; "can't" and "cannot" are "can", "not"."""
    spelled = _NOT.sub(lambda found: f"{_verb(found)} not", text)
    parts = (part for word in words(spelled) for part in re.split(r"[-'’]", word))
    kept = (part for part in parts if part and part not in _PASSED_OVER)
    return stems("can" if part == "could" else part for part in kept)


def _verb(contracted: re.Match[str]) -> str:
    cannot, short, whole = contracted.groups()
    return "can" if cannot or (short or "").lower() == "ca" else whole or "will"


def _holds(sentence: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether a phrase stands in a sentence without being denied."""
    size = len(phrase)
    return any(
        all(map(_same, phrase, sentence[at : at + size]))
        and (at == 0 or sentence[at - 1] not in _DENIALS)
        for at in range(len(sentence) - size + 1)
    )


def _same(wanted: str, said: str) -> bool:
    return said in _PEOPLE if wanted == _SOMEONE else said == wanted
