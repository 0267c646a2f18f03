"""Follow-ups made into questions of their own by a language model, and by rules where it fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from dragtor.answer import trace
from dragtor.answer.english import AUXILIARIES, FUNCTION_WORDS, QUESTION_WORDS
from dragtor.answer.leaning import ELLIPTIC, bare, last_sentence, leaning_phrase, more
from dragtor.answer.pronouns import slots
from dragtor.answer.script import Script
from dragtor.errors import EngineError
from dragtor.interfaces import LanguageModel, Rewriter
from dragtor.log import logger
from dragtor.text import content_stems, words
from dragtor.types import Prompt, Rewritten, Step, Turn, Usage

TURNS = 4
ANSWER_CHARS = 240
"""How much of each earlier answer the model reads."""
MORE_WORDS = 16
"""How many words a rewrite may have beyond those of the question."""
_TOKENS_A_WORD = 3


class ModelRewriter:
    """Fits :class:`dragtor.interfaces.Rewriter`.

    What the model writes counts only if it keeps the question's content and adds nothing that the
    conversation does not hold; else the rules' rewrite does. They decide alone what to ask back.

    Parameters
    ----------
    make_model
        The model, when a follow-up needs it; None for the rules alone.
    rules
        What stands in for the model.
    prompt
        Holds ``{conversation}`` and ``{question}``.
    """

    def __init__(
        self, make_model: Callable[[], LanguageModel | None], rules: Rewriter, prompt: str
    ) -> None:
        self._make_model = make_model
        self._rules = rules
        self._script = Script.parse("rewrite", prompt, "conversation", "question")

    def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """See Rewriter."""
        by_rules = self._rules.rewrite(question, history)
        if by_rules.clarify or not history or history[-1].asked_back:
            return by_rules
        model = self._make_model()
        if model is None:
            return by_rules
        text, steps = reworded(model, self._script, question, history[-TURNS:])
        if text is None or not holds(question, text, history):
            logger.debug("rewrite: the model's {!r} does not hold", text)
            return replace(by_rules, steps=steps)
        by: Literal["asked", "model"] = "model" if text != question else "asked"
        return Rewritten(text, by, steps=steps)


def holds(question: str, rewrite: str, history: Sequence[Turn]) -> bool:
    """Whether a rewrite keeps what the question says, and adds only what was said before.

    What the question left open has to be said, and what it asks has to stay: its kind, its
    negations, and the order of its words, so that no comparison is turned round.
    """
    if not rewrite.strip() or "\n" in rewrite or _left_open(question, rewrite):
        return False
    if not _asks_the_same(question, rewrite):
        return False
    if len(words(rewrite)) > len(words(question)) + MORE_WORDS:
        return False
    asked, written = _content(question), _content(rewrite)
    said = asked.union(*(_content(f"{turn.standalone} {turn.answer}") for turn in history))
    return asked <= written <= said


def _left_open(question: str, rewrite: str) -> bool:
    """Whether a question leans on others, and its rewrite still does."""
    return _open(question) and _open(rewrite)


def _open(text: str) -> bool:
    leans = bare(text) or more(text) or leaning_phrase(text)
    return bool(slots(text) or leans or ELLIPTIC.match(text))


def _asks_the_same(question: str, rewrite: str) -> bool:
    short = bare(question) or ELLIPTIC.match(question)  # what is asked stands in another question
    if question.rstrip().endswith("?") and not rewrite.rstrip().endswith("?"):
        return False
    if not short and _kind(question) != _kind(rewrite):
        return False
    if len(_NOT.findall(question)) != len(_NOT.findall(rewrite)) and not short:
        return False
    return bool(short) or _in_order(question, rewrite)


def _kind(question: str) -> str:
    """The word that asks, "yes or no" for an auxiliary at the start, "" for none."""
    said = [word for word in words(last_sentence(question)) if word not in ("and", "but", "so")]
    if said and said[0] in AUXILIARIES:
        return "yes or no"
    return next((word for word in said if word in QUESTION_WORDS), "")


def _in_order(question: str, rewrite: str) -> bool:
    """Whether a question's content words keep their order, and stay behind its "than"."""
    written = iter(_stems_of(rewrite))
    if not all(stem in written for stem in _stems_of(question)):
        return False
    _, _, asked = question.lower().partition(" than ")
    _, _, kept = rewrite.lower().partition(" than ")
    return set(_stems_of(asked)) <= set(_stems_of(kept))


def _stems_of(text: str) -> list[str]:
    return content_stems(" ".join(w for w in words(text) if w not in FUNCTION_WORDS))


_NOT = re.compile(r"\b(?:not|never|no|without|cannot)\b|n['’]t\b", re.IGNORECASE)


def _content(text: str) -> set[str]:
    return set(_stems_of(text))


def reworded(
    model: LanguageModel, script: Script, question: str, history: Sequence[Turn]
) -> tuple[str | None, tuple[Step, ...]]:
    """What the model makes of a question, unchecked; None where it fails or has no room.

    The steps are what it was asked and said.
    """
    messages = script.messages(conversation=_shown(history), question=question)
    room = _TOKENS_A_WORD * (len(words(question)) + MORE_WORDS)
    tokens = model.count(messages)
    if tokens + room > model.context_tokens:
        return None, ()
    asked = trace.asked("rewrite", Prompt(messages, (), tokens))
    started = time.perf_counter()
    try:
        items = list(model.stream(messages, room))
    except EngineError as error:
        logger.debug("rewrite: {}", error)
        return None, (asked, Step("decision", "rewrite", {"failed": str(error)}))
    text = "".join(item for item in items if isinstance(item, str))
    usage = sum((item for item in items if isinstance(item, Usage)), Usage())
    said = trace.replied("rewrite", text, time.perf_counter() - started, usage)
    bare_text = text.strip().removeprefix("Last question:").strip().strip('"“”')
    return bare_text, (asked, said)


def _shown(history: Sequence[Turn]) -> str:
    lines = []
    for turn in history:
        lines.append(f"User: {turn.standalone}")
        if answer := " ".join(turn.answer.split())[:ANSWER_CHARS]:
            lines.append(f"Assistant: {answer}")
    return "\n".join(lines)
