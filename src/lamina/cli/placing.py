"""Place a loaded model on the device of `--device`."""

from __future__ import annotations

from sklearn.base import BaseEstimator

from lamina.cli.recipe import get_network
from lamina.engines.choose import PYTORCH, is_gpu
from lamina.tabular.base import TabularEstimator


def check_device(device: str | None) -> None:
    """Raise DeviceError or TorchMissingError for a device that cannot be used.

    This comes before a model or a table is read.
    """
    is_gpu(device)


def place(model: BaseEstimator, device: str | None) -> None:
    """Let a fitted model predict on a device; None leaves it where its parameters say.

    Examples
    --------
    >>> from lamina import MLPClassifier
    >>> model = MLPClassifier(engine="reference")
    >>> place(model, "cpu")
    >>> model.device
    'cpu'
    """
    if device is None:
        return
    network = get_network(model)
    if isinstance(network, TabularEstimator):
        network.set_params(device=device)
        for member in network.members_:
            _place_network(member.network, device)
    else:
        _place_network(network, device)


def _place_network(network: BaseEstimator, device: str) -> None:
    network.set_params(device=device)
    if is_gpu(device):
        # Engines and threads of the CPU, which the model was fitted with.
        network.set_params(engine=None, n_threads=None)
    elif network.engine == PYTORCH:
        # 'cpu' is the native engine on any machine, with PyTorch or without.
        network.set_params(engine=None)
