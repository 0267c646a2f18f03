"""What is done to an answer while it is being written: markers taken out, repetition noticed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import dropwhile

from dragtor.text import words
from dragtor.types import Hint

_NUMBERS = r"(?:passages?\s{1,2})?\d{1,2}(?:\s?[,;]\s?(?:passage\s)?\d{1,2}){0,8}"
_MARKER = re.compile(rf"[ \t]{{0,3}}\[({_NUMBERS})\](?!\()", re.IGNORECASE)
# What may still become a marker: spaces, an open bracket, or a marker and what follows it.
_UNDECIDED = re.compile(r"[ \t]{0,3}(?:\[[^\[\]\n`]{0,80}\]?)?\Z")
_DIGITS = re.compile(r"\d+")
_SENTENCE_END = re.compile(r"[.!?:;]+[\"')\]]*\s+|[。！？；｡]+[\"'”’」』）)\]]*\s*|\n+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
"""Scripts that put no space between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
CHARACTERS_OF_A_WORD = 2
"""About as many of these make a word."""


@dataclass
class MarkerFilter:
    """Takes ``[1]``, ``[2, 3]`` and ``[Passage 1]`` out of a text that comes in pieces.

    Which passages bear a sentence out is found by reading them; what the model says is kept in
    ``hints``, for what it is worth. Code (between backticks) is left as it is. Leading white space
    is taken away as well.
    """

    hints: list[Hint] = field(default_factory=list)
    _held: str = ""
    _length: int = 0
    _in_code: bool = False

    def feed(self, piece: str) -> str:
        """The text that is settled by now; the rest is held back until more comes."""
        return self._take(self._held + piece, final=False)

    def finish(self) -> str:
        """What was held back."""
        return self._take(self._held, final=True)

    def _take(self, text: str, *, final: bool) -> str:
        cut = len(text)
        if not final:
            undecided = _UNDECIDED.search(text)
            cut = undecided.start() if undecided else cut
        ready, self._held = text[:cut], text[cut:]
        parts = re.split(r"(`)", ready)
        return "".join(self._settle(part) for part in parts if part)

    def _settle(self, part: str) -> str:
        if part == "`":
            self._in_code = not self._in_code
        elif not self._in_code:
            return self._without_markers(part)
        return self._counted(part)

    def _without_markers(self, part: str) -> str:
        clean = ""
        done = 0
        for marker in _MARKER.finditer(part):
            clean += self._counted(part[done : marker.start()])
            done = marker.end()
            numbers = {int(number) for number in _DIGITS.findall(marker.group(1))}
            self.hints.extend(Hint(self._length, number) for number in sorted(numbers))
        return clean + self._counted(part[done:])

    def _counted(self, text: str) -> str:
        kept = text if self._length else text.lstrip()
        self._length += len(kept)
        return kept


@dataclass
class RepetitionGuard:
    """Notices that a model has begun to say the same thing again, as small ones do.

    ``prompt_lead`` is how the question begins in the prompt: a line that begins like it is the
    prompt said again, with a question of the model's own.
    """

    prompt_lead: str = ""
    sentence_words: int = 4
    """Shorter sentences may come again, up to ``short_times``."""
    short_times: int = 3
    unit_chars: int = 40
    tail_chars: int = 160
    _text: str = ""
    _start: int = 0
    _seen: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def feed(self, piece: str) -> int | None:
        """Where the repetition begins in all the text so far, or None while there is none."""
        self._text += piece
        for end in list(_SENTENCE_END.finditer(self._text, self._start)):
            if self._said_before(end.start()):
                return self._start
            self._start = end.end()
        echo = self._text.find(f"\n{self.prompt_lead}") if self.prompt_lead else -1
        return echo if echo >= 0 else self._circling()

    def finish(self) -> int | None:
        """The same for the last sentence, which nothing follows."""
        return self._start if self._said_before(len(self._text)) else None

    def _said_before(self, end: int) -> bool:
        # The items of a list are the same, whatever their numbers.
        said = tuple(dropwhile(str.isdigit, words(self._text[self._start : end])))
        if not said:
            return False
        self._seen[said] += 1
        return self._seen[said] > (1 if self._is_long(said) else self.short_times)

    def _is_long(self, said: tuple[str, ...]) -> bool:
        unspaced = sum(map(len, _UNSPACED.findall("".join(said))))
        return len(said) + unspaced // CHARACTERS_OF_A_WORD >= self.sentence_words

    def _circling(self) -> int | None:
        """The start of a tail that is one short piece over and over, without any sentence end."""
        tail = self._text[-self.tail_chars :]
        if len(tail) < self.tail_chars:
            return None
        for period in range(1, self.unit_chars + 1):
            if tail[period:] == tail[:-period] and any(map(str.isalnum, tail[:period])):
                return len(self._text) - len(tail) + period
        return None
