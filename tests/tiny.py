"""A BERT so small that every test can have one: real architecture, random weights, no network.

Texts that share words get similar vectors (word embeddings outweigh everything else), which is
enough for a pipeline test to find what it put in. The weights are large enough for attention to
be far from uniform, so that a wrong mask or scale shows.
"""

from __future__ import annotations

import itertools
import json
import string
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HIDDEN = 64
HEADS = 4
LAYERS = 2
INTERMEDIATE = 128
POSITIONS = 512

Weights = dict[str, npt.NDArray[np.float32]]

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_DTYPES = {"float32": "F32", "float16": "F16", "uint16": "BF16", "int64": "I64"}


def make_tiny_bert(folder: Path, *, labels: int = 0, seed: int = 0) -> Path:
    """Write config.json, model.safetensors and tokenizer.json as a hub would have them.

    With ``labels`` it is a cross-encoder with that many classes, otherwise an encoder of 64
    dimensions. The tokenizer knows English letters in pairs, digits and ASCII punctuation;
    anything else is unknown to it. Returns the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = tiny_config(tokenizer.get_vocab_size(), labels)
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    weights = tiny_weights(tokenizer.get_vocab_size(), labels=labels, seed=seed)
    write_safetensors(folder / "model.safetensors", weights)
    return folder


def tiny_config(vocabulary: int, labels: int = 0) -> dict[str, object]:
    """The config.json of :func:`make_tiny_bert`."""
    return {
        "architectures": ["BertForSequenceClassification" if labels else "BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": POSITIONS,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
        "type_vocab_size": 2,
        "vocab_size": vocabulary,
        "id2label": {str(i): f"LABEL_{i}" for i in range(labels)},
    }


def tiny_tokenizer() -> Tokenizer:
    """WordPiece over pairs of letters, lower-casing, with BERT's special tokens."""
    pairs = ["".join(pair) for pair in itertools.product(string.ascii_lowercase, repeat=2)]
    pieces = [*string.ascii_lowercase, *string.digits, *string.punctuation, *pairs]
    vocabulary = [*_SPECIAL, *pieces, *(f"##{piece}" for piece in pieces)]
    ids = {piece: i for i, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    tokenizer.add_special_tokens(list(_SPECIAL))
    return tokenizer


def tiny_weights(vocabulary: int, *, labels: int = 0, seed: int = 0) -> Weights:
    """Random weights by their names in the Hugging Face layout."""
    rng = np.random.default_rng(seed)
    prefix = "bert." if labels else ""
    weights: Weights = {}

    def normal(*shape: int, scale: float) -> npt.NDArray[np.float32]:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    def linear(name: str, rows: int, columns: int) -> None:
        weights[f"{name}.weight"] = normal(rows, columns, scale=columns**-0.5)
        weights[f"{name}.bias"] = normal(rows, scale=0.1)

    def norm(name: str) -> None:
        weights[f"{name}.weight"] = 1 + normal(HIDDEN, scale=0.1)
        weights[f"{name}.bias"] = normal(HIDDEN, scale=0.1)

    embeddings = f"{prefix}embeddings."
    weights[f"{embeddings}word_embeddings.weight"] = normal(vocabulary, HIDDEN, scale=1)
    weights[f"{embeddings}position_embeddings.weight"] = normal(POSITIONS, HIDDEN, scale=0.1)
    weights[f"{embeddings}token_type_embeddings.weight"] = normal(2, HIDDEN, scale=0.3)
    norm(f"{embeddings}LayerNorm")
    for i in range(LAYERS):
        layer = f"{prefix}encoder.layer.{i}."
        for part in ("query", "key", "value"):
            linear(f"{layer}attention.self.{part}", HIDDEN, HIDDEN)
        linear(f"{layer}attention.output.dense", HIDDEN, HIDDEN)
        norm(f"{layer}attention.output.LayerNorm")
        linear(f"{layer}intermediate.dense", INTERMEDIATE, HIDDEN)
        linear(f"{layer}output.dense", HIDDEN, INTERMEDIATE)
        norm(f"{layer}output.LayerNorm")
    linear(f"{prefix}pooler.dense", HIDDEN, HIDDEN)
    if labels:
        linear("classifier", labels, HIDDEN)
    return weights


def write_safetensors(path: Path, tensors: dict[str, npt.NDArray[np.generic]] | Weights) -> None:
    """Write tensors by the format's own description: header length, JSON header, raw bytes.

    numpy has no bfloat16; a ``uint16`` array is written as the bits of one.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        dtype = _DTYPES[tensor.dtype.name]
        header[name] = {"dtype": dtype, "shape": tensor.shape, "data_offsets": [offset, end]}
        offset = end
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    body = b"".join(np.ascontiguousarray(tensor).tobytes() for tensor in tensors.values())
    path.write_bytes(len(head).to_bytes(8, "little") + head + body)
