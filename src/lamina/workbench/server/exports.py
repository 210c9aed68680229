"""Exports of the displayed network: script, model file, ONNX, and the experiment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from lamina.errors import ExperimentError
from lamina.export import to_onnx
from lamina.formulas.table import RecordTable
from lamina.persistence import save
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import FAILED, Run
from lamina.workbench.server.script import build_script
from lamina.workbench.server.sessions import Session


@dataclass(frozen=True)
class Export:
    """One kind of export.

    Attributes
    ----------
    name : str
        Name in the request's address.
    file, media_type : str
        File name, to which the epoch is added, and media type.
    content : callable
        `content(run, snapshot, pace)` returns the file's bytes.
    """

    name: str
    file: str
    media_type: str
    content: Callable[[Run, Snapshot, float | None], bytes]

    def build(self, session: Session) -> tuple[str, bytes]:
        """Return the file of the displayed network: its name, with the epoch, and its bytes."""
        # The run may continue meanwhile: name and content must come from the same snapshot.
        views, snapshot = session.displayed()
        path, content = PurePath(self.file), self.content(views.run, snapshot, session.pace)
        return f"{path.stem}_epoch_{snapshot.epoch}{path.suffix}", content


def model_of(run: Run, snapshot: Snapshot) -> BaseEstimator:
    """Return a snapshot's network with its scalers; its inputs are unscaled.

    Raises
    ------
    ExperimentError
        If the run failed before its first epoch.
    """
    if run.status == FAILED and not snapshot.epoch:
        raise ExperimentError(f"this run failed and has no network: {run.message}", None)
    prepared, model = run.prepared, run.get_model(snapshot)
    if prepared.encoding is not None:
        model = Pipeline([("encoding", prepared.encoding), ("model", model)])
    if prepared.scaler is not None:
        model = Pipeline([("scaler", prepared.scaler), ("model", model)])
    if prepared.target_scaler is None:
        return model
    scaled = TransformedTargetRegressor(regressor=model, transformer=prepared.target_scaler)
    # Set the fitted attributes that TransformedTargetRegressor.fit would set.
    scaled.regressor_, scaled.transformer_, scaled._training_dim = model, prepared.target_scaler, 1
    return scaled


def _script(run: Run, snapshot: Snapshot, pace: float | None) -> bytes:
    return build_script(run, snapshot).encode()


def _model(run: Run, snapshot: Snapshot, pace: float | None) -> bytes:
    notes = {"experiment": run.prepared.experiment.to_json()}
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.lamina")
        save(model_of(run, snapshot), path, notes=notes)
        return path.read_bytes()


def _onnx(run: Run, snapshot: Snapshot, pace: float | None) -> bytes:
    return bytes(to_onnx(model_of(run, snapshot)).SerializeToString())


def _experiment(run: Run, snapshot: Snapshot, pace: float | None) -> bytes:
    """Return experiment and pace as JSON for `lamina workbench FILE`, which starts at epoch 0."""
    content = {"experiment": run.prepared.experiment.to_json(), "pace": pace}
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


EXPORTS = RecordTable(
    "export",
    Export("script", "workbench_run.py", "text/x-python", _script),
    Export("model", "workbench.lamina", "application/octet-stream", _model),
    Export("onnx", "workbench.onnx", "application/octet-stream", _onnx),
    Export("experiment", "experiment.json", "application/json", _experiment),
)
