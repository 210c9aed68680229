"""Errors of a device during a fit or a prediction: one line each, with the cure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import fspath
from pathlib import Path

from lamina.engines import Engine
from lamina.engines.device_failures import Failure, recognise_failure
from lamina.errors import DeviceLostError, DeviceMemoryError
from lamina.estimators.settings.hidden_layers import describe_layers
from lamina.estimators.settings.parametrized import Parametrized


@contextmanager
def device_errors(
    model: Parametrized, engine: Engine, checkpoint: object = None, *, fits: bool = True
) -> Iterator[None]:
    """Raise a device's failure inside the block as one clear error.

    Parameters
    ----------
    model : estimator
    engine : Engine
    checkpoint : str or path-like, optional
        File to which the fit writes checkpoints.
    fits : bool
        False for a prediction.

    Raises
    ------
    DeviceMemoryError
        If the device's memory is too small; it is a MemoryError.
    DeviceLostError
        If the device fails otherwise; it is a RuntimeError.
    """
    try:
        yield
    except RuntimeError as error:
        failure = recognise_failure(error)
        device = getattr(engine, "device", None)
        if failure is None or device is None:
            raise
        resume = _advice_to_resume(checkpoint) if fits else ""
        if failure is Failure.MEMORY:
            raise DeviceMemoryError(_out_of_memory(model, device, fits) + resume) from error
        first = str(error).strip().splitlines()[0].rstrip(".")
        work = "fit" if fits else "prediction"
        raise DeviceLostError(
            f"device={device!r} failed during the {work}: {first}. Start Python again before the "
            f"device is used again, or set device='cpu'.{resume}"
        ) from error


def _out_of_memory(model: Parametrized, device: str, fits: bool) -> str:
    if not fits:
        return (
            f"device={device!r} has too little free memory for this prediction with "
            f"{describe_layers(model)}. Predict fewer samples at once, or set device='cpu'."
        )
    members = "" if model.members is None else f", members={model.members!r}"
    fewer = "" if model.members is None else ", fewer members"
    return (
        f"device={device!r} has too little free memory for batch_size={model.batch_size!r}"
        f"{members} and {describe_layers(model)}. Choose a smaller batch_size{fewer} or smaller "
        "hidden_layer_sizes, or set device='cpu'."
    )


def _advice_to_resume(checkpoint: object) -> str:
    if not isinstance(checkpoint, str | Path) or not Path(checkpoint).is_file():
        return ""
    return (
        f" The checkpoint {fspath(checkpoint)} is whole: resume={fspath(checkpoint)!r} continues."
    )
