from __future__ import annotations

from pathlib import Path

import pytest

from dragtor.errors import SourceError
from dragtor.sources.files import FileSource, FolderSource
from dragtor.sources.http import HttpClient
from dragtor.sources.opening import SourceOpener
from dragtor.sources.site import SiteSource
from dragtor.sources.web import LocalReader, PageSource


def opener() -> SourceOpener:
    return SourceOpener(
        HttpClient,
        LocalReader,
        sites={"https://x.org/library/": (7, ("/tag/",))},
        min_words=150,
    )


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("{folder}", FolderSource),
        ("file://{folder}", FolderSource),
        ("{folder}/a.txt", FileSource),
        ("{folder}/gone.txt", FileSource),
        ("https://x.org/page", PageSource),
        ("https://x.org/library", SiteSource),
        ("https://x.org/library/one", PageSource),
    ],
)
def test_the_address_chooses_the_source(tmp_path: Path, uri: str, kind: type) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert type(opener()(uri.format(folder=tmp_path))) is kind


def test_only_sections_of_sites_leave_thin_and_duplicate_pages_out() -> None:
    site, page = opener()("https://x.org/library/"), opener()("https://x.org/page")
    assert (site.min_words, site.unique) == (150, True)
    assert (page.min_words, page.unique) == (0, False)


def test_an_address_of_another_kind_is_an_error() -> None:
    with pytest.raises(SourceError, match="cannot read addresses of the kind ftp:"):
        opener()("ftp://x.org/a.txt")


@pytest.mark.parametrize("nothing", ["", " "])
def test_an_empty_address_is_not_the_working_directory(nothing: str) -> None:
    with pytest.raises(SourceError, match="the address is empty"):
        opener()(nothing)


def test_a_file_whose_name_looks_like_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("note: one.txt").write_text("x")
    assert isinstance(opener()("note: one.txt"), FileSource)
