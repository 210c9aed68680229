"""Records of optimizers: the step made from a gradient, and its text.

Shapes: w (parameters) and g (gradient) are flat vectors of n_parameters; `state` is
(n_slots, n_parameters), zero at the start; `step` counts from 1. `update` works in place.
An update is two functions: one from the step to a few factors, and one from factors to the step,
so that an engine on a device can receive the factors of many steps at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.table import Array

Factors: TypeAlias = tuple[float, ...]
Apply: TypeAlias = Callable[[Array, Array, Array, Factors, Mapping[str, float]], None]
MatrixUpdate: TypeAlias = Callable[
    [Array, Array, Sequence[Array], float, Mapping[str, float]], None
]


@dataclass(frozen=True)
class StepCode:
    """Step in NumPy: the expression that is added to w, given its gradient g.

    Attributes
    ----------
    memory : tuple of str
        Names of the slots.
    lines : tuple of str
        Statements in g, t, rate, hyperparameters by name and memory; the last is the expression
        that is added. AMSGrad replaces v by its largest value so far before
        the expression.
    """

    memory: tuple[str, ...]
    lines: tuple[str, ...]


def rate_alone(learning_rate: float, step: int, params: Mapping[str, float]) -> Factors:
    """Return the learning rate, the only factor of most optimizers."""
    return (learning_rate,)


@dataclass(frozen=True)
class Optimizer:
    """Optimizer.

    Attributes
    ----------
    name : str
        Name in `solver=`.
    slots : tuple of str
        Names of the numbers that it keeps for each parameter; the rows of its state.
    hyperparameters : tuple of Hyperparameter
        In the order in which engines receive their values.
    follows_schedule : bool
        True if it follows `learning_rate=`; scikit-learn's adam keeps its rate.
    apply : callable
        `apply(w, g, state, factors, hyperparameters)`, in place on w and state.
    equation, paper : str
        Formula as text, and its source.
    code : StepCode
        Term that `update` adds, in NumPy.
    factors : callable
        `factors(learning_rate, step, hyperparameters)` returns the numbers that `apply` receives:
        the learning rate alone, if the step's count does not matter.
    amsgrad : bool
        True if it has the AMSGrad variant, which `update` uses if the state has one more row.
    matrix_update : callable or None
        `matrix_update(W, G, slots, learning_rate, hyperparameters)`, for matrices of weights if
        their step is not elementwise: W, G and each slot are (fan_in, fan_out). `apply` then
        serves all other parameters.
    matrix_code : StepCode or None
        Term that it adds, in NumPy; it may use `orthogonalised` of lamina.formulas.muon.
    weight_decay : float
        Weight decay for `weight_decay=None`.
    """

    name: str
    slots: tuple[str, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    follows_schedule: bool
    apply: Apply
    equation: str
    paper: str
    code: StepCode
    factors: Callable[[float, int, Mapping[str, float]], Factors] = rate_alone
    amsgrad: bool = False
    matrix_update: MatrixUpdate | None = None
    matrix_code: StepCode | None = None
    weight_decay: float = 0.0

    def update(
        self,
        w: Array,
        g: Array,
        state: Array,
        step: int,
        learning_rate: float,
        params: Mapping[str, float],
    ) -> None:
        """Make a step, in place on w and state."""
        self.apply(w, g, state, self.factors(learning_rate, step, params), params)


def integer_power(base: float, exponent: int) -> float:
    """Return base ** exponent by repeated squaring, which is bit-identical in every engine."""
    power = 1.0
    while exponent:
        if exponent & 1:
            power *= base
        base *= base
        exponent >>= 1
    return power
