"""Follow-ups made into questions of their own."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.types import Rewritten, Turn


class RuleRewriter:
    """Fits :class:`dragtor.interfaces.Rewriter`."""

    def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """See Rewriter."""
        return Rewritten(question)
