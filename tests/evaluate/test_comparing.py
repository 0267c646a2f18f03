from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from dragtor.config import Settings
from dragtor.errors import QueryError, StoreError
from dragtor.evaluate.comparing import compare, interval
from dragtor.evaluate.evaluating import Outcome
from dragtor.evaluate.experiment import Experiment, Setting
from dragtor.evaluate.reports import below, parse_bounds, to_csv, to_json, to_markdown, write
from dragtor.evaluate.results import Results, ResultStore

SETTINGS = ("config", "much better", "no|change", "worse")
EXPERIMENT = Experiment(
    "ways",
    (),
    tuple(
        Setting(name, {"retrieve.k": 4} if n else {}, Settings()) for n, name in enumerate(SETTINGS)
    ),
    "config",
)
SCORES = {
    "config": [0.2, 0.4, 0.5, 0.6] * 5,
    "much better": [0.7, 0.8, 0.9, 0.9] * 5,
    "no|change": [0.2, 0.4, 0.5, 0.61] * 5,
    "worse": [0.1, 0.1, 0.1, 0.1] * 5,
}


@pytest.fixture
def store(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path / "experiments")


def outcomes(values: list[float]) -> list[Outcome]:
    return [
        Outcome(str(n), f"question {n}?", {"nDCG@10": value, "MRR": 1.0}, 1, 0.01 * (n + 1))
        for n, value in enumerate(values)
    ]


@pytest.fixture
def results(store: ResultStore) -> Results:
    run = store.begin(EXPERIMENT, "digest")
    for name, values in SCORES.items():
        store.add(run, name, "mine", outcomes(values))
    store.finish(run)
    return store.results(run)


def test_what_was_stored_comes_back(store: ResultStore, results: Results) -> None:
    assert results.outcomes["mine"]["worse"] == tuple(outcomes(SCORES["worse"]))
    assert results.changes["worse"] == {"retrieve.k": 4}
    (info,) = store.runs()
    assert (info.name, info.settings, info.questions) == ("ways", SETTINGS, ("mine",))
    assert info.finished is not None


def test_a_run_is_unfinished_until_it_is_finished(store: ResultStore) -> None:
    assert store.unfinished("d") is None
    assert store.runs() == []
    run = store.begin(EXPERIMENT, "d")
    assert (store.unfinished("d"), store.unfinished("other")) == (run, None)
    store.finish(run)
    assert store.unfinished("d") is None


def test_what_was_done_is_known_and_done_again_it_counts_once(store: ResultStore) -> None:
    run = store.begin(EXPERIMENT, "d")
    store.add(run, "worse", "mine", outcomes([0.1, 0.2]))
    store.add(run, "worse", "mine", outcomes([0.3]))
    assert store.done(run, "worse", "mine") == {"0", "1"}
    assert store.done(run, "config", "mine") == set()
    scores = [one.scores["nDCG@10"] for one in store.results(run).outcomes["mine"]["worse"]]
    assert sorted(scores) == [0.2, 0.3]


def test_a_run_that_is_none_is_refused(store: ResultStore) -> None:
    with pytest.raises(QueryError, match="there is no run 7"):
        store.results(7)


