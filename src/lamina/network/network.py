"""A network as a value: a specification with the numbers of its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lamina.formulas.table import Array
from lamina.network.parameters import ParameterLayout, ParameterViews, block_parameters
from lamina.network.spec import NetworkSpec


@dataclass(frozen=True, eq=False)
class Network:
    """A specification and one flat vector of parameters, with views of the vector.

    Attributes
    ----------
    spec : NetworkSpec
    parameters : ndarray of shape (n_parameters,)
        float32 or float64. Its owner may change the numbers, which the views then show.

    Examples
    --------
    >>> import numpy as np
    >>> from lamina.network import NetworkSpec
    >>> spec = NetworkSpec.perceptron([2, 1], activation="relu", inverse_link="identity")
    >>> network = Network(spec, np.array([1.0, 2.0, 3.0]))
    >>> network.weights[0].ravel(), network.biases[0]
    (array([1., 2.]), array([3.]))
    >>> network.with_parameters(np.zeros(3)).biases[0]
    array([0.])
    """

    spec: NetworkSpec
    parameters: Array

    @property
    def layout(self) -> ParameterLayout:
        """Places of the tensors in the vector."""
        return ParameterLayout.from_spec(self.spec)

    @property
    def dtype(self) -> np.dtype[np.floating[Any]]:
        """Data type of the parameters."""
        return self.parameters.dtype

    @property
    def weights(self) -> list[Array]:
        """Views of the weights of all blocks."""
        return self.views.weights

    @property
    def biases(self) -> list[Array]:
        """Views of the biases of all blocks."""
        return self.views.biases

    @property
    def unit_parameters(self) -> list[Array]:
        """Views of the other learned parameters of the units, one kind a row."""
        return self.views.unit_parameters

    @property
    def input_parameters(self) -> list[Array]:
        """Views of the learned parameters of the input stage, group by group."""
        return self.views.input_parameters

    @property
    def statistics(self) -> list[Array]:
        """Views of the running statistics, one kind a row, and of the bin edges of inputs."""
        return self.views.statistics

    @cached_property
    def views(self) -> ParameterViews:
        """Views of all tensors, by role."""
        return self.layout.views(self.parameters)

    @cached_property
    def blocks(self) -> list[Any]:
        """Views of each block's tensors, as the `Parameters` of its kind."""
        return block_parameters(self.spec, self.parameters)

    def with_parameters(self, parameters: Array) -> Network:
        """Return the same network with another vector."""
        return Network(self.spec, parameters)

    def copy(self) -> Network:
        """Return the network with a copy of its parameters."""
        return Network(self.spec, self.parameters.copy())

    def in_dtype(self, dtype: np.dtype[np.generic]) -> Network:
        """Return the network in a dtype, without a copy if that is its own."""
        return Network(self.spec, self.parameters.astype(dtype, copy=False))
