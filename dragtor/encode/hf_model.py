"""A model of the hub in transformers and torch; only the child process imports this to use it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dragtor.encode.hf_modules import Modules, read_modules
from dragtor.encode.session import batches, physical_cores
from dragtor.errors import EngineError, ModelError
from dragtor.extras import require
from dragtor.types import Vectors

_BATCH_TOKENS = {"cpu": 1024}
_BATCH_TOKENS_GPU = 16_384
"""Tokens, padding included, that are computed together."""
_SAID = 300


class HfModel:
    """Loads a folder; see :class:`dragtor.encode.hf.HfEncoder`. Raises ModelError, MissingExtra."""

    def __init__(
        self,
        *,
        folder: str,
        name: str,
        max_tokens: int,
        dimension: int,
        pooling: str,
        trust_remote_code: bool,
        config: dict[str, Any],
        threads: int,
    ) -> None:
        self._torch: Any = require("torch", "hf")
        self._transformers: Any = require("transformers", "hf")
        self._transformers.logging.set_verbosity_error()
        self._transformers.logging.disable_progress_bar()
        self._torch.set_num_threads(threads or physical_cores())
        self._torch.set_grad_enabled(False)
        self.name = name
        self.device = _device(self._torch)
        self._folder = Path(folder)
        self._max_tokens = max_tokens
        self._trusted = trust_remote_code
        _check_code(self._folder, name, trusted=trust_remote_code)
        with_config = self._load("AutoConfig")
        for key, value in config.items():
            setattr(with_config, key, value)
        self._tokenizer = self._load("AutoTokenizer")
        if not self._tokenizer.is_fast:
            raise ModelError(f"{name} has no fast tokenizer, which says where its tokens lie")
        if self._tokenizer.pad_token is None:
            # Any will do, as what is filled up is masked.
            self._tokenizer.pad_token = self._tokenizer.convert_ids_to_tokens(0)
        self._modules: Modules = read_modules(self._folder, pooling, self._torch, self.device)
        self._model = self._open(with_config)
        self._check(dimension)

    def read(
        self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]], keep: bool
    ) -> tuple[Vectors, list[Vectors], list[Vectors]]:
        """Vectors of texts, of the spans of each, and of its tokens if they are to be kept.

        See :class:`dragtor.types.Encoded`. Raises EngineError.
        """
        places: list[Any] = [None] * len(texts)
        vectors: list[Any] = [None] * len(texts)
        pooled: list[Any] = [None] * len(texts)
        kept: list[Any] = [None] * len(texts)
        for rows, hidden, mask, offsets in self._run(texts):
            whole = self._modules.pool(hidden, mask)
            for at, row in enumerate(rows):
                seen = mask[at].bool()
                places[row], vectors[row] = offsets[at][seen], whole[at]
                tokens = hidden[at][seen]
                pooled[row] = self._spans(tokens, places[row], spans[row], whole[at])
                kept[row] = self._modules.finish(tokens) if keep else None
        stacked = self._torch.stack(vectors)
        return (
            _unit(self._modules.finish(stacked).cpu().numpy()),
            [_unit(self._modules.finish(rows).cpu().numpy()) for rows in pooled],
            [_unit(rows.cpu().numpy()) for rows in kept if rows is not None],
        )

    def save_tokenizer(self) -> None:
        """Write ``tokenizer.json`` of a tokenizer that came in another form."""
        path = self._folder / "tokenizer.json"
        try:
            self._tokenizer.backend_tokenizer.save(str(path))
        except Exception as error:  # tokenizers raises nothing more specific
            raise ModelError(f"cannot write {path}: {error}") from None

    def _load(self, kind: str, **options: Any) -> Any:  # noqa: ANN401 (of transformers)
        """An Auto class of transformers, from the folder and from nowhere else."""
        try:
            return getattr(self._transformers, kind).from_pretrained(
                str(self._folder),
                local_files_only=True,
                trust_remote_code=self._trusted,
                **options,
            )
        except Exception as error:  # of any kind, by the model's own code too
            said = " ".join(str(error).split())[:_SAID]
            text = f"{self.name} does not load by transformers ({type(error).__name__}: {said})"
            raise ModelError(text) from None

    def _open(self, config: Any) -> Any:  # noqa: ANN401 (of transformers)
        safe = any(self._folder.glob("*.safetensors"))
        model = self._load("AutoModel", config=config, use_safetensors=safe, weights_only=True)
        if getattr(config, "is_encoder_decoder", False):
            model = model.get_encoder()
        return model.float().eval().to(self.device)

    def _check(self, dimension: int) -> None:
        positions = getattr(self._model.config, "max_position_embeddings", None)
        if positions and self._max_tokens > positions:
            raise ModelError(
                f"{self.name} reads at most {positions} tokens: "
                f"lower its max_tokens of {self._max_tokens}"
            )
        made = self.read(["one"], [[]], keep=False)[0].shape[1]
        if made != dimension:
            raise ModelError(
                f"{self.name} gives vectors of {made} components: correct its dimension of "
                f"{dimension} under `models:`"
            )

    def _run(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Any, Any, Any]]:
        """Texts of like length together: which, (texts, tokens, size), their mask and places."""
        cut = {"truncation": True, "max_length": self._max_tokens}
        lengths = [len(ids) for ids in self._tokenizer(list(texts), **cut)["input_ids"]]
        # Without special tokens nothing is made of nothing, and there must be something to read.
        some = [text if length else "." for text, length in zip(texts, lengths, strict=True)]
        for rows in batches(lengths, _BATCH_TOKENS.get(self.device, _BATCH_TOKENS_GPU)):
            feed = self._tokenizer(
                [some[row] for row in rows],
                padding=True,
                return_offsets_mapping=True,
                return_tensors="pt",
                **cut,
            )
            offsets = feed.pop("offset_mapping")
            feed = {key: value.to(self.device) for key, value in feed.items()}
            hidden = getattr(self._model(**feed), "last_hidden_state", None)
            if hidden is None:
                raise EngineError(f"{self.name} gives no last_hidden_state, which is needed")
            yield rows, hidden, feed["attention_mask"], offsets

    def _spans(
        self,
        tokens: Any,  # noqa: ANN401 (a tensor, as below)
        places: Any,  # noqa: ANN401
        spans: Sequence[tuple[int, int]],
        whole: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Means of the tokens of each span; one without a token of its own has its text's."""
        starts, ends = places[:, 0], places[:, 1]
        means = tokens.new_empty((len(spans), tokens.shape[1]))
        for row, (start, end) in enumerate(spans):
            inside = (starts < end) & (ends > start) & (starts < ends)
            means[row] = tokens[inside.to(tokens.device)].mean(dim=0) if inside.any() else whole
        return means


def _device(torch: Any) -> str:  # noqa: ANN401 (a module)
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _check_code(folder: Path, name: str, *, trusted: bool) -> None:
    """Raise ModelError for code of somebody else's that may not run, or is not there."""
    try:
        classes = json.loads((folder / "config.json").read_text("utf-8")).get("auto_map") or {}
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"cannot read {folder / 'config.json'} ({error})") from None
    if classes and not trusted:
        raise ModelError(
            f"{name} brings code of its own: read it, then set trust_remote_code: true and the "
            "revision you read, in its entry under `models:`"
        )
    if foreign := [str(value) for value in classes.values() if "--" in str(value)]:
        repository = foreign[0].partition("--")[0]
        raise ModelError(
            f"the code of {name} lies in another repository, {repository}, which is not pinned: "
            "use its ONNX files by the engine onnx"
        )


def _unit(rows: Vectors) -> Vectors:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = rows / np.maximum(length, np.finfo(np.float32).tiny)
    return unit
