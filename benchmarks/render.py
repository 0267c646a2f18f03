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


def retrieval_table(result: dict[str, Any]) -> str:
    """nDCG@10 of each retriever on each set; p of the hybrid against the better half."""
    rows = ["| nDCG@10 | passages | questions | keyword | dense | **hybrid** | p |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|")
    for name, one in result["sets"].items():
        scores = {key: value["ndcg@10"] for key, value in one["scores"].items()}
        better = max(one["hybrid_against"], key=lambda half: scores[half])
        cells = [TITLES.get(name, name), f"{one['passages']:,}", f"{one['questions']:,}"]
        cells += [f"{100 * scores[half]:.1f}" for half in ("keyword", "dense")]
        cells += [f"**{100 * scores['hybrid']:.1f}**", _p(one["hybrid_against"][better]["p"])]
        rows.append("| " + " | ".join(cells) + " |")
    note = (
        f"{result['settings']['encoder']['model']}, {result['date']}, commit `{result['commit']}`; "
        "p: paired randomisation test of the hybrid against its better half. "
        f"Again: `{result['command']}`"
    )
    return "\n".join([*rows, "", note])


def speed_table(result: dict[str, Any]) -> str:
    """What was timed, the aim, and what came out."""
    rows = ["| what | aim | measured |", "|---|---:|---:|"]
    rows += [f"| {one['what']} | {one['aim']} | {one['shown']} |" for one in result["figures"]]
    note = (
        f"{result['machine']}, {result['date']}, commit `{result['commit']}`. "
        f"Again: `{result['command']}`"
    )
    return "\n".join([*rows, "", note])


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "retrieval": retrieval_table,
    "speed": speed_table,
}


if __name__ == "__main__":
    sys.exit(main())
