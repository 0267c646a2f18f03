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
from dragtor.answer.ellipsis import completed, of_topic
from dragtor.answer.english import plural, singular
from dragtor.answer.leaning import ELLIPTIC, leaning_phrase, more, small_talk
from dragtor.answer.mentions import Mention, mentions
from dragtor.answer.pronouns import Slot, put_in, slots
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
SINGULAR_FOR_PLURAL, PLURAL_FOR_SINGULAR = 0.7, 0.45
UNLIKELY = 0.2
UNANSWERED = 0.5
"""What is left of the weight of a phrase in a question that got no answer to show."""
TOO_FAR = 0.4
"""Below this weight a phrase is no topic any more, nor, as it agrees, what a pronoun means."""
MOST_TURNS = 8

_WHO = re.compile(r"who (?:is|was)\b", re.IGNORECASE)
_DOER = re.compile(r"who (?!is\b|was\b)\w+", re.IGNORECASE)
"""Asks for somebody who is not named: "who wrote it?"."""
_HE = re.compile(r"\b(?:he|him|his)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(?:she|hers?)\b", re.IGNORECASE)
_DO = re.compile(
    r"(?:\b(?:i|you|we|they|one|people|to|can|could|should)\s+do|\bdoing)\s+$", re.IGNORECASE
)
_PEOPLE = re.compile(r"^(?:\w+ )?(?:where|when|how|why|what) (?:do|did) $", re.IGNORECASE)
"""Before "they", which may be people in general: "where do they grow tea?"."""
_TOGETHER = re.compile(r"\b(?:together|apart|differ|each other|between them|both)\b", re.IGNORECASE)
"""Only more than one thing can be so."""


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
        before = [turn for turn in history if topical(turn)]
        if self._resolve and before and text == question:
            text = resolved(question, before[-MOST_TURNS:])
        if text != question:
            return Rewritten(text, "rules")
        back = question_back(question) if self._clarify and not before else None
        return Rewritten(question, clarify=back)


def topical(turn: Turn) -> bool:
    """Whether a turn says what later ones may be about: no greeting, nor a question asked back."""
    return not (turn.asked_back or small_talk(turn.question)) and bool(mentions(turn.standalone))


def resolved(question: str, before: Sequence[Turn]) -> str:
    """A question that can be understood without the questions before it, oldest first."""
    if text := completed(question, before):
        return text
    own = {stem for mention in mentions(question) for stem in mention.stems}
    if found := slots(question):
        return _replaced(question, found, _candidates(before, FADING, AGAIN), own)
    if more(question) or leaning_phrase(question):
        return _with_topic(question, _candidates(before, TOPIC_FADING, TOPIC_AGAIN), own)
    return question


@dataclass
class _Candidate:
    """A noun phrase by its latest mention; ``weight`` says how much it is at the centre.

    ``person`` is what it was called, "he", "she" or "who"; "" for what is nobody or unknown, and
    "nobody" for what a person is asked after with.
    """

    mention: Mention
    weight: float
    person: str


def _candidates(before: Sequence[Turn], fading: float, again: float) -> list[_Candidate]:
    """Noun phrases of earlier questions, the heaviest first."""
    found: dict[tuple[str, ...], _Candidate] = {}
    kept = 1.0
    for age, turn in enumerate(reversed(before)):
        for candidate in _candidates_of(turn):
            candidate.weight *= kept * (1.0 if turn.shown else UNANSWERED)
            seen = found.setdefault(candidate.mention.stems, candidate)
            if seen is not candidate:
                more = min(seen.weight + (again if age else 0.0), MOST)
                seen.weight = max(candidate.weight, seen.weight, more)
                seen.person = max(seen.person, candidate.person, key=_certain)
        kept *= fading if turn.rewritten else fading * SHIFT
    return sorted(found.values(), key=lambda candidate: -candidate.weight)


