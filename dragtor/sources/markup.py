"""Renders a tree of markup as readable text with marks.

It knows the elements of HTML and those that trafilatura uses for the same things. Headings become
marks; paragraphs stand apart by blank lines; list items begin with ``-`` or a number; table rows
are lines with their cells between ``|``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dragtor.sources.builder import TextBuilder
from dragtor.text import clean

if TYPE_CHECKING:
    from lxml.etree import _Element

_DROPPED = frozenset(
    "script style noscript template svg iframe form button select object canvas graphic img "
    "title meta link audio video map input textarea".split()
)
_CHROME = frozenset("nav footer aside header".split())
_BLOCKS = frozenset(
    "p div section article main body html figure figcaption blockquote quote address details "
    "summary dl dt dd fieldset center hr header footer aside nav ab".split()
)
_LISTS = frozenset("ul ol list menu".split())
_ITEMS = frozenset("li item".split())
_ROWS = frozenset("tr row".split())
_ROW_GROUPS = frozenset("thead tbody tfoot".split())
_CELLS = frozenset("td th cell".split())
_BREAKS = frozenset("br lb".split())
_INVISIBLE = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff]")
_ANY_SPACE = re.compile(r"\s+")
_SPACE = re.compile(r"[^\S\n]+")
_BREAK = re.compile(r" ?\n ?")
_PARAGRAPH = re.compile(r"\n{2,}")
_LAYOUT_CELL = 1000
_DEEPEST = 100  # a level costs some calls, and Python allows about a thousand
_HEADING_LENGTH = 300


class Renderer:
    """Walks a tree and fills a :class:`TextBuilder`; several trees may follow each other.

    ``chrome`` says whether navigation, headers, footers and asides belong to the text.
    """

    def __init__(self, builder: TextBuilder, *, chrome: bool = True, depth: int = 0) -> None:
        self._builder = builder
        self._depth = depth
        self._dropped = _DROPPED if chrome else _DROPPED | _CHROME
        self._inline: list[str] = []
        self._prefix = ""
        self._after = "\n\n"
        self._lists: list[int | None] = []

    def render(self, root: _Element) -> None:
        """Append all that is in an element, the element included."""
        self._visit(root)
        self._flush()

    def _visit(self, node: _Element) -> None:
        tag = _tag(node)
        if tag in self._dropped:
            return
        level = _heading_level(node, tag)
        if level:
            self._heading(node, level)
        elif tag == "pre" or (tag == "code" and "\n" in (node.text or "")):
            self._flush()
            self._builder.block(_INVISIBLE.sub("", _string(node)))
        elif tag in _LISTS:
            self._list(node)
        elif tag in _ITEMS:
            self._item(node)
        elif tag == "table" and not _is_layout(node):
            self._table(node)
        elif tag in _BREAKS:
            self._inline.append("\n")
        else:
            self._container(node, is_block=tag in _BLOCKS or tag in _ROWS or tag in _CELLS)

    def _container(self, node: _Element, *, is_block: bool) -> None:
        if is_block:
            self._flush()
        self._children(node)
        if is_block:
            self._flush()

    def _children(self, node: _Element) -> None:
        self._depth += 1
        self._inline.append(_collapse(node.text))
        for child in node:
            if self._depth > _DEEPEST:
                self._inline.append(_collapse(_string(child)))
            elif isinstance(child.tag, str):
                self._visit(child)
            self._inline.append(_collapse(child.tail))
        self._depth -= 1

    def _heading(self, node: _Element, level: int) -> None:
        self._flush()
        title = squash(_string(node))
        if len(title) <= _HEADING_LENGTH:
            self._builder.heading(title, level)
        else:
            self._builder.block(title)

    def _list(self, node: _Element) -> None:
        self._flush()
        numbered = _tag(node) == "ol" or node.get("rend") == "ol"
        start = node.get("start") or "1"
        self._lists.append((int(start) if start.isdigit() else 1) if numbered else None)
        self._after = "\n" if len(self._lists) > 1 else "\n\n"
        self._children(node)
        self._flush()
        self._lists.pop()

    def _item(self, node: _Element) -> None:
        self._flush()
        number = self._lists[-1] if self._lists else None
        indent = "  " * (len(self._lists) - 1)
        self._prefix = f"{indent}- " if number is None else f"{indent}{number}. "
        if number is not None:
            self._lists[-1] = number + 1
        self._children(node)
        self._flush()
        self._prefix = ""

    def _table(self, node: _Element) -> None:
        self._flush()
        after = "\n\n"
        for row in _rows(node):
            cells = [_cell_text(cell, self._depth + 1) for cell in row if _tag(cell) in _CELLS]
            if any(cells):
                self._builder.block(f"| {' | '.join(cells)} |", after=after)
                after = "\n"

    def _flush(self) -> None:
        text = _BREAK.sub("\n", _SPACE.sub(" ", "".join(self._inline))).strip()
        self._inline.clear()
        if not text:
            return
        if self._lists:
            # In a list a blank line would tear an item apart.
            self._builder.block(self._prefix + _PARAGRAPH.sub("\n", text), after=self._after)
            self._prefix, self._after = "", "\n"
            return
        for paragraph in _PARAGRAPH.split(text):
            self._builder.block(paragraph)


def squash(text: str) -> str:
    """A text on one line, without what cannot be seen (soft hyphens, zero-width spaces)."""
    return " ".join(_INVISIBLE.sub("", clean(text)).split())


def _tag(node: _Element) -> str:
    tag = node.tag if isinstance(node.tag, str) else ""
    return tag.rpartition("}")[2].lower()


def _heading_level(node: _Element, tag: str) -> int:
    if tag == "head" and node.get("rend", "").startswith("h"):
        tag = node.get("rend", "")
    if tag == "head":  # trafilatura's, where it does not know the level; a page's own is no body
        return 2
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0


def _string(node: _Element) -> str:
    """All text in an element, without recursion: pages can be nested thousands deep."""
    from lxml import etree

    parts: list[str] = []
    walk = etree.iterwalk(node, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            tag = _tag(element)
            if tag in _DROPPED:
                walk.skip_subtree()
            else:
                parts.append("\n" if tag in _BREAKS else element.text or "")
        elif element is not node:
            parts.append(element.tail or "")
    return "".join(parts)


def _collapse(text: str | None) -> str:
    return _ANY_SPACE.sub(" ", _INVISIBLE.sub("", text)) if text else ""


def _rows(table: _Element) -> Iterator[_Element]:
    """Rows of a table, without those of the tables inside its cells."""
    for child in table:
        if _tag(child) in _ROWS:
            yield child
        elif _tag(child) in _ROW_GROUPS:
            yield from _rows(child)


def _cell_text(cell: _Element, depth: int) -> str:
    builder = TextBuilder()
    Renderer(builder, depth=depth).render(cell)
    return " ".join(builder.build()[0].split())


def _is_layout(table: _Element) -> bool:
    """Whether a table only arranges a page: it has one cell, or a whole text in one of them."""
    cells = [cell for row in _rows(table) for cell in row if _tag(cell) in _CELLS]
    return len(cells) < 2 or any(
        len("".join(map(str, cell.itertext()))) > _LAYOUT_CELL for cell in cells
    )
