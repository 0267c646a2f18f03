import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import lxml.html
import mammoth
import pypdfium2
import pytest
import yaml

ASSETS = Path(__file__).parent.parent / "assets"
ARTICLES = sorted(path for path in (ASSETS / "library").iterdir() if path.is_file())
QUESTIONS: list[dict[str, Any]] = yaml.safe_load(
    (ASSETS / "questions.yml").read_text(encoding="utf-8")
)
FALSE_PREMISES: list[dict[str, Any]] = yaml.safe_load(
    (ASSETS / "false_premises.yml").read_text(encoding="utf-8")
)
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answerable"]]
DISCLAIMER = "General information, not medical advice"


def pdf_text(path: Path) -> str:
    pdf = pypdfium2.PdfDocument(path)
    try:
        texts = []
        for page in pdf:
            textpage = page.get_textpage()
            texts.append(textpage.get_text_range())
            textpage.close()
            page.close()
        return "\n".join(texts)
    finally:
        pdf.close()


def docx_text(path: Path) -> str:
    with path.open("rb") as file:
        return str(mammoth.extract_raw_text(file).value)


def html_text(path: Path) -> str:
    (article,) = lxml.html.fromstring(path.read_bytes()).iter("article")
    return str(article.text_content())


READERS = {".pdf": pdf_text, ".docx": docx_text, ".html": html_text}


@cache
def text_of(path: Path) -> str:
    reader = READERS.get(path.suffix, lambda file: file.read_text(encoding="utf-8"))
    return collapsed(reader(path))


def collapsed(text: str) -> str:
    return " ".join(text.split())


def ids(question: dict[str, Any]) -> str:
    return str(question["id"])


def test_library_has_one_pdf_one_docx_one_html_and_twelve_to_fifteen_articles() -> None:
    kinds = Counter(path.suffix for path in ARTICLES)
    assert {kind: kinds[kind] for kind in READERS} == {".pdf": 1, ".docx": 1, ".html": 1}
    assert set(kinds) == {".md", *READERS}
    assert 12 <= len(ARTICLES) <= 15


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.name)
def test_article_names_its_author_date_references_and_limits(path: Path) -> None:
    text = text_of(path)
    assert "By dragtor sample library · " in text
    assert re.search(r"2026-11-20|20 November 2026", text)
    body, references = text.split(" References ", maxsplit=1)[0], text.rsplit("References", 1)[1]
    assert 500 <= len(body.split()) <= 1100
    assert len(re.findall(r"\b(?:19|20)\d\d;", references)) >= 3, "fewer than three references"
    assert DISCLAIMER in references


@pytest.mark.parametrize(
    "path", [path for path in ARTICLES if path.suffix == ".md"], ids=lambda path: path.name
)
def test_markdown_article_starts_with_title_and_byline(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert lines[2] == "*By dragtor sample library · 2026-11-20*"
    assert sum(line.startswith("## ") for line in lines) >= 4


def test_pdf_has_three_numbered_pages_and_metadata() -> None:
    (path,) = (path for path in ARTICLES if path.suffix == ".pdf")
    pdf = pypdfium2.PdfDocument(path)
    try:
        pages = len(pdf)
        metadata = pdf.get_metadata_dict()
    finally:
        pdf.close()
    assert pages >= 3
    assert all(f"Page {number} " in text_of(path) for number in range(1, pages + 1))
    assert metadata["Title"] == "Hangboard training: a guide for climbers"
    assert metadata["Author"] == "dragtor sample library"


def test_docx_has_headings_and_a_table() -> None:
    (path,) = (path for path in ARTICLES if path.suffix == ".docx")
    with path.open("rb") as file:
        html = lxml.html.fromstring(mammoth.convert_to_html(file).value)
    assert len(html.findall(".//h1")) >= 5
    assert len(html.findall(".//table")) == 1


def test_html_has_metadata_and_surroundings_that_are_not_the_article() -> None:
    (path,) = (path for path in ARTICLES if path.suffix == ".html")
    page = lxml.html.fromstring(path.read_bytes())
    assert page.xpath("string(//meta[@name='author']/@content)") == "dragtor sample library"
    published = page.xpath("string(//meta[@property='article:published_time']/@content)")
    assert published.startswith("2026-11-20")
    assert page.xpath("//nav")
    assert page.xpath("//footer")


@pytest.mark.parametrize(
    "source", sorted((ASSETS / "binary_sources").glob("*.md")), ids=lambda path: path.stem
)
def test_the_committed_binary_holds_the_words_of_its_source_in_order(source: Path) -> None:
    (built,) = (path for path in ARTICLES if path.stem == source.stem)
    text = re.sub(r"\bdragtor sample library Page \d |• ", "", text_of(built))
    markup = r"^#+ |^- |\*|\|(?:-+\|)*"
    expected = re.sub(markup, " ", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert text.split() == expected.split(), "out of date: run assets/make_binary_samples.py"


def test_forty_questions_with_unique_ids_ten_of_them_without_an_answer() -> None:
    assert len(QUESTIONS) == 40
    assert len({question["id"] for question in QUESTIONS}) == 40
    assert len({question["question"] for question in QUESTIONS}) == 40
    assert Counter(question["gap"] for question in UNANSWERABLE) == {
        "near_miss": 5,
        "off_topic": 5,
    }
    assert all("answer" not in question and "evidence" not in question for question in UNANSWERABLE)


def test_every_article_answers_a_question() -> None:
    cited = {entry["document"] for question in ANSWERABLE for entry in question["evidence"]}
    assert cited == {path.name for path in ARTICLES}


@pytest.mark.parametrize("question", ANSWERABLE, ids=ids)
def test_every_quote_is_in_its_document_exactly_once(question: dict[str, Any]) -> None:
    assert question["answer"].strip()
    assert question["evidence"]
    for entry in question["evidence"]:
        quote = collapsed(entry["quote"])
        assert len(quote.split()) >= 8
        assert text_of(ASSETS / "library" / entry["document"]).count(quote) == 1, quote


def test_twenty_questions_with_false_premises() -> None:
    assert len(FALSE_PREMISES) == 20
    assert len({question["id"] for question in FALSE_PREMISES}) == 20
    assert len({question["question"] for question in FALSE_PREMISES}) == 20


@pytest.mark.parametrize("question", FALSE_PREMISES, ids=ids)
def test_what_the_library_says_against_a_premise_is_there_and_nothing_for_it(
    question: dict[str, Any],
) -> None:
    assert question["truth"]
    for entry in question["truth"]:
        quote = collapsed(entry["quote"])
        assert text_of(ASSETS / "library" / entry["document"]).count(quote) == 1, quote
    says_so = re.compile(question["wrong"], re.IGNORECASE)
    assert says_so.search(question["premise"])
    sentences = (s for path in ARTICLES for s in re.split(r"(?<=[.!?]) ", text_of(path)))
    assert [sentence for sentence in sentences if says_so.search(sentence)] == []
