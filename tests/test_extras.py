"""Optional packages."""

from __future__ import annotations

import json.decoder
from pathlib import Path

import pytest

from dragtor.errors import MissingExtra
from dragtor.extras import require


def test_what_is_installed_is_imported() -> None:
    assert require("json.decoder", "hf") is json.decoder


@pytest.mark.parametrize("module", ["nobody_has_this", "nobody_has_this.at_all"])
def test_what_is_missing_is_named_with_the_extra_that_brings_it(module: str) -> None:
    with pytest.raises(
        MissingExtra, match=r"nobody_has_this is not installed; .*: poetry install -E diarize"
    ):
        require(module, "diarize")


def test_a_package_that_breaks_inside_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "halfway_there.py").write_text("import nobody_has_this_either\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nobody_has_this_either"):
        require("halfway_there", "hf")
