"""Models named by their repository alone: which of its files transformers needs."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dragtor.catalogue import HubFile, ModelFile
from dragtor.errors import ModelError
from dragtor.weights.fetch import Progress

if TYPE_CHECKING:
    from dragtor.weights.download import Hub

RECORD = "snapshot.json"
"""What a folder holds or is to hold: written before the first file comes."""
MODULES = "modules.json"
_PLAIN = re.compile(r"(?:[\w][\w.+ -]*/)*[\w][\w.+ -]*")
_KEPT = (".json", ".txt", ".model", ".py")
_TIMEOUT_S = 30


def names(folder: Path, repository: str, revision: str) -> list[str]:
    """What a folder has to hold of a repository at a revision; nothing if it was another one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if (kept["repository"], kept["revision"]) == (repository, revision):
            return [str(name) for name in kept["files"]]
    return []


def files(
    hub: Hub, repository: str, revision: str, folder: Path, progress: Progress
) -> list[ModelFile]:
    """The files of a repository that belong into a folder, with the checksums the hub has.

    What the folder held of another revision is removed. Raises ModelError.
    """
    from dragtor.weights.download import from_hub

    kept = names(folder, repository, revision)
    if not kept:
        _clear(folder)
    there = _listing(hub, repository, revision)
    modules: Any = []
    if MODULES in there:
        source = HubFile(hub=repository, path=MODULES, revision=revision)
        from_hub(hub, source, folder / MODULES, there[MODULES], progress)
        modules = json.loads((folder / MODULES).read_text(encoding="utf-8"))
    chosen = needed(there, [str(module["path"]) for module in modules])
    record = {"repository": repository, "revision": revision, "files": chosen}
    (folder / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return [
        ModelFile(
            name=name,
            sha256=there[name],
            sources=(HubFile(hub=repository, path=name, revision=revision),),
        )
        for name in chosen
    ]


def needed(there: Collection[str], modules: Collection[str]) -> list[str]:
    """Configuration, tokenizer, code and weights at the top, and of modules in their folders.

    Weights are safetensors, and pickles only where there are none.

    >>> needed(["config.json", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx",
    ...         "2_Dense/config.json", "2_Dense/pytorch_model.bin", "README.md"], ["", "2_Dense"])
    ['2_Dense/config.json', '2_Dense/pytorch_model.bin', 'config.json', 'model.safetensors']
    """
    chosen: list[str] = []
    for folder in {"", *modules}:
        within = [name for name in there if str(PurePosixPath(name).parent) == (folder or ".")]
        safe = [name for name in within if name.endswith(".safetensors")]
        pickled = [n for n in within if re.search(r"pytorch_model[\w-]*\.bin$", n)]
        chosen += [name for name in within if name.endswith(_KEPT)] + (safe or pickled)
    return sorted(name for name in chosen if _PLAIN.fullmatch(name))


def _listing(hub: Hub, repository: str, revision: str) -> Mapping[str, str | None]:
    """SHA-256 by path, of large files; small ones have None. Raises ModelError."""
    return dict(_pages(hub, repository, revision))


def _pages(hub: Hub, repository: str, revision: str) -> Iterator[tuple[str, str | None]]:
    import requests

    where = f"{hub.url.rstrip('/')}/api/models/{repository}/tree/{quote(revision, safe='')}"
    address: str | None = f"{where}?recursive=true"
    with hub.session() as session:
        while address:
            try:
                response = session.get(address, timeout=_TIMEOUT_S)
                response.raise_for_status()
                rows = response.json()
                for row in rows:
                    if row["type"] == "file":
                        yield row["path"], (row.get("lfs") or {}).get("oid")
            except requests.HTTPError as error:
                raise ModelError(
                    _refusal(repository, revision, error.response.status_code)
                ) from None
            except (requests.RequestException, ValueError, KeyError, TypeError) as error:
                said = type(error).__name__
                raise ModelError(
                    f"cannot see what {repository} holds ({said}): check the network"
                ) from None
            address = response.links.get("next", {}).get("url")


def _refusal(repository: str, revision: str, status: int) -> str:
    if status in (401, 403):
        return (
            f"the hub refuses {repository} ({status}): accept its licence at "
            f"https://huggingface.co/{repository} and set HF_TOKEN to your token"
        )
    if status == 404:
        return f"the hub has no {repository} at {revision} (404): correct the catalogue"
    return f"the hub answered {status} for {repository}: try again later"


def _clear(folder: Path) -> None:
    """Remove what another revision left, so that nothing of it is taken for the new one's."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        for name in kept["files"]:
            (folder / str(name)).unlink(missing_ok=True)
        (folder / "checksums.json").unlink(missing_ok=True)
        (folder / RECORD).unlink()
