from __future__ import annotations

import pytest

from dragtor.errors import NothingToRead
from dragtor.sources.html import HtmlExtractor, render_html
from dragtor.types import Mark

from .documents import check_marks, original

ARTICLE = (
    "Finger pulleys hold the flexor tendons close to the bone of the finger, and climbers load "
    "them far more than other people do. The second annular pulley breaks most often of all. "
)


def rendered(body: str) -> str:
    return render_html(f"<html><body>{body}</body></html>")[0]


def test_headings_are_marked_where_they_stand() -> None:
    text, marks = render_html("<body><h1>One <b>two</b></h1><p>a</p><h3>\u00adThree</h3>b</body>")
    assert text == "One two\n\na\n\nThree\n\nb"
    assert marks == (Mark(0, heading="One two", level=1), Mark(12, heading="Three", level=3))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>a\n b</p><div>c<p>d</p>e</div>", "a b\n\nc\n\nd\n\ne"),
        ("<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
        ("x<script>no</script><style>no</style><img alt='no'>y&nbsp;z\u200b", "xy z"),
        (
            "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul>e",
            "- a\n  - b\n- c\nd\n\ne",
        ),
        ("<ol start=3><li>a</li><li>b</li></ol>", "3. a\n4. b"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tbody><tr><td><p>1</p><p>2</p></td><td></td>"
            "</tr></tbody></table>",
            "| a | b |\n| 1 2 |  |",
        ),
        ("<table><tr><td><p>a</p><p>b</p></td></tr></table>", "a\n\nb"),
        ("<pre>  a\n    b\n</pre>", "  a\n    b"),
        ("<!-- no --><dl><dt>a</dt><dd>b</dd></dl><blockquote>c</blockquote>", "a\n\nb\n\nc"),
    ],
)
def test_structure_stays_readable(body: str, text: str) -> None:
    assert rendered(body) == text


def test_the_main_content_of_a_page_is_found_with_what_it_says_about_itself() -> None:
    page = (
        "<html lang=en><head><title>Pulleys | Site</title><meta name=author content='Jo Doe'>"
        "<meta property='og:site_name' content='Site'><link rel=canonical "
        "href='https://x.org/pulleys'><meta property='article:published_time' "
        "content='2024-05-01'></head><body><nav><a href=/>Home</a> <a href=/about>About</a></nav>"
        f"<article><h1>Pulleys</h1><p>{ARTICLE * 3}</p><h2>Healing</h2><p>{ARTICLE * 3}</p>"
        "</article><footer>Copyright, all rights reserved</footer></body></html>"
    )
    (content,) = HtmlExtractor().extract(original(page, "https://x.org/pulleys?a=1"))
    check_marks(content)
    assert "Home" not in content.text
    assert "Copyright" not in content.text
    assert content.text.count(ARTICLE.strip()) == 6
    assert "Healing" in [mark.heading for mark in content.marks]
    assert content.title.startswith("Pulleys")
    assert (content.author, content.published, content.kind) == ("Jo Doe", "2024-05-01", "web")
    assert content.metadata["url"] == "https://x.org/pulleys"
    assert content.metadata["sitename"] == "Site"


def test_a_page_in_which_little_is_found_is_taken_whole() -> None:
    page = "<title>Short</title><nav>Menu</nav><div><span>Rest two days.</span></div>"
    (content,) = HtmlExtractor().extract(original(page, "short.html"))
    assert (content.text, content.title, content.kind) == ("Rest two days.", "Short", "html")


@pytest.mark.parametrize("page", ["<html></html>", "<!-- x -->", "<script>x</script>"])
def test_a_page_without_text_has_nothing_to_read(
    page: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NothingToRead, match="no text"):
        list(HtmlExtractor().extract(original(page, "x.html")))
    assert not caplog.records
    assert capsys.readouterr() == ("", "")


def test_a_page_in_an_old_encoding_is_read() -> None:
    page = f"<meta charset=windows-1252><p>Über “Ringbänder” für 5 €. {ARTICLE}</p>"
    (content,) = HtmlExtractor().extract(original(page.encode("cp1252"), "x.html"))
    assert content.text.startswith("Über “Ringbänder” für 5 €.")


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "table><tr><td>x<td"])
def test_a_page_nested_hundreds_of_elements_deep_keeps_its_text(tag: str) -> None:
    (content,) = HtmlExtractor().extract(original(f"<{tag}>" * 500 + ARTICLE, "x.html"))
    assert ARTICLE.strip() in content.text


def test_a_page_of_many_megabytes_is_read() -> None:
    page = f"<p>{ARTICLE * 60_000}</p>"
    assert len(rendered(page)) > 10_000_000
