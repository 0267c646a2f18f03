"""Real files and pages; skipped where DRAGTOR_DATA names no folder that holds them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import mean

import pytest

from dragtor.build import EXTRACTORS
from dragtor.errors import SourceError
from dragtor.sources.extractors import Extractors
from dragtor.sources.files import FolderSource
from dragtor.text import clean, words

from .documents import check_marks, original

pytestmark = pytest.mark.data

# What stands in each file, or why it is not read. Read with one's own eyes, in the file.
EXPECTED = {
    "MEDRPT-2024-PAT-3847_medical_report_scan.pdf": SourceError("has no text layer (scanned?)"),
    "REPAIR-2022-INV-001_multipage.pdf": "| Insured name | Gabriel Diaz | Year | 2022 |\n",
    "SPARSE-2024-INV-1234_borderless_table.pdf": "\n| SKU-4563 | Software | $120.00 | $18,720.00 |",
    "category-level.docx": "- A top level list item\n  - Next level\n  - Same\n- Second top-level",
    "copy-protected.pdf": "complicate the easy reuse of important innovations by a wide audience.",
    "docx-tables.docx": "| Header Col 1 | Header Col 2 |\n| Lorem ipsum | A link example |",
    "embedded-images-tables.pdf": "egg shell adsorption on stainless surface in 0.5 M H2SO4 follow",
    "eng_spa_mult.html": '"Todos los seres humanos nacen libres e iguales en dignidad',
    "equations.docx": "The angle is θ=sin^(-1)(2.2×10^(-4))=2.2×10^(-4)rad.",
    "example-with-scripts.html": "Belarusian forces remain unlikely to attack Ukraine despite",
    "fake-html-cp1252.html": "El niño comió paella con ñoquis.",
    "movie-theater-booking-2024.pdf": "| Month | # Shows | Gross Amount | Net Amount | Occupancy |",
    "non_text_searchable.pdf": SourceError("has no text layer (scanned?)"),
    "page-breaks.docx": "<<producing two page-breaks to get from page-3 to page-5.",
    "paul_graham_superlinear.html": "the returns for performance are superlinear.\n\nTeachers and",
    "react_paper.pdf": "Adam Clayton Powell is a 1989 American documentary film directed by",
    "sample.md": "# ",
    "sample_docx_2_page_breaks.docx": "Hard page break coming up\n\nPage break right here =>",
    "sample_pdf_1.pdf": "at which time control of the specification passed to an ISO Committee of",
    "test.docx": "Introduction\n\nLarge language models (LLMs) are becoming a crucial building",
    "test.epub": "Chapter 1: Test Content\n\nThis is a test paragraph with some formatting.",
    "test.pdf": "There are at least three reasons confirming its general feasibility and utility",
    "test.pptx": "| 7 | 8 | 9 | 1b92870d-e3b5-4e65-8153-919f4ff45592 | 11 | 12 |",
    "test.xlsx": SourceError("unknown type .xlsx"),
    "test_blog.html": "- For easy problems, the tuned gpt-3.5-turbo model vastly outperformed",
    "test_wikipedia.html": "Microsoft was founded by Bill Gates and Paul Allen on April 4, 1975",
}


@pytest.fixture(scope="module")
def extractors() -> Extractors:
    def make(path: str) -> object:
        module, _, name = path.partition(":")
        return getattr(import_module(module), name)()

    return Extractors({kind: partial(make, path) for kind, path in EXTRACTORS.items()})  # type: ignore[arg-type,misc]


def test_every_file_of_many_formats_is_read_or_refused_with_a_reason(
    data: Path, extractors: Extractors
) -> None:
    source = FolderSource(str(data / "doc_formats" / "files"))
    seen = set()
    for found in source.discover():
        name = found.uri.rpartition("/")[2]
        seen.add(name)
        expected = EXPECTED[name]
        if found.skipped:
            assert found.skipped == str(expected)
            continue
        read = source.fetch(found.uri, None)
        assert read is not None
        if isinstance(expected, SourceError):
            with pytest.raises(SourceError) as refused:
                list(extractors.extract(read))
            assert str(expected) in str(refused.value)
            continue
        (content,) = extractors.extract(read)
        assert expected in content.text, name
        assert clean(content.text) == content.text
        if read.media_type != "text/markdown":
            check_marks(content)
    assert seen == set(EXPECTED)


def test_saved_pages_give_their_articles(data: Path, extractors: Extractors) -> None:
    """Every sixth page, of which the whole run of benchmarks/documents.py gives 0.968."""
    folder = data / "html_extraction"
    gold = [
        json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").strip().split("\n")
    ][::6]
    scores = []
    for one in gold:
        page = gzip.decompress((folder / one["file"]).read_bytes())
        (content,) = extractors.extract(original(page, one["url"], "text/html"))
        check_marks(content)
        found, wanted = Counter(words(content.text)), Counter(words(one["text"]))
        scores.append(2 * (found & wanted).total() / (found.total() + wanted.total()))
    assert mean(scores) > 0.94


def test_long_markdown_keeps_every_character_in_its_place(
    data: Path, extractors: Extractors
) -> None:
    source = FolderSource(str(data / "chunking_eval" / "documents"))
    found = list(source.discover())
    assert len(found) == 5
    for thing in found:
        read = source.fetch(thing.uri, None)
        assert read is not None
        (content,) = extractors.extract(read)
        assert content.text == read.data.decode()
