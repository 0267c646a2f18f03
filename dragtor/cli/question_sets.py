"""questions make | check: questions to measure with, and whether they still hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.evaluate.checking import Gone
    from dragtor.evaluate.proposing import Proposal, Writer

app = typer.Typer(
    no_args_is_help=True, help="Make questions to measure with, and see whether they still hold."
)
_SHOWN = 300
_HEADER = """\
# Questions to this library, for `dragtor eval`. `proposed` says what made a question: a model, a
# heading, a sentence by rules, or words of a sentence. `checked: true`: a person has kept it.
# `hard: true`: the library's own search did not find its document when it was made.
"""


@app.command()
def make(
    ctx: typer.Context,
    count: Annotated[
        int, typer.Option("--count", min=1, metavar="N", help="How many questions to keep.")
    ] = 20,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Questions are added to this file.")
    ] = Path("questions.yml"),
    yes: Annotated[bool, typer.Option("--yes", help="Keep all, without asking.")] = False,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Another number, other questions.")
    ] = 0,
) -> None:
    """Propose questions from your own library, for you to keep, edit or throw away.

    Each comes with the passage it rests on. A good language model writes them; without one, rules
    turn headings and sentences into questions, or take words of a sentence as a search. They are
    easier than what people ask: use them to compare settings, not to say how good a library is.

    Example: dragtor questions make --count 10 --out my-questions.yml --yes
    """
    from dragtor.cli import render

    state = state_of(ctx)
    if not yes and not _is_terminal():
        ctx.fail("--yes is needed where there is no terminal to ask you in")
    file = _File(out)
    proposals = _proposals(state, seed, file)
    try:
        kept = _all(proposals, count, file) if yes else _asked(proposals, count, file)
    except (KeyboardInterrupt, EOFError, typer.Abort):
        render.said_line(f"stopped; what you kept is in {out}")
        raise typer.Exit(130) from None
    render.line(f"{render.counted(kept, 'question')} added to {out}")
    if yes and kept < count:
        render.line("There are no more that differ enough.")
    if not kept and yes:
        raise typer.Exit(1)


@app.command()
def check(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Questions, YAML or JSON Lines.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find questions whose evidence is no longer in the library, as documents change.

    Shows the passage that is most like what is gone. Exit code 1 if there are any.

    Example: dragtor questions check assets/questions.yml
    """
    from dragtor.cli import render
    from dragtor.evaluate.checking import check as check_cases
    from dragtor.evaluate.judging import read_cases

    state = state_of(ctx)
    cases = read_cases(file)
    library = state.dragtor.library
    gone = check_cases(cases, library, state.dragtor.search, _query(state))
    if json_:
        render.json_out(check_json(str(file), len(cases), gone))
    else:
        for one in gone:
            _show_gone(one)
        broken = len({one.case.id for one in gone})
        said = f"{broken} of them rest on what is gone" if broken else "all hold"
        render.line(f"{render.counted(len(cases), 'question')} in {file}: {said}")
    if gone:
        raise typer.Exit(1)


def check_json(file: str, questions: int, gone: Sequence[Gone]) -> dict[str, Any]:
    """What ``dragtor questions check --json`` prints."""
    return {
        "file": file,
        "questions": questions,
        "gone": [
            {
                "id": one.case.id,
                "question": one.case.question,
                "document": one.evidence.document,
                "quote": one.evidence.quote,
                "reason": one.reason,
                "nearest": None
                if one.nearest is None
                else {
                    "document": one.nearest.document.uri,
                    "start": one.nearest.passage.start,
                    "end": one.nearest.passage.end,
                    "text": one.nearest.passage.text,
                    "similarity": one.similarity,
                },
            }
            for one in gone
        ],
    }


def _is_terminal() -> bool:
    return sys.stdin.isatty()


class _File:
    """A questions file that is added to, what it holds kept as it is."""

    def __init__(self, path: Path) -> None:
        from dragtor.errors import QueryError
        from dragtor.evaluate.judging import read_cases

        self._path = path
        if path.suffix not in (".yml", ".yaml"):
            raise QueryError(
                f"{path}: questions are written as YAML: name a file that ends in .yml"
            )
        self._new = False
        with suppress(OSError):  # read_cases says what is wrong with the file
            self._new = not path.exists() or not path.read_bytes().strip()
        cases = [] if self._new else read_cases(path)
        self.questions = [case.question for case in cases]
        self._ids = [case.id for case in cases]

    def add(self, proposal: Proposal, *, checked: bool) -> None:
        """Write one question at the end. Raises QueryError."""
        import yaml

        from dragtor.errors import QueryError
        from dragtor.evaluate.proposing import entry, id_of

        id = id_of(proposal.question, self._ids)
        row = [entry(proposal, id, checked=checked)]
        text = yaml.safe_dump(row, sort_keys=False, allow_unicode=True, width=100)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{_HEADER}\n{text}" if self._new else f"\n{text}")
        except OSError as error:
            raise QueryError(f"cannot write {self._path}: {error.strerror}") from None
        self._ids.append(id)
        self._new = False


