from __future__ import annotations

import os
from pathlib import Path

import pytest

from dragtor.errors import SourceError
from dragtor.sources.address import shown, stem
from dragtor.sources.files import FileSource, FolderSource


def test_a_file_is_found_with_a_validator_and_not_read_again_until_it_changes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "A note.txt"
    path.write_text("one")
    source = FileSource(str(path))
    (found,) = source.discover()
    assert found.uri == source.uri == path.as_uri()
    original = source.fetch(found.uri, None)
    assert original is not None
    assert (original.data, original.media_type) == (b"one", "text/plain")
    assert original.validator == found.validator
    assert source.fetch(found.uri, found.validator) is None
    path.write_text("three")
    changed = source.fetch(found.uri, found.validator)
    assert changed is not None
    assert changed.data == b"three"


def test_a_uri_and_a_path_and_a_home_path_name_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ä b.md").write_text("x")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    named = ["~/ä b.md", "ä b.md", str(tmp_path / "ä b.md"), (tmp_path / "ä b.md").as_uri()]
    assert len({FileSource(name).uri for name in named}) == 1


@pytest.mark.parametrize(
    ("name", "told"), [("gone.txt", "there is no file"), ("photo.jpg", "unknown type")]
)
def test_a_named_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(SourceError, match=told):
        list(FileSource(str(tmp_path / name)).discover())


def test_a_folder_names_what_it_skips_and_leaves_hidden_files_out(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.md", "a.txt", ".hidden.txt", "~$lock.docx", "c.xyz", "README", "sub/d.PDF"):
        (tmp_path / name).write_text("x")
    found = {
        os.path.relpath(thing.uri, tmp_path.as_uri()): thing.skipped
        for thing in FolderSource(str(tmp_path)).discover()
    }
    assert found == {
        "README": "no file ending",
        "a.txt": None,
        "b.md": None,
        "c.xyz": "unknown type .xyz",
        "sub/d.PDF": None,
    }


def test_a_folder_gives_the_uris_that_its_files_have_by_themselves(tmp_path: Path) -> None:
    path = tmp_path / "50 % of #1, é.txt"
    path.write_text("x")
    (found,) = FolderSource(str(tmp_path)).discover()
    assert found.uri == path.as_uri() == FileSource(str(path)).uri
    original = FolderSource(str(tmp_path)).fetch(found.uri, None)
    assert original is not None
    assert original.data == b"x"


def test_a_name_that_is_not_utf_8_is_a_name_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_text("x")
    (found,) = FolderSource(str(tmp_path)).discover()
    assert found.uri == FileSource(str(path)).uri == f"{tmp_path.as_uri()}/caf%E9.txt"
    original = FolderSource(str(tmp_path)).fetch(found.uri, None)
    assert original is not None
    assert original.data == b"x"
    assert shown(found.uri) == f"{tmp_path}/caf\ufffd.txt"
    assert stem(found.uri) == "caf\ufffd"


def test_links_that_lead_back_up_do_not_go_round(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("x")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "broken.txt").symlink_to(tmp_path / "gone")
    found = list(FolderSource(str(tmp_path)).discover())
    assert [(thing.uri.rpartition("/")[2], thing.skipped) for thing in found] == [
        ("broken.txt", "cannot be read: No such file or directory"),
        ("a.txt", None),
    ]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot list the folder"):
        list(FolderSource(str(tmp_path / "gone")).discover())


def test_a_file_that_vanished_since_it_was_found_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    source = FolderSource(str(tmp_path))
    (found,) = source.discover()
    path.unlink()
    with pytest.raises(SourceError, match=r"there is no file or folder .*a\.txt"):
        source.fetch(found.uri, None)
