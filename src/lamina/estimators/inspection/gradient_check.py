"""Check backpropagation against finite differences of the loss, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from lamina.blocks import Role
from lamina.encoding.frames import ArrayOrTable
from lamina.engines import choose_engine
from lamina.engines.engine import Objective
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.preparing import prepare_fit
from lamina.estimators.settings.fit_settings import resolve_settings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import require_whole
from lamina.formulas import LOSSES
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout, block_parameters

TOLERANCE = 1e-6
STEP = 1e-5
# No finite difference is more exact than this fraction of a loss of size one, over the tolerance.
SMALLEST_SCALE = 1e-4
SMALLEST_BEND = 1e-3
TRAINED_PARTS = {
    Role.WEIGHTS: "coefs_",
    Role.BIASES: "intercepts_",
    Role.UNIT_PARAMETERS: "unit_parameters_",
    Role.INPUTS: "input_parameters_",
}


@dataclass(frozen=True)
class LayerCheck:
    """Result of checking the gradient of one layer.

    Attributes
    ----------
    layer : str
        'hidden_1', 'hidden_2', …, 'output'.
    n_checked, n_parameters : int
        Number of parameters checked, and of all parameters of the layer.
    largest_error : float
        Largest difference between both derivatives, relative to the layer's largest derivative.
    worst : str
        Parameter with that error, such as 'coefs_[0][3, 2]'.
    backpropagated, difference : float
        Its derivative by backpropagation and by finite differences.
    n_kinks : int
        Number of errors beyond the tolerance that a kink of the loss explains.
    passed : bool
        True if all other errors are within the tolerance.
    """

    layer: str
    n_checked: int
    n_parameters: int
    largest_error: float
    worst: str
    backpropagated: float
    difference: float
    n_kinks: int
    passed: bool


@dataclass(frozen=True)
class GradientCheck:
    """Result of `check_gradients`, which prints as a table.

    Attributes
    ----------
    parameters : str
        Name of the parameters at which the gradient was checked.
    layers : tuple of LayerCheck
    """

    parameters: str
    layers: tuple[LayerCheck, ...]

    @property
    def worst(self) -> LayerCheck:
        """Layer with the largest error."""
        return max(self.layers, key=lambda layer: layer.largest_error)

    @property
    def largest_error(self) -> float:
        """Largest error of all layers."""
        return self.worst.largest_error

    @property
    def passed(self) -> bool:
        """True if every error is within the tolerance of 1e-6, or explained by a kink."""
        return all(layer.passed for layer in self.layers)

    def __repr__(self) -> str:
        verdict = "agree" if self.passed else "DO NOT AGREE"
        lines = [
            f"Backpropagation and finite differences {verdict}, at {self.parameters}",
            f"{'layer':10}  {'checked':>15}  {'largest error':>13}  worst parameter",
        ]
        for layer in self.layers:
            checked = f"{layer.n_checked:,} of {layer.n_parameters:,}"
            lines.append(
                f"{layer.layer:10}  {checked:>15}  {layer.largest_error:13.1e}  {layer.worst}: "
                f"{layer.backpropagated:.9g} and {layer.difference:.9g}"
            )
        if n_kinks := sum(layer.n_kinks for layer in self.layers):
            lines.append(
                f"At {n_kinks} parameters the derivatives from the left and from the right differ: "
                "the loss has a kink within a step, as a ReLU or an absolute error has at 0. This "
                "is no fault of the gradient; other samples or weights will avoid it."
            )
        if not self.passed and abs(self.worst.difference) < 1e-6 * abs(self.worst.backpropagated):
            lines.append(
                "The loss does not change with a parameter that has a gradient: probabilities "
                "that come too near to 0 or 1 are clipped. Scale the features with StandardScaler."
            )
        return "\n".join(lines)


def check_gradients(
    model: Parametrized,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayLike | None,
    max_parameters: int,
) -> GradientCheck:
    """Check the gradient of an estimator's loss; see the method of the same name."""
    require_whole("max_parameters", max_parameters, "the most to check in each layer")
    if max_parameters < 1:
        raise ValueError(f"max_parameters={max_parameters} must be at least 1; 500 is the default")
    where, fit = present_assignment(model, X, y, sample_weight)
    value, gradient = _loss_and_gradient(fit)
    layers = [
        _check_layer(name, parts, value, gradient, fit.start, max_parameters)
        for name, parts in _places(fit.spec)
    ]
    return GradientCheck(where, tuple(layers))