def _candidates_of(turn: Turn) -> list[_Candidate]:
    asked = set(content_stems(turn.question))
    found, covered = [], 0
    for mention in sorted(mentions(turn.standalone), key=lambda one: (one.start, -one.end)):
        taken_over = turn.rewritten is not None and not asked.intersection(mention.stems)
        taken_over = taken_over and mention.end > covered
        covered = max(covered, mention.end)
        named = bool(ELLIPTIC.match(turn.question)) and asked.issuperset(mention.stems)
        weight = CARRIED if taken_over or named else ROLES[mention.role]
        weight *= LEANING if mention.leaning else 1.0
        person = _person(turn, taken_over) if mention.proper else ""
        found.append(_Candidate(mention, weight, person))
    return found


def _person(turn: Turn, taken_over: bool) -> str:
    if taken_over and _SHE.search(turn.question):
        return "she"
    if taken_over and _HE.search(turn.question):
        return "he"
    if _WHO.match(turn.standalone):
        return "who"
    return "nobody" if _DOER.match(turn.standalone) else ""


def _certain(person: str) -> int:
    return ["", "nobody", "who", "he", "she"].index(person)


def _antecedent(slot: Slot, candidates: Sequence[_Candidate], own: set[str]) -> Mention | None:
    """What a slot stands for; ``own`` are the stems of its own question. None: nobody known."""
    fits = [(one.weight * _agreement(slot, one, own), -i) for i, one in enumerate(candidates)]
    best, place = max(fits, default=(0.0, 0))
    return candidates[-place].mention if best >= TOO_FAR else None


def _agreement(slot: Slot, candidate: _Candidate, own: set[str]) -> float:
    mention, factor = candidate.mention, 1.0
    if slot.number == "plural" and not mention.plural:
        factor *= SINGULAR_FOR_PLURAL
    if slot.number == "singular" and mention.plural:
        factor *= PLURAL_FOR_SINGULAR
    if (slot.kind == "one" and mention.leaning) or own.issuperset(mention.stems):
        factor *= UNLIKELY
    known = candidate.person in ("who", "he", "she")
    if not slot.person:
        return factor * (UNLIKELY if known else 1.0)
    other = "he" if slot.female else "she"
    thing = mention.compound or not mention.proper or (mention.article and not known)
    if thing or candidate.person in ("nobody", other):
        return 0.0
    return factor * (2.0 if known else 1.0)


def _replaced(
    question: str, found: Sequence[Slot], candidates: Sequence[_Candidate], own: set[str]
) -> str:
    text = question
    named: set[str] = set()
    chosen = []
    apart = bool(_TOGETHER.search(question)) or any(
        slot.kind == "pronoun" and slot.number == "singular" for slot in found
    )
    for slot in found:
        mention = _antecedent(slot, candidates, own)
        if mention is None or (slot.possessive and mention.text in named):
            continue
        single = slot.kind == "pronoun" and slot.number == "plural" and not mention.plural
        if single and (apart or (own and _PEOPLE.match(question[: slot.start]))):
            continue
        if not _DO.search(question[: slot.start]):  # "do it": a deed, and no thing
            named.add(mention.text)
            chosen.append((slot, mention))
    for slot, mention in reversed(chosen):
        many = mention.plural or _made_plural(slot, mention)
        text = put_in(text, slot, _filled(slot, mention), many=many)
    return text


def _made_plural(slot: Slot, mention: Mention) -> bool:
    return slot.number == "plural" and mention.article in ("a", "an")


def _filled(slot: Slot, mention: Mention) -> str:
    """The phrase in the form that its place asks for."""
    text = mention.text
    if slot.kind == "one":
        return _singular(text) if slot.number == "singular" else plural(text)
    if _made_plural(slot, mention):
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
    phrase = leaning_phrase(question)
    several = phrase is not None and phrase.head.startswith("difference")
    for candidate in candidates:
        mention = candidate.mention
        if several and not mention.plural:
            continue
        if candidate.weight >= TOO_FAR and not own.issuperset(mention.stems):
            return of_topic(question, f"{mention.article} {mention.text}".strip())
    return question
