"""The prompt: rules, numbered passages, the conversation so far, the question last.

What changes least stands first, so that a model that keeps what it read last reads only the rest:
the rules and passages begin the conversation, and the questions and answers follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dragtor.errors import ConfigError, QueryError
from dragtor.types import Excerpt, Message, Notice, Prompt, Turn

Count = Callable[[Sequence[Message]], int]
"""Tokens of a prompt, as the model that will read it counts them."""

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_KEPT_FOR_HISTORY = 3
"""Passages that are kept at the cost of older turns."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The texts of a prompt; words in braces are filled in, once, and other braces are left.

    ``system`` holds ``{refusal}``, ``context`` ``{passages}`` and ``question`` ``{question}``;
    ``refusal`` is the sentence that says that the sources hold no answer. Raises ConfigError
    where one of them does not.
    """

    system: str
    context: str
    question: str
    refusal: str

    def __post_init__(self) -> None:
        _check("system", self.system, "refusal")
        _check("context", self.context, "passages")
        _check("question", self.question, "question")
        if not self.refusal.strip():
            raise ConfigError("prompts.refusal is empty; give the sentence that refuses")
        if PLACEHOLDER.search(self.refusal):
            raise ConfigError(f"prompts.refusal takes no placeholder: {self.refusal!r}")


def build_prompt(
    question: str,
    excerpts: Sequence[Excerpt],
    history: Sequence[Turn],
    templates: Templates,
    count: Count,
    context_tokens: int,
    max_tokens: int,
) -> Prompt:
    """The prompt that holds as much as there is room for beside an answer of ``max_tokens``.

    Where there is too much, passages are left out from the end, then the oldest turns, and both
    are said. Raises QueryError where not even the question and one passage fit.
    """
    room = context_tokens - max_tokens
    sizes = _sizes(len(excerpts), len(history))

    def made(size: tuple[int, int]) -> tuple[Message, ...]:
        passages, turns = size
        return _messages(question, excerpts[:passages], history[len(history) - turns :], templates)

    low, high = 0, len(sizes) - 1
    while low < high:  # sizes shrink, so the first that fits is found by halving
        middle = (low + high) // 2
        if count(made(sizes[middle])) <= room:
            high = middle
        else:
            low = middle + 1
    messages = made(sizes[low])
    tokens = count(messages)
    if tokens > room:
        raise QueryError(_too_long(question, tokens, room, bool(excerpts), templates, count))
    return Prompt(messages, tuple(excerpts[: sizes[low][0]]), tokens, _said(sizes[0], sizes[low]))


def _sizes(passages: int, turns: int) -> list[tuple[int, int]]:
    """(passages, turns) from all to the least, in the order in which things are given up."""
    kept = min(passages, _KEPT_FOR_HISTORY)
    fewer_passages = [(number, turns) for number in range(passages, kept - 1, -1)]
    fewer_turns = [(kept, number) for number in range(turns - 1, -1, -1)]
    return fewer_passages + fewer_turns + [(number, 0) for number in range(kept - 1, 0, -1)]


def _said(wanted: tuple[int, int], got: tuple[int, int]) -> tuple[Notice, ...]:
    notices = []
    if got[0] < wanted[0]:
        text = f"only the first {got[0]} of {wanted[0]} passages fit into the model's context"
        notices.append(Notice("passages_dropped", text))
    if got[1] < wanted[1]:
        text = f"only the last {got[1]} of {wanted[1]} turns fit into the model's context"
        notices.append(Notice("turns_dropped", text))
    return tuple(notices)


def _too_long(
    question: str, tokens: int, room: int, passages: bool, templates: Templates, count: Count
) -> str:
    alone = count(_messages(question, (), (), templates))
    if passages and alone <= room:
        return (
            f"the question and its best passage have {tokens} tokens and the model takes {room};"
            " raise llm.context_tokens or lower split.max_tokens"
        )
    return (
        f"the question makes a prompt of {alone} tokens and the model takes {room};"
        " ask a shorter question"
    )


def _messages(
    question: str, excerpts: Sequence[Excerpt], history: Sequence[Turn], templates: Templates
) -> tuple[Message, ...]:
    system = filled(templates.system, {"refusal": templates.refusal})
    turns: list[Message] = []
    for turn in history:
        turns.append(Message("user", filled(templates.question, {"question": turn.question})))
        turns.append(Message("assistant", turn.answer))
    turns.append(Message("user", filled(templates.question, {"question": question})))
    if excerpts:
        numbered = "\n\n".join(_numbered(number, item) for number, item in enumerate(excerpts, 1))
        context = filled(templates.context, {"passages": numbered})
        turns[0] = Message("user", f"{context}\n\n{turns[0].content}")
    return (Message("system", system), *turns)


def _numbered(number: int, excerpt: Excerpt) -> str:
    title = " ".join(excerpt.hit.document.title.split())
    text = excerpt_text(excerpt)
    return f"[{number}] {title}\n{text}" if title else f"[{number}] {text}"


def excerpt_text(excerpt: Excerpt) -> str:
    """The excerpt's spans as they stand, an ellipsis for what is left out between them.

    What stood in another paragraph begins a line of its own.
    """
    text = excerpt.hit.passage.text
    pieces: list[str] = []
    end = None
    for span in excerpt.spans:
        if end is not None:
            pieces.append(" […]\n" if "\n\n" in text[end : span.start] else " […] ")
        pieces.append(text[span.start : span.end])
        end = span.end
    return "".join(pieces)


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders replaced; what is filled in is never looked at again."""
    return PLACEHOLDER.sub(lambda found: values.get(found.group(1), found.group()), template)


def _check(key: str, template: str, placeholder: str) -> None:
    found = set(PLACEHOLDER.findall(template))
    if placeholder not in found:
        raise ConfigError(f"prompts.{key} lacks {{{placeholder}}}: {template!r}")
    unknown = sorted(found - {placeholder})
    if unknown:
        raise ConfigError(f"prompts.{key} knows {{{placeholder}}}, not {{{unknown[0]}}}")
