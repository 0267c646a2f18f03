"""The encoders that fastembed knows, as entries of the model catalogue.

They are named as there, ``owner/name``. Their files come the way of all others, so that downloads
are resumed, checked and spoken of alike; fastembed itself never asks the network.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from dragtor.catalogue import EncoderCard, HubFile, ModelEntry, ModelFile
from dragtor.errors import ModelError

if TYPE_CHECKING:
    from fastembed.common.model_description import DenseModelDescription

_BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json")
_BESIDE_STATIC = ("tokenizer.json",)
_TOKENS = 512
"""What a card says of the longest text: the encoder reads the true figure among its files."""
_BGE = "Represent this sentence for searching relevant passages: "
_WEB = "Instruct: Given a web search query, retrieve relevant passages that answer the query"
_PREFIXES = {
    r"bge-\w+-en|mxbai-embed|snowflake-arctic": (_BGE, ""),
    r"bge-\w+-zh": ("为这个句子生成表示以用于检索相关文章：", ""),
    r"multilingual-e5": ("query: ", "passage: "),
    r"nomic-embed-text": ("search_query: ", "search_document: "),
    r"embeddinggemma": ("task: search result | query: ", "title: none | text: "),
    r"Qwen3-Embedding": (f"{_WEB}\nQuery:", ""),
    r"stella-en": (f"{_WEB}.\nQuery: ", ""),
}
"""What models want before questions and passages, by their own cards; fastembed leaves it out.

The one exception, jina-embeddings-v3, fastembed tells itself what is a question.
"""
_MATRYOSHKA = {
    r"nomic-embed-text-v1\.5": (64, 128, 256, 512),
    r"mxbai-embed-large-v1": (512,),
    r"embeddinggemma": (128, 256, 512),
    r"jina-embeddings-v3": (32, 64, 128, 256, 512, 768),
}


def entry_of(name: str) -> ModelEntry:
    """The entry of a model of fastembed, ``owner/name`` or ``owner--name``, case ignored.

    Raises ModelError, naming those that are alike.
    """
    from fastembed import TextEmbedding

    known = {found.model.lower(): found for found in TextEmbedding._list_supported_models()}
    wanted = name.replace("--", "/")
    if wanted.lower() not in known:
        near = difflib.get_close_matches(wanted.lower(), known, n=3, cutoff=0.4)
        hint = ", ".join(known[key].model for key in near) or "see its documentation"
        raise ModelError(f"fastembed has no model called {wanted!r}; did you mean {hint}?")
    return _entry(known[wanted.lower()])


def _entry(found: DenseModelDescription) -> ModelEntry:
    repository = found.sources.hf
    if repository is None:
        raise ModelError(f"{found.model} is on no hub: choose another model")
    beside = _BESIDE_STATIC if found.model_file.endswith(".safetensors") else _BESIDE
    names = dict.fromkeys([*beside, found.model_file, *found.additional_files])
    size_mb = max(1, round(1000 * found.size_in_GB))
    query, passage = _match(_PREFIXES, found.model, ("", ""))
    return ModelEntry(
        name=found.model.replace("/", "--"),
        kind="encoder",
        description=f"Of fastembed: {found.model}.",
        licence=found.license,
        size_mb=size_mb,
        memory_mb=round(1.3 * size_mb) + 100,
        encoder=EncoderCard(
            engine="fastembed",
            dimension=found.dim,
            max_tokens=_TOKENS,
            pooling="mean",
            query_prefix=query,
            passage_prefix=passage,
            matryoshka=_match(_MATRYOSHKA, found.model, ()),
            layer_norm="nomic-embed-text-v1.5" in found.model,
        ),
        files=tuple(
            ModelFile(name=name, sources=(HubFile(hub=repository, path=name),)) for name in names
        ),
    )


def _match(table: dict[str, Any], name: str, nothing: Any) -> Any:  # noqa: ANN401 (of the table)
    return next((value for pattern, value in table.items() if re.search(pattern, name)), nothing)
