"""Puts the stored results into README.md, between markers; nothing there is typed by hand.

    python benchmarks/render.py            # write
    python benchmarks/render.py --check    # exit code 1 if README.md is not what would be written

A block begins with `<!-- results: NAME -->` and ends with `<!-- /results -->`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BLOCK = re.compile(r"(<!-- results: (\w+) -->\n).*?(<!-- /results -->)", re.DOTALL)
TITLES = {
    "bioasq": "BioASQ",
    "clapnq_dev": "CLAPNQ dev",
    "scifact": "SciFact dev",
    "squad20_dev": "SQuAD 2.0 dev",
    "covidqa": "COVID-QA",
    "chunking_eval": "Chunking",
    "sample": "Sample library",
    "attributionbench": "AttributionBench",
    "wice": "WiCE",
    "healthver": "HealthVer",
}


def main() -> int:
    """Write README.md, or check it."""
    before = README.read_text(encoding="utf-8")
    after = render(before)
    if "--check" in sys.argv[1:]:
        if before != after:
            print("README.md does not show the stored results: run python benchmarks/render.py")
        return int(before != after)
    README.write_text(after, encoding="utf-8")
    return 0


def render(text: str) -> str:
    """The text with every block filled from its stored result."""

    def fill(block: re.Match[str]) -> str:
        result = json.loads((HERE / "results" / f"{block[2]}.json").read_text(encoding="utf-8"))
        return f"{block[1]}{TABLES[block[2]](result)}\n{block[3]}"

    return BLOCK.sub(fill, text)


def fusions_table(result: dict[str, Any]) -> str:
    """nDCG@10 and recall of every ranking on each set, the default first, and what it takes."""
    sets = result["sets"]
    timed = next(iter(sets))
    titles = [f"{TITLES.get(name, name)} ({one['questions']})" for name, one in sets.items()]
    rows = ["| nDCG@10 · recall@100 | " + " | ".join(titles) + " | p50 | p95 |"]
    rows.append("|---|" + "---:|" * (len(sets) + 2))
    for label in sets[timed]["rows"]:
        row = {name: one["rows"].get(label) for name, one in sets.items()}
        cells = [_found(one, sets[name]["rows"]["default"]) for name, one in row.items()]
        times = row[timed] or {}
        cells += [f"{times[key]:.0f}" if key in times else "" for key in ("p50", "p95")]
        rows.append(f"| {label.replace('...', '…')} | " + " | ".join(cells) + " |")
    note = (
        "All: keyword, dense and late interaction, the parts of the default; …: keyword and dense. "
        "In brackets: questions asked. Chunking: share of the gold characters in the first 800 "
        "tokens read · precision of these. ▲ ▼: better or worse than the default, p < 0.05 by a "
        "paired randomisation test with Holm's correction. Last columns: ms of a search on "
        f"{TITLES.get(timed, timed)}. "
    )
    return "\n".join([*rows, "", note + _source(result)])


def _found(row: dict[str, float] | None, default: dict[str, float]) -> str:
    """One cell: how good a ranking is, whether that differs from the default, and its recall."""
    if row is None:
        return ""
    key, beside = list(row)[:2]
    quality, second = row[key], row[beside]
    mark = "" if row.get("p_holm", 1.0) >= 0.05 else "▼" if quality < default[key] else "▲"
    bold = "**" if row is default else ""
    return f"{bold}{_points(quality)}{bold}{mark} · {100 * second:.0f}"


def splitting_table(result: dict[str, Any]) -> str:
    """Recall of every way of splitting on each set, and how many passages it makes."""
    sets = result["sets"]
    titles = [f"{TITLES.get(name, name)} ({one['questions']})" for name, one in sets.items()]
    rows = ["| split | " + " | ".join(f"{title} | passages" for title in titles) + " |"]
    rows.append("|---|" + "---:|" * (2 * len(sets)))
    for way in next(iter(sets.values()))["ways"]:
        cells = []
        for one in sets.values():
            row = one["ways"][way]
            mark = "▼" if row.get("p_holm", 1.0) < 0.05 else ""
            cells += [f"{row['mean_recall']:.1f}{mark}", f"{row['passages']:,}"]
        rows.append(f"| {way} | " + " | ".join(cells) + " |")
    note = (
        "Share of the gold characters in the first 400, 800 and 1,600 tokens that a model reads "
        "(mean of the three), by keyword and dense search. ▼: worse than the first row, p < 0.05 "
        "with Holm's correction; none is better. "
    )
    return "\n".join([*rows, "", note + _source(result)])


def scale_table(result: dict[str, Any]) -> str:
    """Searches, memory and size of libraries of several sizes."""
    ordered = [result["sizes"][size] for size in sorted(result["sizes"], key=int)]
    sizes = [one for one in ordered if one["passages"] >= 10_000]
    alone = [one["searches"]["one after another"] for one in sizes]
    lines = {
        "passages": [f"{one['passages']:,}" for one in sizes],
        "search, one after another, p50 / p95": [
            f"{s['p50']:.0f} / {s['p95']:.0f} ms" for s in alone
        ],
        "the same in processor time": [
            f"{s['cpu']['p50']:.0f} / {s['cpu']['p95']:.0f} ms" for s in alone
        ],
        "with a filter that passes 0.1 %, 10 %, 90 %, p95": [
            " / ".join(f"{v['p95']:.0f}" for k, v in one["searches"].items() if "%" in k) + " ms"
            for one in sizes
        ],
        "memory": [f"{one['memory_mb']:,.0f} MB" for one in sizes],
        "on disk, a passage": [_disk(one) for one in sizes],
        "indexing: share of the encoder": [
            _percent(one["index"]["encoder_share"]) for one in sizes
        ],
    }
    first, *others = lines.items()
    rows = [f"| {first[0]} | " + " | ".join(first[1]) + " |", "|---|" + "---:|" * len(sizes)]
    rows += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in others]
    note = (
        "BioASQ and Wikipedia paragraphs, repeated with changed words and vectors where more are "
        "needed; the default search, token vectors included, on a machine that others used as well"
        f"{_load(sizes)}. "
    )
    return "\n".join([*rows, "", note + _source(result, "sizes")])


def _load(parts: list[dict[str, Any]]) -> str:
    """What else the machine did before the runs, as far as that was kept."""
    known = [one for one in parts if "load_before" in one["made"]]
    loads = [f"load {one['made']['load_before']} at {one['passages']:,}" for one in known]
    return f" ({', '.join(loads)})" if loads else ""


def _disk(size: dict[str, Any]) -> str:
    return f"{sum(size['bytes_per_passage'].values()) / 1000:.1f} KB"


def speed_table(result: dict[str, Any]) -> str:
    """What was timed, the aim, and what came out."""
    rows = ["| what | aim | measured |", "|---|---:|---:|"]
    rows += [f"| {one['what']} | {one['aim']} | {one['shown']} |" for one in result["figures"]]
    note = (
        f"{result['machine']}, {result['date']}, commit `{result['commit']}`. "
        f"Again: `{result['command']}`"
    )
    return "\n".join([*rows, "", note])


def answers_table(result: dict[str, Any]) -> str:
    """Token F1, support and seconds of answers, by who worded them."""
    rows = ["| answers | questions | token F1 | p | borne out | quotes at their offsets | median |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|")
    names = {"quote": "quoted", "write": "written by the starter", "reword": "reworded by it"}
    for name, one in result["sets"].items():
        for variant, words in names.items():
            row, against = one[variant], one["against_quote"].get(variant)
            cells = [f"{TITLES[name]}, {words}", f"{row['questions']}", _points(row["token_f1"])]
            cells += [_p(against["p"]) if against else "", _percent(row["supported"])]
            cells += [_percent(row["proven"]), f"{row['seconds']:.2f} s"]
            rows.append("| " + " | ".join(cells) + " |")
    note = "p: paired randomisation test against quoting. " + _source(result)
    return "\n".join([*rows, "", note])


def refusal_table(result: dict[str, Any]) -> str:
    """Area and refusal precision and recall, fitted and by the best dense score alone."""
    rows = ["| refusal | area | P / R at 5 % wrong | P / R at 10 % wrong |", "|---|---:|---:|---:|"]
    ways = {"fitted_on_all_sets": "fitted", "best_dense_score": "best dense score alone"}
    for name, one in result["sets"].items():
        for way, words in ways.items():
            row = one["end_to_end"][way]
            pairs = [
                f"{_percent(row[f'precision@{bound}'])} / {_percent(row[f'recall@{bound}'])}"
                for bound in ("0.05", "0.1")
            ]
            rows.append(f"| {TITLES[name]}, {words} | {row['area']:.3f} | {' | '.join(pairs)} |")
    note = "Each half judged by a fit to the other; wrong: answerable and refused. "
    return "\n".join([*rows, "", note + _source(result)])


def support_table(result: dict[str, Any]) -> str:
    """Balanced accuracy, calibration and time of the support check."""
    rows = ["| support check | claims | balanced accuracy | cosine alone | area | error | median |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|")
    for name, one in result["sets"].items():
        cells = [TITLES[name], f"{one['claims']:,}", f"{one['together']['balanced_accuracy']:.3f}"]
        cells += [f"{one['cosine']['balanced_accuracy']:.3f}", f"{one['together']['area']:.3f}"]
        cells += [f"{one['calibration_error']:.3f}", f"{one['milliseconds']:.0f} ms"]
        rows.append("| " + " | ".join(cells) + " |")
    own, other = result["clapnq"]["own"], result["clapnq"]["other"]
    note = (
        "Five-fold cross-validation, one model for all sets; error: expected calibration error. "
        f"Of {own['sentences']} sentences of human CLAPNQ answers {_percent(own['yes'])} are borne "
        f"out by their own passage, {_percent(other['yes'])} by that of another question. "
    )
    return "\n".join([*rows, "", note + _source(result)])


def rewriting_table(result: dict[str, Any]) -> str:
    """Token F1 of follow-ups against their human rewrites, as asked and as rewritten."""
    rows = [
        "| follow-ups, token F1 | questions | as asked | rewritten | p |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, words in {"cast": "CAsT", "ikat": "iKAT"}.items():
        one = result["rules"][name]
        scores = f"{_points(one['f1_last_turn'])} | {_points(one['f1'])}"
        rows.append(f"| {words} | {one['follow_ups']} | {scores} | {_p(one['p'])} |")
    return "\n".join([*rows, "", "Conversations the rules were not made on. " + _source(result)])


def strategies_table(result: dict[str, Any]) -> str:
    """nDCG@10, token F1 and seconds of each strategy."""
    sets = result["sets"]
    head = " | ".join(f"{TITLES[name]} nDCG@10 | F1 | s" for name in sets)
    rows = [f"| strategy | {head} |", "|---|" + "---:|---:|---:|" * len(sets)]
    for strategy in next(iter(sets.values())):
        cells = []
        for one in sets.values():
            row = one[strategy]
            cells += [_points(row["ndcg"]), _points(row["f1"]), f"{row['seconds']:.1f}"]
        rows.append(f"| `{strategy}` | " + " | ".join(cells) + " |")
    number = next(iter(next(iter(sets.values())).values()))["questions"]
    note = f"{number} questions of each set, the starter thinks, answers are quotes. "
    return "\n".join([*rows, "", note + _source(result)])


def _source(result: dict[str, Any], under: str = "sets") -> str:
    """What gave a result: of one that is kept part by part, all days, commits and commands."""
    parts = [one for one in result.get(under, {}).values() if "made" in one]
    runs = [one["made"] for one in parts] + ([result] if "command" in result else [])
    days, commits, commands = (
        list(dict.fromkeys(run[key] for run in runs if key in run))
        for key in ("date", "commit", "command")
    )
    again = commands[0] if len(runs) == 1 else " ".join(commands[0].split()[:2])
    named = ", ".join(f"`{commit}`" for commit in commits)
    return f"{', '.join(days)}, commit{'s' * (len(commits) > 1)} {named}. Again: `{again}`"


def _points(share: float) -> str:
    return f"{100 * share:.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "answers": answers_table,
    "refusal": refusal_table,
    "fusions": fusions_table,
    "rewriting": rewriting_table,
    "strategies": strategies_table,
    "support": support_table,
    "scale": scale_table,
    "speed": speed_table,
    "splitting": splitting_table,
}


if __name__ == "__main__":
    sys.exit(main())
