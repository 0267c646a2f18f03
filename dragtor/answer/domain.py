"""What a domain wants said beside an answer: a standing notice, and a word in an emergency."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dragtor.errors import ConfigError
from dragtor.text import stems, words
from dragtor.types import Notice

_SENTENCE_END = re.compile(r"[.!?;\n]+")
_NOT = re.compile(r"\bcannot\b|(?<=\w)n['’]t\b", re.IGNORECASE)
_SPELLED = {"cannot": "can not"}
_DENIALS = frozenset(stems(["no", "not", "without", "never"]))
_ARTICLES = frozenset("a an the my his her their our your".split())


class Domain:
    """Says what goes before any answer.

    A sign is one phrase, or several joined by "+" that all stand in one sentence of the question,
    in any order. The words of a phrase follow one another as in the sign, but for articles and the
    like; case and inflection do not matter ("can't" is "cannot"). A phrase after "no", "not" or
    "without" is denied and shows nothing. Raises ConfigError for a part without a word.

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
        self._signs = [[_stemmed(phrase) for phrase in sign.split("+")] for sign in signs]
        for sign, phrases in zip(signs, self._signs, strict=True):
            if not all(phrases):
                raise ConfigError(
                    f"domain.emergency_signs has {sign!r}, with a part without a word"
                )

    def advise(self, question: str) -> tuple[Notice, ...]:
        """What goes before the answer to a question: in an emergency that first."""
        return tuple(self._notices(question))

    def shows_emergency(self, question: str) -> bool:
        """Whether the question shows one of the signs."""
        said = [_stemmed(part) for part in _SENTENCE_END.split(question)]
        return any(
            all(_holds(sentence, phrase) for phrase in sign)
            for sign in self._signs
            for sentence in said
        )

    def _notices(self, question: str) -> Iterator[Notice]:
        if self._emergency and self.shows_emergency(question):
            yield Notice("emergency", self._emergency)
        if self._notice:
            yield Notice("domain", self._notice)


def _stemmed(text: str) -> list[str]:
    """Stems of all words but articles; "can't" and "cannot" are "can", "not"."""
    spelled = _NOT.sub(lambda match: _SPELLED.get(match.group().lower(), " not"), text)
    spelled = re.sub(r"\bca not\b", "can not", spelled, flags=re.IGNORECASE)
    parts = (part for word in words(spelled) for part in re.split(r"[-'’]", word))
    return stems(part for part in parts if part and part not in _ARTICLES)


def _holds(sentence: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether a phrase stands in a sentence without being denied."""
    size = len(phrase)
    return any(
        sentence[at : at + size] == phrase and (at == 0 or sentence[at - 1] not in _DENIALS)
        for at in range(len(sentence) - size + 1)
    )
