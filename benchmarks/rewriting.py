"""How well follow-ups are made questions of their own, against rewrites by people.

Each conversation of conv_rewrites is gone through turn by turn; what is taken over comes from the
program's own rewrites of the turns before, never from those of people. Rules were made on the half
of the conversations whose id hashes to an even byte; figures are of the other half unless said.
CAsT is the headline, as the rewrites of iKAT also hold facts that the conversation does not.

    token F1        words of the rewrite against those of the person's, as in SQuAD
    added           share of the words that the person added that the rewrite has, too
    untouched       share of the questions that the person left alone that are left alone here
    no needless     share of first questions, and of other sets', that are not asked back
    asked back      share of CAsT's follow-ups that a pronoun opens, asked with no history

Usage: DRAGTOR_DATA=… python benchmarks/rewriting.py [--half dev] [--model 60]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any

import common
import yaml

from dragtor.answer.clarify import question_back
from dragtor.answer.rewording import ModelRewriter
from dragtor.answer.rewrite import RuleRewriter
from dragtor.config import Settings
from dragtor.evaluate.significance import paired_randomisation
from dragtor.interfaces import LanguageModel, Rewriter
from dragtor.text import words
from dragtor.types import Turn

Item = dict[str, Any]
PROMPT = Settings().prompts.rewrite
OTHERS = ("clapnq_dev", "bioasq", "squad20_dev", "scifact")
"""Sets whose questions stand alone."""
_ENDING = re.compile(r"['’]s?$")


def main() -> None:
    """Run, print the table, and keep the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--half", choices=("dev", "report"), default="report")
    parser.add_argument("--model", type=int, default=0, help="follow-ups for the language model")
    arguments = parser.parse_args()
    text = (common.data("conv_rewrites") / "items.jsonl").read_text("utf-8")
    everything = [json.loads(line) for line in text.splitlines()]
    items = [item for item in everything if half(item) == arguments.half]
    result: dict[str, Any] = {"half": arguments.half, "rules": {}}
    rewrites, milliseconds = rewritten(items, RuleRewriter())
    result["milliseconds"] = round(milliseconds, 2)
    for name in ("cast", "cast19", "cast20", "cast21", "ikat"):
        chosen = [item for item in items if item["source"].startswith(name) and item["history"]]
        result["rules"][name] = figures(chosen, rewrites)
        show(name, result["rules"][name])
    result["clarify"] = clarifying(everything)
    print(json.dumps(result["clarify"], indent=2))
    if arguments.model:
        result["model"] = by_model(items, arguments.model)
    if arguments.half == "report":
        common.store("rewriting", result)


def half(item: Item) -> str:
    """In which half a conversation is, by the hash of its id."""
    return "report" if sha256(conversation(item).encode()).digest()[0] % 2 else "dev"


def conversation(item: Item) -> str:
    return str(item["id"]).rpartition("-")[0]


def turns_of(item: Item, before: Mapping[str, str]) -> list[Turn]:
    """The history, each question with the rewrite that it got here."""
    history = item["history"]
    turns = []
    for i, said in enumerate(history):
        if said["role"] != "user":
            continue
        after = history[i + 1] if i + 1 < len(history) else {"role": "user"}
        answer = after["text"] if after["role"] != "user" else ""
        text = before.get(said["text"], said["text"])
        turns.append(Turn(said["text"], answer, text if text != said["text"] else None))
    return turns


def rewritten(items: Sequence[Item], rewriter: Rewriter) -> tuple[dict[str, str], float]:
    """The rewrite of each item by its id, and the mean milliseconds a follow-up took."""
    known: dict[str, dict[str, str]] = defaultdict(dict)
    found, spent = {}, []
    for item in items:
        before = known[conversation(item)]
        turns = turns_of(item, before)
        started = perf_counter()
        text = rewriter.rewrite(item["question"], turns).text
        spent.append(perf_counter() - started)
        before[item["question"]] = found[item["id"]] = text
    return found, 1000 * mean(spent)


def figures(items: Sequence[Item], rewrites: Mapping[str, str]) -> dict[str, float]:
    """All figures of one group of follow-ups."""
    raw = [token_f1(item["question"], item["rewrite"]) for item in items]
    ours = [token_f1(rewrites[item["id"]], item["rewrite"]) for item in items]
    alone = [item for item in items if tokens(item["question"]) == tokens(item["rewrite"])]
    added = [share_added(item, rewrites[item["id"]]) for item in items if item not in alone]
    return {
        "follow_ups": len(items),
        "f1_last_turn": round(mean(raw), 4),
        "f1": round(mean(ours), 4),
        "p": round(paired_randomisation(ours, raw), 4),
        "better": sum(a > b for a, b in zip(ours, raw, strict=True)),
        "worse": sum(a < b for a, b in zip(ours, raw, strict=True)),
        "added": round(mean(added), 3),
        "standing_alone": len(alone),
        "untouched": round(mean(rewrites[i["id"]] == i["question"] for i in alone), 3),
    }


