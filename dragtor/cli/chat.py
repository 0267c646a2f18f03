"""The chat: a conversation at a prompt, or over standard input, one question a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dragtor.cli.questions import Count, Filters, make_query
from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.answer.chat import Conversation
    from dragtor.types import Notice

HELP = """\
/sources     the passages that the last answer was made from
/new         forget the conversation and begin another
/save FILE   write the conversation to FILE, as Markdown with footnotes
/help        this list
/quit        leave (Ctrl-D does, too); Ctrl-C stops an answer"""


def chat(ctx: typer.Context, k: Count = None, filter_: Filters = None) -> None:
    """Talk with your sources: follow-up questions know what was asked before.

    Works without a terminal, too: one question a line on standard input.

    Example: dragtor chat --filter kind=pdf
    """
    from dragtor.answer.chat import Conversation

    state = state_of(ctx)
    conversation = Conversation(state.settings.chat.history_turns)
    session = _Session(state, conversation, k or state.settings.answer.passages, filter_)
    failed = False
    for line in _lines(state):
        try:
            if not session.handle(line):
                break
        except KeyboardInterrupt:
            _say("stopped")
        except _errors() as error:
            failed = True
            _error(error)
    if failed and not sys.stdin.isatty():
        raise typer.Exit(1)


class _Session:
    def __init__(
        self, state: State, conversation: Conversation, k: int, filters: list[str] | None
    ) -> None:
        self._state = state
        self._conversation = conversation
        self._k = k
        self._filters = filters
        self._said: set[Notice] = set()
        self._scripted = not sys.stdin.isatty()
        self._asked = 0
        self._commands: dict[str, Callable[[str], None]] = {
            "/sources": self._sources,
            "/new": self._new,
            "/save": self._save,
            "/help": lambda _: _say(HELP),
        }

    def handle(self, line: str) -> bool:
        """Deal with one line; whether the chat goes on."""
        if line in ("/quit", "/exit"):
            return False
        if line.startswith("/"):
            name, _, argument = line.partition(" ")
            self._commands.get(name, self._unknown)(argument.strip() or name)
        elif line:
            self._ask(line)
        return True

    def _ask(self, question: str) -> None:
        from dragtor.cli import answers, live, render

        if self._scripted:
            render.asked(question, first=self._asked == 0)
            self._asked += 1
        query = make_query(self._state, question, self._k, None, self._filters)
        events = self._state.dragtor.ask(query, self._conversation.history())
        answer = live.stream(events, live=True)
        self._conversation.add(answer)
        answers.answer(answer)
        render.notices(answer.notices, self._said)

    def _sources(self, _: str) -> None:
        from dragtor.cli import answers

        if self._conversation.last is None:
            _say("nothing has been asked yet")
        else:
            answers.passages(self._conversation.last.hits, self._conversation.last.question)

    def _new(self, _: str) -> None:
        self._conversation.clear()
        _say("a new conversation")

    def _save(self, argument: str) -> None:
        from dragtor.errors import QueryError

        if argument == "/save":
            raise QueryError("/save needs the name of a file: /save answers.md")
        path = Path(argument).expanduser()
        try:
            path.write_text(self._conversation.to_markdown(), encoding="utf-8")
        except OSError as error:
            raise QueryError(f"{path} cannot be written: {error.strerror}") from None
        _say(f"saved to {path}")

    def _unknown(self, name: str) -> None:
        from dragtor.errors import QueryError

        raise QueryError(f"there is no command {name.split()[0]}; /help lists them")


def _lines(state: State) -> Iterator[str]:
    """Lines from a person, with editing and a history on disk, or from standard input."""
    if not sys.stdin.isatty():
        for line in sys.stdin:
            yield line.strip()
        return
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory

    folder = state.settings.paths.logs
    folder.mkdir(parents=True, exist_ok=True)
    session: PromptSession[str] = PromptSession(history=FileHistory(str(folder / "chat_history")))
    _say("Ask your sources. /help lists the commands, /quit leaves.")
    while True:
        try:
            yield session.prompt("> ").strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _errors() -> type[Exception]:
    from dragtor.errors import DragtorError

    return DragtorError


def _error(error: Exception) -> None:
    from dragtor.cli import render

    render.error(str(error))


def _say(text: str) -> None:
    from dragtor.cli import render

    render.line(text)
