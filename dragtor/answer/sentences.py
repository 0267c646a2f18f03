"""Vectors of the sentences of what was found: those that indexing kept, else made now, and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dragtor.errors import StoreError
from dragtor.interfaces import Encoder, VectorCache
from dragtor.log import logger
from dragtor.passages import input_hash, sentence_inputs, sentence_spans, sentences_key
from dragtor.types import Hit, Passage, Vectors


class SentenceVectors:
    """Fits :data:`dragtor.answer.evidence.SentenceVectors`.

    ``encoder_input`` says what the encoder saw of a hit's passage when it was indexed. Where the
    cache is gone, from before there were sentences in it, or may not be written, all that changes
    is how long it takes.
    """

    def __init__(
        self, encoder: Encoder, cache: VectorCache, encoder_input: Callable[[Hit], str]
    ) -> None:
        self._encoder = encoder
        self._cache = cache
        self._encoder_input = encoder_input

    def __call__(self, hits: Sequence[Hit]) -> list[Vectors]:
        """For each hit the vectors of its sentences, shape (sentences, dimension), in order."""
        keys = [self._key(hit) for hit in hits]
        known = self._cache.get_spans(self._encoder.fingerprint, keys)
        missing = {
            key: self._read(hit)
            for hit, key in zip(hits, keys, strict=True)
            if key not in known and sentence_spans(hit.passage.text)
        }
        if missing:
            known |= zip(missing, self._encoded(list(missing.values())), strict=True)
        none: Vectors = self._encoder.encode_queries([])
        return [known.get(key, none) for key in keys]

    def _key(self, hit: Hit) -> str:
        return sentences_key(hit.passage.input_hash or input_hash(self._read(hit)), hit.passage)

    def _read(self, hit: Hit) -> Passage:
        text = self._encoder_input(hit)
        # The document may have been replaced just now.
        seen = text if text.endswith(hit.passage.text) else hit.passage.text
        return replace(hit.passage, encoder_input=seen)

    def _encoded(self, passages: Sequence[Passage]) -> list[Vectors]:
        inputs = [passage.encoder_input for passage in passages]
        cuts = [sentence_inputs(passage) for passage in passages]
        _, vectors = self._encoder.encode_spans(inputs, cuts)
        keys = [sentences_key(input_hash(passage), passage) for passage in passages]
        try:
            self._cache.put_spans(self._encoder.fingerprint, keys, vectors)
        except StoreError as error:
            logger.debug("the vectors of {} passages are not kept: {}", len(passages), error)
        return vectors
