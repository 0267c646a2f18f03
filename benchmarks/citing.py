"""What it costs to have the model cite at sentence ends, and whether it names the right passage.

Cost: seconds for writing the same words with and without, turn about, as a ratio; with the starter
on CLAPNQ questions with three passages, and with a large model. The large one has the shape of a
1.2-billion-parameter Llama, random weights and the starter's tokenizer: speed does not depend on
what weights say. As it would write nonsense, it is made to write human answers of CLAPNQ: it
evaluates and samples as ever, and then the next token of the answer is put in the place of its own.
It is made once, into kept/large, for which Python must find the `gguf` package.

Right passage: the share of sentences whose marker names the passage that the support checker finds
best, over passages in random order, by the starter's own good will and with the control. Usage:

    DRAGTOR_DATA=… python benchmarks/citing.py [--questions 30] [--answers 5]
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import common
import numpy as np

from dragtor.answer.llama import LlamaModel
from dragtor.answer.prompt import Templates, build_prompt
from dragtor.answer.select import whole
from dragtor.answer.stream import MarkerFilter
from dragtor.build import support_checker
from dragtor.evaluate.sets import Question, read_set
from dragtor.interfaces import SupportChecker
from dragtor.text import sentences
from dragtor.types import Hint, Hit, Message, Prompt, Query, Usage

MAX_TOKENS = 120
PASSAGES = 3
STARTER = Path("models/SmolLM2-135M-Instruct")
SHAPE = {"layers": 24, "width": 2048, "ffn": 5632, "heads": 32, "kv_heads": 8}
_PLAIN, _CITED = 0, PASSAGES


def main() -> int:
    """Run, print, and keep the result."""
    parser = argparse.ArgumentParser(description="Cost and worth of citations by the model.")
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--answers", type=int, default=5)
    arguments = parser.parse_args()
    judged = read_set(common.data("clapnq_dev")).judged()
    questions = random.Random(0).sample(judged, max(arguments.questions, arguments.answers))
    starter, hints = _starter(questions[: arguments.questions])
    costs = {"starter": starter, "large": _large(questions[: arguments.answers])}
    for name, cost in costs.items():
        print(f"{name:8} {cost['tokens']} tokens, {cost['markers']} markers:", end=" ")
        print(f"{cost['plain_ms']} ms a token, {cost['ratio']:.3f} of that with citations")
    for name, found in hints.items():
        print(f"{name:8} {found}")
    common.store("citing", {"passages": PASSAGES, "cost": costs, "right_passage": hints})
    return 0


# --- the starter, on questions -------------------------------------------------------------------


def _starter(questions: Sequence[Question]) -> tuple[dict[str, Any], dict[str, Any]]:
    settings, dragtor = common.product(
        common.workplace("clapnq_dev"), ["answer.mode=write", "llm.threads=1"]
    )
    corpus = common.data("clapnq_dev") / "corpus.jsonl"
    dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    model, prompts = dragtor.model, settings.prompts
    templates = Templates(prompts.system, prompts.context, prompts.question, prompts.refusal)
    assert isinstance(model, LlamaModel)
    generation = dragtor.library.active()
    assert generation is not None
    checker = support_checker(settings, generation)
    shuffle = random.Random(0).shuffle
    runs: list[tuple[_Run, _Run]] = []
    counts = {"own": _Counts(), "cited": _Counts()}
    for number, question in enumerate(questions):
        hits = list(dragtor.search(Query(question.text, k=PASSAGES)).hits)
        shuffle(hits)
        prompt = _prompt(model, question, hits, templates)
        pair = _pair(model, prompt.messages, first=number % 2)
        runs.append(pair)
        for name, run in zip(counts, pair, strict=True):
            counts[name].add(run, checker, prompt.hits)
        common.quiet(number + 1, len(questions), "starter")
    return _cost(runs), {name: count.shares() for name, count in counts.items()}


def _prompt(
    model: LlamaModel, question: Question, hits: Sequence[Hit], templates: Templates
) -> Prompt:
    return build_prompt(
        question.text, whole(hits), (), templates, model.count, model.context_tokens, MAX_TOKENS
    )


class _Run:
    """One answer: its clean text, the hints in it, and how long writing took after the first."""

    def __init__(self, model: LlamaModel, messages: Sequence[Message], passages: int) -> None:
        markers, text, started = MarkerFilter(), "", (0.0, 0.0)
        for item in model.stream(messages, MAX_TOKENS, passages=passages):
            if started == (0.0, 0.0):
                started = (time.perf_counter(), time.process_time())
            if isinstance(item, Usage):
                self.tokens = item.completion_tokens - 1
            else:
                text += markers.feed(item)
        self.wall_s = time.perf_counter() - started[0]
        self.cpu_s = time.process_time() - started[1]
        self.text = text + markers.finish()
        self.hints: list[Hint] = markers.hints


def _pair(model: LlamaModel, messages: Sequence[Message], first: int) -> tuple[_Run, _Run]:
    """The answer without and with citations; the prompt is read before, for both."""
    sentences("Load what splits sentences before the clock runs.")
    list(model.stream(messages, 1))
    order = (_PLAIN, _CITED) if first == 0 else (_CITED, _PLAIN)
    runs = {passages: _Run(model, messages, passages) for passages in order}
    return runs[_PLAIN], runs[_CITED]


def _cost(runs: Sequence[tuple[_Run, _Run]]) -> dict[str, Any]:
    """Of pairs that wrote the same words: all seconds with citations by all without."""
    same = [(plain, cited) for plain, cited in runs if plain.tokens == cited.tokens > 0]
    sums = {
        clock: [sum(getattr(run, clock) for run in side) for side in zip(*same, strict=True)]
        for clock in ("wall_s", "cpu_s")
    }
    tokens = sum(plain.tokens for plain, _ in same)
    ratios = [cited.cpu_s / plain.cpu_s for plain, cited in same]
    return {
        "answers": len(same),
        "tokens": tokens,
        "markers": sum(len(cited.hints) for _, cited in same),
        "plain_ms": round(1000 * sums["cpu_s"][0] / tokens, 2),
        "ratio": round(sums["cpu_s"][1] / sums["cpu_s"][0], 4),
        "ratio_median": round(statistics.median(ratios), 4),
        "ratio_wall": round(sums["wall_s"][1] / sums["wall_s"][0], 4),
    }


class _Counts:
    """How often the model names a passage, and the right one."""

    def __init__(self) -> None:
        self.sentences = self.borne_out = self.hinted = self.right = self.first = 0

    def add(self, run: _Run, checker: SupportChecker, hits: Sequence[Hit]) -> None:
        """Count the sentences of an answer; without hints, so that they decide nothing."""
        at = 0
        for sentence in checker.check(run.text, hits):
            start = max(run.text.find(sentence.text, at), at)
            at = start + len(sentence.text)
            self.sentences += 1
            if not sentence.citations:
                continue
            self.borne_out += 1
            named = [hint.number for hint in run.hints if start < hint.offset <= at]
            best = [hit.passage.id for hit in hits].index(sentence.citations[0].passage_id) + 1
            self.hinted += bool(named)
            self.right += named[:1] == [best]
            self.first += named[:1] == [1]

    def shares(self) -> dict[str, Any]:
        """Of the sentences that a passage bears out: with a marker, and with the right one."""
        return {
            "sentences": self.sentences,
            "borne_out": self.borne_out,
            "with_marker": self.hinted,
            "right": self.right,
            "names_the_first": self.first,
        }


# --- a large model, on human answers --------------------------------------------------------------


def _large(questions: Sequence[Question]) -> dict[str, Any]:
    path = common.workplace("large") / "random-1b.gguf"
    if not path.is_file():
        _make(path)
    model = LlamaModel(path, "random-1b", context_tokens=2048, threads=1)
    passages = "\n\n".join(f"[{n}] Passage\nIt says so." for n in range(1, PASSAGES + 1))
    runs = []
    for number, question in enumerate(questions):
        messages = [Message("user", f"{passages}\n\nQuestion: {question.text}")]
        with _writing(model, question.answers[0]):
            runs.append(_pair(model, messages, first=number % 2))
        common.quiet(number + 1, len(questions), "large")
    model.close()
    return {"parameters": _parameters(), **_cost(runs)}


@contextmanager
def _writing(model: LlamaModel, text: str) -> Iterator[None]:
    """Have the model sample as ever, and then write this."""
    llama = model._load()
    tokens = [*llama.tokenize(text.encode(), add_bos=False), llama.token_eos()]
    sample, written = llama.sample, llama.generate
    script: Iterator[int] = iter(())

    def generate(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        nonlocal script
        script = iter(tokens)
        return written(*args, **kwargs)

    def scripted(*args: Any, **kwargs: Any) -> int:  # noqa: ANN401
        sample(*args, **kwargs)
        return next(script)

    llama.sample, llama.generate = scripted, generate
    try:
        yield
    finally:
        llama.sample, llama.generate = sample, written


def _parameters() -> int:
    width, ffn = SHAPE["width"], SHAPE["ffn"]
    keys = width * SHAPE["kv_heads"] // SHAPE["heads"]
    return SHAPE["layers"] * width * (2 * width + 2 * keys + 3 * ffn) + 2 * 49_152 * width


def _make(path: Path) -> None:
    """Write the model: 4-bit blocks of random weights, all other data as the starter has it."""
    import gguf

    starter = gguf.GGUFReader(next(STARTER.glob("*.gguf")))
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(SHAPE["layers"])
    writer.add_context_length(2048)
    writer.add_embedding_length(SHAPE["width"])
    writer.add_feed_forward_length(SHAPE["ffn"])
    writer.add_head_count(SHAPE["heads"])
    writer.add_head_count_kv(SHAPE["kv_heads"])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(SHAPE["width"] // SHAPE["heads"])
    for field in starter.fields.values():
        if field.name.startswith("tokenizer."):
            kind = field.types[0]
            inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, inner)
    rng = np.random.default_rng(0)
    for name, rows, columns in _matrices(len(starter.get_field("tokenizer.ggml.tokens").data)):
        blocks = rng.integers(0, 256, (rows, columns // 32, 18), dtype=np.uint8)
        blocks[:, :, :2] = np.frombuffer(np.float16(0.02 / 8).tobytes(), dtype=np.uint8)
        kind = gguf.GGMLQuantizationType.Q4_0
        writer.add_tensor(name, blocks.reshape(rows, -1), raw_dtype=kind)
    norms = [f"blk.{n}.{part}_norm" for n in range(SHAPE["layers"]) for part in ("attn", "ffn")]
    for name in ("output_norm", *norms):
        writer.add_tensor(f"{name}.weight", np.ones(SHAPE["width"], dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _matrices(vocabulary: int) -> Iterator[tuple[str, int, int]]:
    """Name, rows and columns of each matrix."""
    width, ffn = SHAPE["width"], SHAPE["ffn"]
    keys = width * SHAPE["kv_heads"] // SHAPE["heads"]
    yield "token_embd.weight", vocabulary, width
    yield "output.weight", vocabulary, width
    for layer in range(SHAPE["layers"]):
        yield f"blk.{layer}.attn_q.weight", width, width
        yield f"blk.{layer}.attn_k.weight", keys, width
        yield f"blk.{layer}.attn_v.weight", keys, width
        yield f"blk.{layer}.attn_output.weight", width, width
        yield f"blk.{layer}.ffn_gate.weight", ffn, width
        yield f"blk.{layer}.ffn_up.weight", ffn, width
        yield f"blk.{layer}.ffn_down.weight", width, ffn


if __name__ == "__main__":
    raise SystemExit(main())
