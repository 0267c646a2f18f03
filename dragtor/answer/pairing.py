"""Which words of a sentence go together: what is denied, what a number counts, whose side is whose.

Two sentences may hold the same words and say the opposite: "tape a healing finger, not a healthy
one". Here a sentence is cut into clauses at its punctuation and conjunctions, and its words are
compared by the company they keep. There is no parser: each check is held to what is plain, and says
nothing where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dragtor.answer.numbers import NUMBER_WORDS, plain_number
from dragtor.answer.opposites import sides_of
from dragtor.text import STOP_WORDS, stems

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_][\w'’]*|[,;:.)—–%]")
_BREAKS = frozenset(", ; : . ) — – but while whereas although though because".split())
_LINKS = frozenset(("and", "or"))
_JOINS = _LINKS | {"to", "–", ","}
_NARROW = frozenset("no without lack lacks lacking absence avoid avoids avoided avoiding".split())
_WIDE = frozenset("not never none nor neither nobody nothing cannot hardly rarely".split())
_AGAINST = re.compile(r"advis|recommend|warn|caution|decid|argu|speak|spoke")
_MOST = 80
"""Words of a sentence that are compared: pairs grow with their square."""
_REACH = {"narrow": 3, "wide": 6}
"""Words that a "no" or a "not" denies at most, in the same clause."""
_UNITS = {
    stem: number
    for number, names in enumerate(
        (
            "second s sec",
            "minut min",
            "hour h",
            "day",
            "week",
            "month",
            "year",
            "percent % per",
            "mg milligram",
            "g gram",
            "kg kilogram kilo",
            "mm millimetr millimet",
            "cm centimetr centimet",
            "m metr meter",
            "km kilometr kilomet mile",
            "degre °",
        )
    )
    for stem in names.split()
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word that carries meaning, or a number, in its clause."""

    stem: str
    clause: int
    part: int
    """Of the sentence: clauses, cut at "and" and "or" as well."""
    than: int
    """0 before "than", 1 in the clause after it, 2 further on."""
    denied: bool
    unit: int | None
    """Of a number, where one follows it."""
    sides: frozenset[int]

    @property
    def is_number(self) -> bool:
        """Whether it is written in digits."""
        return self.stem[0].isdigit()


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a sentence in text order."""
    tokens = [_plain(token.lower().replace("’", "'")) for token in _TOKEN.findall(text)]
    roots = stems(tokens)
    return tuple(_words(tokens, roots))


def _plain(token: str) -> str:
    """Numbers in digits; but "one", which is rarely meant as a number."""
    if token[0].isdigit():
        return plain_number(token)
    return token if token == "one" else NUMBER_WORDS.get(token, token)


def _words(tokens: Sequence[str], roots: Sequence[str]) -> Iterator[Word]:
    clause = part = reach = 0
    than = 0
    for place, (token, root) in enumerate(zip(tokens, roots, strict=True)):
        if token in _BREAKS:
            clause, part, reach, than = clause + 1, part + 1, 0, 2 * (than > 0)
        elif token in _LINKS:
            part += 1
        elif token == "than":
            than = 1
        elif denies := _denies(tokens, place):
            reach = max(reach, denies)
        elif sides_of(token) or token[0].isdigit() or token not in STOP_WORDS:
            unit = _unit(tokens, roots, place) if token[0].isdigit() else None
            yield Word(root, clause, part, than, reach > 0, unit, sides_of(token))
            reach -= reach > 0


def _denies(tokens: Sequence[str], place: int) -> int:
    """How many words after this one it denies."""
    token = tokens[place]
    if token in _NARROW:
        return _REACH["narrow"]
    if token == "not" and tokens[place + 1 : place + 2] == ["only"]:
        return 0
    if token == "against" and place and _AGAINST.match(tokens[place - 1]):
        return _REACH["wide"]
    return _REACH["wide"] if token in _WIDE or token.endswith("n't") else 0


def _unit(tokens: Sequence[str], roots: Sequence[str], place: int) -> int | None:
    """The unit after a number, or after the range or list of numbers that it opens."""
    for token, root in zip(tokens[place + 1 :], roots[place + 1 :], strict=True):
        if not (token[0].isdigit() or token in _JOINS):
            return _UNITS.get(root, _UNITS.get(token))
    return None


def at_odds(claim: Sequence[Word], sources: Sequence[Sequence[Word]]) -> bool:
    """Whether a claim's words keep other company than in what is cited.

    ``sources`` are sentences, the one that says most first.
    """
    claim, sources = claim[:_MOST], [source[:_MOST] for source in sources]
    first = sources[0]
    return (
        denied_otherwise(claim, sources)
        or units_differ(claim, sources)
        or sided_otherwise(claim, first)
        or any(
            check(claim, source)
            for source in sources
            for check in (counted_otherwise, crossed, mixed, compared_otherwise)
        )
    )


def denied_otherwise(claim: Sequence[Word], sources: Sequence[Sequence[Word]]) -> bool:
    """Whether one denies words that the other says."""
    flat = [word for source in sources for word in source]
    denied, said = _split(claim)
    source_denied, source_said = _split(flat)
    first_denied, _ = _split(sources[0])
    known = denied & (source_denied | source_said)
    if known and not known & source_denied:
        return True
    unsaid = (first_denied & (denied | said)) - source_said
    return bool(unsaid) and not unsaid & denied


def _split(words: Iterable[Word]) -> tuple[frozenset[str], frozenset[str]]:
    words = list(words)
    denied = frozenset(word.stem for word in words if word.denied)
    return denied, frozenset(word.stem for word in words if not word.denied)


def units_differ(claim: Sequence[Word], sources: Sequence[Sequence[Word]]) -> bool:
    """Whether a number has another unit than in the first sentence cited that holds it."""
    for word in claim:
        if word.unit is not None:
            units = ([w.unit for w in source if w.stem == word.stem] for source in sources)
            found = next(filter(None, units), [])
            if found and None not in found and word.unit not in found:
                return True
    return False


def counted_otherwise(claim: Sequence[Word], source: Sequence[Word]) -> bool:
    """Whether most of what a number counts stands with another number of its unit instead."""
    company = _company(source)
    for number in (word for word in claim if word.unit is not None):
        rivals = {w.stem for w in source if w.unit == number.unit} - {number.stem}
        beside = _beside(claim, number)
        own = {stem for stem in beside if number.stem in company.get(stem, ())}
        away = {stem for stem in beside - own if rivals & company.get(stem, set())}
        if len(away) > len(own):
            return True
    return False


def sided_otherwise(claim: Sequence[Word], source: Sequence[Word]) -> bool:
    """Whether what follows a side word belongs elsewhere in a source that takes both sides."""
    both = {side for word in source for side in word.sides}
    for place, word in enumerate(claim):
        after = {w.stem for w in claim[place + 1 :] if w.clause == word.clause}
        for side in word.sides:
            if {side, side ^ 1} <= both:
                own, other = _of_side(source, side), _of_side(source, side ^ 1)
                away = {w.stem for w in source} & after - own
                own = (own & after) - other
                if len(away) > len(own):
                    return True
    return False


def _of_side(source: Sequence[Word], side: int) -> set[str]:
    """Words of the clauses of a side word, but those that follow its opposite there."""
    clauses = {word.clause for word in source if side in word.sides}
    found, clause, last = set(), -1, side
    for word in source:
        if word.clause != clause:
            clause, last = word.clause, side
        if not word.sides.isdisjoint((side, side ^ 1)):
            last = side if side in word.sides else side ^ 1
        if clause in clauses and last == side:
            found.add(word.stem)
    return found


def crossed(claim: Sequence[Word], source: Sequence[Word]) -> bool:
    """Whether two pairs of words have changed partners: a b and c d there, a d and c b here."""
    theirs, ours = _company(source, parts=True), _company(claim, parts=True)
    shared = ours.keys() & theirs.keys()
    lost = {stem: (ours[stem] - theirs[stem]) & shared for stem in shared}
    won = {stem: (theirs[stem] - ours[stem]) & shared for stem in shared}
    return any(
        lost[c] & won[a] for a in shared for b in lost[a] for c in won[b] if c != a and lost[c]
    )


def mixed(claim: Sequence[Word], source: Sequence[Word]) -> bool:
    """Whether a clause takes words of two clauses that say alike of different things."""
    theirs = _clauses(source)
    for clause in _clauses(claim):
        held = [own & clause for own in theirs]
        whole = frozenset[str]().union(*held)
        if whole == clause and any(
            one & other and one - other and other - one and one | other == whole
            for one in held
            for other in held
        ):
            return not any(own == whole for own in held)
    return False


def _clauses(words: Sequence[Word]) -> list[frozenset[str]]:
    found: dict[int, set[str]] = {}
    for word in words:
        found.setdefault(word.clause, set()).add(word.stem)
    return [frozenset(own) for own in found.values()]


def compared_otherwise(claim: Sequence[Word], source: Sequence[Word]) -> bool:
    """Whether what stands before and after "than" has changed places."""
    before, after = _around_than(claim)
    source_before, source_after = _around_than(source)
    return bool(after & source_before) and bool(before & source_after)


def _around_than(words: Sequence[Word]) -> tuple[set[str], set[str]]:
    """The stems that stand only before "than", and only after it."""
    before = {word.stem for word in words if word.than == 0}
    after = {word.stem for word in words if word.than == 1}
    return before - after, after - before


def _company(words: Sequence[Word], *, parts: bool = False) -> dict[str, set[str]]:
    """For each stem those that stand with it in a clause, or in a part of one."""
    found: dict[str, set[str]] = {}
    for word in words:
        own = {
            other.stem
            for other in words
            if (other.part == word.part if parts else other.clause == word.clause)
        }
        found.setdefault(word.stem, set()).update(own)
    return found


def _beside(words: Sequence[Word], number: Word) -> set[str]:
    own = {w.stem for w in words if w.clause == number.clause and not w.is_number}
    return own - _UNITS.keys()
