from __future__ import annotations

import json
from math import log2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.evaluate.metrics import (
    MEASURES,
    average_precision,
    ndcg,
    recall,
    reciprocal_rank,
    success,
    token_f1,
)

RANKED = ["d1", "d2", "d3", "d4", "d5"]
JUDGED = {"d2": 1, "d4": 3, "d5": 0, "d9": 2}


def test_ndcg_by_hand() -> None:
    # d2 (grade 1) at rank 2, d4 (3) at rank 4; the ideal order is d4, d9, d2: grades 3, 2, 1.
    gained = 1 / log2(3) + 3 / log2(5)
    ideal = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert ndcg(RANKED, JUDGED, k=10) == pytest.approx(gained / ideal)
    assert ndcg(RANKED, JUDGED, k=10) == pytest.approx(0.4038, abs=1e-4)


def test_the_ideal_order_is_cut_as_well() -> None:
    assert ndcg(["d4", "d9"], JUDGED, k=2) == 1.0
    assert ndcg(["d4", "d2"], JUDGED, k=1) == 1.0


def test_recall_counts_what_was_never_found() -> None:
    assert recall(RANKED, JUDGED, k=3) == pytest.approx(1 / 3)
    assert recall(RANKED, JUDGED, k=5) == pytest.approx(2 / 3)


def test_average_precision_by_hand() -> None:
    # Precision 1/2 at rank 2 and 2/4 at rank 4, nothing for d9: (1/2 + 2/4 + 0) / 3.
    assert average_precision(RANKED, JUDGED) == pytest.approx(1 / 3)


def test_reciprocal_rank_and_success_look_for_the_first() -> None:
    assert reciprocal_rank(RANKED, JUDGED) == 0.5
    assert success(RANKED, JUDGED, k=1) == 0.0
    assert success(RANKED, JUDGED, k=2) == 1.0


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize(("ranked", "judged"), [([], JUDGED), (RANKED, {}), (RANKED, {"d1": 0})])
def test_nothing_found_or_nothing_relevant_scores_zero(
    name: str, ranked: list[str], judged: dict[str, int]
) -> None:
    assert MEASURES[name](ranked, judged) == 0.0


ids = [f"d{i}" for i in range(30)]


@given(
    st.permutations(ids).flatmap(lambda all: st.integers(1, 30).map(lambda n: all[:n])),
    st.dictionaries(st.sampled_from(ids), st.integers(0, 4), max_size=20),
)
def test_every_metric_is_between_zero_and_one_and_one_for_the_best_order(
    ranked: list[str], judged: dict[str, int]
) -> None:
    for metric in MEASURES.values():
        assert 0.0 <= metric(ranked, judged) <= 1.0
    best = sorted(judged, key=lambda id: -judged[id])
    if best and judged[best[0]] > 0:
        assert {name: metric(best, judged) for name, metric in MEASURES.items()} == pytest.approx(
            dict.fromkeys(MEASURES, 1.0) | {"recall@10": recall(best, judged, k=10)}
        )


def test_the_metrics_are_those_of_trec_eval() -> None:
    """Against the reference implementation, where somebody has installed it."""
    reference = pytest.importorskip("pytrec_eval")
    import random

    chance = random.Random(1)
    for _ in range(50):
        ranked = chance.sample(ids, chance.randint(1, 30))
        judged = {id: chance.randint(0, 3) for id in chance.sample(ids, 12)} | {"d0": 1}
        measures = {"ndcg_cut.10", "recall.10", "success.1", "recip_rank", "map"}
        run = {"q": {id: float(-rank) for rank, id in enumerate(ranked)}}
        theirs = reference.RelevanceEvaluator({"q": judged}, measures).evaluate(run)["q"]
        assert ndcg(ranked, judged, k=10) == pytest.approx(theirs["ndcg_cut_10"])
        assert recall(ranked, judged, k=10) == pytest.approx(theirs["recall_10"])
        assert success(ranked, judged, k=1) == theirs["success_1"]
        assert reciprocal_rank(ranked, judged) == pytest.approx(theirs["recip_rank"])
        assert average_precision(ranked, judged) == pytest.approx(theirs["map"])


GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "ir_measures.json").read_text())
"""Random runs and judgements with what ir-measures makes of them; ``made_by`` says which version.

Its names: nDCG@10, R@10, R@100, RR, AP and Success@1; ranks are given as scores that fall.
"""


@pytest.mark.parametrize("query", GOLDEN["run"])
def test_the_measures_are_those_of_ir_measures(query: str) -> None:
    ranked, judged = GOLDEN["run"][query], GOLDEN["qrels"][query]
    ours = {name: measure(ranked, judged) for name, measure in MEASURES.items()}
    assert ours == pytest.approx(GOLDEN["values"][query], abs=1e-9)


def test_the_runs_of_the_reference_are_of_many_kinds() -> None:
    lengths = [len(ranked) for ranked in GOLDEN["run"].values()]
    assert min(lengths) < 10
    assert max(lengths) > 100
    values = [values["recall@100"] for values in GOLDEN["values"].values()]
    assert min(values) < 0.6 < max(values)


@pytest.mark.parametrize(
    ("answer", "references", "expected"),
    [
        # 3 shared words (cat, sat, mat), 3 of 3 said and 3 of 4 wanted: 2 * 3 / (3 + 4)
        ("The cat sat, mat!", ["a cat sat on an mat"], 6 / 7),
        # counts matter: one "very" of three is shared, 2 * 2 / (4 + 2)
        ("very very very good", ["Very good."], 2 / 3),
        # punctuation is taken out, not replaced, as in SQuAD's script
        ("U.S.-based", ["us based"], 0.0),
        ("U.S.", ["the US"], 1.0),
        ("rest", ["no", "rest now", "Rest."], 1.0),
        ("", ["rest"], 0.0),
        ("the", ["An"], 1.0),
        ("rest", [], 0.0),
    ],
)
def test_token_f1_is_that_of_squad(answer: str, references: list[str], expected: float) -> None:
    assert token_f1(answer, references) == pytest.approx(expected)


@given(st.text(), st.text())
def test_token_f1_is_symmetric_and_between_nothing_and_all(one: str, other: str) -> None:
    assert token_f1(one, [other]) == token_f1(other, [one])
    assert 0 <= token_f1(one, [other]) <= 1
    assert token_f1(one, [one]) == 1
