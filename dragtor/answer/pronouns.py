"""Where a question leans on what was said before it: pronouns, and "there", "one" and the like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dragtor.answer.english import (
    AUXILIARIES,
    EVALUATIVE,
    FUNCTION_WORDS,
    PREDICATES,
    is_verb,
)
from dragtor.answer.leaning import asking_spans, bare
from dragtor.answer.mentions import Word, mentions, word_list

Kind = Literal["pronoun", "one", "there", "definite"]
Number = Literal["singular", "plural", "any"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of a question that stands for something said before.

    ``before`` is what is to be kept of it in front of what is put in ("in" for "there").
    """

    start: int
    end: int
    kind: Kind = "pronoun"
    number: Number = "any"
    possessive: bool = False
    person: bool = False
    before: str = ""
    female: bool = False


_PRONOUNS: dict[str, tuple[Number, bool, bool]] = {
    # number, possessive, person
    "it": ("singular", False, False),
    "it's": ("singular", False, False),
    "its": ("singular", True, False),
    "they": ("plural", False, False),
    "them": ("plural", False, False),
    "their": ("plural", True, False),
    "he": ("singular", False, True),
    "she": ("singular", False, True),
    "him": ("singular", False, True),
    "his": ("singular", True, True),
    "her": ("singular", True, True),
}
_POINTING = frozenset("this that these those".split())
_TAKES = frozenset("take takes took cost costs hurt help mean make makes".split())


def _weather(after: Sequence[str]) -> bool:
    """Whether "it" is the weather or the time of day: "is it raining?", "does it get dark?"."""
    rest = [word for word in after if word not in ("get", "gets", "become", "so", "too", "is")]
    return bool(_WEATHER.intersection(rest[:1])) and len(rest) < len(after) + (rest[0] in _FALLS)


_FALLS = frozenset("rain raining snow snowing late".split())
_WEATHER = frozenset("rain raining snow snowing dark late cold hot warm".split())
_IS = frozenset("is was be it's isn't wasn't be".split())


def slots(question: str) -> list[Slot]:
    """The places of a question that stand for something said before, in order.

    Where a text has questions and statements, only its questions have places: what is told beside
    a question is not searched for.
    """
    words = word_list(question)
    found = [slot for i in range(len(words)) if (slot := _slot(question, words, i))]
    spans = asking_spans(question)
    if all(bare(question[start:end]) for start, end in spans):
        return found
    return [
        slot
        for slot in found
        if any(start <= slot.start < end and not _told(question[:start]) for start, end in spans)
    ]


def _told(earlier: str) -> bool:
    """Whether what is told before a question speaks of something, which it may well be about."""
    return any(not mention.leaning for mention in mentions(earlier))


def put_in(question: str, slot: Slot, text: str, *, many: bool) -> str:
    """The question with a text in a slot; ``many``: the text stands for more than one.

    The verb next to it agrees with it.

    >>> put_in("How are they treated?", slots("How are they treated?")[0], "flu", many=False)
    'How is flu treated?'
    """
    before, after = question[: slot.start], question[slot.end :]
    if slot.kind != "pronoun" or slot.possessive or many == (slot.number == "plural"):
        return f"{before}{text}{after}"
    forms = _MANY if many else _ONE
    verb = _VERB_BEFORE.search(before)
    if verb and verb[1].lower() in forms:
        form = forms[verb[1].lower()]
        form = form.capitalize() if verb[1][0].isupper() else form
        before = f"{before[: verb.start(1)]}{form} "
    elif not verb and (later := _VERB_AFTER.match(after)):
        after = f" {forms.get(later[1], later[1])}{after[later.end() :]}"
    return f"{before}{text}{after}"


_MANY = {"is": "are", "was": "were", "does": "do", "has": "have"}
_ONE = {many: one for one, many in _MANY.items()}
_VERB_BEFORE = re.compile(
    r"(?:^|[.?!,;:]\s+|\b(?:and|but|so|what|why|how|when|where|who|long|often|much|many|old)\s+)"
    r"(\w+)\s+$",
    re.IGNORECASE,
)
_VERB_AFTER = re.compile(r"\s+(is|are|was|were|has|have)\b")


