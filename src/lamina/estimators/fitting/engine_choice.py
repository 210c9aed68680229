"""Choose the engine of a fit, and that of predictions, on the CPU if the device is absent."""

from __future__ import annotations

import warnings
from functools import cache

from lamina.engines import Engine, choose_engine
from lamina.errors import DeviceError, DeviceUnavailableWarning, TorchMissingError
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.network import NetworkSpec

# scikit-learn prints no such line, so that a verbose fit without a device prints what it does.
DEFAULTS = ("native", "reference")


def choose_fit_engine(settings: FitSettings, spec: NetworkSpec) -> Engine:
    """Return the engine of a fit, on the device of its settings."""
    return choose_engine(
        settings.engine, settings.n_threads, settings.precision, spec, settings.device
    )


def choose_prediction_engine(model: Parametrized, spec: NetworkSpec | None = None) -> Engine:
    """Return the engine of predictions; without the model's device, that of the CPU.

    A model that was fitted on a GPU also predicts where there is none.

    Warns
    -----
    DeviceUnavailableWarning
        Once in a process, if the device or PyTorch is absent.
    """
    try:
        return choose_engine(model.engine, model.n_threads, model.precision, spec, model.device)
    except (DeviceError, TorchMissingError) as error:
        _warn_of_the_cpu(str(error).rstrip("."))
        return choose_engine(None, None, model.precision, spec)


def describe_engine(engine: Engine) -> str:
    """Return the engine's name, with its device if it has a choice of them.

    Examples
    --------
    >>> describe_engine(choose_engine("reference"))
    'reference'
    """
    device = getattr(engine, "device", None)
    return engine.name if device is None else f"{engine.name} ({device})"


def announce_engine(engine: Engine) -> None:
    """Print the engine of a verbose fit that does not run on the default one."""
    if engine.name not in DEFAULTS:
        print(f"Engine: {describe_engine(engine)}")


@cache
def _warn_of_the_cpu(reason: str) -> None:
    warnings.warn(
        f"{reason}. Predictions are computed on the CPU instead; set_params(engine=None, "
        "device=None) does so without this warning.",
        DeviceUnavailableWarning,
        stacklevel=5,
    )
