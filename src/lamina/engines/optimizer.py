"""Optimizer of a fit: its settings, the state that a trainer changes, and one step in NumPy.

Shapes: parameters (n_parameters,); slots (n_slots, n_parameters).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import prod

import numpy as np

from lamina.formulas import OPTIMIZERS
from lamina.formulas.averages import average_rate, clipping_scale, compute_norm
from lamina.formulas.hyperparameters import names_of
from lamina.formulas.muon import adamw_factors, is_orthogonalised
from lamina.formulas.table import Array
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
    """

    slots: Array
    step: int = 0
    seed: int = 0
    keeps_average: bool = False

    @classmethod
    def fresh(cls, optimizer: OptimizerSettings | str, parameters: Array) -> OptimizerState:
        """Return the initial state: zeros, except for an average, which starts as parameters.

        A name stands for the optimizer without clipping, decay and averaging.
        """
        if isinstance(optimizer, str):
            slots, keeps_average = OPTIMIZERS[optimizer].slots, False
        else:
            slots, keeps_average = optimizer.slots, optimizer.average_decay is not None
        state = cls(np.zeros((len(slots), parameters.size), parameters.dtype))
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


def update(
    layout: ParameterLayout,
    settings: OptimizerSettings,
    parameters: Array,
    gradient: Array,
    state: OptimizerState,
    learning_rate: float,
) -> float:
    """Make one step in place, except for the step count, and return the gradient's norm.

    The gradient is clipped, weights decay, the optimizer steps, then the average is updated.
    """
    record, step, params = OPTIMIZERS[settings.name], state.step + 1, settings.hyperparameters
    norm = compute_norm(gradient)
    gradient *= clipping_scale(norm, settings.max_gradient_norm)
    weights, others, inputs = _spans(layout, settings)
    for part, rate_factor, decay_factor in (*weights, *inputs):
        parameters[part] *= 1 - learning_rate * rate_factor * settings.weight_decay * decay_factor
    slots = state.slots[:-1] if state.keeps_average else state.slots
    elementwise = [*weights, *others, *inputs]
    if record.matrix_update is not None:
        matrices = _matrices(layout, weights)
        elementwise = [*others, *inputs]
        views = [layout.views(vector).weights for vector in (parameters, gradient, *slots)]
        for i, (W, G, *of_W) in enumerate(zip(*views, strict=True)):
            if not is_orthogonalised(i, len(matrices), params):
                elementwise.append(matrices[i])
                continue
            rate = learning_rate * matrices[i].rate_factor
            # Heads of members are a matrix each.
            by_matrix = (each.reshape(-1, *each.shape[-2:]) for each in (W, G, *of_W))
            for one, its_gradient, *its_slots in zip(*by_matrix, strict=True):
                record.matrix_update(one, its_gradient, its_slots, step, rate, params)
    for part, rate_factor, _ in elementwise:
        rate, of_w = learning_rate * rate_factor, slots[:, part]
        record.update(parameters[part], gradient[part], of_w, step, rate, params)
    if settings.average_decay is not None:
        average = state.slots[-1]
        average += (parameters - average) * average_rate(settings.average_decay, step)
    return norm


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