def test_a_file_of_a_newer_program_is_left_alone(store: ResultStore, results: Results) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(store._path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer dragtor"):
        store.runs()


def test_the_table_says_in_words_whether_a_difference_is_real(results: Results) -> None:
    rows = {row.setting: row for row in compare(results)}
    verdicts = {name: row.metrics["nDCG@10"].verdict for name, row in rows.items()}
    assert verdicts == {
        "config": "baseline",
        "much better": "better",
        "no|change": "no difference shown",
        "worse": "worse",
    }
    better = rows["much better"].metrics["nDCG@10"]
    assert better.value == pytest.approx(0.825)
    assert better.difference == pytest.approx(0.4)
    assert rows["worse"].metrics["MRR"].verdict == "no difference shown"
    assert rows["config"].latency["latency_p50_ms"] == pytest.approx(105.0)


def test_p_values_are_corrected_for_the_number_of_comparisons(results: Results) -> None:
    found = [row.metrics["nDCG@10"] for row in compare(results)[1:]]
    raw = sorted(one.p for one in found if one.p is not None)
    adjusted = sorted(one.adjusted for one in found if one.adjusted is not None)
    assert adjusted == pytest.approx([3 * raw[0], 3 * raw[0], raw[2]], rel=0.3)
    assert adjusted[0] == pytest.approx(3 * raw[0])


def test_settings_without_shared_questions_cannot_be_compared(store: ResultStore) -> None:
    run = store.begin(EXPERIMENT, "d")
    store.add(run, "config", "mine", outcomes([0.1]))
    store.add(run, "worse", "mine", [Outcome("x", "?", {"nDCG@10": 0.5})])
    rows = compare(store.results(run))
    assert [row.metrics["nDCG@10"].verdict for row in rows] == ["baseline", "not comparable"]


def test_the_interval_holds_the_mean_and_narrows_with_the_number_of_questions() -> None:
    few, many = interval([0.0, 1.0] * 5), interval([0.0, 1.0] * 500)
    # The standard error of 1000 coin tosses is 0.0158: 1.96 of them on each side.
    assert many == pytest.approx((0.5 - 0.031, 0.5 + 0.031), abs=0.004)
    assert few[0] < many[0] < 0.5 < many[1] < few[1]
    assert interval([0.3]) == pytest.approx((0.3, 0.3))
    assert interval([1.0, 1.0]) == (1.0, 1.0)
    assert interval([0.0, 1.0]) == interval([0.0, 1.0])


def test_csv_has_a_line_for_each_metric_of_each_setting(results: Results) -> None:
    lines = list(csv.DictReader(io.StringIO(to_csv(compare(results)))))
    assert len(lines) == 4 * (2 + 2)
    (line,) = [
        one for one in lines if (one["setting"], one["metric"]) == ("much better", "nDCG@10")
    ]
    assert (line["questions"], line["count"], line["value"]) == ("mine", "20", "0.825")
    assert line["verdict"] == "better"
    (timed,) = [
        one for one in lines if (one["setting"], one["metric"]) == ("worse", "latency_p50_ms")
    ]
    assert (timed["value"], timed["p"], timed["verdict"]) == ("105", "", "")


def test_markdown_says_what_was_compared_and_what_came_out(results: Results) -> None:
    page = to_markdown(results, compare(results), ["settings.svg"])
    assert "| much better | 0.825 (" in page
    assert "better: +0.400, p < 0.001 |" in page
    assert "| no\\|change |" in page
    assert "- **config**: the configuration as it is" in page
    assert "- **worse**: `retrieve.k: 4`" in page
    assert "![settings.svg](settings.svg)" in page


def test_json_has_every_metric_of_every_setting(results: Results) -> None:
    found = to_json(results, compare(results))
    assert [one["name"] for one in found["settings"]] == list(SETTINGS)
    assert found["settings"][0]["metrics"]["MAP"] is None
    assert found["settings"][0]["comparisons"]["nDCG@10"]["verdict"] == "baseline"


LONG = "retriever=keyword fusion=convex candidates=100 reranker="


def test_pictures_are_drawn_of_settings_and_of_time(tmp_path: Path, results: Results) -> None:
    pytest.importorskip("matplotlib")
    names = {"worse": "price $a_{1$", "much better": f"{LONG}none", "no|change": f"{LONG}maxsim"}
    rows = [replace(row, setting=names.get(row.setting, row.setting)) for row in compare(results)]
    results = replace(results, changes={row.setting: {} for row in rows})
    files = write(tmp_path / "out", results, rows, plots=True)
    assert [file.name for file in files] == [
        "report.md",
        "results.csv",
        "results.json",
        "settings.svg",
        "latency.svg",
    ]
    picture = (tmp_path / "out" / "settings.svg").read_text()
    assert "<svg" in picture
    for end in ("reranker=none", "reranker=maxsim", "price $a_{1$"):
        assert end in picture


def test_numbers_of_points_that_lie_together_are_written_together() -> None:
    from dragtor.evaluate.plots import _together

    points = [(1.0, 0.5), (9.0, 0.5), (1.4, 0.5), (1.8, 0.51), (1.0, 0.9)]
    assert sorted(_together(points, (0, 10), (0, 1))) == [[0, 2, 3], [1], [4]]


def test_the_report_outlives_its_pictures(
    tmp_path: Path, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no font at all")

    monkeypatch.setattr("dragtor.evaluate.plots.draw", broken)
    files = write(tmp_path / "out", results, compare(results), plots=True)
    assert [file.name for file in files] == ["report.md", "results.csv", "results.json"]


def test_bounds_are_read_and_kept_to() -> None:
    bounds = parse_bounds(["ndcg@10=0.7", "support = .5"])
    assert bounds == {"nDCG@10": 0.7, "support": 0.5}
    assert below({"nDCG@10": 0.7, "support": 0.6}, bounds, "mine") == []
    assert below({"nDCG@10": 0.69, "support": None}, bounds, "mine") == [
        "mine: nDCG@10 is 0.6900, below 0.7",
        "mine: support was not measured; it was to be 0.5 or more",
    ]


@pytest.mark.parametrize(
    "given", ["nDCG@10", "latency_p95_ms=50", "MRR=high", "MRR=nan", "MRR=inf"]
)
def test_a_bound_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(QueryError, match="--fail-below"):
        parse_bounds([given])
