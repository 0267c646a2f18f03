"""Follow-ups made into questions of their own, by rules.

Pronouns are replaced by what they stand for, and a question that leans on what was said ("what are
the symptoms?") gets the topic it leans on: the noun phrase of the earlier questions that was most
at their centre, nearest, and agrees in number (after Lappin and Leass, 1994, without a parser). A
question that names its own topic is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dragtor.answer.clarify import combined, question_back
from dragtor.answer.english import AUXILIARIES, QUESTION_WORDS, plural, singular
from dragtor.answer.leaning import bare, leans
from dragtor.answer.mentions import Mention, mentions
from dragtor.answer.pronouns import Slot, slots
from dragtor.text import content_stems
from dragtor.types import Rewritten, Turn

FADING, TOPIC_FADING = 0.6, 0.75
"""How much of its weight a phrase keeps with each question that follows: as what a pronoun stands
for, and as what the conversation is about, which lasts longer."""
MOST = 0.94
"""What speaking of it again makes a phrase weigh at most: less than what is asked about now."""
SHIFT = 0.8
"""What more is lost with a question of its own, which may begin something new."""
ROLES = {"topic": 1.0, "subject": 0.95, "other": 0.6}
CARRIED = 1.0
"""Weight of what a question took over from those before it: it is what they are all about."""
LEANING = 0.3
"""Share of its weight that a phrase has which says little alone."""
AGAIN, TOPIC_AGAIN = 0.1, 0.2
"""What each further question that speaks of a phrase adds to its weight."""
SINGULAR_FOR_PLURAL, PLURAL_FOR_SINGULAR = 0.7, 0.4
UNLIKELY = 0.2
TOO_FAR = 0.4
"""Below this weight a phrase is no topic any more."""
MOST_TURNS = 8

_MORE = re.compile(r"\b(?:more|else)\W*$", re.IGNORECASE)
_UNDER = re.compile(
    r"(?:and|but|so|what about|how about|and what about)\s+"
    r"((?:after|at|before|during|for|from|in|on|when|while|with|without)\b.{2,}\?)",
    re.IGNORECASE | re.DOTALL,
)
"""The question before, under another condition: "and after a week?"."""
_END = re.compile(r"[\s?.!…]*$")
_WHO = re.compile(r"who (?:is|was)\b", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:he|she|him|his|her)\b", re.IGNORECASE)


class RuleRewriter:
    """Fits :class:`dragtor.interfaces.Rewriter`.

    Parameters
    ----------
    resolve
        Whether follow-ups are rewritten at all.
    clarify
        Whether to ask back where nothing says what a question is about.
    """

    def __init__(self, *, resolve: bool = True, clarify: bool = True) -> None:
        self._resolve = resolve
        self._clarify = clarify

    def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """See Rewriter."""
        text = question
        if history and history[-1].asked_back:
            text = combined(history[-1].standalone, question) or question
        before = [turn for turn in history if not turn.asked_back]
        if self._resolve and before and text == question:
            text = resolved(question, before[-MOST_TURNS:])
        if text != question:
            return Rewritten(text, "rules")
        back = question_back(question) if self._clarify and not before else None
        return Rewritten(question, clarify=back)


def resolved(question: str, before: Sequence[Turn]) -> str:
    """A question that can be understood without the questions before it, oldest first."""
    if bare(question):
        return f"{_END.sub('', question)}, {_lowered(before[-1].standalone)}"
    if under := _UNDER.fullmatch(question.strip()):
        return f"{_END.sub('', before[-1].standalone)} {under[1]}"
    own = {stem for mention in mentions(question) for stem in mention.stems}
    if found := slots(question):
        return _replaced(question, found, _candidates(before, FADING, AGAIN), own)
    if leans(question):
        return _with_topic(question, _candidates(before, TOPIC_FADING, TOPIC_AGAIN), own)
    return question


@dataclass
class _Candidate:
    """A noun phrase by its latest mention; ``weight`` says how much it is at the centre."""

    mention: Mention
    weight: float
    person: bool


def _candidates(before: Sequence[Turn], fading: float, again: float) -> list[_Candidate]:
    """Noun phrases of earlier questions, the heaviest first."""
    found: dict[tuple[str, ...], _Candidate] = {}
    kept = 1.0
    for age, turn in enumerate(reversed(before)):
        for candidate in _candidates_of(turn):
            candidate.weight *= kept
            seen = found.setdefault(candidate.mention.stems, candidate)
            if seen is not candidate:
                more = min(seen.weight + (again if age else 0.0), MOST)
                seen.weight = max(candidate.weight, seen.weight, more)
                seen.person = seen.person or candidate.person
        kept *= fading if turn.rewritten else fading * SHIFT
    return sorted(found.values(), key=lambda candidate: -candidate.weight)


def _candidates_of(turn: Turn) -> list[_Candidate]:
    asked = set(content_stems(turn.question))
    found, covered = [], 0
    for mention in sorted(mentions(turn.standalone), key=lambda one: (one.start, -one.end)):
        taken_over = turn.rewritten is not None and not asked.intersection(mention.stems)
        taken_over = taken_over and mention.end > covered
        covered = max(covered, mention.end)
        weight = CARRIED if taken_over else ROLES[mention.role]
        weight *= LEANING if mention.leaning else 1.0
        person = _WHO.match(turn.standalone) or (taken_over and _PERSON.search(turn.question))
        found.append(_Candidate(mention, weight, mention.proper and bool(person)))
    return found


def _antecedent(slot: Slot, candidates: Sequence[_Candidate], own: set[str]) -> Mention:
    """What a slot stands for; ``own`` are the stems of its own question."""
    return max(candidates, key=lambda one: one.weight * _agreement(slot, one, own)).mention


def _agreement(slot: Slot, candidate: _Candidate, own: set[str]) -> float:
    mention, factor = candidate.mention, 1.0
    if slot.number == "plural" and not mention.plural:
        factor *= SINGULAR_FOR_PLURAL
    if slot.number == "singular" and mention.plural:
        factor *= PLURAL_FOR_SINGULAR
    if (slot.kind == "one" and mention.leaning) or own.issuperset(mention.stems):
        factor *= UNLIKELY
    if not slot.person:
        return factor * (UNLIKELY if candidate.person else 1.0)
    if mention.compound or not mention.proper:
        factor *= UNLIKELY
    return factor * (2.0 if candidate.person else 1.0)


def _replaced(
    question: str, found: Sequence[Slot], candidates: Sequence[_Candidate], own: set[str]
) -> str:
    if not candidates:
        return question
    pieces, position = [], 0
    named: set[str] = set()
    for slot in found:
        mention = _antecedent(slot, candidates, own)
        if (slot.possessive and mention.text in named) or (slot.person and not mention.proper):
            continue
        named.add(mention.text)
        pieces += [question[position : slot.start], _filled(slot, mention)]
        position = slot.end
    return "".join([*pieces, question[position:]])


def _filled(slot: Slot, mention: Mention) -> str:
    """The phrase in the form that its place asks for."""
    text = mention.text
    if slot.kind == "one":
        return _singular(text) if slot.number == "singular" else plural(text)
    many = slot.number == "plural" and mention.article in ("a", "an")
    if many:
        text = plural(text)
    elif mention.article:
        text = f"{mention.article} {text}"
    if slot.possessive:
        text += "'" if text.endswith("s") and slot.number == "plural" else "'s"
    return f"{slot.before}{text}"


def _singular(phrase: str) -> str:
    rest, space, last = phrase.rpartition(" ")
    return f"{rest}{space}{singular(last)}"


def _with_topic(question: str, candidates: Sequence[_Candidate], own: set[str]) -> str:
    """The question with the heaviest phrase that it does not name itself."""
    for candidate in candidates:
        mention = candidate.mention
        if candidate.weight >= TOO_FAR and not own.issuperset(mention.stems):
            ends = _END.search(question)
            assert ends is not None, "it matches nothing at all, too"
            last = mentions(question)[-1:]
            link = "of" if last and last[0].leaning else "in"
            link = "about" if _MORE.search(question) else link
            topic = f"{mention.article} {mention.text}".strip()
            return f"{question[: ends.start()]} {link} {topic}{ends[0]}"
    return question


def _lowered(question: str) -> str:
    first, _, rest = question.partition(" ")
    asking = first.lower() in AUXILIARIES | QUESTION_WORDS
    return f"{first.lower()} {rest}" if asking else question
