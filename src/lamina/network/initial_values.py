"""Initial parameters of a network: drawn by a formula, passed as arrays, or fitted to rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from lamina.blocks import Mode, Role, Tensor
from lamina.formulas import INITIALIZERS
from lamina.formulas.initializers import Draw
from lamina.formulas.table import Array, Matrix
from lamina.network.parameters import ParameterLayout, block_parameters
from lamina.network.spec import NetworkSpec

# More rows would move the standard deviations by less than a percent.
ROWS_TO_FIT = 5000


def draw_parameters(
    spec: NetworkSpec,
    random_state: np.random.RandomState,
    dtype: DTypeLike,
    gain: float | Sequence[float],
    initializer: str = "glorot_uniform",
) -> Array:
    """Return a flat vector of initial parameters, drawn block by block in float64, cast to dtype.

    Parameters
    ----------
    spec : NetworkSpec
    random_state : RandomState
        Drawn from in scikit-learn's order: weights, then biases, block by block. Nothing else is
        drawn.
    dtype : dtype
        float32 or float64.
    gain : float or sequence of float
        Gain of the activation, for all blocks or for each; scikit-learn uses that of the hidden
        activation for the output block as well.
    initializer : str
        Name in INITIALIZERS.

    Returns
    -------
    ndarray of shape (n_parameters,)
    """
    vector = np.empty(ParameterLayout.from_spec(spec).n_parameters, dtype=dtype)
    blocks = block_parameters(spec, vector)
    formula = INITIALIZERS[initializer].draw
    gains = [gain] * len(spec.blocks) if isinstance(gain, float) else gain
    for block, parameters, factor in zip(spec.blocks, blocks, gains, strict=True):
        block.draw(parameters, _Draw(formula, random_state, factor))
    _write_initial_values(spec, blocks)
    return vector


def fit_to_rows(
    spec: NetworkSpec,
    vector: Array,
    X: Matrix,
    random_state: np.random.RandomState,
    deadline: float = math.inf,
) -> Array:
    """Return parameters with which each unit's z has a standard deviation of 1 on a sample of rows.

    Block after block, in float64 with the passes of the blocks, so that every engine starts from
    the same numbers.

    Parameters
    ----------
    spec : NetworkSpec
    vector : ndarray of shape (n_parameters,)
        Drawn parameters.
    X : ndarray or csr matrix of shape (n_samples, n_features)
    random_state : RandomState
        Drawn from in this order: the rows, if there are more than ROWS_TO_FIT, and then each
        block's draws.
    deadline : float
        `perf_counter` value after which the remaining blocks keep their drawn parameters.

    Returns
    -------
    ndarray of shape (n_parameters,)
        In the dtype of `vector`.
    """
    fitted = vector.astype(np.float64)
    n_samples = X.shape[0]
    if n_samples > ROWS_TO_FIT:
        X = X[random_state.choice(n_samples, ROWS_TO_FIT, replace=False)]
    a: Matrix = X.astype(np.float64)
    mode = Mode(uses_batch=True)
    for block, parameters in zip(spec.blocks, block_parameters(spec, fitted), strict=True):
        if perf_counter() >= deadline:
            break
        block.fit_to_rows(parameters, a, random_state)
        a = block.forward(parameters, a, mode, stream=0).a
    return fitted.astype(vector.dtype)


class _Draw(NamedTuple):
    """Draws of a block: an initializer's formula, with the gain of the block's activation."""

    formula: Draw
    random_state: np.random.RandomState
    gain: float

    def __call__(self, fan_in: int, fan_out: int) -> tuple[Array, Array]:
        return self.formula(self.random_state, fan_in, fan_out, self.gain)


def given_parameters(
    spec: NetworkSpec,
    values: object,
    dtype: DTypeLike,
    random_state: np.random.RandomState,
) -> Array:
    """Return a flat vector of initial parameters passed as arrays.

    Parameters
    ----------
    spec : NetworkSpec
    values : array-like
        All n_parameters in one vector; or a list of arrays, the weights of all blocks and then
        their biases, with which all other parameters start at their usual values.
    dtype : dtype
        float32 or float64.
    random_state : RandomState
        Source of the parameters that no array has and that start at random, such as those of an
        input stage; without such blocks nothing is drawn.

    Raises
    ------
    ValueError
        For shapes that are not the network's, and for numbers that are not finite.
    """
    layout = ParameterLayout.from_spec(spec)
    vector = np.empty(layout.n_parameters, dtype=dtype)
    views = layout.views(vector)
    parts = [np.asarray(part) for part in values] if isinstance(values, (list, tuple)) else []
    if any(part.ndim for part in parts):
        places = [*views.weights, *views.biases]
    else:
        parts, places = [np.asarray(values)], [vector]
    found = [part.shape for part in parts]
    if found != [place.shape for place in places]:
        expected = [part.shape for part in (*views.weights, *views.biases)]
        raise ValueError(
            f"initializer of {_shapes_in_words(found)} does not fit the network: pass "
            f"{layout.n_parameters} numbers in one vector, or the arrays of coefs_ and then of "
            f"intercepts_, of {_shapes_in_words(expected)}."
        )
    blocks = block_parameters(spec, vector)
    draw = _Draw(INITIALIZERS["glorot_uniform"].draw, random_state, 1.0)
    for block, parameters in zip(spec.blocks, blocks, strict=True):
        if any(map(_is_drawn, block.tensors)):
            block.draw(parameters, draw)
    _write_initial_values(spec, blocks)
    for part, place in zip(parts, places, strict=True):
        place[...] = part
    if not np.isfinite(vector).all():
        raise ValueError("initializer contains infinity or NaN: pass finite numbers.")
    return vector


def _is_drawn(tensor: Tensor) -> bool:
    """Return True for a tensor that starts at random and is neither weights nor biases."""
    is_given = tensor.role in (Role.WEIGHTS, Role.BIASES)
    return tensor.initial is None and not is_given and math.prod(tensor.shape) > 0


def _shapes_in_words(shapes: list[tuple[int, ...]]) -> str:
    return f"shapes {shapes}" if len(shapes) > 1 else f"shape {shapes[0]}"


def _write_initial_values(spec: NetworkSpec, blocks: Sequence[Sequence[Array]]) -> None:
    """Set the declared initial values; nothing is drawn."""
    for block, tensor, values in _initial_values(spec):
        blocks[block][tensor][...] = values


@lru_cache(maxsize=64)
def _initial_values(spec: NetworkSpec) -> list[tuple[int, int, Array]]:
    """Return index of the block, index of the tensor, and values, of tensors that declare some."""
    return [
        (i, j, np.reshape(tensor.initial, (-1, *(1 for _ in tensor.shape[1:]))))
        for i, block in enumerate(spec.blocks)
        for j, tensor in enumerate(block.tensors)
        if tensor.initial
    ]
