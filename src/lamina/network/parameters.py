"""Flat parameters: one contiguous vector per network, with a view for every matrix in it.

Layout: the weights of all blocks, each row-major (fan_in, fan_out), then the biases of all blocks,
then the other learned parameters of their units, then the running statistics, each row by row
(n, fan_out). A penalty, which applies to weights alone, therefore acts on a prefix, and so does an
optimizer, which leaves statistics alone. For a plain network the order is scikit-learn's for
L-BFGS.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.formulas import INITIALIZERS
from lamina.formulas.table import Array
from lamina.network.spec import NetworkSpec


class ParameterViews(NamedTuple):
    """Views of a flat vector, one of each kind per block.

    Attributes
    ----------
    weights : list of ndarray of shape (fan_in, fan_out)
    biases : list of ndarray of shape (fan_out,)
    learned : list of ndarray of shape (n, fan_out)
        Other learned parameters of the units, one kind a row, as in `Dense.learned`; n is mostly
        zero.
    statistics : list of ndarray of shape (n, fan_out)
        Running statistics, which no optimizer changes.
    """

    weights: list[NDArray[Any]]
    biases: list[NDArray[Any]]
    learned: list[NDArray[Any]]
    statistics: list[NDArray[Any]]


@dataclass(frozen=True)
class ParameterLayout:
    """Places of a network's matrices in its flat vector.

    Attributes
    ----------
    shapes : tuple of (int, int)
        (fan_in, fan_out) of every block.
    n_learned, n_statistics : tuple of int
        Number of rows of each kind per block; empty if no block has any.
    """

    shapes: tuple[tuple[int, int], ...]
    n_learned: tuple[int, ...] = ()
    n_statistics: tuple[int, ...] = ()

    @staticmethod
    @lru_cache(maxsize=64)
    def from_spec(spec: NetworkSpec) -> ParameterLayout:
        """Return the layout of a spec's parameters."""
        return ParameterLayout(
            tuple((block.fan_in, block.fan_out) for block in spec.blocks),
            tuple(len(block.learned) for block in spec.blocks),
            tuple(len(block.statistics) for block in spec.blocks),
        )

    @property
    def n_weights(self) -> int:
        """Length of the penalised prefix."""
        return _ends(self)[0]

    @property
    def n_trained(self) -> int:
        """Length of the prefix that an optimizer updates."""
        return _ends(self)[2]

    @property
    def n_parameters(self) -> int:
        """Length of the flat vector."""
        return _ends(self)[3]

    @property
    def other_shapes(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Shapes of the other learned parameters and of the statistics, (n, fan_out) each."""
        return tuple(self._rows(self.n_learned)), tuple(self._rows(self.n_statistics))

    def views(self, vector: NDArray[Any]) -> ParameterViews:
        """Return the matrices in a flat vector as views of it.

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
        return ParameterViews(
            *([vector[part].reshape(shape) for part, shape in kind] for kind in _places(self))
        )

    def _rows(self, counts: tuple[int, ...]) -> list[tuple[int, int]]:
        widths = [fan_out for _, fan_out in self.shapes]
        return list(zip(counts or (0,) * len(widths), widths, strict=True))


@lru_cache(maxsize=64)
def _places(layout: ParameterLayout) -> list[list[tuple[slice, tuple[int, ...]]]]:
    """Return slice and shape of every part, by kind.

    Cached, because in a short fit working them out takes longer than training.
    """
    biases = [(fan_out,) for _, fan_out in layout.shapes]
    start, places = 0, []
    for shapes in (layout.shapes, biases, *layout.other_shapes):
        ends = list(accumulate(map(math.prod, shapes), initial=start))
        spans = zip(pairwise(ends), shapes, strict=True)
        places.append([(slice(*span), shape) for span, shape in spans])
        start = ends[-1]
    return places


@lru_cache(maxsize=64)
def _ends(layout: ParameterLayout) -> tuple[int, ...]:
    """Return the index at which each kind of part ends."""
    shapes = (layout.shapes, [(n,) for _, n in layout.shapes], *layout.other_shapes)
    return tuple(accumulate(sum(map(math.prod, kind)) for kind in shapes))


def flatten_parameters(
    weights: Sequence[NDArray[Any]],
    biases: Sequence[NDArray[Any]],
    learned: Sequence[NDArray[Any]] = (),
    statistics: Sequence[NDArray[Any]] = (),
    dtype: DTypeLike | None = None,
) -> NDArray[Any]:
    """Return a flat vector of these parts, without a copy if they are views of one vector.

    Parameters
    ----------
    weights, biases, learned, statistics : sequence of ndarray
        As in `ParameterViews`.
    dtype : dtype, optional
        Data type of the vector; by default the first matrix's.

    Returns
    -------
    ndarray of shape (n_parameters,)
    """
    dtype = np.dtype(weights[0].dtype if dtype is None else dtype)
    parts = [part for part in (*weights, *biases, *learned, *statistics) if part.size]
    base = weights[0].base
    if isinstance(base, np.ndarray) and base.ndim == 1 and base.dtype == dtype:
        address = base.__array_interface__["data"][0]
        for part in parts:
            is_view = part.base is base and part.dtype == dtype and part.flags.c_contiguous
            # A transposed view has the address and the bytes of the matrix, in another order.
            if not is_view or part.__array_interface__["data"][0] != address:
                break
            address += part.nbytes
        else:
            if base.nbytes == sum(part.nbytes for part in parts) and base.flags.c_contiguous:
                return base
    return np.concatenate([np.ravel(part) for part in parts]).astype(dtype, copy=False)


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
    layout = ParameterLayout.from_spec(spec)
    vector = np.empty(layout.n_parameters, dtype=dtype)
    views = layout.views(vector)
    draw = INITIALIZERS[initializer].draw
    gains = [gain] * len(spec.blocks) if isinstance(gain, float) else gain
    for i, block in enumerate(spec.blocks):
        drawn = draw(random_state, block.fan_in, block.fan_out, gains[i])
        views.weights[i][...], views.biases[i][...] = drawn
    _initialize_other_parts(spec, views)
    return vector


def given_parameters(spec: NetworkSpec, values: Any, dtype: DTypeLike) -> Array:
    """Return a flat vector of initial parameters passed as arrays.

    Parameters
    ----------
    spec : NetworkSpec
    values : array-like
        All n_parameters in one vector; or a list of arrays, the weights of all blocks and then
        their biases, with which all other parameters start at their usual values.
    dtype : dtype
        float32 or float64.

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
    _initialize_other_parts(spec, views)
    for part, place in zip(parts, places, strict=True):
        place[...] = part
    if not np.isfinite(vector).all():
        raise ValueError("initializer contains infinity or NaN: pass finite numbers.")
    return vector


def _shapes_in_words(shapes: list[tuple[int, ...]]) -> str:
    return f"shapes {shapes}" if len(shapes) > 1 else f"shape {shapes[0]}"


def _initialize_other_parts(spec: NetworkSpec, views: ParameterViews) -> None:
    """Set the initial values of other learned parameters and of statistics; nothing is drawn."""
    for i, block in enumerate(spec.blocks):
        for row, parameter in zip(views.learned[i], block.learned, strict=True):
            row[...] = parameter.initial
        for row, statistic in zip(views.statistics[i], block.statistics, strict=True):
            row[...] = statistic.initial
