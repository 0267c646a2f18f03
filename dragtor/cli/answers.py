"""What people see of answers and of what was found: words with footnotes, and where they lead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from dragtor.cli import render
from dragtor.cli.render import counted, harmless, indented
from dragtor.text import content_stems, place, word_spans
from dragtor.types import Answer, Citation, Hit, Location

SHORT_ID = 8
"""Characters of a passage's id that people are shown; `dragtor show` takes them."""

_COLUMN = 10
"""Most characters of the head of a column of scores."""
_DOT = Text(" · ", style="dim")
_LINKABLE = re.compile(r"(https?|file)://[\x21-\x7e]+$")
_MARKER = re.compile(r"^(?:[-*+•·]|\d{1,3}[.)]|#{1,6})\s+")
_DOUBT = {"yes": "", "partly": " (partly)", "no": " (no source)"}
_VERDICT_STYLE = {"yes": "", "partly": "yellow", "no": "red"}


def passages(hits: Sequence[Hit], question: str) -> None:
    """Rank, title, place and text of each hit, the question's words marked."""
    if not hits:
        render.out.print("nothing found")
    for number, hit in enumerate(hits):
        if number:
            render.out.print()
        document = hit.document
        indented(_title(document.title), 3, head=_number(f"{hit.rank:>2}"))
        where(document.uri, document.title, hit.location, hit.passage.id, 3)
        indented(_marked(hit.passage.text, question), 3)


def scores(hits: Sequence[Hit]) -> None:
    """What each part of retrieval gave each hit, on its own scale, and what came of it."""
    names = list(dict.fromkeys(name for hit in hits for name in hit.scores))
    rows = [
        [
            str(hit.rank),
            *(f"{hit.scores[name]:.4f}" if name in hit.scores else "–" for name in names),
        ]
        for hit in hits
    ]
    said = [name if len(name) <= _COLUMN else f"{name[: _COLUMN - 1]}…" for name in names]
    render.out.print()
    render.table(("rank", *said), rows, right=("rank", *said))


def answer(value: Answer) -> None:
    """The answer, and below it what its footnotes lead to."""
    if value.rewritten:
        _hanging("understood as: ", value.rewritten)
        render.out.print()
    numbers = {citation: number for number, citation in enumerate(footnotes(value), start=1)}
    if value.kind == "quote":
        _quotes(value, numbers)
    else:
        indented(_with_footnotes(value, numbers), 0)
    if numbers:
        title = "Nearest in your sources" if value.refused else "Sources"
        render.out.print(Text(f"\n{title}", style="bold"))
    above: Citation | None = None
    for citation, number in numbers.items():
        _footnote(citation, number, above, quoted=_shows(value, citation))
        above = citation
    if value.kind != "clarification":
        render.out.print()
        indented(_byline(value), 0)


def footnotes(value: Answer) -> tuple[Citation, ...]:
    """What an answer's footnotes lead to, in the order of their numbers, which begin at 1.

    Of a refusal, the nearest that there is.
    """
    cited = [citation for sentence in value.sentences for citation in sentence.citations]
    return tuple(dict.fromkeys(cited or value.nearest))


def _shows(value: Answer, citation: Citation) -> bool:
    """Whether the answer's own words are this quote, so that it need not be said twice."""
    return value.kind == "quote" and any(
        sentence.text == citation.quote for sentence in value.sentences
    )


def _quotes(value: Answer, numbers: dict[Citation, int]) -> None:
    render.out.print(Text("In the words of your sources:", style="dim"))
    for sentence in value.sentences:
        shown = Text(f"“{harmless(_flat(sentence.text))}”")
        shown.append(_references(sentence.citations, numbers), style="cyan")
        render.out.print()
        indented(shown, 2, bar=Text("│ ", style="cyan"))


def _with_footnotes(value: Answer, numbers: dict[Citation, int]) -> Text:
    shown = Text()
    for text, sentence in value.parts():
        if sentence is None:
            shown.append(harmless(text))
            continue
        style = _VERDICT_STYLE[sentence.support.verdict]
        shown.append(harmless(text), style=style)
        shown.append(_references(sentence.citations, numbers), style="cyan")
        shown.append(_DOUBT[sentence.support.verdict], style=style)
    return shown


def _references(citations: Sequence[Citation], numbers: dict[Citation, int]) -> str:
    marks = "".join(f"[{numbers[citation]}]" for citation in dict.fromkeys(citations))
    return f" {marks}" if marks else ""


def _footnote(citation: Citation, number: int, above: Citation | None, *, quoted: bool) -> None:
    """Title, quote, place; what is as in the footnote above is not said again."""
    lines = [] if quoted else [Text(f"“{harmless(_flat(citation.quote))}”")]
    known = above is not None and above.document_id == citation.document_id
    if not known:
        lines.insert(0, _title(citation.title))
    uri = "" if known else citation.uri
    for position, text in enumerate(lines):
        indented(text, 4, head=_number(f"[{number}]") if position == 0 else None)
    head = None if lines else _number(f"[{number}]")
    where(uri, citation.title, citation.location, citation.passage_id, 4, head=head)


def _flat(text: str) -> str:
    """A sentence on one line, without the marker of the list item or heading that it is."""
    return _MARKER.sub("", " ".join(text.split()), count=1)


def _number(number: str) -> Text:
    return Text(f"{number} ", style="cyan")


def _title(title: str) -> Text:
    return Text(harmless(title), style="bold")


def where(
    uri: str,
    title: str,
    location: Location,
    passage_id: str,
    by: int,
    *,
    short: int = SHORT_ID,
    head: Text | None = None,
) -> None:
    """Place, address and passage, ``by`` columns to the right, on two lines where one is too short.

    An address is not folded, so that it can be used.
    """
    if location.heading == title:
        location = replace(location, heading=None)
    address = Text(harmless(render.link(uri)), style="dim")
    if _LINKABLE.match(uri):
        address.stylize(f"link {uri}")
    found = Text(harmless(place(location)), style="green")
    passage = Text(passage_id[:short], style="dim")
    line = _DOT.join([part for part in (found, address, passage) if part])
    if found and address and render.out.is_terminal and line.cell_len > render.out.width - by:
        indented(_DOT.join([found, passage]), by, head=head)
        line, head = address, None
    indented(line, by, fold=not address, head=head)


def _marked(text: str, question: str) -> Text:
    wanted = set(content_stems(question))
    shown = Text(harmless(text))
    for span in word_spans(text):
        if wanted.intersection(content_stems(text[span.start : span.end])):
            shown.stylize("bold yellow", span.start, span.end)
    return shown


def _byline(value: Answer) -> Text:
    parts = [*_worded_by(value), f"{value.timings.get('total_s', 0.0):.1f} s"]
    if value.usage.completion_tokens:
        parts.append(f"{value.usage.prompt_tokens} tokens read")
        parts.append(f"{value.usage.completion_tokens} written")
    if value.refused and value.decision and value.hits:
        parts.append(f"chance of an answer: {value.decision.answerable:.0%}")
    return Text(harmless(" · ".join(parts)), style="dim")


def _worded_by(value: Answer) -> list[str]:
    """The model that worded an answer, and how often one was asked on the way to it."""
    asked = sum(step.kind == "prompt" and step.name != "answer" for step in value.trace)
    if not asked:
        return [value.model or "no model was asked"]
    worded = value.model or ("quoted" if value.kind == "quote" else "")
    return [*filter(None, [worded]), f"the model was asked {counted(asked, 'time')} on the way"]


def _hanging(label: str, text: str) -> None:
    render.hanging(Text(label, style="dim"), text, style="dim")
