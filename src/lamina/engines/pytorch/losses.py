"""Custom losses on a device: those in NumPy through the host, and modules of PyTorch as they are.

Shapes are those of custom_loss.py.
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch

from lamina.engines.custom_loss import ArrayLoss, CustomLoss, value_and_delta
from lamina.engines.engine import Objective
from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.tensors import to_device, to_host
from lamina.errors import HostLossWarning
from lamina.formulas.table import AnyArray, Array


def on_device(objective: Objective, device: torch.device) -> Objective:
    """Return an objective whose loss takes arrays of a device."""
    loss = objective.loss
    if isinstance(loss, str):
        return objective
    if isinstance(loss, TorchLoss):
        return replace(objective, loss=DeviceLoss(loss, device))
    if device.type != "cpu":
        warnings.warn(
            f"{type(loss).__name__}.value_and_delta is computed in NumPy: every batch is copied "
            f"from device={str(device)!r} and back. A loss of torch.nn with reduction='none' is "
            "computed on the device.",
            HostLossWarning,
            stacklevel=2,
        )
    return replace(objective, loss=HostLoss(loss))


class HostLoss(ArrayLoss):
    """Custom loss in NumPy, whose arguments and results are copied."""

    def __init__(self, loss: CustomLoss) -> None:
        self._loss = loss

    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        host = [
            None if each is None else to_host(each.tensor) for each in (logits, y, sample_weight)
        ]
        results = value_and_delta(self._loss, *host)  # type: ignore[arg-type]
        device = logits.tensor.device
        value, delta = (TensorArray(to_device(each, device)) for each in results)
        return value, delta


class TorchLoss:
    """Loss of torch.nn as a custom loss in NumPy, which any engine can compute.

    Parameters
    ----------
    module : torch.nn.Module
        A loss with reduction='none': `module(logits, y)` returns the loss of each sample, or of
        each output of each sample, of which the mean is taken. Class codes are int64.

    Examples
    --------
    >>> import numpy as np
    >>> loss = TorchLoss(torch.nn.MSELoss(reduction="none"))
    >>> value, delta = loss.value_and_delta(np.array([[1.0, 3.0]]), np.zeros((1, 2)), None)
    >>> value, delta
    (array([5.]), array([[1., 3.]]))
    """

    def __init__(self, module: Any) -> None:
        reduction = getattr(module, "reduction", "none")
        if reduction != "none":
            raise ValueError(
                f"loss={module} has reduction={reduction!r}, and samples have weights and are "
                f"processed in parts: pass {type(module).__name__}(reduction='none')"
            )
        self.module = module
        self.inverse_link = str(getattr(module, "inverse_link", "identity"))

    def value_and_delta(
        self, logits: Array, y: AnyArray, sample_weight: Array | None
    ) -> tuple[Array, Array]:
        """Return loss and gradient of each sample, multiplied by the sample's weight."""
        cpu = torch.device("cpu")
        arrays = [
            None if each is None else to_device(each, cpu) for each in (logits, y, sample_weight)
        ]
        value, delta = of_tensors(_moved(self.module, arrays[0]), *arrays)
        return to_host(value), to_host(delta)


class DeviceLoss(ArrayLoss):
    """Loss of torch.nn on a device."""

    def __init__(self, loss: TorchLoss, device: torch.device) -> None:
        self._module, self._device = deepcopy(loss.module), device

    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        weight = None if sample_weight is None else sample_weight.tensor
        self._module = self._module.to(device=self._device, dtype=logits.tensor.dtype)
        value, delta = of_tensors(self._module, logits.tensor, y.tensor, weight)
        return TensorArray(value), TensorArray(delta)


def _moved(module: Any, logits: Any) -> Any:
    """Return a copy of a module whose own tensors, such as class weights, suit the logits."""
    return deepcopy(module).to(dtype=logits.dtype)


def of_tensors(module: Any, logits: Any, y: Any, weight: Any) -> tuple[Any, Any]:
    """Return loss and gradient of each sample, by PyTorch's derivatives."""
    z = logits.detach().requires_grad_(True)
    targets = y if y.is_floating_point() else y.long()
    with torch.enable_grad():
        each = module(z, targets)
        if each.shape[:1] != z.shape[:1]:
            raise ValueError(
                f"loss={module} must return a loss of each sample, {tuple(z.shape[:1])}, and "
                f"returned the shape {tuple(each.shape)}"
            )
        value = each.reshape(len(z), -1).mean(dim=1)
        (delta,) = torch.autograd.grad(value.sum(), z)
    value = value.detach()
    return (value, delta) if weight is None else (value * weight, delta * weight[:, None])
