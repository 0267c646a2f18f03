"""Questions made of sentences by rules that keep them grammatical.

They ask for what one sentence says, mostly in its own words: easier than what people ask, and more
so for a search by words. What no rule fits gives no question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from dragtor.answer.english import FUNCTION_WORDS, is_plural, is_relational
from dragtor.evaluate.clauses import (
    AUXILIARY,
    CLAUSE,
    NUMBER,
    Clause,
    clause_of,
    cut,
    decapitalised,
    first_clause,
)
from dragtor.text import content_stems, words

LEAST, MOST = 6, 35
"""Words of a sentence that questions are made of."""
_MOST_ASKED = 20
"""Words of a question: people ask no longer ones."""
_UNIT = r"(?:seconds|minutes|hours|days|weeks|months|years)"
_ABOUT = r"(?:(?:about|around|at least|at most|up to|more than|less than|only)\s)?"
_AMOUNT = rf"{_ABOUT}(?:an?|{NUMBER})(?:(?:\sto\s|\sor\s|\s?[-–]\s?){NUMBER})?\s"
_FOR = re.compile(rf"\s+for\s{_AMOUNT}(?:(?:{_UNIT})|half an? year|an? (?:day|week|month|year))\b")
_WITHIN = re.compile(rf"\s+(in|within|after)\s{_AMOUNT}({_UNIT})\b(?!\sof)")
_SHARE = re.compile(rf"^{_ABOUT}\d[\d.,]*\s?(?:%|per ?cent) of (?P<rest>.+)$", re.IGNORECASE)
_BECAUSE = re.compile(r",?\s+because\s+(?!of\b)")
_DEFINES = re.compile(r"an?\s|the (?!one )(?:[\w-]+\s){0,3}[\w-]+ (?:of|in|between|that|which)\s")
_MARKER = re.compile(r"^(?:[-*+•·]|\d{1,3}[.)])\s+")
_PEOPLE = frozenset(
    """adults authors children climbers coaches doctors experts patients people physicians
    physiotherapists researchers scientists surgeons therapists trainers""".split()
)
_HOW_TO = re.compile(r"how to (?P<rest>.+)", re.IGNORECASE)
_TOLD = re.compile(
    rf"(?P<opening>why|how|when|where) (?P<subject>.+?) (?P<verb>{AUXILIARY}) (?P<rest>.+)",
    re.IGNORECASE,
)
_UNCLEAR = frozenset(
    """it its this these those they them their he she his her him we us our i me my you your such
    former latter here there above below other others another same both neither each former then
    therefore also however thus hence instead himself herself itself themselves so""".split()
)
"""Words that lean on what stands around them; a question with one of them is not made."""
_READER = frozenset("i me my you your".split())
"""In a heading, they stand for whoever reads it."""
_SUBJECT_VERBS = frozenset(
    """reduces increases improves prevents causes protects requires allows helps keeps leads raises
    lowers slows supports speeds affects strengthens weakens contains produces occurs replaces
    determines explains""".split()
)


def questions_of(sentence: str, text: str = "") -> Iterator[str]:
    """Questions that a sentence answers, the better ones first.

    ``text`` is what it stands in, which tells a name from a word that begins the sentence.

    >>> list(questions_of("Grade II injuries heal in six weeks with a thermoplastic ring."))
    ['In how many weeks do Grade II injuries heal with a thermoplastic ring?']
    >>> list(questions_of("The A4 pulley is operated on, because the tendon cannot be guided."))
    ['Why is the A4 pulley operated on?']
    """
    if not LEAST <= len(words(sentence)) <= MOST or sentence[-1:] != ".":
        return
    plain = _MARKER.sub("", " ".join(sentence[:-1].split()))
    yield from _put(_made(plain, text), _UNCLEAR)


def questions_of_heading(heading: str, title: str) -> Iterator[str]:
    """Questions that what stands under a heading answers, in a document of this title.

    >>> list(questions_of_heading("Signs", "Finger pulley injuries: grades and taping"))
    ['What are the signs of finger pulley injuries?']
    >>> list(questions_of_heading("Why the crimp is the culprit", ""))
    ['Why is the crimp the culprit?']
    >>> list(questions_of_heading("How to warm up your fingers", ""))
    ['How do you warm up your fingers?']
    """
    yield from _put(_of_heading(" ".join(heading.split()), title), _UNCLEAR - _READER)


def _of_heading(heading: str, title: str) -> Iterator[str]:
    if heading.endswith("?"):
        yield heading[:-1] if len(words(heading)) > 2 else ""
    elif found := _HOW_TO.fullmatch(heading):
        yield f"how do you {found['rest']}"
    elif found := _TOLD.fullmatch(heading):
        subject = decapitalised(found["subject"], "")
        yield f"{found['opening']} {found['verb']} {subject} {found['rest']}"
    elif is_relational(heading.lower()):
        topic = re.split(r"[:;,.!?|(–—]|\s-\s", title)[0].strip()
        if 1 < len(words(topic)) <= 4 and not FUNCTION_WORDS.intersection(words(topic)):
            are = "are" if is_plural(heading.lower()) else "is"
            yield f"what {are} the {heading.lower()} of {decapitalised(topic, '')}"


def is_yes_or_no(question: str) -> bool:
    """Whether a question begins with its verb."""
    return re.match(rf"(?:{AUXILIARY})\s", question, re.IGNORECASE) is not None


def _put(questions: Iterable[str], unclear: frozenset[str]) -> Iterator[str]:
    for question in questions:
        asked = " ".join(question.split())
        asked = f"{asked[:1].upper()}{asked[1:]}?"
        if _clear(asked, unclear):
            yield asked


def _made(sentence: str, text: str) -> Iterator[str]:
    if share := _SHARE.match(sentence):
        yield f"what share of {first_clause(share['rest'])}"
        return
    clause = clause_of(sentence, text)
    if clause is None:
        return
    for rule in _RULES:
        yield from rule(clause)


def _definition(clause: Clause) -> Iterator[str]:
    short = len(words(clause.subject)) <= 4
    if clause.verb in ("is", "are") and short and _DEFINES.match(clause.rest):
        yield f"what {clause.verb} {clause.subject}"


def _duration(clause: Clause) -> Iterator[str]:
    rest = first_clause(clause.rest)
    if clause.auxiliary and re.search(r"\bto\b", rest):
        return  # which of the two verbs it belongs to is not known
    if found := _FOR.search(f" {rest}"):
        yield clause.asked("how long", f" {rest}"[: found.start()] + f" {rest}"[found.end() :])
    if found := _WITHIN.search(f" {rest}"):
        left = f" {rest}"[: found.start()] + f" {rest}"[found.end() :]
        yield clause.asked(f"{found[1]} how many {found[2]}", left)


def _reason(clause: Clause) -> Iterator[str]:
    before, because, _ = cut(clause.rest, _BECAUSE)
    if because and not CLAUSE.search(before):
        yield clause.asked("why", before)


def _subject(clause: Clause) -> Iterator[str]:
    """What can, what reduces: the subject is what is asked for."""
    rest = first_clause(clause.rest)
    modal = clause.auxiliary and clause.verb in ("can", "could", "may", "might")
    simple = clause.verb in _SUBJECT_VERBS and " and " not in rest
    if (modal or simple) and len(content_stems(rest)) >= 3:
        asked = "who" if _PEOPLE.intersection(words(clause.subject)) else "what"
        yield f"{asked} {clause.verb} {rest}"


def _whether(clause: Clause) -> Iterator[str]:
    """Yes or no, which a person would ask where the sentence says what holds."""
    rest = first_clause(clause.rest)
    denied = re.search(r"\b(?:not|no|never)\b", rest)
    named = re.match(r"(?:the|one|what|which|who)\b|an? (?:\w+ )?(?:one|set|example)\b", rest)
    if clause.auxiliary and not denied and not named and len(content_stems(rest)) >= 2:
        yield f"{clause.verb} {clause.subject} {rest}"


_RULES: tuple[Callable[[Clause], Iterator[str]], ...] = (
    _reason,
    _duration,
    _definition,
    _subject,
    _whether,
)


def _clear(question: str, unclear: frozenset[str]) -> bool:
    """Whether a question stands by itself, and asks for something."""
    tokens = words(question)
    if not 0 < len(tokens) <= _MOST_ASKED:
        return False
    if tokens[-1] in FUNCTION_WORDS - {"on", "off", "out", "up", "down"}:
        return False
    return not unclear.intersection(tokens) and bool(content_stems(question))
