"""Optimizer of a fit: its settings, the state that a trainer changes, and one step in NumPy.

Shapes: parameters (n_parameters,); slots (n_slots, n_parameters).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import prod
from typing import NamedTuple

import numpy as np

from lamina.formulas import OPTIMIZERS
from lamina.formulas.averages import average_rate, clipping_scale, compute_norm
from lamina.formulas.hyperparameters import names_of
from lamina.formulas.muon import adamw_factors, is_orthogonalised
from lamina.formulas.optimizer import Apply, Factors
from lamina.formulas.table import Array, Scalar
from lamina.network import ParameterLayout
from lamina.network.parameters import RateFactors, Span


@dataclass(frozen=True)
class OptimizerSettings:
    """Optimizer by name, with its hyperparameters, clipping, decay and averaging.

    Attributes
    ----------
    name : str
        Name in OPTIMIZERS.
    hyperparameters : mapping of str to float
        Values of the hyperparameters that the optimizer's record lists.
    amsgrad : bool
        If True, the largest second moment so far replaces the second moment.
    weight_decay : float
        λ of W ← W - η λ W before a step, for weights and parameters of inputs; biases and other
        unit parameters do not decay.
    max_gradient_norm : float or None
        Largest norm of a gradient, penalty included; a larger gradient is scaled down.
    average_decay : float or None
        d of the moving average of the parameters; None keeps no average.
    rate_factors : tuple of (str, float)
        Factors of the learning rate by group of tensors, names in RATE_GROUPS; others are one.
    """

    name: str
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    amsgrad: bool = False
    weight_decay: float = 0.0
    max_gradient_norm: float | None = None
    average_decay: float | None = None
    rate_factors: RateFactors = ()

    def __post_init__(self) -> None:
        optimizer = OPTIMIZERS[self.name]
        expected = names_of(optimizer.hyperparameters)
        if set(self.hyperparameters) != set(expected):
            raise ValueError(f"{self.name} needs {expected}, got {tuple(self.hyperparameters)}")
        if self.amsgrad and not optimizer.amsgrad:
            raise ValueError(f"{self.name} has no AMSGrad variant")

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the numbers kept for each parameter, the optimizer's own first."""
        largest = ("largest_v",) if self.amsgrad else ()
        average = ("average",) if self.average_decay is not None else ()
        return OPTIMIZERS[self.name].slots + largest + average

    @property
    def n_numbers(self) -> int:
        """Number of numbers in the state that belong to no single parameter."""
        return 0


@dataclass
class OptimizerState:
    """State of an optimizer, which a trainer changes in place.

    Attributes
    ----------
    slots : ndarray of shape (n_slots, n_parameters)
    step : int
        Number of updates so far.
    seed : int
        64-bit seed of dropout and noise, used with the step. No trainer changes it.
    keeps_average : bool
        True if the last slot is the moving average of the parameters.
    numbers : ndarray of float64 or None
        Numbers that belong to no single parameter, of L-BFGS; None if there are none.
    """

    slots: Array
    step: int = 0
    seed: int = 0
    keeps_average: bool = False
    numbers: Array | None = None

    @classmethod
    def fresh(cls, optimizer: OptimizerSettings | str, parameters: Array) -> OptimizerState:
        """Return the initial state: zeros, except for an average, which starts as parameters.

        A name stands for the optimizer without clipping, decay and averaging.
        """
        optimizer_slots, keeps_average, n_numbers = (
            (OPTIMIZERS[optimizer].slots, False, 0)
            if isinstance(optimizer, str)
            else (optimizer.slots, optimizer.average_decay is not None, optimizer.n_numbers)
        )
        state = cls(np.zeros((len(optimizer_slots), parameters.size), parameters.dtype))
        if n_numbers:
            state.numbers = np.zeros(n_numbers)
        if keeps_average:
            state.keeps_average, state.slots[-1] = True, parameters
        return state

    def predicting(self, parameters: Array) -> Array:
        """Return the parameters that predict: the average if one is kept, else the parameters."""
        return self.slots[-1] if self.keeps_average else parameters

    def take_over_statistics(self, parameters: Array, n_trained: int) -> None:
        """Copy the running statistics of the parameters, which no step changes, into an average."""
        if self.keeps_average:
            self.slots[-1, n_trained:] = parameters[n_trained:]


