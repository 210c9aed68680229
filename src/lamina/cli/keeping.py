"""Save a trained model, and never lose it to a later error."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import lamina
from lamina import persistence
from lamina.cli.messages import one_line
from lamina.cli.recipe import get_network
from lamina.cli.request import ModelKind, TrainingRequest
from lamina.encoding.understanding import understand
from lamina.files.model_file import Json
from lamina.tables.problem import Problem
from lamina.tabular.base import TabularEstimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Fit:
    """A fitted model, with the duration and the warnings of its fit.

    Attributes
    ----------
    model : estimator
    seconds : float
    remarks : sequence of str
    interrupted : bool
    doubt : str or None
        Warning of the fit that the model is no better than a trivial predictor.
    """

    model: BaseEstimator
    seconds: float
    remarks: Sequence[str]
    interrupted: bool
    doubt: str | None = None


def save_model(
    model: BaseEstimator, path: Path, notes: Mapping[str, Json], overwrite: bool
) -> tuple[Path, str | None]:
    """Save a model; if its own path cannot be written, save it in the folder of temporary files.

    Ctrl-C restarts the saving instead of ending it, because the training would be lost.

    Returns
    -------
    Path
        Path of the saved model.
    str or None
        Reason why the model is not at `path`.
    """
    try:
        try:
            persistence.save(model, path, overwrite=overwrite, notes=dict(notes))
        except KeyboardInterrupt:
            persistence.save(model, path, overwrite=True, notes=dict(notes))
        return path, None
    except OSError as error:
        with tempfile.NamedTemporaryFile(
            prefix=f"{path.stem}-", suffix=path.suffix, delete=False
        ) as file:
            refuge = Path(file.name)
        persistence.save(model, refuge, overwrite=True, notes=dict(notes))
        return refuge, f"{path} could not be written ({one_line(error)})"


def take_notes(
    request: TrainingRequest, kind: ModelKind, problem: Problem, fit: Fit, n_train: int
) -> dict[str, Json]:
    """Return the notes to save with a model, as JSON values."""
    names = problem.target_names
    forms = understand(problem.features).forms if problem.task == "regression" else {}
    return {
        "lamina": lamina.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": request.source,
        "model": kind,
        "task": problem.task,
        "target": names[0] if len(names) == 1 else None,
        "targets": list(names),
        "ids": list(request.ids),
        # `evaluate` reads the targets of a later file in these forms, as its cells may be too few.
        "target_forms": {name: forms[name].to_plain() for name in names if name in forms},
        "training": {
            "rows": n_train,
            **_length(fit.model),
            "seconds": round(fit.seconds, 3),
            "interrupted": fit.interrupted,
            "seed": request.seed,
            "test_size": request.test_size,
            **{name: column for name, column in request.by.items() if column is not None},
        },
    }


def _length(model: BaseEstimator) -> dict[str, Json]:
    """Return the length of a fit: networks and quality, or epochs and loss."""
    if isinstance(model, TabularEstimator):
        score = model.validation_score_
        return {
            "networks": len(model.members_),
            "quality": model.quality,
            "validation": {
                "metric": score.metric,
                "value": float(score.value),
                "standard_error": float(score.standard_error),
            },
        }
    network = get_network(model)
    return {"epochs": int(network.n_iter_), "loss": float(network.loss_)}
