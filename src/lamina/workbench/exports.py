"""What is taken away: the script, the model's file, ONNX, of the network that is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from lamina.errors import ExperimentError
from lamina.export import to_onnx
from lamina.formulas.table import Table
from lamina.persistence import save
from lamina.workbench.runs import FAILED
from lamina.workbench.script import script_of
from lamina.workbench.sessions import Session


@dataclass(frozen=True)
class Export:
    """One kind of export.

    Attributes
    ----------
    name : str
        What stands in the address.
    file, media_type : str
        What the browser calls the file, and takes it for.
    content : callable
        `content(session)`: its bytes.
    """

    name: str
    file: str
    media_type: str
    content: Callable[[Session], bytes]


def model_of(session: Session) -> Any:
    """The network that is shown, with the scalers around it: it takes the inputs unscaled.

    Raises
    ------
    ExperimentError
        For a run that failed before its first epoch.
    """
    run, moment = session.run, session.moment
    if run.status == FAILED and not moment.epoch:
        raise ExperimentError(f"this run failed, and leaves nothing: {run.message}", None)
    problem, model = run.problem, run.model_at(moment)
    if problem.encoding is not None:
        model = Pipeline([("encoding", problem.encoding), ("model", model)])
    if problem.scaler is not None:
        model = Pipeline([("scaler", problem.scaler), ("model", model)])
    if problem.target_scaler is None:
        return model
    scaled = TransformedTargetRegressor(regressor=model, transformer=problem.target_scaler)
    # Fitted as its own fit would leave it, but for the fit itself.
    scaled.regressor_, scaled.transformer_, scaled._training_dim = model, problem.target_scaler, 1
    return scaled


def _script(session: Session) -> bytes:
    return script_of(session).encode()


def _model(session: Session) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.lamina")
        save(model_of(session), path, notes={"experiment": session.experiment.to_json()})
        return path.read_bytes()


def _onnx(session: Session) -> bytes:
    return bytes(to_onnx(model_of(session)).SerializeToString())


EXPORTS = Table(
    "export",
    Export("script", "workbench_run.py", "text/x-python", _script),
    Export("model", "workbench.lamina", "application/octet-stream", _model),
    Export("onnx", "workbench.onnx", "application/octet-stream", _onnx),
)
