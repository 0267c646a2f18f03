"""search and ask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.types import Answer, Mode, Notice, Query

_QUESTION = typer.Argument(
    metavar="QUESTION",
    help="Your question; - reads questions from standard input, one a line.",
)
_MOST = 1_000_000
"""As dragtor.types.MOST, which is slow to import."""
Question = Annotated[str, _QUESTION]
Count = Annotated[
    int | None, typer.Option("-k", min=1, max=_MOST, metavar="N", help="How many passages to find.")
]
Retriever = Annotated[
    str | None,
    typer.Option(
        "--retriever", help="hybrid, or keyword, dense, late joined by +.", metavar="NAME"
    ),
]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="CONDITION",
        help="key=value, key>=v, key^=prefix, key*=part or has:key; repeatable.",
    ),
]
Surrounding = Annotated[
    int | None,
    typer.Option(
        "--surrounding",
        min=0,
        max=_MOST,
        metavar="N",
        help="How many passages on each side are read with each one found.",
    ),
]
Scores = Annotated[
    bool, typer.Option("--scores", help="Print what each part of retrieval gave, in a table.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; with - one object a line.")]
Quote = Annotated[
    bool, typer.Option("--quote", help="Answer in the sources' own sentences, without a model.")
]
Write = Annotated[bool, typer.Option("--write", help="Let the model write, even a starter model.")]
Strategy = Annotated[
    str | None,
    typer.Option(
        "--strategy",
        metavar="NAME",
        help="Way to gather evidence: plain, step_back, hyde, decompose, summary or agent.",
    ),
]
Traced = Annotated[
    bool, typer.Option("--trace", help="Print every query, hit, prompt and decision.")
]
Open = Annotated[
    int | None,
    typer.Option(
        "--open", metavar="N", help="Open footnote N at its place; alone, of the last answer."
    ),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Model that answers, this time.")
]
ShowPrompt = Annotated[
    bool, typer.Option("--show-prompt", help="Print the prompt instead of an answer.")
]


def search(
    ctx: typer.Context,
    question: Question,
    k: Count = None,
    retriever: Retriever = None,
    filter_: Filters = None,
    surrounding: Surrounding = None,
    scores: Scores = False,
    json_: AsJson = False,
) -> None:
    """Find passages by words and by meaning, without a language model.

    Example: dragtor search 'A2 pulley tape' -k 3 --filter 'published>=2020'
    """
    from dragtor.cli import answers, contract, render

    state = state_of(ctx)
    said: set[Notice] = set()

    def one(text: str) -> None:
        count = k or state.settings.retrieve.k
        query = make_query(state, text, count, retriever, filter_, surrounding=surrounding)
        result = state.dragtor.search(query)
        render.notices(result.notices, said)
        if json_:
            render.json_out(contract.search_json(result), compact=question == "-")
        else:
            answers.passages(result.hits, result.question)
            if scores and result.hits:
                answers.scores(result.hits)

    _each(question, one, json_)


def ask(
    ctx: typer.Context,
    question: Annotated[str | None, _QUESTION] = None,
    k: Count = None,
    retriever: Retriever = None,
    filter_: Filters = None,
    surrounding: Surrounding = None,
    model: Model = None,
    quote: Quote = False,
    write: Write = False,
    strategy: Strategy = None,
    open_: Open = None,
    trace: Traced = False,
    show_prompt: ShowPrompt = False,
    json_: AsJson = False,
) -> None:
    """Answer a question from your sources, each sentence with what it rests on.

    Example: dragtor ask 'How long does a pulley injury take to heal?'
    """
    state, mode = state_of(ctx), _mode(ctx, quote=quote, write=write)
    if question is None or (question == "-" and open_ is not None):
        if question is not None or open_ is None:
            ctx.fail("--open needs one question" if question else "Missing argument 'QUESTION'.")
        _open(state, open_, json_)
        return
    if model is not None:
        state.assignments = (*state.assignments, f"llm.model={model}")
    asking = _Asking(state, json_, strategy, compact=question == "-", traced=trace)

    def one(text: str) -> None:
        count = k or state.settings.answer.passages
        filled = partial(make_query, state, text, count, retriever, filter_)
        query = filled(surrounding=surrounding, mode=mode, strategy=strategy)
        asking.prompt(query) if show_prompt else asking.ask(query)

    _each(question, one, json_)
    if open_ is not None and not show_prompt:
        _open(state, open_, json_)


def _mode(ctx: typer.Context, *, quote: bool, write: bool) -> Mode:
    """How to answer. Fails where both ways were asked for."""
    if quote and write:
        ctx.fail("--quote and --write exclude each other")
    return "quote" if quote else "write" if write else "auto"


class _Asking:
    """Asks question by question, and shows each answer as it was asked for."""

    def __init__(
        self, state: State, json_: bool, strategy: str | None, *, compact: bool, traced: bool
    ) -> None:
        self._state = state
        also = None if strategy else no_thinking(state)
        self._also = (also,) if also else ()
        self._json = json_
        self._compact = compact
        self._traced = traced
        self._said: set[Notice] = set()

    def ask(self, query: Query) -> None:
        """Answer, show and remember."""
        from dragtor.cli import answers, contract, live, opening, render

        events = self._state.dragtor.ask(query)
        answer = live.stream(events, live=not self._json, traced=self._traced and not self._json)
        answer = replace(answer, notices=(*self._also, *answer.notices))
        opening.remember(self._state.settings.paths.logs, answer)
        if self._json:
            value = contract.answer_json(answer, traced=self._traced)
            render.json_out(value, compact=self._compact)
        else:
            answers.answer(answer)
        render.notices(self._to_say(answer), self._said)

    def prompt(self, query: Query) -> None:
        """Show what the model would be asked."""
        from dragtor.cli import contract, render

        prompt = self._state.dragtor.prompt(query)
        if self._json:
            render.json_out(contract.prompt_json(prompt), compact=self._compact)
        else:
            render.messages(prompt.messages)

    def _to_say(self, answer: Answer) -> list[Notice]:
        """The notices, of which what stands with every answer is for people alone."""
        from dragtor.cli import render

        to_person = render.out.is_terminal and not self._json and answer.kind != "clarification"
        return [n for n in answer.notices if to_person or n.code != render.STANDING]


def _open(state: State, number: int, json_: bool) -> None:
    """Open a footnote of the last answer."""
    from dragtor.cli import opening

    folder = state.settings.paths.logs
    opening.show(opening.recall(folder, number), number, folder, beside=json_)


def make_query(
    state: State,
    text: str,
    k: int,
    retriever: str | None,
    filters: list[str] | None,
    *,
    surrounding: int | None = None,
    mode: Mode = "auto",
    strategy: str | None = None,
) -> Query:
    """A query from what was typed, and the settings where nothing was."""
    from dragtor.filters import parse_filter
    from dragtor.text import clean
    from dragtor.types import Query

    typed = {"retriever": retriever, "surrounding": surrounding}
    changes: dict[str, Any] = {key: value for key, value in typed.items() if value is not None}
    return Query(
        text=clean(text),
        k=k,
        ranking=replace(state.dragtor.ranking, **changes) if changes else None,
        filters=tuple(parse_filter(condition) for condition in filters or ()),
        collections=(state.collection,),
        strategy=strategy or ("plain" if no_thinking(state) else state.settings.answer.strategy),
        mode=mode,
    )


def no_thinking(state: State) -> Notice | None:
    """Says so where the strategy of the settings needs a language model and there is none."""
    from dragtor.build import WITHOUT_MODEL
    from dragtor.types import Notice

    wanted = state.settings.answer.strategy
    if wanted in WITHOUT_MODEL or state.dragtor.model is not None:
        return None
    text = f"answer.strategy is {wanted}, which needs a language model, and there is none"
    return Notice("strategy_fallback", f"{text}: the answer rests on the plain search")


def _each(question: str, one: Callable[[str], None], json_: bool) -> None:
    """Run one question, or each line of standard input; bad lines are said and do not stop."""
    from dragtor.cli import contract, render
    from dragtor.errors import DragtorError

    if question != "-":
        one(question)
        return
    failed = False
    for number, text in enumerate(_lines()):
        if not json_:
            render.asked(text, first=number == 0)
        try:
            one(text)
        except DragtorError as error:
            failed = True
            if json_:
                render.json_out(contract.error_json(text, error), compact=True)
            else:
                render.error(str(error))
    if failed:
        raise typer.Exit(1)


def _lines() -> Iterator[str]:
    for line in sys.stdin:
        if text := line.strip():
            yield text