class StepParts(NamedTuple):
    """Parts of the trained parameters by what a step does to them.

    Attributes
    ----------
    decayed : list of Span
        Weights and parameters of inputs.
    matrices : dict of int to float
        Index of each matrix of weights that takes a step of its own kind, and its rate factor.
    elementwise : list of Span
        All else, neighbours of one rate as one part; their factors of the decay are not read.
    """

    decayed: list[Span]
    matrices: dict[int, float]
    elementwise: list[Span]


class StepNumbers(NamedTuple):
    """Numbers of one step that differ from step to step; a device has them as its own numbers.

    Attributes
    ----------
    learning_rate, weight_decay : float
    average_rate : float
        Fraction by which an average moves; zero without one.
    factors : tuple of tuple of float
        Factors of the optimizer for each of the elementwise parts.
    """

    learning_rate: float
    weight_decay: float
    average_rate: float
    factors: tuple[Factors, ...]


def step_parts(layout: ParameterLayout, settings: OptimizerSettings) -> StepParts:
    """Return the parts of a step, which are the same for all steps."""
    weights, others, inputs = _spans(layout, settings)
    if OPTIMIZERS[settings.name].matrix_update is None:
        every = joined([*weights, *others, *inputs])
        return StepParts([*weights, *inputs], {}, every)
    matrices, turned, elementwise = _matrices(layout, weights), dict[int, float](), [*others]
    for i, matrix in enumerate(matrices):
        if is_orthogonalised(i, len(matrices), settings.hyperparameters):
            turned[i] = matrix.rate_factor
        else:
            elementwise.append(matrix)
    return StepParts([*weights, *inputs], turned, [*elementwise, *inputs])


def joined(spans: list[Span]) -> list[Span]:
    """Return the parts with neighbours of one rate as one, and without empty ones.

    Examples
    --------
    >>> joined([Span(slice(0, 3)), Span(slice(3, 3), 2.0), Span(slice(3, 5))])
    [Span(part=slice(0, 5, None), rate_factor=1.0, decay_factor=1.0)]
    """
    found: list[Span] = []
    for span in spans:
        start, end = span.part.start, span.part.stop
        if start == end:
            continue
        if found and found[-1].part.stop == start and found[-1].rate_factor == span.rate_factor:
            found[-1] = found[-1]._replace(part=slice(found[-1].part.start, end))
        else:
            found.append(span)
    return found


def step_numbers(
    parts: StepParts, settings: OptimizerSettings, step: int, learning_rate: float
) -> StepNumbers:
    """Return the numbers of a step; steps count from 1."""
    record, params = OPTIMIZERS[settings.name], settings.hyperparameters
    of_rate = {
        factor: record.factors(learning_rate * factor, step, params)
        for factor in {part.rate_factor for part in parts.elementwise}
    }
    factors = tuple(of_rate[part.rate_factor] for part in parts.elementwise)
    decay = settings.average_decay
    average = 0.0 if decay is None else average_rate(decay, step)
    return StepNumbers(learning_rate, settings.weight_decay, average, factors)


def update(
    layout: ParameterLayout,
    settings: OptimizerSettings,
    parameters: Array,
    gradient: Array,
    state: OptimizerState,
    learning_rate: float,
) -> float:
    """Make one step in place, except for the step count, and return the gradient's norm."""
    parts = step_parts(layout, settings)
    numbers = step_numbers(parts, settings, state.step + 1, learning_rate)
    return float(apply_step(layout, settings, parts, parameters, gradient, state.slots, numbers))


