"""Models that are named by their repository: the hub is asked what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dragtor.catalogue import ModelEntry
from dragtor.errors import ModelError
from dragtor.weights import Weights

ONE, OTHER = "1" * 40, "2" * 40
MODULES = b'[{"path": "", "type": "Transformer"}, {"path": "2_Dense_8", "type": "Dense"}]'
FILES = {
    "README.md": b"# A model",
    "config.json": b"{}",
    "modeling.py": b"print('mine')",
    "modules.json": MODULES,
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"a pickle",
    "onnx/model.onnx": b"a graph",
    "2_Dense_8/config.json": b"{}",
    "2_Dense_8/pytorch_model.bin": b"a small pickle",
    "2_Dense_4/config.json": b"{}",
}


def entry(revision: str = ONE, **card: Any) -> ModelEntry:
    return ModelEntry.model_validate(
        {
            "name": "wide",
            "kind": "encoder",
            "description": "",
            "licence": "MIT",
            "size_mb": 1,
            "memory_mb": 1,
            "encoder": {
                "dimension": 8,
                "max_tokens": 8,
                "pooling": "mean",
                "repository": "owner/wide",
                "revision": revision,
                **card,
            },
        }
    )


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@pytest.fixture
def hub(httpserver: HTTPServer) -> Callable[[str, dict[str, bytes]], str]:
    """Serve a repository at a revision, its listing on two pages; gives the hub's address."""

    def serve(revision: str, files: dict[str, bytes]) -> str:
        rows = [
            {
                "type": "file",
                "path": path,
                **(
                    {"lfs": {"oid": hashlib.sha256(data).hexdigest()}}
                    if path.endswith((".bin", ".safetensors"))
                    else {}
                ),
            }
            for path, data in files.items()
        ]
        rows.append({"type": "directory", "path": "onnx"})

        def listing(request: Request) -> Response:
            import json

            at = int(request.args.get("cursor", "0"))
            more = f'<{request.base_url}?recursive=true&cursor={at + 4}>; rel="next"'
            return Response(
                json.dumps(rows[at : at + 4]), headers={"Link": more} if rows[at + 4 :] else {}
            )

        tree = f"/api/models/owner/wide/tree/{revision}"
        httpserver.expect_request(tree).respond_with_handler(listing)
        for path, data in files.items():
            httpserver.expect_request(f"/owner/wide/resolve/{revision}/{path}").respond_with_data(
                data, headers={"ETag": f'"{git_sha1(data)}"'}
            )
        return httpserver.url_for("").rstrip("/")

    return serve


def test_what_transformers_needs_is_pulled_and_nothing_else(
    tmp_path: Path, hub: Callable[[str, dict[str, bytes]], str]
) -> None:
    weights = Weights(tmp_path, [entry()], hub(ONE, FILES))
    assert not weights.present("wide")
    folder = weights.pull("wide")
    pulled = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert pulled - {"checksums.json", "snapshot.json"} == {
        "config.json",
        "modeling.py",
        "modules.json",
        "model.safetensors",
        "2_Dense_8/config.json",
        "2_Dense_8/pytorch_model.bin",
    }
    assert weights.present("wide")
    (folder / "2_Dense_8" / "config.json").unlink()
    assert not weights.present("wide")


def test_another_revision_leaves_nothing_of_the_one_before(
    tmp_path: Path, hub: Callable[[str, dict[str, bytes]], str]
) -> None:
    address = hub(ONE, FILES)
    folder = Weights(tmp_path, [entry()], address).pull("wide")
    hub(OTHER, {"config.json": b"{ }", "model.safetensors": b"other weights"})
    weights = Weights(tmp_path, [entry(OTHER)], address)
    assert not weights.present("wide")
    weights.pull("wide")
    assert (folder / "model.safetensors").read_bytes() == b"other weights"
    assert not (folder / "modeling.py").exists()


def test_what_was_changed_on_the_way_is_refused(
    tmp_path: Path, hub: Callable[[str, dict[str, bytes]], str], httpserver: HTTPServer
) -> None:
    address = hub(ONE, FILES)
    httpserver.clear()
    hub(ONE, FILES | {"modeling.py": b"print('theirs')"})
    changed = {"modeling.py": b"import os"}
    for path, data in changed.items():
        httpserver.expect_oneshot_request(f"/owner/wide/resolve/{ONE}/{path}").respond_with_data(
            data, headers={"ETag": f'"{git_sha1(FILES[path])}"'}
        )
    with pytest.raises(ModelError, match=r"modeling\.py"):
        Weights(tmp_path, [entry()], address).pull("wide")


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, f"the hub has no owner/wide at {ONE}"), (401, "accept its licence"), (500, "500 for")],
)
def test_refusals_are_one_line(
    tmp_path: Path, httpserver: HTTPServer, status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragtor.weights.download.Hub.session", lambda self: plain_session())
    httpserver.expect_request(f"/api/models/owner/wide/tree/{ONE}").respond_with_data(
        "no", status=status
    )
    with pytest.raises(ModelError, match=said) as caught:
        Weights(tmp_path, [entry()], httpserver.url_for("").rstrip("/")).pull("wide")
    assert "\n" not in str(caught.value)


def plain_session() -> Any:
    """One that does not try again."""
    import requests

    return requests.Session()


@pytest.mark.parametrize("revision", ["main", "v1.0", ONE[:7], ONE.replace("1", "G")])
def test_code_is_trusted_of_a_pinned_commit_only(revision: str) -> None:
    assert entry(ONE, trust_remote_code=True).encoder
    with pytest.raises(ValidationError, match="trust_remote_code needs revision, the commit"):
        entry(revision, trust_remote_code=True)


def test_files_of_another_commit_are_not_trusted() -> None:
    source = {"hub": "owner/wide", "path": "modeling.py", "revision": "main"}
    given = entry(ONE, trust_remote_code=True).model_dump()
    given["files"] = [{"name": "modeling.py", "sources": [source]}]
    with pytest.raises(ValidationError, match="files of the pinned revision alone"):
        ModelEntry.model_validate(given)


def test_a_model_without_files_needs_a_repository() -> None:
    with pytest.raises(ValidationError, match="it needs files, or a repository"):
        entry(repository="")
