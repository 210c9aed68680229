"""Flat parameters: one contiguous vector per network, with a view for every tensor in it.

Layout: the tensors that the blocks declare, ordered by role, each row-major: the weights of all
blocks, then their biases, then the other parameters of their units, then those of the inputs, then
the statistics.
A penalty, which applies to weights alone, therefore acts on a prefix, and so does an optimizer,
which leaves statistics alone. For a plain network the order is scikit-learn's for L-BFGS.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from lamina.blocks import Role, Tensor
from lamina.formulas.table import Array
from lamina.network.spec import NetworkSpec


class ParameterViews(NamedTuple):
    """Views of a flat vector, by role; for a network of dense blocks, one of each role per block.

    Attributes
    ----------
    weights : list of ndarray of shape (fan_in, fan_out)
        Members have (k, fan_in, fan_out) in their heads.
    biases : list of ndarray of shape (fan_out,)
        Members have (k, fan_out).
    unit_parameters : list of ndarray of shape (n, fan_out)
        Other learned parameters of the units, one kind a row, as in `Dense.learned`; n is mostly
        zero.
    input_parameters : list of ndarray
        Learned parameters of an input stage, group by group.
    statistics : list of ndarray
        Running statistics, (n, fan_out), and bin edges of an input stage, which no optimizer
        changes.
    """

    weights: list[Array]
    biases: list[Array]
    unit_parameters: list[Array]
    input_parameters: list[Array]
    statistics: list[Array]


Shape: TypeAlias = tuple[int, ...]


class Span(NamedTuple):
    """Part of the flat vector, with factors of the learning rate and of the weight decay."""

    part: slice
    rate_factor: float = 1.0
    decay_factor: float = 1.0


class Piece(NamedTuple):
    """Length of a part of the flat vector, its group in RATE_GROUPS, and its own factors."""

    size: int
    rate_group: str
    rate_factor: float
    decay_factor: float


# Factors of the learning rate by group, as pairs, so that they can be hashed.
RateFactors: TypeAlias = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ParameterLayout:
    """Places of a network's tensors in its flat vector: all of one role after another.

    Attributes
    ----------
    weights, biases, unit_parameters, input_parameters, statistics : tuple of tuple of int
        Shapes of the tensors of each role, in the order of their blocks.
    pieces : tuple of Piece
        The trained parameters in the order of the vector, in parts of one group each; every tensor
        begins a part.

    Examples
    --------
    >>> from lamina.network import NetworkSpec
    >>> spec = NetworkSpec.perceptron([2, 3, 1], activation="prelu", inverse_link="identity")
    >>> layout = ParameterLayout.from_spec(spec)
    >>> layout.weights, layout.unit_parameters
    (((2, 3), (3, 1)), ((1, 3), (0, 1)))
    >>> layout.n_weights, layout.n_parameters
    (9, 16)
    """

    weights: tuple[Shape, ...]
    biases: tuple[Shape, ...] = ()
    unit_parameters: tuple[Shape, ...] = ()
    input_parameters: tuple[Shape, ...] = ()
    statistics: tuple[Shape, ...] = ()
    pieces: tuple[Piece, ...] = field(default=(), kw_only=True)

    @staticmethod
    @lru_cache(maxsize=64)
    def from_spec(spec: NetworkSpec) -> ParameterLayout:
        """Return the layout of a spec's parameters, from the declarations of its blocks."""
        tensors = [tensor for block in spec.blocks for tensor in block.tensors]
        by_role = [[each for each in tensors if each.role is role] for role in Role]
        pieces = [piece for of_role in by_role[:-1] for each in of_role for piece in _pieces(each)]
        shapes = [tuple(each.shape for each in of_role) for of_role in by_role]
        return ParameterLayout(*shapes, pieces=tuple(pieces))

    @property
    def n_weights(self) -> int:
        """Length of the penalised prefix."""
        return self._ends[0]

    @property
    def n_before_inputs(self) -> int:
        """Index at which the parameters of the input stage begin."""
        return self._ends[2]

    @property
    def n_trained(self) -> int:
        """Length of the prefix that an optimizer updates."""
        return self._ends[3]

    @property
    def n_parameters(self) -> int:
        """Length of the flat vector."""
        return self._ends[4]

    def views(self, vector: Array) -> ParameterViews:
        """Return the tensors in a flat vector as views of it.

        Examples
        --------
        >>> import numpy as np
        >>> layout = ParameterLayout(weights=((2, 3), (3, 1)), biases=((3,), (1,)))
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
            *([vector[part].reshape(shape) for part, shape in role] for role in self._places)
        )

    @lru_cache(maxsize=64)  # noqa: B019
    def spans(self, rate_factors: RateFactors = ()) -> list[Span]:
        """Return the parts of the trained parameters, each with one learning rate and decay.

        Parameters
        ----------
        rate_factors : tuple of (str, float)
            Factors of the learning rate by group; all others are one.

        Returns
        -------
        list of Span
            Empty if all factors are one.
        """
        of_group, start, spans = dict(rate_factors), 0, []
        for size, group, rate_factor, decay_factor in self.pieces:
            part = slice(start, start + size)
            spans.append(Span(part, rate_factor * of_group.get(group, 1.0), decay_factor))
            start += size
        return spans if any(span[1:] != (1.0, 1.0) for span in spans) else []

    # Cached, because in a short fit working them out takes longer than training.
    @cached_property
    def _places(self) -> list[list[tuple[slice, Shape]]]:
        """Slice and shape of every tensor, by role."""
        start, places = 0, []
        for shapes in self._by_role:
            ends = list(accumulate(map(math.prod, shapes), initial=start))
            spans = zip(pairwise(ends), shapes, strict=True)
            places.append([(slice(*span), shape) for span, shape in spans])
            start = ends[-1]
        return places

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """Index at which each role ends."""
        return tuple(accumulate(sum(map(math.prod, shapes)) for shapes in self._by_role))

    @property
    def _by_role(self) -> tuple[tuple[Shape, ...], ...]:
        return (
            self.weights,
            self.biases,
            self.unit_parameters,
            self.input_parameters,
            self.statistics,
        )


def _pieces(tensor: Tensor) -> list[Piece]:
    """Return the parts of a tensor, one for each row if its rows have groups of their own."""
    groups, size = tensor.rate_group, math.prod(tensor.shape)
    factors = tensor.rate_factor, tensor.decay_factor
    if isinstance(groups, str):
        return [Piece(size, groups, *factors)]
    return [Piece(size // len(groups), group, *factors) for group in groups]


def block_parameters(spec: NetworkSpec, vector: Array) -> list[Any]:
    """Return the views of each block: its kind's `Parameters`, in the order of the blocks."""
    views = ParameterLayout.from_spec(spec).views(vector)
    return [
        make(*[views[role][i] for role, i in places]) for make, places in _places_of_blocks(spec)
    ]


