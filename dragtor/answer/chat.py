"""A conversation: its turns, what a follow-up is retrieved by, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field

from dragtor.text import place
from dragtor.types import Answer, Citation, Turn


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
        """The conversation as Markdown, each citation a footnote with its quote."""
        notes: list[str] = []
        parts = []
        for answer in self.answers:
            heading = " ".join(answer.question.split())
            parts.append(f"## {heading}\n\n{_understood(answer)}{_with_footnotes(answer, notes)}\n")
        return "\n".join([*parts, *notes]) + ("\n" if notes else "")


def _understood(answer: Answer) -> str:
    """What the question was taken to mean, where it was no question of its own."""
    return f"*Understood as: {answer.rewritten}*\n\n" if answer.rewritten else ""


def _with_footnotes(answer: Answer, notes: list[str]) -> str:
    """The answer's text with a footnote mark after each sentence; the notes are added to a list."""
    pieces = []
    for text, sentence in answer.parts():
        pieces.append(text)
        for citation in sentence.citations if sentence else ():
            notes.append(_note(len(notes) + 1, citation))
            pieces.append(f"[^{len(notes)}]")
    if answer.nearest:
        pieces.append("\n\nThe nearest in the sources: ")
    for citation in answer.nearest:
        notes.append(_note(len(notes) + 1, citation))
        pieces.append(f"[^{len(notes)}]")
    return "".join(pieces)


def _note(number: int, citation: Citation) -> str:
    quote = " ".join(citation.quote.split())
    source = ", ".join(filter(None, [citation.title, place(citation.location)]))
    return f"[^{number}]: {source}, <{citation.uri}>: “{quote}”"
