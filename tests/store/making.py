"""Small things to put into a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dragtor.interfaces import Library
from dragtor.passages import make_passages
from dragtor.types import Content, Cut, Document, Generation, Original, Passage, Span

FOLDER = "file:///notes"


def file(name: str, data: str = "", validator: str | None = "v1") -> Original:
    """A file of the folder FOLDER."""
    return Original(f"{FOLDER}/{name}", "text/plain", (data or name).encode(), validator)


def put(
    library: Library,
    name: str,
    text: str,
    *,
    title: str = "",
    source: str = FOLDER,
    collection: str = "main",
    metadata: Mapping[str, str] | None = None,
    **fields: str,
) -> str:
    """Store one file with one document."""
    content = Content(
        text, title or name, fields.pop("kind", "text"), metadata=metadata or {}, **fields
    )  # type: ignore[arg-type]
    return library.store(collection, source, file(name, text), [content], "plain 1")


def paragraphs(document: Document) -> list[Passage]:
    """A passage for each line that is not empty; the encoder sees the title above it."""
    spans, start = [], 0
    for line in document.text.split("\n"):
        if line.strip():
            spans.append(Cut(start, start + len(line)))
        start += len(line) + 1
    return make_passages(document, spans, with_title)


def with_title(document: Document, span: Span) -> str:
    """What the encoder sees of a passage."""
    return f"{document.info.title}\n{document.text[span.start : span.end]}"


def index(
    library: Library,
    *,
    splitter: str = "lines",
    fresh: bool = False,
    spaces: Mapping[str, str] | None = None,
) -> Generation:
    """Bring a generation of lines up to date and let it answer."""
    with library.writing():
        made = spaces or {"dense": "e1"}
        generation = library.generation(splitter, made, {"k": "v"}, fresh=fresh)
        commit(library, generation, list(library.pending(generation.id)))
        library.activate(generation.id)
    return generation


def commit(library: Library, generation: Generation, ids: Sequence[str]) -> list[str]:
    """Flip these documents to their newest version."""
    documents = [library.newest(id) for id in ids]
    return library.commit(generation.id, [(one, paragraphs(one)) for one in documents])


def id_of(library: Library, name: str, collection: str = "main") -> str:
    """Id of the document of a file."""
    (found,) = [d.id for d in library.documents(collection) if d.uri == f"{FOLDER}/{name}"]
    return found


def texts(library: Library, generation: Generation) -> list[str]:
    """Texts of all passages that answer, sorted."""
    found = library.resolve(generation.id, sorted(library.passage_ids(generation.id)))
    return sorted(one.passage.text for one in found.values())
