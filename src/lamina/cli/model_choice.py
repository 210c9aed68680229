"""Choose the model of `lamina train`: the ensemble for tables, or one network."""

from __future__ import annotations

import math

from lamina.cli.report import count
from lamina.cli.request import ModelKind, TrainingRequest
from lamina.cli.settings import parse_settings
from lamina.errors import UnknownNameError, suggestion


def check_options(request: TrainingRequest) -> None:
    """Reject options that the chosen model does not accept, and invalid values.

    Raises
    ------
    ValueError
        With the option, its value and the cure.
    """
    single, ensemble = network_options(request), ensemble_options(request)
    if single and ensemble:
        raise ValueError(
            f"{single[0]} belongs to --model mlp and {ensemble[0]} to the ensemble of --model "
            "tabular: leave one of them out"
        )
    if request.model == "mlp" and ensemble:
        raise ValueError(
            f"{ensemble[0]} belongs to the ensemble of --model tabular, the default: leave out "
            f"--model mlp, or {ensemble[0]}"
        )
    if single and request.model != "mlp" and not _selects_mlp(request):
        cure = "give --model mlp instead" if request.model else "add --model mlp"
        raise ValueError(f"{single[0]} is for one network: {cure}, or leave it out")
    if len(request.targets) > 1 and (ensemble or request.model == "tabular"):
        option = ensemble[0] if ensemble else "--model tabular"
        raise ValueError(
            f"{option}: the ensemble predicts one target, and {len(request.targets)} are given. "
            f"Train a model for each target, or leave out {option}: one network predicts all of "
            "them"
        )
    _check_values(request)


def choose_model(request: TrainingRequest, n_training: int) -> tuple[ModelKind, str | None]:
    """Return the model to fit, and a remark if it is not the default one.

    Parameters
    ----------
    request : TrainingRequest
        A request whose options have been checked.
    n_training : int
        Number of training rows.
    """
    from lamina.tabular.used_rows import FEWEST_SAMPLES

    if request.model is not None:
        return request.model, None
    if len(request.targets) > 1:
        return "mlp", (
            f"one network predicts the {len(request.targets)} targets, as with --model mlp: the "
            "ensemble of --model tabular predicts only one target, often better"
        )
    if n_training < FEWEST_SAMPLES and not ensemble_options(request):
        return "mlp", (
            f"{count(n_training, 'training row')} are too few for the ensemble, which needs "
            f"{FEWEST_SAMPLES}: one network is trained, as with --model mlp"
        )
    return "tabular", None


def network_options(request: TrainingRequest) -> list[str]:
    """Return the options in the request that only one network accepts, as written."""
    found = [f"--set {setting}" for setting in request.settings]
    found += [f"--plot {request.plot}"] if request.plot is not None else []
    return found + ([f"--resume {request.resume}"] if request.resume is not None else [])


def ensemble_options(request: TrainingRequest) -> list[str]:
    """Return the options in the request that only the ensemble accepts, as written."""
    chosen = {
        "--quality": request.quality,
        "--time-limit": request.time_limit,
        "--scoring": request.scoring,
    }
    return [f"{option} {value}" for option, value in chosen.items() if value is not None]


def _selects_mlp(request: TrainingRequest) -> bool:
    return request.model is None and len(request.targets) > 1


def _check_values(request: TrainingRequest) -> None:
    limit = request.time_limit
    if limit is not None and not (math.isfinite(limit) and limit > 0):
        raise ValueError(f"--time-limit must be a number of seconds above 0, got {limit:g}")
    if request.quality is not None:
        _check_name("--quality", request.quality, qualities())
    if request.device is not None:
        _check_device(request)
    if request.scoring is not None:
        from sklearn.metrics import get_scorer_names

        _check_name("--scoring", request.scoring, get_scorer_names())


def _check_device(request: TrainingRequest) -> None:
    from lamina.engines.choose import is_gpu

    if "device" in parse_settings(request.settings):
        raise ValueError(
            f"--device {request.device} and --set device give the device twice: leave out one"
        )
    is_gpu(request.device)


def qualities() -> list[str]:
    """Return the names of the qualities that the estimators for tables accept."""
    from lamina.tabular.base import TabularEstimator

    (options,) = (
        each for each in TabularEstimator._parameter_constraints["quality"] if each is not None
    )
    return sorted(options.options)


def _check_name(option: str, name: str, allowed: list[str]) -> None:
    if name not in allowed:
        raise UnknownNameError(
            f"{option} {name!r} is unknown.{suggestion(name, allowed)} It is one of "
            f"{', '.join(allowed)}."
        )