def apply_step(
    layout: ParameterLayout,
    settings: OptimizerSettings,
    parts: StepParts,
    parameters: Array,
    gradient: Array,
    slots: Array,
    numbers: StepNumbers,
    *,
    measures: bool = True,
    apply: Apply | None = None,
) -> Scalar:
    """Make one step with these numbers, in place, and return the gradient's norm.

    The gradient is clipped, weights decay, the optimizer steps, then the average is updated. The
    norm is NaN if it is neither measured nor needed. `apply` replaces the optimizer's own.
    """
    record, params = OPTIMIZERS[settings.name], settings.hyperparameters
    learning_rate, weight_decay, average_rate, factors = numbers
    clips = settings.max_gradient_norm is not None
    norm = compute_norm(gradient) if measures or clips else np.float64(np.nan)
    if settings.max_gradient_norm is not None:
        scale = clipping_scale(norm, settings.max_gradient_norm)
        gradient *= scale.astype(gradient.dtype)
    for part, rate_factor, decay_factor in parts.decayed if settings.weight_decay else ():
        parameters[part] *= 1 - learning_rate * rate_factor * weight_decay * decay_factor
    of_optimizer = slots if settings.average_decay is None else slots[:-1]
    if record.matrix_update is not None:
        vectors = parameters, gradient, *of_optimizer
        for matrices, rate_factor in _turned(layout, parts, vectors):
            W, G, *of_W = matrices
            record.matrix_update(W, G, of_W, learning_rate * rate_factor, params)
    step = record.apply if apply is None else apply
    for (part, *_), of_part in zip(parts.elementwise, factors, strict=True):
        step(parameters[part], gradient[part], of_optimizer[:, part], of_part, params)
    if settings.average_decay is not None:
        average = slots[-1]
        average += (parameters - average) * average_rate
    return norm


def _turned(
    layout: ParameterLayout, parts: StepParts, vectors: Iterable[Array]
) -> Iterator[tuple[tuple[Array, ...], float]]:
    """Yield the views of each matrix with a step of its own kind, and its rate factor."""
    views = [layout.views(vector).weights for vector in vectors]
    for i, rate_factor in parts.matrices.items():
        # Heads of members are a matrix each.
        by_matrix = [of_vector[i].reshape(-1, *of_vector[i].shape[-2:]) for of_vector in views]
        for each in zip(*by_matrix, strict=True):
            yield each, rate_factor


def spans_of_step(layout: ParameterLayout, settings: OptimizerSettings) -> list[Span]:
    """Return the parts of the trained parameters, each with one learning rate and decay.

    Returns
    -------
    list of Span
        Empty if all factors are one.
    """
    spans, params = layout.spans(settings.rate_factors), settings.hyperparameters
    if OPTIMIZERS[settings.name].matrix_update is None or adamw_factors(params) == (1.0, 1.0):
        return spans
    ends = list(accumulate(piece.size for piece in layout.pieces))
    spans = spans or [Span(slice(*part)) for part in pairwise((0, *ends))]
    ends_of_matrices, (rate, decay) = _ends_of_matrices(layout), adamw_factors(params)
    n = len(ends_of_matrices)
    return [
        Span(part, rate_factor * rate, decay_factor * decay)
        if (i := bisect(ends_of_matrices, part.start)) == n or not is_orthogonalised(i, n, params)
        else Span(part, rate_factor, decay_factor)
        for part, rate_factor, decay_factor in spans
    ]


def _ends_of_matrices(layout: ParameterLayout) -> list[int]:
    """Return the index behind each matrix of weights in the flat vector."""
    return list(accumulate(map(prod, layout.weights)))


def _matrices(layout: ParameterLayout, weights: list[Span]) -> list[Span]:
    """Return the part of each matrix of weights, with the factors of its first part."""
    starts = [span.part.start for span in weights]
    return [
        weights[bisect(starts, start) - 1]._replace(part=slice(start, end))
        for start, end in pairwise((0, *_ends_of_matrices(layout)))
    ]


def _spans(
    layout: ParameterLayout, settings: OptimizerSettings
) -> tuple[list[Span], list[Span], list[Span]]:
    """Return the parts of weights, of biases and unit parameters, and of inputs, by rate."""
    ends = (0, layout.n_weights, layout.n_before_inputs, layout.n_trained)
    spans = spans_of_step(layout, settings) or [Span(slice(*part)) for part in pairwise(ends)]
    roles = (
        [each for each in spans if start <= each.part.start < end] for start, end in pairwise(ends)
    )
    weights, others, inputs = roles
    return weights, others, inputs