def _slot(question: str, words: Sequence[Word], i: int) -> Slot | None:
    word = words[i]
    lower = word.lower
    if lower in _PRONOUNS:
        return _pronoun(question, words, i)
    if lower in _POINTING:
        return _pointing(words, i)
    if lower in ("one", "ones"):
        return _one(words, i)
    if lower == "there" and i and i + 1 == len(words) and words[i - 1].lower not in AUXILIARIES:
        return Slot(word.start, word.end, "there", before="in ")
    return None


def _pronoun(question: str, words: Sequence[Word], i: int) -> Slot | None:
    word = words[i]
    number, possessive, person = _PRONOUNS[word.lower]
    if word.lower in ("it", "it's") and expletive(words, i):
        return None
    if _named_before(question, words, i, person, possessive):
        return None
    end = word.end
    if word.lower == "it's":
        end = word.start + 2
    if word.lower == "her":
        possessive = i + 1 < len(words) and words[i + 1].lower not in FUNCTION_WORDS
    female = word.lower in ("she", "her")
    return Slot(word.start, end, "pronoun", number, possessive, person, female=female)


def _named_before(
    question: str, words: Sequence[Word], i: int, person: bool, possessive: bool
) -> bool:
    """Whether the question itself says earlier what its pronoun stands for.

    What is acted on is not who acts: "what places are known for them" are other things. Number does
    not count: where something is named, it is likelier than anything of another question.
    """
    earlier = question[: words[i].start]
    if not possessive and not _CLAUSE.search(earlier):
        return False
    return any(
        (mention.proper or not person) and not mention.leaning for mention in mentions(earlier)
    )


_CLAUSE = re.compile(
    r"[,;:.?!]|\b(?:and|but|or|when|if|because|while|that|who|which|before|after)\b"
)


def _pointing(words: Sequence[Word], i: int) -> Slot | None:
    word = words[i]
    after = words[i + 1].lower if i + 1 < len(words) else None
    before = words[i - 1].lower if i else None
    number: Number = "plural" if word.lower in ("these", "those") else "singular"
    if after is None or (after in AUXILIARIES and before is None):
        return Slot(word.start, word.end, "pronoun", number)
    if before in AUXILIARIES and (is_verb(after) or after in PREDICATES | {"for", "with"}):
        return Slot(word.start, word.end, "pronoun", number)
    return None


def _one(words: Sequence[Word], i: int) -> Slot | None:
    word = words[i]
    before = words[i - 1].lower if i else ""
    after = words[i + 1].lower if i + 1 < len(words) else ""
    if word.lower == "one" and (before not in _CHOOSING and before in FUNCTION_WORDS):
        return None
    if before in _NUMBERED or after == "of":
        return None
    number: Number = "plural" if word.lower == "ones" else "singular"
    return Slot(word.start, word.end, "one", number)


_NUMBERED = frozenset("which first second third last other two three these those by".split())
_CHOOSING = frozenset("another what".split())


def expletive(words: Sequence[Word], i: int) -> bool:
    """Whether "it" stands for nothing before: "is it safe to …", "how long does it take to …"."""
    after = [word.lower for word in words[i + 1 :]]
    if _weather(after):
        return True
    if words[i].lower == "it" and after[:1] and after[0] in _IS | {"will", "would"}:
        after = after[1:]
    if not after:
        return False
    later = after[1:]
    if (
        after[0] in EVALUATIVE
        or after[0] in _TAKES
        or (after[0] in ("so", "very", "really", "like", "ever", "that", "more") and later)
    ):
        for k, word in enumerate(later):
            if word in ("that", "if", "when", "whether"):
                return True
            if word == "to" and len(later) > k + 2:
                return True
        return False
    return False