def first_non_finite_block(spec: NetworkSpec, vector: Array) -> int | None:
    """Return the first block whose part of a flat vector (parameters or gradient) is not finite."""
    for i, parts in enumerate(block_parameters(spec, vector)):
        if not all(np.isfinite(part).all() for part in parts):
            return i
    return None


# Cached, because in a short fit asking the blocks again takes longer than training.
@lru_cache(maxsize=64)
def _places_of_blocks(spec: NetworkSpec) -> list[tuple[type[Any], list[tuple[int, int]]]]:
    """Return the `Parameters` of each block, and role and index among its role of each tensor."""
    roles, counts, places = [*Role], [0] * len(Role), []
    for block in spec.blocks:
        of_block = []
        for tensor in block.tensors:
            role = roles.index(tensor.role)
            of_block.append((role, counts[role]))
            counts[role] += 1
        places.append((block.Parameters, of_block))
    return places


def flatten_parameters(
    weights: Sequence[Array],
    biases: Sequence[Array],
    unit_parameters: Sequence[Array] = (),
    input_parameters: Sequence[Array] = (),
    statistics: Sequence[Array] = (),
    dtype: DTypeLike | None = None,
) -> Array:
    """Return a flat vector of these parts, without a copy if they are views of one vector.

    Parameters
    ----------
    weights, biases, unit_parameters, input_parameters, statistics : sequence of ndarray
        As in `ParameterViews`.
    dtype : dtype, optional
        Data type of the vector; by default the first matrix's.

    Returns
    -------
    ndarray of shape (n_parameters,)
    """
    dtype = np.dtype(weights[0].dtype if dtype is None else dtype)
    every = chain(weights, biases, unit_parameters, input_parameters, statistics)
    parts = [part for part in every if part.size]
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