def present_assignment(
    model: Parametrized, X: ArrayOrTable, y: ArrayOrTable, sample_weight: ArrayLike | None
) -> tuple[str, Assignment]:
    """Return a name for the present parameters, and a float64 fit that would start from them.

    The estimator does not change.
    """
    model._validate_params()
    if "coefs_" in vars(model):
        where, settings = "the fitted parameters", resolve_settings(model)
        fit = prepare_fit(model, settings, X, y, sample_weight, fresh=False, incremental=True)
    else:
        # A copy, because validation sets attributes and draws weights.
        where = f"first parameters, drawn with random_state={model.random_state!r}"
        model = clone(model)
        fit = prepare_fit(model, resolve_settings(model), X, y, sample_weight, fresh=True)
    return where, fit.starting_from(fit.start.astype(np.float64))


def _loss_and_gradient(fit: Assignment) -> tuple[Callable[[Array], float], Array]:
    """Return the loss as a function of all parameters, and its gradient by backpropagation."""
    # 'mps' has no float64.
    device = None if fit.settings.device == "mps" else fit.settings.device
    engine = choose_engine(
        fit.settings.engine, fit.settings.n_threads, spec=fit.spec, device=device
    )
    objective, outputs = fit.objective, _outputs_summed(fit.objective, fit.spec)
    # If the loss is a mean over outputs, the gradient is that of their sum, but not the penalty's.
    as_differentiated = replace(objective, alpha=objective.alpha / outputs)
    evaluate = engine.evaluator(fit.spec, as_differentiated, fit.rows)
    _, gradient = engine.loss_and_gradient(fit.spec, objective, fit.rows, fit.start)
    return lambda parameters: outputs * evaluate(parameters)[0], gradient


def _outputs_summed(objective: Objective, spec: NetworkSpec) -> int:
    is_mean = isinstance(objective.loss, str) and LOSSES[objective.loss].mean_over_outputs
    return spec.n_outputs if is_mean else 1


Places = dict[str, NDArray[np.int64]]


def _places(spec: NetworkSpec) -> Iterator[tuple[str, Places]]:
    """Yield each block's name and the indices of its trained parameters in the flat vector."""
    every = np.arange(float(ParameterLayout.from_spec(spec).n_parameters))
    numbers = {role: count() for role in Role}
    for block, parameters in zip(spec.blocks, block_parameters(spec, every), strict=True):
        tensors = zip(block.tensors, parameters, strict=True)
        yield (
            block.name,
            {
                f"{TRAINED_PARTS[tensor.role]}[{next(numbers[tensor.role])}]": part.astype(np.int64)
                for tensor, part in tensors
                if tensor.role in TRAINED_PARTS
            },
        )


def _check_layer(
    name: str,
    places: Places,
    value: Callable[[Array], float],
    gradient: Array,
    parameters: Array,
    max_parameters: int,
) -> LayerCheck:
    every = np.concatenate([part.ravel() for part in places.values()])
    chosen = every
    if len(every) > max_parameters:
        chosen = np.sort(np.random.RandomState(0).choice(every, max_parameters, replace=False))
    here = value(parameters)
    left, right = np.transpose([_derivatives(value, here, parameters, k) for k in chosen])
    differences, backpropagated = (left + right) / 2, gradient[chosen]
    scale = max(
        np.abs(differences).max(), np.abs(backpropagated).max(), SMALLEST_SCALE * max(1, abs(here))
    )
    errors = np.abs(backpropagated - differences) / scale
    # A kink within the step makes the two derivatives differ by twice the error that it causes;
    # those of a smooth loss differ by no more than the step.
    bends = np.abs(left - right) / scale
    is_kink = (errors > TOLERANCE) & (bends > np.minimum(errors, SMALLEST_BEND))
    worst = int(errors.argmax())
    return LayerCheck(
        layer=name,
        n_checked=len(chosen),
        n_parameters=len(every),
        largest_error=float(errors[worst]),
        worst=_name_of(places, chosen[worst]),
        backpropagated=float(backpropagated[worst]),
        difference=float(differences[worst]),
        n_kinks=int(np.count_nonzero(is_kink)),
        passed=bool((errors <= TOLERANCE)[~is_kink].all()),
    )


def _derivatives(
    value: Callable[[Array], float], here: float, parameters: Array, place: int
) -> tuple[float, float]:
    """Return the derivatives from the left and from the right with respect to one parameter."""
    step = STEP * max(1.0, abs(parameters[place]))
    moved = parameters.copy()
    moved[place] = parameters[place] + step
    right = value(moved)
    moved[place] = parameters[place] - step
    left = value(moved)
    return (here - left) / step, (right - here) / step


def _name_of(places: Places, place: int) -> str:
    """Return the attribute's element at an index of the flat vector."""
    for name, part in places.items():
        for index in np.argwhere(part == place):
            return f"{name}[{', '.join(map(str, index))}]"
    raise LookupError(f"no parameter at {place}")
