"""A conversation: its turns, what a follow-up is retrieved by, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field

from dragtor.answer.export import markdown
from dragtor.types import Answer, Turn


@dataclass
class Conversation:
    """Questions and answers so far; the last ``history_turns`` of them go into the next prompt."""

    history_turns: int
    answers: list[Answer] = field(default_factory=list)

    def add(self, answer: Answer) -> None:
        """Keep an answer as the newest turn."""
        self.answers.append(answer)

    def clear(self) -> None:
        """Forget all turns."""
        self.answers.clear()

    @property
    def last(self) -> Answer | None:
        """The newest answer, if there is one."""
        return self.answers[-1] if self.answers else None

    def history(self) -> tuple[Turn, ...]:
        """All turns, oldest first; the model is shown the last of those that were answered.

        What was refused invites more refusals, and a question back is none to answer from.
        """
        answered = [answer for answer in self.answers if answer.kind in ("answer", "quote")]
        shown = {id(answer) for answer in answered[-self.history_turns :]}
        return tuple(
            Turn(
                answer.question,
                answer.text,
                answer.rewritten,
                asked_back=answer.kind == "clarification",
                shown=self.history_turns > 0 and id(answer) in shown,
            )
            for answer in self.answers
        )

    def to_markdown(self) -> str:
        """The conversation as Markdown; see :mod:`dragtor.answer.export`."""
        return markdown(self.answers)
