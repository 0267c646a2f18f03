"""Whether a question without pronouns still leans on what was said before it."""

from __future__ import annotations

import re

from dragtor.answer.english import CARE, GENERIC, NOUNS_OR_VERBS, QUESTION_WORDS, is_relational
from dragtor.answer.mentions import Mention, mentions, word_list

_SENTENCE = re.compile(r"(?<=[.?!])\s+")
_ASKS = re.compile(
    r"(?:and|but|so|what|who|when|where|which|why|how|tell|show|give|describe|explain|list|name"
    r"|compare|any|is|are|was|were|do|does|did|can|could|should|will|would|may|has|have|had|am"
    r"|whose|whom|please)\b",
    re.IGNORECASE,
)
ELLIPTIC = re.compile(r"(?:(?:and|but|so|ok|okay),? )*(?:what|how) about\b|and\b", re.IGNORECASE)
_DEFINED = re.compile(r"what(?:['’]s| is| are)\s+\w+\W*$", re.IGNORECASE)
"""Asks what a thing is at all."""
_WORD_OF_TALK = (
    r"(?:ok(?:ay)?|cool|great|nice|wow|no|nope|nah|yes|yep|yeah|whatever|nothing|cancel|stop|none"
    r"|sorry|help|clear|quit|exit)"
)
_SMALL_TALK = re.compile(
    rf"(?:{_WORD_OF_TALK}\W+)*(?:(?:hi|hey|hello|hallo|good (?:morning|day|evening)|good ?bye|bye"
    r"|(?:many )?thank(?:s| you)|never ?mind"
    r"|forget (?:it|that|about it)|(?:i(?:['’]m| am) )?not sure"
    r"|(?:i have )?no idea|(?:i )?(?:do not|don['’]t) (?:know|care)|idk|dunno"
    rf"|it does(?: not|n['’]t) matter)\b|{_WORD_OF_TALK}?\W*$)",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\b(?:first|second|third|last|both|each|two|three|ones?)\b", re.IGNORECASE)
"""Points into a list that an answer gave: a topic would not say which."""
_OPEN = frozenset("the any some what which other another a an many much no".split())
"""What stands before a noun that is asked for, and not spoken of in general."""
_SHOWN = frozenset("this that these those".split())
_COMPLEMENT = re.compile(
    r"^\s+(?:of|for|that|which|who|between|in|to|with|on|at|from|after|before|during|when|if)\b"
)
_MORE = re.compile(
    r"(?:and |but |so |please |yes )*(?:(?:can|could) you )?(?:what else|anything else|go on|more"
    r"|(?:please )?(?:tell me|say|show me|explain)(?: a (?:bit|little))? more)(?: please)?\W*",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?:(?:and|but|so|ok|okay|for|then|exactly|not|else) )*(?:why|when|where|who|how"
    r"|how (?:long|often|many|much)|how (?:many|much) (?!\w+ (?:to|of|for|in)\b)\w+"
    r"|how (?:much|often|many \w+) (?:a|per|each|every) \w+)"
    r"(?: (?:exactly|not|else|then|so|earlier|later|again))*\W*",
    re.IGNORECASE,
)
"""A question word alone, or with what is counted: "and for how long?", "how many sets?"."""


def asks(text: str) -> bool:
    """Whether a text is a question or a request, and not a statement or an answer."""
    last = last_sentence(text)
    return last.endswith("?") or bool(_ASKS.match(last))


def asking_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences lie that ask; the whole text where none does."""
    found, start = [], 0
    for sentence in _SENTENCE.split(text):
        start = text.index(sentence, start)
        if asks(sentence):
            found.append((start, start + len(sentence)))
        start += len(sentence)
    return found or [(0, len(text))]


def last_sentence(text: str) -> str:
    """The last sentence, where the question mostly is."""
    return _SENTENCE.split(text.strip())[-1]


def small_talk(text: str) -> bool:
    """Whether a text greets, thanks or declines, and asks nothing.

    >>> small_talk("Thanks, that helps!"), small_talk("Thanks. How is it treated?")
    (True, False)
    """
    asking = asks(text) or any(word.lower in QUESTION_WORDS for word in word_list(text))
    return bool(_SMALL_TALK.match(text.strip())) and not asking


def bare(question: str) -> bool:
    """Whether a question is a question word alone: "And for how long?", "How many sets?"."""
    return bool(_BARE.fullmatch(question.strip()))


def more(question: str) -> bool:
    """Whether a question only asks for more: "tell me more", "what else?"."""
    last = last_sentence(question)
    return bool(_MORE.fullmatch(last)) and not _named(question[: question.rindex(last)])


def _named(text: str) -> bool:
    return any(not mention.leaning for mention in mentions(text))


def leaning_phrase(question: str) -> Mention | None:
    """What a question without pronouns asks for, where that is only of something: "the symptoms".

    It has to be all that the question names. What is spoken of in general ("what is surgery?"),
    has its own complement ("the symptoms of flu") or is one of a list ("the first cause") does not
    lean, nor does a noun that may be meant as it stands ("the weather", "the best hangboard").
    """
    last = last_sentence(question)
    start = question.rindex(last)
    if (
        not asks(last)
        or _LISTED.search(last)
        or any(not m.leaning for m in mentions(question[:start]))
    ):
        return None
    own = [mention for mention in mentions(question) if mention.start >= start]
    simple = [mention for mention in own if not mention.compound]
    if not simple or not all(_relational(question, mention) for mention in simple):
        return None
    if not any(_asked_for(question, mention) for mention in simple):
        return None
    return None if _COMPLEMENT.match(question[own[-1].end :]) else own[-1]


def _relational(question: str, mention: Mention) -> bool:
    shown = _word_before(question, mention) in _SHOWN and mention.head not in NOUNS_OR_VERBS
    return mention.leaning and (shown or is_relational(mention.head))


def _asked_for(question: str, mention: Mention) -> bool:
    """Whether a noun is asked for as something's own, and not spoken of in general."""
    if _word_before(question, mention) in _OPEN | _SHOWN | GENERIC:
        return True
    whole = mention.text.lower() in CARE
    return bool(ELLIPTIC.match(last_sentence(question))) or (whole and not _DEFINED.match(question))


def _word_before(question: str, mention: Mention) -> str:
    before = word_list(question[: mention.start])
    return before[-1].lower if before else ""
