"""Flat parameters: one contiguous vector a network, with a named view for every matrix in it.

Layout: the weights of all blocks, each row-major (fan_in, fan_out), then the biases of all blocks.
So a penalty, which spares the biases, acts on a prefix; and the order is scikit-learn's for L-BFGS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.formulas import INITIALIZERS
from lamina.formulas.table import Array
from lamina.network.spec import NetworkSpec


class ParameterViews(NamedTuple):
    """Views of a flat vector: one (fan_in, fan_out) matrix and one (fan_out,) vector a block."""

    weights: list[NDArray[Any]]
    biases: list[NDArray[Any]]


@dataclass(frozen=True)
class ParameterLayout:
    """Where each matrix of a network stands in its flat vector.

    Attributes
    ----------
    shapes : tuple of (int, int)
        (fan_in, fan_out) of every block.
    """

    shapes: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, spec: NetworkSpec) -> ParameterLayout:
        """The layout of a spec's parameters."""
        return cls(tuple((block.fan_in, block.fan_out) for block in spec.blocks))

    @property
    def n_weights(self) -> int:
        """The length of the penalised prefix."""
        return sum(fan_in * fan_out for fan_in, fan_out in self.shapes)

    @property
    def n_parameters(self) -> int:
        """The length of the flat vector."""
        return self.n_weights + sum(fan_out for _, fan_out in self.shapes)

    def views(self, vector: NDArray[Any]) -> ParameterViews:
        """The matrices in a flat vector; writing to them writes to it.

        Examples
        --------
        >>> import numpy as np
        >>> layout = ParameterLayout(((2, 3), (3, 1)))
        >>> views = layout.views(np.arange(13.0))
        >>> views.weights[0]
        array([[0., 1., 2.],
               [3., 4., 5.]])
        >>> views.biases[1]
        array([12.])
        """
        if vector.shape != (self.n_parameters,):
            raise ValueError(f"expected {self.n_parameters} parameters, got shape {vector.shape}")
        weights, biases, start = [], [], 0
        for shape in self.shapes:
            size = shape[0] * shape[1]
            weights.append(vector[start : start + size].reshape(shape))
            start += size
        for _, fan_out in self.shapes:
            biases.append(vector[start : start + fan_out])
            start += fan_out
        return ParameterViews(weights, biases)


def flatten_parameters(
    weights: Sequence[NDArray[Any]], biases: Sequence[NDArray[Any]], dtype: DTypeLike | None = None
) -> NDArray[Any]:
    """The flat vector behind weights and biases: itself where they are its views, else a copy.

    Parameters
    ----------
    weights, biases : sequence of ndarray
        One (fan_in, fan_out) matrix and one (fan_out,) vector a block.
    dtype : dtype, optional
        The vector's dtype; by default the first matrix's.

    Returns
    -------
    ndarray of shape (n_parameters,)
    """
    dtype = np.dtype(weights[0].dtype if dtype is None else dtype)
    base = weights[0].base
    if isinstance(base, np.ndarray) and base.ndim == 1 and base.dtype == dtype:
        parts = [*weights, *biases]
        address = base.__array_interface__["data"][0]
        for part in parts:
            if part.base is not base or part.__array_interface__["data"][0] != address:
                break
            address += part.nbytes
        else:
            if base.nbytes == sum(part.nbytes for part in parts) and base.flags.c_contiguous:
                return base
    return np.concatenate([np.ravel(p) for p in (*weights, *biases)]).astype(dtype, copy=False)


def draw_parameters(
    spec: NetworkSpec,
    random_state: np.random.RandomState,
    dtype: DTypeLike,
    gain: float,
    initializer: str = "glorot_uniform",
) -> Array:
    """A flat vector of first parameters, drawn block by block in float64, then cast to dtype.

    Parameters
    ----------
    spec : NetworkSpec
    random_state : RandomState
        Drawn from in scikit-learn's order: weights, then biases, block by block.
    dtype : dtype
        float32 or float64.
    gain : float
        The hidden activation's initial gain; scikit-learn uses it for the output block as well.
    initializer : str
        A name in INITIALIZERS.

    Returns
    -------
    ndarray of shape (n_parameters,)
    """
    layout = ParameterLayout.of(spec)
    vector = np.empty(layout.n_parameters, dtype=dtype)
    views = layout.views(vector)
    draw = INITIALIZERS[initializer].draw
    for block, weight, bias in zip(spec.blocks, *views, strict=True):
        weight[...], bias[...] = draw(random_state, block.fan_in, block.fan_out, gain)
    return vector
