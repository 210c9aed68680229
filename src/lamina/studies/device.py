"""Device of the perceptrons inside an estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.base import clone

from lamina.engines.choose import is_gpu

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

DEVICE = "device"


def on_device(estimator: BaseEstimator, device: str | None) -> BaseEstimator:
    """Return an unfitted copy whose perceptrons use a device, or the estimator itself for None.

    Raises
    ------
    ValueError
        If no part of the estimator has a device.
    DeviceError, TorchMissingError
        For a device that is absent.
    """
    if device is None:
        return estimator
    is_gpu(device)
    names = _places(estimator)
    if not names:
        raise ValueError(
            f"device={device!r} is for perceptrons, and {type(estimator).__name__} contains none. "
            "Set device=None."
        )
    return clone(estimator).set_params(**dict.fromkeys(names, device))


def uses_gpu(estimator: BaseEstimator) -> bool:
    """Return True if a perceptron of the estimator computes on a GPU that is present."""
    parameters = estimator.get_params()
    devices = [parameters[name] for name in _places(estimator)]
    return any(isinstance(device, str) and is_gpu(device) for device in devices)


def _places(estimator: BaseEstimator) -> list[str]:
    """Return the names of the parameters that hold a device, such as 'mlpclassifier__device'."""
    return [name for name in estimator.get_params() if name.rpartition("__")[2] == DEVICE]