def _proposals(state: State, seed: int, file: _File) -> Iterator[Proposal]:
    from dragtor.evaluate.proposing import Proposer

    dragtor = state.dragtor
    proposer = Proposer(
        dragtor.library, dragtor.search, _query(state), writer=_writer(state), seed=seed
    )
    return proposer.propose(file.questions)


def _writer(state: State) -> Writer | None:
    """The language model, if it is a good one."""
    from dragtor.build import choose_llm
    from dragtor.build.choices import wording
    from dragtor.evaluate.writing import ModelWriter

    settings, model = state.settings, state.dragtor.model
    if model is None or (settings.llm.engine == "llama" and choose_llm(settings).starter):
        return None
    return ModelWriter(model, settings.prompts.propose, wording(settings))


def _query(state: State) -> Any:  # noqa: ANN401 (a Query; types are not imported for help)
    from dragtor.types import Query

    return Query("", collections=(state.collection,))


def _all(proposals: Iterator[Proposal], count: int, file: _File) -> int:
    from dragtor.cli.progress import progress

    kept = 0
    with progress("Making questions") as show:
        show(0, count, "")
        for proposal in proposals:
            file.add(proposal, checked=False)
            kept += 1
            show(kept, count, proposal.question)
            if kept == count:
                break
    return kept


def _asked(proposals: Iterator[Proposal], count: int, file: _File) -> int:
    """Show one after another; a person says what becomes of it."""
    from dataclasses import replace

    kept = 0
    for proposal in proposals:
        _show(proposal, f"{kept + 1} of {count}")
        what = _choice()
        if what == "q":
            break
        if what == "e":
            edited = _edited(proposal.question)
            proposal = replace(proposal, question=edited)
        if what in ("k", "e"):
            file.add(proposal, checked=True)
            kept += 1
        if kept == count:
            break
    return kept


def _choice() -> str:
    """What becomes of a question, by its first letter; asked again until it is one of four."""
    while True:
        said = typer.prompt("keep, throw away, edit or quit [k/t/e/q]", default="k").strip().lower()
        for choice in ("keep", "throw away", "edit", "quit"):
            if said and choice.startswith(said):
                return choice[0]


def _edited(question: str) -> str:
    """The question as a person changes it; as it is, where nothing is left of it."""
    from prompt_toolkit import prompt

    return prompt("question: ", default=question).strip() or question


def _show(proposal: Proposal, number: str) -> None:
    from dragtor.cli import render

    render.out.print()
    render.line(f"{number}: {proposal.question}")
    hard = "; hard: search does not find it" if proposal.hard else ""
    render.out.print(render.dim(f"  {_name(proposal.document.uri)} ({proposal.origin}{hard})"))
    render.hanging(_indent(), _cut(proposal.quote))


def _show_gone(gone: Gone) -> None:
    from dragtor.cli import render
    from dragtor.evaluate.checking import begins_alike

    why = "the document is gone" if gone.reason == "document" else "its text has changed"
    render.line(f"{gone.case.id}: {gone.case.question}")
    where = f" of {gone.evidence.document}" if gone.evidence.document else ""
    render.out.print(render.dim(f"  {why}: evidence{where}"))
    if gone.evidence.quote:
        render.hanging(_indent("- "), _cut(gone.evidence.quote))
    if gone.nearest:
        share = f"{gone.similarity:.0%} of its words, in {_name(gone.nearest.document.uri)}"
        render.out.print(render.dim(f"  nearest now ({share}):"))
        text = gone.nearest.passage.text
        at = begins_alike(text, gone.evidence.quote or "")
        render.hanging(_indent("+ "), _cut(text[at:]))


def _indent(mark: str = "") -> Any:  # noqa: ANN401 (rich's Text)
    from rich.text import Text

    return Text(f"  {mark}")


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN].rpartition(' ')[0]} …"


def _name(uri: str) -> str:
    from urllib.parse import unquote

    return unquote(uri.rstrip("/").rsplit("/", 1)[-1])
