from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dragtor.errors import MissingExtra, StoreError
from tests.cli.test_evaluate import QUESTIONS
from tests.conftest import Project, Ran

Run = Callable[..., Ran]


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from dragtor.tracking.mlflow import MlflowTracker

    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtra, match="poetry install -E mlflow"):
        MlflowTracker("logs/mlflow")


def test_an_engine_that_is_none_is_refused(run: Run) -> None:
    ran = run("search", "rings", "--set", "tracking.engine=mlfow")
    assert ran.code == 1
    assert "did you mean 'mlflow'" in " ".join(ran.err.split())


def test_the_engine_alone_is_enough() -> None:
    from dragtor.config import load_settings

    assert load_settings(assignments=["tracking=mlflow"]).tracking.engine == "mlflow"


@pytest.fixture
def logged(tmp_path: Path) -> Callable[..., list[Any]]:
    """The runs of an experiment, oldest first, as MLflow reads them."""
    pytest.importorskip("mlflow")
    from dragtor.tracking.mlflow import MlflowTracker

    MlflowTracker(str(tmp_path))  # switches on what MLflow asks for

    def runs(folder: Path, experiment: str) -> list[Any]:
        from mlflow.tracking import MlflowClient

        client = MlflowClient(tracking_uri=folder.absolute().as_uri())
        found = client.get_experiment_by_name(experiment)
        assert found is not None
        runs: list[Any] = client.search_runs([found.experiment_id])
        return sorted(runs, key=lambda run: run.info.start_time)

    return runs


def test_a_run_is_logged_with_its_files(tmp_path: Path, logged: Callable[..., list[Any]]) -> None:
    from dragtor.tracking.mlflow import MlflowTracker

    tracker = MlflowTracker(str(tmp_path / "runs"))
    tracker.log("ways", "one", {"retrieve.k": "8"}, {"nDCG@10": 0.5}, {"report.md": "# ü"})
    tracker.log("ways", "two" * 200, {f"p{n}": "x" * 9000 for n in range(150)}, {}, {"a": b"\0"})
    one, two = logged(tmp_path / "runs", "ways")
    assert one.info.run_name == "one"
    assert one.info.status == "FINISHED"
    assert (one.data.params, one.data.metrics) == ({"retrieve.k": "8"}, {"nDCG_at_10": 0.5})
    (report,) = (tmp_path / "runs").rglob("artifacts/report.md")
    assert report.read_text(encoding="utf-8") == "# ü"
    assert len(two.data.params) == 150


def test_a_folder_that_cannot_be_written_is_said_in_one_line(
    tmp_path: Path, logged: Callable[..., list[Any]]
) -> None:
    from dragtor.tracking.mlflow import MlflowTracker

    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="MLflow at file:"):
        MlflowTracker(str(tmp_path / "file")).log("a", "b", {}, {}, {})


def test_nothing_is_sent_anywhere(logged: Callable[..., list[Any]]) -> None:
    from mlflow.telemetry.utils import is_telemetry_disabled

    assert is_telemetry_disabled()


def test_experiments_and_answers_are_logged_where_that_is_switched_on(
    run: Run,
    project: Project,
    logged: Callable[..., list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dragtor.cli.experiment._can_plot", lambda: False)
    project.configure(tracking={"engine": "mlflow", "ask": True})
    assert run("load", "--index").code == 0
    assert run("ask", "How long do pulleys heal?", "--quote").code == 0
    folder = project.folder / "logs" / "mlflow"
    (answer,) = logged(folder, "dragtor ask")
    assert answer.info.run_name == "How long do pulleys heal?"
    assert answer.data.params["retrieve.retriever"] == "hybrid"
    assert answer.data.params["answer.kind"] in ("quote", "refusal")
    assert answer.data.metrics["total_s"] > 0
    names = {path.name for path in folder.rglob("artifacts/*")}
    assert names == {"query.txt", "answer.txt", "answer.json", "candidates.json"}
    (project.folder / "mine.yml").write_text(QUESTIONS)
    (project.folder / "try.yml").write_text(
        "name: ways\nquestions: mine.yml\ngrid: {retrieve.retriever: [keyword]}\n"
    )
    ran = run("experiment", "run", "try.yml")
    assert ran.code == 0, ran.err
    found = {one.info.run_name: one for one in logged(folder, "ways")}
    assert set(found) == {"config on mine", "retriever=keyword on mine", "run 1"}
    keyword = found["retriever=keyword on mine"].data
    assert keyword.params["retrieve.retriever"] == "keyword"
    assert 0 <= keyword.metrics["nDCG_at_10"] <= 1
    assert "latency_p95_ms" in keyword.metrics
    # The answers of an experiment are not logged one by one.
    assert len(logged(folder, "dragtor ask")) == 1
