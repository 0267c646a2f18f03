"""The chat: a conversation at a prompt, or over standard input, one question a line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dragtor.cli.questions import Count, Filters, make_query, no_thinking
from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.answer.chat import Conversation
    from dragtor.store.chats import SqliteChats
    from dragtor.types import Answer, Notice

HELP = """\
/sources        the passages that the last answer was made from
/open N         open footnote N of the last answer at its place
/filter COND    answer from documents with kind=pdf, published>=2020 and so on alone; several are
                separated by ; and /filter shows them, /filter none takes them off
/model NAME     have another language model answer; /model shows which does
/new            forget the conversation and begin another
/save FILE      write the conversation to FILE, as Markdown with footnotes
/help           this list
/quit           leave (Ctrl-D does, too); Ctrl-C stops an answer"""

NoKeep = Annotated[
    bool, typer.Option("--no-keep", help="Do not keep this chat for `dragtor chats`.")
]


def chat(
    ctx: typer.Context, k: Count = None, filter_: Filters = None, no_keep: NoKeep = False
) -> None:
    """Talk with your sources: follow-up questions know what was asked before.

    Each answer is kept as it ends: `dragtor chats` lists, resumes and exports what was said.
    Works without a terminal, too: one question a line on standard input.

    Example: dragtor chat --filter kind=pdf
    """
    state = state_of(ctx)
    keeps = state.settings.chat.keep and not no_keep
    talk(state, Keeper(state, None) if keeps else None, k, filter_)


def talk(
    state: State,
    keeper: Keeper | None,
    k: int | None = None,
    filters: list[str] | None = None,
    before: tuple[Answer, ...] = (),
) -> None:
    """Hold a conversation until it is left; ``before`` is what was said in it earlier.

    Raises typer.Exit with code 1 where a script's question failed.
    """
    from dragtor.answer.chat import Conversation

    conversation = Conversation(state.settings.chat.history_turns, list(before))
    session = _Session(state, conversation, keeper, k, filters)
    failed = False
    try:
        for line in _lines(state):
            try:
                if not session.handle(line):
                    break
            except KeyboardInterrupt:
                _say("stopped")
            except _errors() as error:
                failed = True
                _error(error)
    finally:
        session.close()
    if failed and not sys.stdin.isatty():
        raise typer.Exit(1)


class Keeper:
    """Keeps the answers of one chat, from the first on; one that cannot be kept is said once."""

    def __init__(self, state: State, chat: str | None) -> None:
        self._chats: SqliteChats = chats_of(state)
        self._collection = state.collection
        self._chat = chat
        self._works = True

    def keep(self, answer: Answer) -> None:
        """Write an answer down, in a new chat if it is the first."""
        from dragtor.errors import StoreError

        if not self._works:
            return
        try:
            if self._chat is None:
                self._chat = self._chats.begin(self._collection)
            self._chats.add(self._chat, answer)
        except StoreError as error:
            self._works = False
            _error(StoreError(f"this chat is not kept: {error}"))

    def begin_another(self) -> None:
        """What comes next is another chat."""
        self._chat = None


def chats_of(state: State) -> SqliteChats:
    """The chats that were kept beside the library."""
    from dragtor.store.chats import SqliteChats

    return SqliteChats(state.settings.paths.library)


class _Session:
    def __init__(
        self,
        state: State,
        conversation: Conversation,
        keeper: Keeper | None,
        k: int | None,
        filters: list[str] | None,
    ) -> None:
        self._first = self._state = state
        self._conversation = conversation
        self._keeper = keeper
        self._k = k or state.settings.answer.passages
        self._filters = filters or []
        self._said: set[Notice] = set()
        self._scripted = not sys.stdin.isatty()
        self._asked = 0
        self._commands: dict[str, Callable[[str], None]] = {
            "/sources": self._sources,
            "/open": self._open,
            "/filter": self._filter,
            "/model": self._model,
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
            if name not in self._commands:
                raise _unknown(name)
            self._commands[name](argument.strip())
        elif line:
            self._ask(line)
        return True

    def close(self) -> None:
        """Close what this conversation opened beside what it was given."""
        if self._state is not self._first:
            self._state.close()

    def _ask(self, question: str) -> None:
        from dragtor.cli import answers, live, render

        if self._scripted:
            render.asked(question, first=self._asked == 0)
            self._asked += 1
        query = make_query(self._state, question, self._k, None, self._filters)
        events = self._state.dragtor.ask(query, self._conversation.history())
        answer = live.stream(events, live=True)
        self._conversation.add(answer)
        if self._keeper is not None:
            self._keeper.keep(answer)
        answers.answer(answer)
        asked_back = answer.kind == "clarification"
        also = no_thinking(self._state)
        notices = [*([also] if also else []), *answer.notices]
        render.notices(
            [one for one in notices if not (asked_back and one.code == render.STANDING)],
            self._said,
        )

    def _sources(self, _: str) -> None:
        from dragtor.cli import answers

        if self._conversation.last is None:
            _say("nothing has been asked yet")
        else:
            answers.passages(self._conversation.last.hits, self._conversation.last.question)

    def _open(self, argument: str) -> None:
        from dragtor.cli import opening
        from dragtor.errors import QueryError

        if self._conversation.last is None:
            _say("nothing has been asked yet")
            return
        if not argument.isdecimal():
            raise QueryError("/open needs the number of a footnote: /open 2")
        place = opening.chosen(opening.places(self._conversation.last), int(argument))
        opening.show(place, int(argument), self._state.settings.paths.logs)

    def _filter(self, argument: str) -> None:
        from dragtor.filters import parse_filter

        if argument == "none":
            self._filters = []
        elif argument:
            conditions = [part.strip() for part in argument.split(";") if part.strip()]
            for condition in conditions:
                parse_filter(condition)
            self._filters = conditions
        _say(f"filter: {'; '.join(self._filters) or 'none, all documents are read'}")

    def _model(self, name: str) -> None:
        from dragtor.build import answering_model

        if name:
            other = self._state.with_settings(f"llm.model={name}")
            said = answering_model(other.settings)
            self.close()
            self._state = other
        else:
            said = answering_model(self._state.settings)
        _say(f"model: {said or 'none, the sources are quoted'}")

    def _new(self, _: str) -> None:
        self._conversation.clear()
        self._said.clear()
        if self._keeper is not None:
            self._keeper.begin_another()
        _say("a new conversation")

    def _save(self, argument: str) -> None:
        from dragtor.errors import QueryError

        if not argument:
            raise QueryError("/save needs the name of a file: /save answers.md")
        save(self._conversation.to_markdown(), Path(argument))


def save(text: str, path: Path) -> None:
    """Write a text to a file, and say so. Raises QueryError where it cannot be written."""
    from dragtor.errors import QueryError

    path = path.expanduser()
    try:
        there = path.exists()
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise QueryError(f"{path} cannot be written: {error.strerror}") from None
    _say(f"saved to {path}{', which was replaced' if there else ''}")


def _unknown(name: str) -> Exception:
    from dragtor.errors import QueryError

    return QueryError(f"there is no command {name}; /help lists them")


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
