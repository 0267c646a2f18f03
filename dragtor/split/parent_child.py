"""Small passages are embedded; the larger one around each is given to the model."""

from __future__ import annotations

from dragtor.errors import ConfigError
from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Layout
from dragtor.split.pack import Row, cuts
from dragtor.split.structure import VERSION as STRUCTURE
from dragtor.split.structure import cheapest
from dragtor.split.tokens import check_overlap, stripped
from dragtor.types import Cut, Document

VERSION = f"1.{STRUCTURE}"


class ParentChildSplitter:
    """Cuts by structure twice: into parents of ``parent_tokens``, and those into ``max_tokens``.

    Parents do not overlap. A passage lies in one parent, and begins with the last whole sentences
    of the one before it there, up to ``overlap_tokens``. Raises ConfigError if the overlap is more
    than half of a passage, or a parent no longer than a passage.
    """

    gives_parents = True

    def __init__(
        self,
        tokenizer: Tokenizer,
        max_tokens: int,
        overlap_tokens: int = 0,
        *,
        parent_tokens: int = 600,
    ) -> None:
        check_overlap(overlap_tokens, max_tokens)
        if parent_tokens <= max_tokens:
            raise ConfigError(
                f"split.parent_tokens is {parent_tokens}, and split.max_tokens is {max_tokens}: "
                "set parents longer than the passages in them"
            )
        self.fingerprint = (
            f"parent_child-{VERSION} max={max_tokens} overlap={overlap_tokens}"
            f" parent={parent_tokens}"
        )
        self._tokenizer = tokenizer
        self._max = max_tokens
        self._overlap = overlap_tokens
        self._parent = parent_tokens

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`."""
        layout = Layout(document, self._tokenizer)
        parents = Row(layout, layout.units(self._max - self._overlap))
        found: list[Cut] = []
        for group in cheapest(parents, self._parent):
            stretch = parents.span(group)
            parent = stripped(layout.text, stretch.start, stretch.end)
            children = parents.part(group, self._overlap)
            found += cuts(layout, map(children.span, cheapest(children, self._max)), parent)
        return found
