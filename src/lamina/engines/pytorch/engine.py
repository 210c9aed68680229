"""The PyTorch engine: the formulas of every block on the tensors of a device.

It runs the passes of lamina.blocks and the formulas of lamina.formulas as the reference engine
does, on arrays that answer NumPy's functions with PyTorch's (arrays.py). A formula therefore
stands once for both, and a new one needs nothing here unless it calls a function of NumPy that
functions.py lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch

from lamina.blocks import Mode
from lamina.engines.batch_loss import summed_gradient, summed_loss, weight_sum
from lamina.engines.device_matrix import DeviceMatrix
from lamina.engines.engine import Engine, Evaluator, Objective, Rows, require_finite
from lamina.engines.optimizer import OptimizerSettings, OptimizerState
from lamina.engines.pytorch.adopting import adopt
from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.losses import on_device
from lamina.engines.pytorch.products import forget_operands, product_on
from lamina.engines.pytorch.rows import DeviceRows, dense_on
from lamina.engines.pytorch.tensors import to_device, to_host
from lamina.engines.pytorch.trainer import PyTorchTrainer
from lamina.formulas.table import Array, Matrix
from lamina.network import Network, NetworkSpec
from lamina.network.passes import Forward, forward

# Numbers of all activations of a block that a prediction holds at once.
MOST_NUMBERS = 1 << 24


@dataclass(frozen=True)
class PyTorchEngine(Engine):
    """Engine in PyTorch, on the CPU or on another device.

    Attributes
    ----------
    device : str
        Name of a device as PyTorch has it: 'cpu', 'cuda:0', 'mps'.
    precision : str or None
        Name in PRECISIONS, to which both operands of every product are rounded; only for float32.

    Examples
    --------
    >>> PyTorchEngine("cpu").name
    'pytorch'
    """

    device: str = "cpu"
    precision: str | None = None
    name: ClassVar[str] = "pytorch"

    @cached_property
    def place(self) -> torch.device:
        """The device."""
        return torch.device(self.device)

    def adopt(self, array: object) -> DeviceMatrix | None:
        """Return an array of any library that is a matrix of floats on the device, or None."""
        return adopt(array, self.place)

    def trainer(
        self,
        spec: NetworkSpec,
        objective: Objective,
        optimizer: OptimizerSettings,
        rows: Rows,
        parameters: Array,
        state: OptimizerState,
    ) -> PyTorchTrainer:
        spec.require_inputs(rows.X)
        return PyTorchTrainer(
            spec, objective, optimizer, rows, parameters, state, self.place, self.precision
        )

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        spec.require_inputs(rows.X)
        places = torch.arange(len(rows.y), device=self.place)
        batch = DeviceRows(rows, self.place).batch(places, np.arange(len(rows.y)))
        divisor, product = weight_sum(rows), product_on(self.place, self.precision)
        mode = Mode(uses_batch=True, product=product)
        objective = on_device(objective, self.place)

        def evaluate(parameters: Array) -> tuple[float, Array]:
            network = self._network(Network(spec, parameters))
            passed = forward(network, batch.X, mode)
            total, d_a = summed_loss(network, objective, passed, batch)
            gradient: Any = summed_gradient(network, objective, passed, d_a, product)
            gradient /= divisor
            forget_operands(product)
            return float(total) / divisor, to_host(gradient.tensor, parameters.dtype)

        return evaluate

    def predict(self, network: Network, X: Matrix) -> Array:
        return np.concatenate(
            [to_host_array(each.prediction, network) for each in self._passes(network, X)]
        )

    def activations(self, network: Network, X: Matrix) -> list[Array]:
        parts = [
            [to_host_array(a, network) for a in (*each.a[1:-1], each.prediction)]
            for each in self._passes(network, X)
        ]
        return [np.concatenate(of_block) for of_block in zip(*parts, strict=True)]

    def _passes(self, network: Network, X: Matrix) -> Iterator[Forward]:
        """Yield the forward passes of the samples, in parts that a device has room for."""
        _require_finite(X)
        network.spec.require_inputs(X)
        product = product_on(self.place, self.precision)
        mode = Mode(product=product)
        its_network = self._network(network)
        widest = max(network.spec.n_features, *(b.width_out for b in network.spec.blocks))
        size = max(1, MOST_NUMBERS // widest)
        for start in range(0, max(1, X.shape[0]), size):
            yield forward(its_network, dense_on(X[start : start + size], self.place), mode)
            forget_operands(product)

    def _network(self, network: Network) -> Network:
        """Return the network with its parameters on the device."""
        parameters: Any = TensorArray(to_device(network.parameters, self.place))
        return network.with_parameters(parameters)


def _require_finite(X: Matrix) -> None:
    if not isinstance(X, DeviceMatrix):
        require_finite(X if isinstance(X, np.ndarray) else X.data)
    elif not X.is_finite():
        require_finite(np.array(np.nan))


def to_host_array(array: Any, network: Network) -> Array:
    """Return an array of a pass in this process's memory, in the dtype of the network."""
    return to_host(array.tensor, network.dtype)
