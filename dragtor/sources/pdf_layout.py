"""From the lines of a PDF page, with their places, to paragraphs and headings.

A PDF knows where glyphs lie, not what a paragraph is. Lines are taken in the order of the file,
which is the reading order in practice, and joined where a typesetter would have broken a line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

SOFT_HYPHEN = "\x02"
"""Where a word was broken over two lines (pdfium's own sign for it)."""
CELL = " | "
"""What stands between two cells of a table row."""

_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’)\]]*$")
_LIST_ITEM = re.compile(r"^(?:[•●▪◦‣∙·*–-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_CLOSING = tuple(",.;:!?)]}’”%")
_WORD_BREAK = re.compile(rf"([\w-]+){SOFT_HYPHEN}(\w*)")
_WORD = re.compile(r"\w+(?:-\w+)*")
_CELL_GAP = 1.5
_HEADING_RATIO = 1.15
_HEADING_LENGTH = 150
_MOST_HEADINGS = 0.3
_RUNNING_PAGES = 3
_EDGE_SHARE = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page in points, from the lower left corner; it may run over a word break.

    ``x0``, ``top`` and ``base`` belong to its first character, ``x1``, ``end_top`` and
    ``end_base`` to its last. ``size`` is the height of its characters. The cells of a table row
    are separated by ``CELL``.
    """

    text: str
    x0: float
    top: float
    base: float
    x1: float
    end_top: float
    end_base: float
    size: float


@dataclass(frozen=True, slots=True)
class Block:
    """Joined lines. ``after`` is what separates it from the block before on the same page."""

    text: str
    size: float
    after: str = "\n\n"


@dataclass(frozen=True, slots=True)
class _Page:
    """Whole lines of a page, their usual distance, and the size of its plain text."""

    lines: Sequence[Line]
    pitch: float
    size: float


def blocks_of(lines: Sequence[Line]) -> list[Block]:
    """Paragraphs of one page."""
    if not lines:
        return []
    lines = _whole_lines(lines)
    page = _Page(lines, _pitch(lines), median(line.size for line in lines))
    blocks: list[Block] = []
    previous: Line | None = None
    for line in lines:
        joiner = "\n\n" if previous is None else _between(previous, line, page)
        if joiner in ("", " ") and blocks:
            last = blocks[-1]
            blocks[-1] = replace(last, text=_join(last.text, line.text, joiner))
        else:
            text = f"| {line.text} |" if CELL in line.text else line.text
            blocks.append(Block(text, line.size, joiner))
        previous = line
    return blocks


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Pages without the headers, footers and page numbers that most of them repeat."""
    edges = [_edges(lines) for lines in pages]
    seen = Counter(key for page in edges for key in {_running_key(line) for line in page})
    often = max(_RUNNING_PAGES, (len(pages) + 1) // 2)
    running = {key for key, count in seen.items() if count >= often}
    return [
        [line for line in lines if not (line in edge and _running_key(line) in running)]
        for lines, edge in zip(pages, edges, strict=True)
    ]


def heading_levels(blocks: Iterable[Block]) -> dict[float, int]:
    """Level by size (rounded to a half point) of the sizes that only headings have."""
    weights: Counter[float] = Counter()
    candidates: Counter[float] = Counter()
    for block in blocks:
        weights[round_size(block.size)] += len(block.text)
        if _looks_like_heading(block.text):
            candidates[round_size(block.size)] += len(block.text)
    if not weights:
        return {}
    body = weights.most_common(1)[0][0]
    sizes = sorted((s for s in candidates if s >= _HEADING_RATIO * body), reverse=True)
    if sum(candidates[size] for size in sizes) > _MOST_HEADINGS * weights.total():
        return {}
    return {size: min(level, 6) for level, size in enumerate(sizes, start=1)}


def is_heading(block: Block, levels: dict[float, int]) -> bool:
    """Whether a block is set like a heading and reads like one."""
    return round_size(block.size) in levels and _looks_like_heading(block.text)


def round_size(size: float) -> float:
    """A size to a half point, so that measured sizes can be compared."""
    return round(size * 2) / 2


def mend(texts: Sequence[str]) -> list[str]:
    """Texts with their broken words put together again.

    The hyphen stays where the same word is elsewhere written with it, or where only the two
    parts are words that occur elsewhere.
    """
    known = {word.lower() for text in texts for word in _WORD.findall(_WORD_BREAK.sub(" ", text))}

    def whole(found: re.Match[str]) -> str:
        first, second = found.groups()
        parts = {first.lower(), second.lower()}
        hyphened = f"{first}-{second}"
        compound = parts <= known and (first + second).lower() not in known
        keep = not second or hyphened.lower() in known or compound
        return hyphened if keep else first + second

    return [_WORD_BREAK.sub(whole, text).replace(SOFT_HYPHEN, "-") for text in texts]


def runs_on(above: str, below: str) -> bool:
    """Whether a sentence that is cut after ``above`` goes on in ``below``."""
    return bool(above and below) and not _SENTENCE_END.search(above) and below[0].islower()


def _whole_lines(lines: Sequence[Line]) -> list[Line]:
    """Lines of which pieces (superscripts, changed fonts) were put together."""
    whole: list[Line] = []
    for line in lines:
        if whole and _same_line(whole[-1], line):
            last = whole[-1]
            gap = line.x0 - last.x1
            near = gap < 0.15 * last.size or line.text.startswith(_CLOSING)
            joiner = CELL if gap > _CELL_GAP * last.size else "" if near else " "
            whole[-1] = replace(
                last,
                text=last.text + joiner + line.text,
                x1=line.x1,
                end_top=line.end_top,
                end_base=line.end_base,
                size=last.size if len(last.text) >= len(line.text) else line.size,
            )
        else:
            whole.append(line)
    return whole


def _same_line(a: Line, b: Line) -> bool:
    overlap = min(a.end_top, b.top) - max(a.end_base, b.base)
    smaller = min(a.end_top - a.end_base, b.top - b.base)
    return overlap > 0.5 * smaller and b.x0 - a.x1 >= -0.3 * a.size


def _pitch(lines: Sequence[Line]) -> float:
    steps = [a.end_base - b.base for a, b in pairwise(lines)]
    plausible = [s for s, line in zip(steps, lines, strict=False) if 0 < s < 3 * line.size]
    return median(plausible) if plausible else 0.0


def _between(a: Line, b: Line, page: _Page) -> str:
    """What belongs between two lines: a space, a line break, or a blank line."""
    if not 0.87 < a.size / max(b.size, 0.1) < 1.15:
        return "\n\n"
    step = a.end_base - b.base
    rows = CELL in a.text or CELL in b.text
    if step <= 0 or step > 3 * page.pitch:  # the top of another column, or past a figure
        return " " if runs_on(a.text, b.text) and not rows else "\n\n"
    leading = 1.75 if a.size > _HEADING_RATIO * page.size else 1.35
    if step > max(1.4 * page.pitch, leading * a.size):
        return "\n\n"
    if _LIST_ITEM.match(b.text) or rows:
        return "\n"
    indent = b.x0 - a.x0
    hanging = 4 * a.size if _LIST_ITEM.match(a.text) else 0.8 * a.size
    # A new paragraph's first line is indented, and so are the lines below an entry's first.
    ended = _is_short(a, b, page.lines) or (indent > hanging and _SENTENCE_END.search(a.text))
    if not ended or runs_on(a.text, b.text):
        return " "
    return "\n\n" if indent > hanging else "\n"


def _is_short(a: Line, b: Line, lines: Sequence[Line]) -> bool:
    """Whether the next line's first word would have fitted: then the break was meant."""
    right = max(line.x1 for line in lines if abs(line.x0 - a.x0) < 5 * a.size)
    word = b.text.split(maxsplit=1)[0]
    wide = (b.x1 - b.x0) / max(len(b.text), 1)
    return len(word) * max(wide, 0.3 * a.size) + 0.5 * a.size < right - a.x1


def _join(above: str, below: str, joiner: str) -> str:
    if above.endswith("-") and below[:1].islower() and above[-2:-1].isalpha():
        return above[:-1] + SOFT_HYPHEN + below
    return above + joiner + below


def _edges(lines: Sequence[Line]) -> set[Line]:
    by_height = sorted(lines, key=lambda line: line.base)
    deep = min(2, len(lines) // _EDGE_SHARE)
    return {*by_height[:deep], *by_height[len(lines) - deep :]}


def _running_key(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text)


def _looks_like_heading(text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    return len(text) <= _HEADING_LENGTH and letters >= 3 and not text.endswith((".", ",", ";"))
