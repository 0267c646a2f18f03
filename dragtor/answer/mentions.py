"""What a question speaks of: its noun phrases, found without a parser.

A phrase is a run of words between function words, verbs and punctuation; "X of Y" is one as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from dragtor.answer.english import (
    DETERMINERS,
    FUNCTION_WORDS,
    GENERIC,
    NOUNS_OR_VERBS,
    POSSESSIVES,
    PREDICATES,
    VERB_FOLLOWS,
    VERBS,
    is_leaning,
    is_plural,
    is_verb,
)
from dragtor.text import stems

Role = Literal["topic", "subject", "other"]

_WORD = re.compile(r"\w+(?:['’.\-]\w+)*")
_POSSESSIVE = re.compile(r"['’]s$|['’]$")
_TOPIC = re.compile(
    r"\b(?:tell me(?: more)? about|(?:what|who)(?:['’]s| is| are| was| were)|describe"
    r"|explain|how about|what about|talk about|learn about|information on)\s+$",
    re.IGNORECASE,
)
_STARTS = re.compile(r"(?:^|[.?!]\s+)$")
_ADVERB = re.compile(r"[a-z]{3,}ly$")
_COMPOUND = re.compile(r"\b(?:of|and|or)\b|['’]s?\s")
_TITLE = re.compile(r"[A-Z]\w+ and [A-Z]\w+")
"""One name, of a book or a rule of thumb: "Pride and Prejudice"."""
_PARTICIPLE = re.compile(r"[a-z]{2,}ed$")
_ADJECTIVE = re.compile(r"^[a-z]+(?:al|ic|ive|ous|ary)$")
_NO_ADVERBS = frozenset("family supply assembly anomaly butterfly jelly belly reply rally".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, ``lower`` without a possessive ending."""

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """In lower case, the apostrophe straight."""
        return self.text.lower().replace("’", "'")


@dataclass(frozen=True, slots=True)
class Mention:
    """A noun phrase where it stands in a text; ``text`` is without article and possessive ending.

    ``stems`` are those of its content words, the last of them that of its head.
    """

    text: str
    start: int
    end: int
    article: str
    stems: tuple[str, ...]
    role: Role

    @property
    def head(self) -> str:
        """The word that the phrase is about, in lower case."""
        return self.text.lower().partition(" of ")[0].split()[-1]

    @property
    def plural(self) -> bool:
        """Whether it stands for more than one."""
        return is_plural(self.head) or (" and " in self.text and not _TITLE.fullmatch(self.text))

    @property
    def proper(self) -> bool:
        """Whether it is a name."""
        return any(word[0].isupper() for word in self.text.split())

    @property
    def compound(self) -> bool:
        """Whether it is made of two phrases."""
        return bool(_COMPOUND.search(self.text)) and not _TITLE.fullmatch(self.text)

    @property
    def leaning(self) -> bool:
        """Whether it says little without what it belongs to, as "the main symptoms" does."""
        words = self.text.lower().partition(" of ")[0].split()
        return not self.proper and is_leaning(words[-1]) and all(map(_vague, words[:-1]))


def word_list(text: str) -> list[Word]:
    """The words of a text."""
    return [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text)]


def mentions(text: str) -> list[Mention]:
    """The noun phrases of a text, in order; "X of Y" and "Y's X" give themselves and their parts.

    Where X says little by itself, its role is Y's: "the symptoms of flu" are about flu.
    """
    words = word_list(text)
    runs = list(_runs(text, words))
    simple = [_mention(text, words, first, last) for first, last in runs]
    found = list(simple)
    for i, ((first, last), (second, end)) in enumerate(pairwise(runs)):
        link = _link(text, words[last], words[last + 1 : second], words[second])
        left, right = simple[i], simple[i + 1]
        if link in _JOINS:
            whole = _mention(text, words, first, end)
            tail = link == "'s" and is_leaning(right.head)
            found.append(replace(whole, role="other") if tail else whole)
        if link in _BELONGS and left.leaning:
            simple[i + 1] = found[i + 1] = replace(right, role=left.role)
        elif link in ("and", "or") and _ADJECTIVE.search(left.text):
            found[i] = replace(left, stems=())
    titles = [mention for mention in found if _TITLE.fullmatch(mention.text)]
    kept = [
        mention
        for mention in found
        if mention.stems and not any(_part_of(mention, title) for title in titles)
    ]
    return sorted(kept, key=lambda mention: (mention.start, mention.end))


def _part_of(mention: Mention, whole: Mention) -> bool:
    return mention != whole and whole.start <= mention.start and mention.end <= whole.end


_JOINS = frozenset(["of", "'s", "and", "or"])
_BELONGS = frozenset("of for in about to with between on against from around".split())


def _link(text: str, last: Word, between: Sequence[Word], following: Word) -> str | None:
    """The word by which a phrase is tied to the one before it."""
    if not between:
        tied = _POSSESSIVE.search(last.text) and not text[last.end : following.start].strip()
        return "'s" if tied else None
    tied = not text[last.end : following.start].strip(" ").count(",")
    rest = {word.lower for word in between[1:]}
    return between[0].lower if tied and rest <= DETERMINERS else None


def _vague(word: str) -> bool:
    return word in GENERIC or word in ("and", "or") or is_leaning(word)


