"""search and ask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.types import Notice, Query

Question = Annotated[
    str,
    typer.Argument(
        metavar="QUESTION",
        help="Your question; - reads questions from standard input, one a line.",
    ),
]
Count = Annotated[
    int | None, typer.Option("-k", min=1, metavar="N", help="How many passages to find.")
]
Retriever = Annotated[
    str | None, typer.Option("--retriever", help="hybrid, dense or keyword.", metavar="NAME")
]
Filters = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="CONDITION",
        help="key=value, key>=v, key^=prefix, key*=part or has:key; repeatable.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; with - one object a line.")]


def search(
    ctx: typer.Context,
    question: Question,
    k: Count = None,
    retriever: Retriever = None,
    filter_: Filters = None,
    json_: AsJson = False,
) -> None:
    """Find passages by words and by meaning, without a language model.

    Example: dragtor search 'A2 pulley tape' -k 3 --filter 'published>=2020'
    """
    from dragtor.cli import contract, render

    state = state_of(ctx)
    said: set[Notice] = set()

    def one(text: str) -> None:
        count = k or state.settings.retrieve.k
        result = state.dragtor.search(make_query(state, text, count, retriever, filter_))
        render.notices(result.notices, said)
        if json_:
            render.json_out(contract.search_json(result), compact=question == "-")
        else:
            render.passages(result.hits, result.question)

    _each(question, one, json_)


def ask(
    ctx: typer.Context,
    question: Question,
    k: Count = None,
    retriever: Retriever = None,
    filter_: Filters = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Model that answers, this time.")
    ] = None,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print the prompt instead of an answer.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Answer a question from your sources, each sentence with what it rests on.

    Example: dragtor ask 'How long does a pulley injury take to heal?'
    """
    from dragtor.cli import contract, render

    state = state_of(ctx)
    if model is not None:
        state.assignments = (*state.assignments, f"llm.model={model}")
    said: set[Notice] = set()

    def one(text: str) -> None:
        count = k or state.settings.answer.passages
        query = make_query(state, text, count, retriever, filter_)
        if show_prompt:
            prompt = state.dragtor.prompt(query)
            if json_:
                render.json_out(contract.prompt_json(prompt), compact=question == "-")
            else:
                render.messages(prompt.messages)
            return
        answer = render.stream(state.dragtor.ask(query), live=not json_)
        if json_:
            render.json_out(contract.answer_json(answer), compact=question == "-")
        else:
            render.answer(answer)
        render.notices(answer.notices, said)

    _each(question, one, json_)


def make_query(
    state: State, text: str, k: int, retriever: str | None, filters: list[str] | None
) -> Query:
    """A query from what was typed, and the settings where nothing was."""
    from dragtor.filters import parse_filter
    from dragtor.text import clean
    from dragtor.types import Query

    return Query(
        text=clean(text),
        k=k,
        retriever=retriever or state.settings.retrieve.retriever,
        filters=tuple(parse_filter(condition) for condition in filters or ()),
        collections=(state.collection,),
    )


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
