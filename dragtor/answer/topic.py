"""Whether a sentence that shares words with a question is about the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dragtor.answer.answerability import names
from dragtor.answer.evidence import heading, spelled_out
from dragtor.answer.traits import weight
from dragtor.text import STOP_WORDS, content_stems, stems
from dragtor.types import Evidence, Span

ASIDE = 0.05
"""What is taken off a sentence that lacks what the question's words are titles of elsewhere."""
MOSTLY = 0.7
"""Share of the question's words from which such a sentence is about another thing."""
OTHER = 0.3
"""What is taken off one about another grade, other people, or not what the question names."""
_GROUPS = tuple(
    frozenset(stems(line.split()))
    for line in (
        "child children kid kids infant baby toddler boy girl son daughter teen teenager teenage "
        "adolescent youth young junior paediatric pediatric",
        "pregnant pregnancy postpartum",
        "elderly senior geriatric",
    )
)
"""People of whom something else holds than of everybody."""
_VALUES = {
    word: value
    for names_ in (
        "i ii iii iv v vi vii viii ix x",
        "one two three four five six seven eight nine ten",
        "1 2 3 4 5 6 7 8 9 10",
    )
    for value, word in enumerate(names_.split(), start=1)
}
_VALUE = "|".join(sorted(_VALUES, key=len, reverse=True))
_RANK = re.compile(
    rf"\b([^\W\d]{{3,}})\s(?:({_VALUE})\b)(?:(?:,|\s?[-–]|\sto|\sand|\sor)\s?({_VALUE})\b)?",
    re.IGNORECASE,
)


def strangeness(question: str, evidence: Sequence[Evidence]) -> list[float]:
    """What is to be taken off the relevance of each sentence that is about something else."""
    above = [_above(item) for item in evidence]
    asked = {stem: weight(stem) for stem in sorted(set(content_stems(question)))}
    titled = asked.keys() & frozenset[str]().union(*above)
    unnamed = _without_the_named(question, evidence)
    others = _of_others(frozenset(asked), evidence, above)
    ranks = dict(_ranks(question))
    losses = []
    for item, over in zip(evidence, above, strict=True):
        lacking = titled - over
        lacking = lacking.difference(content_stems(item.text)) if lacking else lacking
        aside = sum(asked[stem] for stem in lacking) / sum(asked.values()) if lacking else 0.0
        other = (
            aside >= MOSTLY
            or item.hit.document.id in unnamed
            or (item.hit.passage.id, item.span) in others
            or _another_rank(ranks, item.text)
        )
        losses.append(ASIDE * aside + OTHER * other)
    return losses


def _above(item: Evidence) -> frozenset[str]:
    return frozenset(content_stems(f"{item.hit.document.title} {heading(item)}"))


def _without_the_named(question: str, evidence: Sequence[Evidence]) -> set[str]:
    """Documents that hold nothing the question names, where another one does."""
    named = set(names(question))
    texts: dict[str, set[str]] = {}
    for item in evidence:
        said = f"{item.hit.document.title} {item.hit.passage.text}"
        held = named.intersection([*content_stems(said), *spelled_out(question, said)])
        texts.setdefault(item.hit.document.id, set()).update(held)
    return {id for id, held in texts.items() if not held} if any(texts.values()) else set()


def _of_others(
    asked: frozenset[str], evidence: Sequence[Evidence], above: Sequence[frozenset[str]]
) -> set[tuple[str, Span]]:
    """Sentences not about the people the question is about, where others are."""
    wanted = frozenset[str]().union(*(group for group in _GROUPS if group.intersection(asked)))
    theirs = {
        (item.hit.passage.id, item.span)
        for item, over in zip(evidence, above, strict=True)
        if wanted and not wanted.isdisjoint([*over, *content_stems(item.text)])
    }
    everybody = {(item.hit.passage.id, item.span) for item in evidence}
    return everybody - theirs if theirs else set()


def _ranks(text: str) -> Iterator[tuple[str, range]]:
    """Things that are counted off, with their numbers: grade II, types 1 to 3, week four."""
    for noun, first, last in _RANK.findall(text):
        if noun.lower() not in STOP_WORDS:
            low = _VALUES[first.lower()]
            high = _VALUES[last.lower()] if last else low
            yield stems([noun.lower()])[0], range(low, high + 1)


def _another_rank(asked: dict[str, range], text: str) -> bool:
    """Whether a text speaks of the things asked for, but of none with the number asked for."""
    if not asked:
        return False
    said = [(noun, values) for noun, values in _ranks(text) if noun in asked]
    return bool(said) and not any(asked[noun][0] in values for noun, values in said)
