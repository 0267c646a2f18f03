"""Citations at the ends of sentences, asked of the model itself while it writes.

Where a sentence has ended, the model reads " [" for a moment, the likeliest number from 1 to n is
taken from its own logits, and the " [" is forgotten again before it writes on. So the words are
those it would write anyway, a marker costs one evaluation (none where there is one passage only),
and no grammar slows down all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dragtor.text import sentences

MOST = 99
"""The largest number in a marker."""

_CLOSING = r"[\"'”’»)*_]*"
_MARKERS = r"(?:[ \t]?\[[^\[\]\n]{1,40}\])*"
_END = re.compile(
    rf"[.!?…]+{_CLOSING}{_MARKERS}(?=\s)"
    # Scripts without spaces between sentences: the next character shows that it is over.
    r"|[。！？]+[」』”]*(?=[^」』”。！？])"
    r"|(?<=\S)(?=\n)"
)
_OWN = re.compile(r"\[[^\[\]]*?(\d{1,2})[^\[\]]*\]\W*\Z")
_CODE = re.compile(r"`+[^`]*`+")
_NO_CLAIM = re.compile(r"\s*#{1,6}\s|.*:[*_]*\s*\Z", re.DOTALL)
"""Headings, and lead-ins such as "It is:"."""


@dataclass
class SentenceEnds:
    """Finds where a marker is due in a text that comes in pieces.

    It is due where a sentence ends (a full stop, question or exclamation mark that white space
    follows, unless the sentencex library sees an abbreviation or the like), and where a line ends.
    It is not in code between backticks, after headings, lead-ins ("It is:") and lone numbers, nor
    where the model wrote a marker from [1] to [``passages``] itself.
    """

    passages: int
    _tail: str = ""
    _in_code: bool = False

    def feed(self, piece: str) -> int | None:
        """How far into the piece a sentence goes on that is due a marker there, if there is one."""
        text = self._tail + piece
        known = len(self._tail)
        self._tail = text
        for found in _END.finditer(text):
            end = found.end()
            if end < known or not self._is_end(text, end):
                continue
            due = self._is_due(text[:end])
            self._in_code = self._code_at(text[:end])
            self._tail = text[end:]
            return end - known if due else None
        return None

    def finish(self) -> bool:
        """Whether what the model ended with is due a marker."""
        return not self._code_at(self._tail) and self._is_due(self._tail)

    def _is_end(self, text: str, end: int) -> bool:
        following = text[end:]
        if self._code_at(text[:end]) or following.lstrip(" \t").startswith("["):
            return False
        if not following[:1].isspace() or following.startswith("\n"):
            return True
        whole = text if following.strip() else f"{text[:end]} The"
        return any(span.end == end for span in sentences(whole))

    def _is_due(self, sentence: str) -> bool:
        if not any(map(str.isalpha, _CODE.sub("", sentence))) or _NO_CLAIM.match(sentence):
            return False
        own = _OWN.search(sentence)
        return not (own and 1 <= int(own[1]) <= self.passages)

    def _code_at(self, text: str) -> bool:
        return self._in_code ^ bool(text.count("`") % 2)


class Citer:
    """Puts a marker to each sentence of an answer while a model writes it.

    ``llama`` is the ``llama_cpp.Llama`` that writes; all calls come between two of its tokens.
    """

    def __init__(self, llama: Any, passages: int) -> None:  # noqa: ANN401
        self._llama = llama
        self._tree = marker_tree(llama, passages)
        self._ends = SentenceEnds(passages)

    def marked(self, text: str) -> str:
        """What was written just now, with a marker where one is due in it."""
        due = self._ends.feed(text)
        return text if due is None else f"{text[:due]}{self._marker()}{text[due:]}"

    def last(self) -> str:
        """The marker that is due at the end of the model's turn, if there is one."""
        return self._marker() if self._ends.finish() else ""

    def _marker(self) -> str:
        number = likeliest(self._llama, self._tree)
        return f" [{number}]" if number else ""


@dataclass(slots=True)
class Markers:
    """The tokens of the markers " [1]" to " [n]" as a tree; ``number`` stands at its leaves."""

    children: dict[int, Markers] = field(default_factory=dict)
    number: int = 0

    def add(self, tokens: Sequence[int], number: int) -> None:
        """Put in the tokens of one marker."""
        node = self
        for token in tokens:
            node = node.children.setdefault(token, Markers())
        node.number = number


def marker_tree(llama: Any, passages: int) -> Markers:  # noqa: ANN401
    """The markers as this model's own tokenizer writes them after a sentence."""
    root = Markers()
    # Some tokenizers put a space before whatever comes first.
    lead = llama.tokenize(b".", add_bos=False, special=False)
    for number in range(1, min(passages, MOST) + 1):
        tokens = llama.tokenize(f". [{number}]".encode(), add_bos=False, special=False)
        if tokens[: len(lead)] == lead:
            root.add(tokens[len(lead) :], number)
    return root


def likeliest(llama: Any, tree: Markers) -> int | None:  # noqa: ANN401
    """The number the model would rather write than any other after what it has read.

    ``None`` where the context is full. What it has read is afterwards what it was before.
    """
    import llama_cpp

    before = llama.n_tokens
    unread: list[int] = []
    node = tree
    try:
        while node.children:
            choice = list(node.children)
            if len(choice) > 1:
                if llama.n_tokens + len(unread) >= llama.n_ctx():
                    return None
                if unread:
                    llama.eval(unread)
                    unread = []
                logits = llama_cpp.llama_get_logits_ith(llama.ctx, -1)
                choice.sort(key=lambda token: -logits[token])
            unread.append(choice[0])
            node = node.children[choice[0]]
        return node.number or None
    finally:
        # The next evaluation drops what lies beyond; no token may be drawn before it.
        llama.n_tokens = before
        llama._requires_eval = True