def show(name: str, row: Mapping[str, float]) -> None:
    print(
        f"{name:6} n {row['follow_ups']:4}  F1 {row['f1_last_turn']:.3f} -> {row['f1']:.3f}"
        f" (p {row['p']:.4f}, +{row['better']} -{row['worse']})"
        f"  added {row['added']:.2f}  untouched {row['untouched']:.2f}"
    )


def clarifying(items: Sequence[Item]) -> dict[str, Any]:
    """How often a question that stands alone is asked back, and one that does not."""
    alone = {"first_turns": [item["question"] for item in items if not item["history"]]}
    for name in OTHERS:
        lines = (common.data(name) / "queries.jsonl").read_text("utf-8").splitlines()
        alone[name] = [json.loads(line)["text"] for line in lines]
    alone["sample"] = list(_questions(yaml.safe_load(_SAMPLE.read_text("utf-8"))))
    opens = re.compile(r"\b(?:it|its|they|them|their|he|she|his|her)\b", re.IGNORECASE)
    unclear = [
        item["question"]
        for item in items
        if item["source"] in ("cast19", "cast20")
        and opens.search(item["question"])
        and not opens.search(item["rewrite"])
    ]
    return {
        "needlessly": {name: _share_asked(texts) for name, texts in alone.items()},
        "asked_back": _share_asked(unclear),
    }


_SAMPLE = common.HERE.parent / "assets" / "questions.yml"


def _questions(value: Any) -> Iterable[str]:  # noqa: ANN401
    for entry in value if isinstance(value, list) else value["questions"]:
        yield entry.get("question") or entry["text"]


def _share_asked(texts: Sequence[str]) -> dict[str, float]:
    asked = sum(question_back(text) is not None for text in texts)
    return {"questions": len(texts), "asked": asked, "share": round(asked / len(texts), 4)}


def by_model(items: Sequence[Item], count: int) -> dict[str, Any]:
    """The language model of the settings against the rules, on the same follow-ups."""
    _, dragtor = common.product(Path("nowhere"))
    model = dragtor.model
    assert model is not None, "there is no language model here"
    cast = [item for item in items if item["source"].startswith("cast") and item["history"]]
    chosen = cast[:: max(len(cast) // count, 1)][:count]
    rules, _ = rewritten(items, RuleRewriter())
    replies: dict[str, str] = {}
    checked: dict[str, str] = {}
    kept, spent = 0, []
    for item in chosen:
        turns = turns_of(item, {i["question"]: rules[i["id"]] for i in items})
        started = perf_counter()
        rewriter = ModelRewriter(lambda: model, RuleRewriter(), PROMPT)
        value = rewriter.rewrite(item["question"], turns)
        spent.append(perf_counter() - started)
        checked[item["id"]] = value.text
        kept += value.by == "model"
        replies[item["id"]] = _free(model, item, turns)
    result: dict[str, Any] = {
        "model": model.name,
        "kept": kept,
        "seconds": round(mean(spent), 2),
        "rules": figures(chosen, rules),
        "checked": figures(chosen, checked),
        "unchecked": figures(chosen, replies),
    }
    for name in ("rules", "checked", "unchecked"):
        show(name[:6], result[name])
    return result


def _free(model: LanguageModel, item: Item, turns: Sequence[Turn]) -> str:
    from dragtor.answer.rewording import reworded
    from dragtor.answer.script import Script

    script = Script.parse("rewrite", PROMPT, "conversation", "question")
    text, _ = reworded(model, script, item["question"], turns)
    return text or item["question"]


def share_added(item: Item, rewrite: str) -> float:
    added = Counter(tokens(item["rewrite"])) - Counter(tokens(item["question"]))
    if not added:
        return 1.0
    return (added & Counter(tokens(rewrite))).total() / added.total()


def tokens(text: str) -> list[str]:
    """Words in lower case, without possessive endings, hyphenated ones taken apart."""
    plain = (_ENDING.sub("", word) for word in words(text))
    return [part for word in plain for part in re.split(r"\W+", word) if part]


def token_f1(text: str, reference: str) -> float:
    """Rajpurkar et al. 2016, with the words of :func:`tokens`."""
    left, right = Counter(tokens(text)), Counter(tokens(reference))
    return 2 * (left & right).total() / max(left.total() + right.total(), 1)


if __name__ == "__main__":
    main()
