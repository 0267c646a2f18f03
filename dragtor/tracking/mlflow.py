"""Logging to MLflow: to its files in a folder, or to wherever an address of it leads."""

from __future__ import annotations

import os
import re
import time
import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from dragtor.errors import StoreError
from dragtor.extras import require

EXTRA = "mlflow"
_FORBIDDEN = re.compile(r"[^\w\-. :/]")
_MOST_PARAMS = 100
_LONGEST_PARAM = 500
_LONGEST_NAME = 200


class MlflowTracker:
    """A :class:`dragtor.interfaces.Tracker`; ``uri`` is a folder or an address that MLflow knows.

    Raises MissingExtra at once if MLflow is not installed. Its telemetry is off.
    """

    def __init__(self, uri: str) -> None:
        # MLflow is to send nothing anywhere, and to let files be files (since version 3.13 it
        # would have them in a database, for which mlflow-skinny lacks the packages).
        for name in ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "MLFLOW_ALLOW_FILE_STORE"):
            os.environ.setdefault(name, "true")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._mlflow = require("mlflow", EXTRA)
        self._uri = uri if "://" in uri else Path(uri).absolute().as_uri()

    def log(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        files: Mapping[str, str | bytes],
    ) -> None:
        """See Tracker. In the names of metrics, @ is written as _at_: MLflow knows none."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._log(experiment, name, params, metrics, files)
        except (self._mlflow.exceptions.MlflowException, OSError) as error:
            said = " ".join(str(error).split())
            raise StoreError(f"MLflow at {self._uri} took no run: {said}") from error

    def _log(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        files: Mapping[str, str | bytes],
    ) -> None:
        from mlflow.entities import Metric, Param

        client = self._client
        run = client.create_run(self._experiment(experiment), run_name=name[:_LONGEST_NAME])
        id, now = run.info.run_id, int(time.time() * 1000)
        pairs = [Param(_named(key), value[:_LONGEST_PARAM]) for key, value in params.items()]
        for start in range(0, len(pairs), _MOST_PARAMS):
            client.log_batch(id, params=pairs[start : start + _MOST_PARAMS])
        client.log_batch(id, metrics=[Metric(_named(k), v, now, 0) for k, v in metrics.items()])
        for file, content in files.items():
            self._log_file(id, file, content)
        client.set_terminated(id)

    def _log_file(self, run: str, name: str, content: str | bytes) -> None:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            self._client.log_artifact(run, str(path))

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 (mlflow is optional)
        return self._mlflow.tracking.MlflowClient(tracking_uri=self._uri)

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        return str(found.experiment_id if found else self._client.create_experiment(name))


def _named(name: str) -> str:
    """A name as MLflow takes it.

    >>> _named("nDCG@10")
    'nDCG_at_10'
    """
    return _FORBIDDEN.sub("_", name.replace("@", "_at_"))
