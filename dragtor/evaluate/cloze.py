"""Questions made of sentences by rules that keep them grammatical.

They ask for what one sentence says, mostly in its own words: easier than what people ask, and more
so for a search by words. What no rule fits gives no question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dragtor.answer.english import (
    FUNCTION_WORDS,
    GENERIC,
    VERBS,
    is_leaning,
    is_plural,
    is_relational,
    is_verb,
)
from dragtor.text import content_stems, words

LEAST, MOST = 6, 35
"""Words of a sentence that questions are made of."""
_MOST_OF_SUBJECT = 8
_AUXILIARY = "is|are|was|were|can|could|should|must|will|may|might"
_UNIT = r"(?:seconds|minutes|hours|days|weeks|months|years)"
_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen"
    r"|twenty|thirty|forty|fifty|half an?|several)"
)
_ABOUT = r"(?:(?:about|around|at least|at most|up to|more than|less than|only)\s)?"
_AMOUNT = rf"{_ABOUT}(?:an?|{_NUMBER})(?:(?:\sto\s|\sor\s|\s?[-–]\s?){_NUMBER})?\s"
_FOR = re.compile(rf"\s+for\s{_AMOUNT}(?:(?:{_UNIT})|half an? year|an? (?:day|week|month|year))\b")
_WITHIN = re.compile(rf"\s+(in|within|after)\s{_AMOUNT}({_UNIT})\b(?!\sof)")
_SHARE = re.compile(rf"^{_ABOUT}\d[\d.,]*\s?(?:%|per ?cent) of (?P<rest>.+)$", re.IGNORECASE)
_BECAUSE = re.compile(r",?\s+because\s+(?!of\b)")
_CLAUSE = re.compile(
    r"\s*[;:()–—]|,\s|\s(?:which|that|who|whose|where|when|while|if|although|but|because)\s"
)
_GOES_ON = re.compile(
    r"(?:and (?=it |they |the |a )|but|so|which|where|when|while|because|although|if|with|as"
    r"|in which|for (?:example|instance))\b"
)
"""What begins another clause behind a comma."""
_DEFINES = re.compile(r"an?\s|the (?!one )(?:[\w-]+\s){0,3}[\w-]+ (?:of|in|between|that|which)\s")
_MARKER = re.compile(r"^(?:[-*+•·]|\d{1,3}[.)])\s+")
_NUMBERED = re.compile(r"[IVX]+\b|\d|[A-Z]")
_PEOPLE = frozenset(
    """adults authors children climbers coaches doctors experts patients people physicians
    physiotherapists researchers scientists surgeons therapists trainers""".split()
)
_COUNTED = re.compile(
    rf"^(?:{_NUMBER}|most|many|some|all|few|both)\s|^\S+ (?:[IVX]+|\d+|[a-z])$", re.IGNORECASE
)
"""Of which things, or of what, is told by what stands before: "most patients", "grade II"."""
_HOW_TO = re.compile(r"how to (?P<rest>.+)", re.IGNORECASE)
_TOLD = re.compile(
    rf"(?P<opening>why|how|when|where) (?P<subject>.+?) (?P<verb>{_AUXILIARY}) (?P<rest>.+)",
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


@dataclass(frozen=True, slots=True)
class _Clause:
    """A main clause: subject, the verb that turns a question about, and the rest."""

    subject: str
    verb: str
    rest: str
    auxiliary: bool

    def asked(self, opening: str, rest: str) -> str:
        """As a question that begins with so many words: "how long", "why"."""
        if self.auxiliary:
            return f"{opening} {self.verb} {self.subject} {rest}"
        do = "do" if self.verb in VERBS else "does"
        return f"{opening} {do} {self.subject} {_base(self.verb)} {rest}"


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
        subject = _decapitalised(found["subject"], "")
        yield f"{found['opening']} {found['verb']} {subject} {found['rest']}"
    elif is_relational(heading.lower()):
        topic = re.split(r"[:;,.!?|(–—]|\s-\s", title)[0].strip()
        if 1 < len(words(topic)) <= 4 and not FUNCTION_WORDS.intersection(words(topic)):
            are = "are" if is_plural(heading.lower()) else "is"
            yield f"what {are} the {heading.lower()} of {_decapitalised(topic, '')}"


def _put(questions: Iterable[str], unclear: frozenset[str]) -> Iterator[str]:
    for question in questions:
        asked = " ".join(question.split())
        asked = f"{asked[:1].upper()}{asked[1:]}?"
        if _clear(asked, unclear):
            yield asked


def _made(sentence: str, text: str) -> Iterator[str]:
    if share := _SHARE.match(sentence):
        yield f"what share of {_first_clause(share['rest'])}"
        return
    clause = _clause(sentence, text)
    if clause is None:
        return
    for rule in _RULES:
        yield from rule(clause)


def _clause(sentence: str, text: str) -> _Clause | None:
    """The clause that a sentence begins with, where its parts can be told apart."""
    found = re.match(rf"(?P<subject>.+?)\s(?P<verb>{_AUXILIARY})\s(?P<rest>.+)$", sentence)
    simple = _main_verb(sentence)
    if found and (simple is None or len(found["subject"]) < len(simple[0])):
        parts, auxiliary = (found["subject"], found["verb"], found["rest"]), True
    elif simple:
        parts, auxiliary = simple, False
    else:
        return None
    subject = parts[0]
    if not _is_subject(subject):
        return None
    return _Clause(_decapitalised(subject, text), parts[1], parts[2], auxiliary)


def _main_verb(sentence: str) -> tuple[str, str, str] | None:
    """Subject, verb and rest of a sentence in the present tense, where number agrees."""
    tokens = sentence.split(" ")
    for at in range(1, min(len(tokens) - 1, _MOST_OF_SUBJECT + 1)):
        word, before = tokens[at], tokens[at - 1].lower()
        third = word.endswith("s") and _base(word) in VERBS and word not in VERBS
        if (third and not is_plural(before)) or (word in VERBS and is_plural(before)):
            return " ".join(tokens[:at]), word, " ".join(tokens[at + 1 :])
    return None


def _is_subject(subject: str) -> bool:
    """Whether it is a short noun phrase that says by itself what it is about."""
    tokens = words(subject)
    content = [word for word in tokens if word not in FUNCTION_WORDS]
    if not tokens or len(tokens) > _MOST_OF_SUBJECT or not content:
        return False
    if _COUNTED.search(subject):
        return False
    if re.search(r"[,;:()\"“”]", subject) or _CLAUSE.search(f" {subject} "):
        return False
    if tokens[0] in FUNCTION_WORDS - {"the", "a", "an"}:
        return False
    if tokens[-1] in FUNCTION_WORDS or any(is_verb(word) for word in tokens[:-1]):
        return False
    if GENERIC.intersection(content) or is_leaning(content[-1]):
        return bool(re.search(r"\d|[A-Z]{2}", subject))
    return len(content) > 1 or tokens[0] != "the"


def _definition(clause: _Clause) -> Iterator[str]:
    short = len(words(clause.subject)) <= 4
    if clause.verb in ("is", "are") and short and _DEFINES.match(clause.rest):
        yield f"what {clause.verb} {clause.subject}"


def _duration(clause: _Clause) -> Iterator[str]:
    rest = _first_clause(clause.rest)
    if clause.auxiliary and re.search(r"\bto\b", rest):
        return  # which of the two verbs it belongs to is not known
    if found := _FOR.search(f" {rest}"):
        yield clause.asked("how long", f" {rest}"[: found.start()] + f" {rest}"[found.end() :])
    if found := _WITHIN.search(f" {rest}"):
        left = f" {rest}"[: found.start()] + f" {rest}"[found.end() :]
        yield clause.asked(f"{found[1]} how many {found[2]}", left)


def _reason(clause: _Clause) -> Iterator[str]:
    before, because, _ = _cut(clause.rest, _BECAUSE)
    if because and not _CLAUSE.search(before):
        yield clause.asked("why", before)


def _subject(clause: _Clause) -> Iterator[str]:
    """What can, what reduces: the subject is what is asked for."""
    rest = _first_clause(clause.rest)
    modal = clause.auxiliary and clause.verb in ("can", "could", "may", "might")
    simple = clause.verb in _SUBJECT_VERBS and " and " not in rest
    if (modal or simple) and len(content_stems(rest)) >= 3:
        asked = "who" if _PEOPLE.intersection(words(clause.subject)) else "what"
        yield f"{asked} {clause.verb} {rest}"


def _whether(clause: _Clause) -> Iterator[str]:
    """Yes or no, which a person would ask where the sentence says what holds."""
    rest = _first_clause(clause.rest)
    denied = re.search(r"\b(?:not|no|never)\b", rest)
    named = re.match(r"(?:the|one|what|which|who)\b|an? (?:\w+ )?(?:one|set|example)\b", rest)
    if clause.auxiliary and not denied and not named and len(content_stems(rest)) >= 2:
        yield f"{clause.verb} {clause.subject} {rest}"


_RULES: tuple[Callable[[_Clause], Iterator[str]], ...] = (
    _reason,
    _duration,
    _definition,
    _subject,
    _whether,
)


def _clear(question: str, unclear: frozenset[str]) -> bool:
    """Whether a question stands by itself, and asks for something."""
    tokens = words(question)
    if not tokens or tokens[-1] in FUNCTION_WORDS - {"on", "off", "out", "up", "down"}:
        return False
    return not unclear.intersection(tokens) and bool(content_stems(question))


def _first_clause(text: str) -> str:
    """What stands before the next clause; nothing where a list may go on behind a comma."""
    before, at, after = _cut(text, _CLAUSE)
    return "" if at.startswith(",") and not _GOES_ON.match(after) else before


def _cut(text: str, at: re.Pattern[str]) -> tuple[str, str, str]:
    """What stands before the first match, the match, and what stands behind it."""
    found = at.search(text)
    if found is None:
        return text, "", ""
    return text[: found.start()], found[0], text[found.end() :]


def _decapitalised(subject: str, text: str) -> str:
    """The subject as it stands within a sentence: only names keep their capital."""
    first, _, more = subject.partition(" ")
    lower = first[:1].lower() + first[1:]
    if lower in FUNCTION_WORDS:
        return lower + subject[len(first) :]
    within = re.search(rf"[a-z,] {re.escape(first)}\b", text)
    named = within or _NUMBERED.match(more) or first[1:] != first[1:].lower() or "'" in first
    return subject if named else lower + subject[len(first) :]


def _base(verb: str) -> str:
    """The base form of a verb in the third person.

    >>> _base("heals"), _base("carries"), _base("reaches")
    ('heal', 'carry', 'reach')
    """
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        base = verb.removesuffix(ending) + instead
        if verb.endswith(ending) and base in VERBS:
            return base
    return verb
