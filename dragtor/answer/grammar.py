"""JSON schemas as grammars that llama.cpp can hold a model to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from dragtor.log import logger

# What llama-cpp-python translates faithfully: anchored, without escapes and look-around.
_PLAIN_PATTERN = re.compile(r"\^(?:(?!\(\?)[^\\])*\$")


def grammar(llama: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The ``llama_cpp.LlamaGrammar`` of a schema; ``None`` where grammars cannot say it.

    ``llama`` is the ``llama_cpp.Llama`` that is to follow it. Patterns that are not plain are left
    out: what comes is looser then.
    """
    import llama_cpp
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        rules = json_schema_to_gbnf(json.dumps(_sayable(schema)))
    except (AssertionError, ValueError, KeyError, TypeError) as error:
        logger.debug("no grammar for {}: {}", schema.get("title", "a schema"), error)
        return None
    # A grammar that does not parse would crash the process at the first token.
    sampler = llama_cpp.llama_sampler_init_grammar(
        llama._model.vocab, rules.encode("utf-8"), b"root"
    )
    if not sampler:
        logger.debug("llama.cpp refuses the grammar of {}", schema.get("title", "a schema"))
        return None
    llama_cpp.llama_sampler_free(sampler)
    return llama_cpp.LlamaGrammar.from_string(rules, verbose=False)


def _sayable(node: Any) -> Any:  # noqa: ANN401
    if isinstance(node, list):
        return [_sayable(child) for child in node]
    if not isinstance(node, Mapping):
        return node
    pattern = node.get("pattern")
    hard = isinstance(pattern, str) and not _PLAIN_PATTERN.fullmatch(pattern)
    return {key: _sayable(child) for key, child in node.items() if not (hard and key == "pattern")}
