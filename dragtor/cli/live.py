"""What people see while an answer is made: what is being done, and words as they come."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from dragtor.cli import render, trace
from dragtor.cli.render import harmless
from dragtor.types import Answer, Notice, Step, Token

URGENT = "emergency"
"""Code of the notice that waits for nothing."""
_BELOW = 3
"""Lines that the words leave free: an empty one, what is being done, the cursor's."""


def stream(
    events: Iterable[Token | Notice | Step | Answer], *, live: bool, traced: bool = False
) -> Answer:
    """Show words while they come, if somebody watches; returns the answer.

    The words make way for the answer with its footnotes, which :func:`dragtor.cli.answers.answer`
    prints: a draft may be refused yet. Notices wait until then, too, as they are all in the
    answer, but for an emergency, which is said at once. ``traced`` prints each step as it is done.
    Stopped with Ctrl-C, the words stay, as what they are.
    """
    seen = _Seen()
    try:
        with ExitStack() as stack:
            if live and render.out.is_terminal:
                stack.enter_context(
                    Live(
                        console=render.out,
                        transient=True,
                        refresh_per_second=12,
                        get_renderable=seen.shown,
                    )
                )
            steps = 0
            for event in events:
                if isinstance(event, Answer):
                    return event
                seen.note(event)
                if isinstance(event, Step) and traced:
                    steps += 1
                    trace.step(steps, event)
                elif isinstance(event, Notice) and event.code == URGENT and live:
                    _alarm(event)
    except KeyboardInterrupt:
        if live and seen.text:
            render.out.print(seen.text)
            render.said_line(render.dim("these words were not checked"))
        raise
    raise AssertionError("an answer's stream ends with the answer")


class _Seen:
    """What is on the screen while an answer is made."""

    def __init__(self) -> None:
        self.text = Text()
        self._spinner = Spinner("dots", style="cyan")
        self._doing("searching")

    def note(self, event: Token | Notice | Step) -> None:
        """Take in what came: a word, or something that is being done."""
        if isinstance(event, Token):
            self.text.append(harmless(event.text))
            self._doing("writing")
        elif isinstance(event, Step) and (doing := _doing(event)):
            self._doing(doing)

    def shown(self) -> Group:
        """The last words so far that have room, and one line of what is being done."""
        if not self.text:
            return Group(self._spinner)
        room = max(render.out.height - _BELOW, 1)
        last = self.text.wrap(render.out, render.out.width)[-room:]
        return Group(*last, Text(), self._spinner)

    def _doing(self, what: str) -> None:
        line = Text(harmless(" ".join(what.split())), style="dim")
        line.truncate(max(render.out.width - 4, 1), overflow="ellipsis")
        self._spinner.update(text=line)


def _doing(step: Step) -> str:
    """What goes on after a step; empty if nothing new."""
    detail = step.detail
    if step.kind == "query":
        return f"searching: {detail.get('text', step.name)}"
    if step.kind == "hits":
        return f"reading {render.counted(len(detail.get('hits', ())), 'passage')}"
    if step.kind == "prompt":
        doing = "reading" if step.name == "answer" else f"{step.name}: asking the model,"
        return f"{doing} {render.counted(detail.get('tokens', 0), 'token')}"
    if step.kind == "reply" and step.name == "answer":
        return "checking each sentence"
    return ""


def _alarm(notice: Notice) -> None:
    bar = Text("! ", style="bold red")
    render.indented(Text(harmless(notice.text), style="bold red"), 2, bar=bar)
    render.out.print()
