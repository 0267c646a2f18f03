"""The main clause of an English sentence, where its parts can be told apart by rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dragtor.answer.english import (
    AUXILIARIES,
    FUNCTION_WORDS,
    GENERIC,
    NOUNS_OR_VERBS,
    VERBS,
    is_leaning,
    is_plural,
    is_verb,
)
from dragtor.text import words

_MOST_OF_SUBJECT = 8
AUXILIARY = "is|are|was|were|can|could|should|must|will|may|might"
_AND = re.compile(r"\s(?:and|or|but|yet)\s")
NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen"
    r"|twenty|thirty|forty|fifty|half an?|several)"
)
CLAUSE = re.compile(
    r"\s*[;:()–—]|,\s|\s(?:which|that|who|whose|where|why|when|while|if|although|but|because)\s"
)
_GOES_ON = re.compile(
    r"(?:and (?=it |they |the |a )|but|so|which|where|when|while|because|although|if|with|as"
    r"|in which|for (?:example|instance))\b"
)
"""What begins another clause behind a comma."""
_LEADING = frozenset("since until despite among although because whereas per like due".split())
"""What begins a sentence and no subject, beside function words."""
_COUNTED = re.compile(
    rf"^(?:{NUMBER}|most|many|some|all|few|both)\s|^\S+ (?:[IVX]+|\d+|[a-z])$", re.IGNORECASE
)
"""Of which things, or of what, is told by what stands before: "most patients", "grade II"."""
_PAST = frozenset(
    """came gave got had kept made said began bought brought built chose fell felt gave held knew
    known led lost meant met paid ran saw seen sold spent spoke taken taught thought told took went
    won worn wore written wrote gone done born eaten driven chosen grown drawn broken stolen heard
    left""".split()
)
"""Forms among the verbs that are no base forms."""
_BASES = VERBS - _PAST


@dataclass(frozen=True, slots=True)
class Clause:
    """A main clause: subject, the verb that turns a question about, and the rest."""

    subject: str
    verb: str
    rest: str
    auxiliary: bool

    def asked(self, opening: str, rest: str) -> str:
        """As a question that begins with so many words: "how long", "why"."""
        if self.auxiliary:
            return f"{opening} {self.verb} {self.subject} {rest}"
        do = "do" if self.verb in _BASES else "does"
        return f"{opening} {do} {self.subject} {_base(self.verb)} {rest}"


def clause_of(sentence: str, text: str) -> Clause | None:
    """The clause that a sentence begins with, where its parts can be told apart."""
    found = re.match(rf"(?P<subject>.+?)\s(?P<verb>{AUXILIARY})\s(?P<rest>.+)$", sentence)
    simple = _main_verb(sentence)
    if found and (simple is None or len(found["subject"]) < len(simple[0])):
        parts, auxiliary = (found["subject"], found["verb"], found["rest"]), True
    elif simple:
        parts, auxiliary = simple, False
    else:
        return None
    subject = parts[0]
    if not _is_subject(subject) or _two_clauses(parts[2]):
        return None
    return Clause(decapitalised(subject, text), parts[1], parts[2], auxiliary)


def _two_clauses(rest: str) -> bool:
    """Whether another verb seems to follow behind an "and", which a question would not turn."""
    _, _, after = cut(cut(rest, CLAUSE)[0], _AND)
    finite = AUXILIARIES | NOUNS_OR_VERBS
    return any(
        word in finite or word.removesuffix("s") in finite or word.endswith("ed") or is_verb(word)
        for word in words(after)
    )


def _main_verb(sentence: str) -> tuple[str, str, str] | None:
    """Subject, verb and rest of a sentence in the present tense, where number agrees."""
    tokens = sentence.split(" ")
    for at in range(1, min(len(tokens) - 1, _MOST_OF_SUBJECT + 1)):
        word, before = tokens[at], tokens[at - 1].lower()
        third = word.endswith("s") and _base(word) in _BASES and word not in _BASES
        if (third and not is_plural(before)) or (word in _BASES and is_plural(before)):
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
    if tokens[0].endswith("ed") and FUNCTION_WORDS.intersection(tokens[1:2]):
        return False  # "based in Berlin the firm"
    if re.search(r"[,;:()\"“”]", subject) or CLAUSE.search(f" {subject} "):
        return False
    if tokens[0] in (FUNCTION_WORDS | _LEADING) - {"the", "a", "an"}:
        return False
    if tokens[-1] in FUNCTION_WORDS or any(is_verb(word) for word in tokens[:-1]):
        return False
    if GENERIC.intersection(content) or is_leaning(content[-1]):
        return bool(re.search(r"\d|[A-Z]{2}", subject))
    return len(content) > 1 or tokens[0] != "the"


def first_clause(text: str) -> str:
    """What stands before the next clause; nothing where a list may go on behind a comma."""
    before, at, after = cut(text, CLAUSE)
    return "" if at.startswith(",") and not _GOES_ON.match(after) else before


def cut(text: str, at: re.Pattern[str]) -> tuple[str, str, str]:
    """What stands before the first match, the match, and what stands behind it."""
    found = at.search(text)
    if found is None:
        return text, "", ""
    return text[: found.start()], found[0], text[found.end() :]


def decapitalised(subject: str, text: str) -> str:
    """The subject as it stands within a sentence: only names keep their capital."""
    first, _, more = subject.partition(" ")
    lower = first[:1].lower() + first[1:]
    if lower in FUNCTION_WORDS:
        return lower + subject[len(first) :]
    within = re.search(rf"[a-z,] {re.escape(first)}\b", text)
    alone = not more and bool(text) and not re.search(rf"\b{re.escape(lower)}\b", text)
    named = within or alone or re.search(r"\d|[A-Z]", first[1:] + more) or "'" in first
    return subject if named else lower + subject[len(first) :]


def _base(verb: str) -> str:
    """The base form of a verb in the third person.

    >>> _base("heals"), _base("carries"), _base("reaches")
    ('heal', 'carry', 'reach')
    """
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        base = verb.removesuffix(ending) + instead
        if verb.endswith(ending) and base in _BASES:
            return base
    return verb