def _runs(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """First and last word of each run of words that make a phrase."""
    first: int | None = None
    for i, word in enumerate(words):
        outside = _breaks(words, i)
        if first is not None:
            apart = text[words[i - 1].end : word.start].strip() != ""
            verb = _is_verb_here(words, first, i)
            if outside or verb or apart or _POSSESSIVE.search(words[i - 1].text):
                yield first, i - 1
                first = None
                outside = outside or verb
        if first is None and not outside:
            first = i
    if first is not None:
        yield first, len(words) - 1


def _is_verb_here(words: Sequence[Word], first: int, i: int) -> bool:
    """Whether a word that may be noun or verb is the verb of what began at ``first``."""
    if _PARTICIPLE.search(words[i].text) and words[i - 1].lower not in DETERMINERS:
        return True
    if words[i].text not in NOUNS_OR_VERBS:
        return False
    if i + 1 == len(words):
        return _after_auxiliary(words, first)
    following = words[i + 1].text
    if following in NOUNS_OR_VERBS or (following in VERBS and words[i].text != "help"):
        return False
    asked = first > 0 and words[first - 1].lower in ("what", "which")
    return _after_auxiliary(words, first) or asked


def _after_auxiliary(words: Sequence[Word], first: int) -> bool:
    """Whether a phrase is the subject of "does … ?", which a verb follows."""
    before = [word.lower for word in words[max(first - 2, 0) : first]]
    if before and before[-1] in DETERMINERS | POSSESSIVES:
        before.pop()
    return bool(before) and before[-1] in VERB_FOLLOWS


def _breaks(words: Sequence[Word], i: int) -> bool:
    """Whether a word stands outside of noun phrases."""
    word, before = words[i], words[i - 1].lower if i else ""
    lower = word.lower.removesuffix("'s")
    if lower in FUNCTION_WORDS or word.lower in FUNCTION_WORDS:
        return True
    if word.text[0].isupper() and i > 0:
        return False
    acted = before in _ACTORS or before == "not" or _done_to(before, words[i + 1 : i + 2])
    if acted or (_ACTING.search(lower) and _acts(words, i)):
        return True
    if _ADVERB.search(lower) and lower not in _NO_ADVERBS:
        return True
    after = words[i + 1].lower if i + 1 < len(words) else "is"
    if lower in PREDICATES and before not in DETERMINERS and after in FUNCTION_WORDS:
        return True
    if before == "how" or (before in ("what", "who", "to") and lower in NOUNS_OR_VERBS):
        return True
    if _PARTICIPLE.search(lower) and after in FUNCTION_WORDS:
        return True
    named = (
        before in DETERMINERS
        or before in POSSESSIVES
        or before in GENERIC
        or before in ("of", "some")
    )
    return is_verb(lower) and not named and not _inside_name(words, i, after)


def _done_to(before: str, following: Sequence[Word]) -> bool:
    """Whether a word is what is done to something: "to crack your knuckles"."""
    return before == "to" and any(w.lower in DETERMINERS | POSSESSIVES for w in following)


def _inside_name(words: Sequence[Word], i: int, after: str) -> bool:
    """Whether what may be a verb is part of a name: "what is a lumbrical shift syndrome?".

    A base form cannot be the verb of "a lumbrical" itself, and behind "what is" or a preposition
    none of another word is due before the phrase ends.
    """
    if words[i].lower not in VERBS or after in FUNCTION_WORDS:
        return False
    k = i - 1
    while k > 0 and words[k].lower not in FUNCTION_WORDS:
        k -= 1
    lead = [word.lower for word in words[max(k - 2, 0) : k]]
    led = lead[-1:] != [] and (lead[-1] in _BELONGS or lead in (["what", "is"], ["what", "was"]))
    return words[k].lower in ("a", "an") and k < i - 1 and led


def _acts(words: Sequence[Word], i: int) -> bool:
    """Whether a word in -ing is what somebody does, as in "purchasing a house"."""
    after = words[i + 1].lower if i + 1 < len(words) else ""
    if i > 0 and not after and is_verb(words[i - 1].lower):
        return True
    led = i > 0 and words[i - 1].lower in DETERMINERS | POSSESSIVES
    return not led and after in _OBJECTS


_ACTORS = frozenset("i you we they he she it be been".split())
_ACTING = re.compile(r"[a-z]{2,}ing$")
_OBJECTS = DETERMINERS | POSSESSIVES | frozenset("it them this that for at about into".split())


def _mention(text: str, words: Sequence[Word], first: int, last: int) -> Mention:
    before = words[first - 1].lower if first else ""
    article = before if before in DETERMINERS or before in ("my", "our") else ""
    lead = text[: words[first - 1].start if article else words[first].start]
    if _TOPIC.search(lead):
        role: Role = "topic"
    else:
        role = "subject" if not any(_content(word) for word in words[:first]) else "other"
    while last - first > 1 and words[first].text in GENERIC:
        first += 1
    start, end = words[first].start, words[last].end
    raw = _POSSESSIVE.sub("", text[start:end])
    if _STARTS.search(text[:start]) and raw[1:] == raw[1:].lower():
        raw = raw[0].lower() + raw[1:]
    parts = re.split(r"[^\w']+", raw.lower())
    content = [part for part in parts if part not in _EMPTY]
    if all(part.isdigit() for part in content):
        content = []
    return Mention(raw, start, start + len(raw), article, tuple(stems(content)), role)


_EMPTY = FUNCTION_WORDS | GENERIC | PREDICATES | {"", "s"}


def _content(word: Word) -> bool:
    return word.lower not in FUNCTION_WORDS and not is_verb(word.lower)
