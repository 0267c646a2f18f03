"""How a model of the ColBERT kind wants to be used: from its card, and from its own files."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dragtor.catalogue import LateCard
from dragtor.errors import ModelError


@dataclass(frozen=True, slots=True)
class Manner:
    """As in :class:`dragtor.catalogue.LateCard`, nothing left open; the defaults are ColBERTv2's.

    A marker may be empty: then there is none.
    """

    question_marker: str = "[unused0]"
    passage_marker: str = "[unused1]"
    question_tokens: int = 32
    expand: bool = True
    attend: bool = False
    skip: tuple[str, ...] = tuple(string.punctuation)


_PYLATE = {
    "query_prefix": "question_marker",
    "document_prefix": "passage_marker",
    "query_length": "question_tokens",
    "do_query_expansion": "expand",
    "attend_to_expansion_tokens": "attend",
    "skiplist_words": "skip",
}
_COLBERT = {
    "query_token_id": "question_marker",
    "doc_token_id": "passage_marker",
    "query_maxlen": "question_tokens",
    "attend_to_mask_tokens": "attend",
}
_FILES = {
    "artifact.metadata": _COLBERT,
    "config_sentence_transformers.json": _PYLATE,
    "onnx_config.json": _PYLATE,
}
"""Files that say how to use a model, and under which names: of ColBERT itself, of PyLate, and of
those who export models of PyLate. The later ones count more."""


def manner_of(card: LateCard, folder: Path) -> Manner:
    """What the card says, else the files of the folder, else ColBERTv2.

    Raises ModelError for a file that cannot be understood.
    """
    known: dict[str, Any] = {}
    for name, keys in _FILES.items():
        said = _read(folder / name)
        known.update({keys[key]: value for key, value in said.items() if key in keys})
        if said.get("mask_punctuation") is False:
            known["skip"] = ()
    said = card.model_dump(include=set(Manner.__slots__), exclude_none=True)
    known.update(said)
    if "skip" in known:
        known["skip"] = tuple(known["skip"])
    return Manner(**known)


def _read(path: Path) -> Mapping[str, Any]:
    """What a JSON file says; nothing where there is none."""
    if not path.exists():
        return {}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path} ({error}); pull the model again") from None
    return {k: v for k, v in said.items() if v is not None} if isinstance(said, dict) else {}
