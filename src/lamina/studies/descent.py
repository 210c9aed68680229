"""Descents of optimizers on functions of two variables, for comparing their steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from lamina.engines import Objective, OptimizerSettings, OptimizerState
from lamina.engines.optimizer import update
from lamina.errors import suggestion
from lamina.estimators import MLPRegressor
from lamina.estimators.settings.fit_settings import FitSettings, resolve_settings
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import names_of
from lamina.network import ParameterLayout
from lamina.studies.checks import integer, number
from lamina.studies.surfaces import Surface, Value, get_surface
from lamina.studies.variation import ParameterValue
from lamina.training import TrainingPlan
from lamina.training.rates import Rates, RateState
from lamina.training.stopping import Stopping

# Both variables are the weights of one (2, 1) matrix, so that an optimizer steps as in a network.
# The bias has gradient zero and remains zero.
LAYOUT = ParameterLayout(((2, 1),), ((1,),))
SURROUNDINGS = ("amsgrad", "weight_decay", "max_gradient_norm", "average_decay")


@dataclass(frozen=True)
class DescentPath:
    """Result of `gradient_descent_path`.

    Attributes
    ----------
    surface : Surface
    name : str
        The optimizer, its learning rate, and other non-default parameters, as text.
    optimizer : OptimizerSettings
    points : ndarray of shape (n_steps + 1, 2)
        The start and the point after each step; shorter if the values became inf or NaN.
    values : ndarray of shape (n_steps + 1,)
        Function values at these points.
    gradient_norms : ndarray of shape (n_steps + 1,)
        Gradient norms at these points.
    learning_rates : ndarray of shape (n_steps,)
        Learning rate of each step.
    """

    surface: Surface
    name: str
    optimizer: OptimizerSettings
    points: NDArray[np.float64]
    values: NDArray[np.float64]
    gradient_norms: NDArray[np.float64]
    learning_rates: NDArray[np.float64]

    @property
    def diverged(self) -> bool:
        """True if the value or the point became inf or NaN."""
        return not bool(np.isfinite(self.values[-1]) and np.isfinite(self.points[-1]).all())

    @property
    def best(self) -> tuple[float, float]:
        """The point with the lowest value."""
        x, y = self.points[int(np.nanargmin(self.values))]
        return float(x), float(y)

    def __repr__(self) -> str:
        x, y = self.points[-1].round(6) + 0.0
        steps = len(self.learning_rates)
        return (
            f"<{self.name} on {self.surface.name}: f({x:g}, {y:g}) = {self.values[-1]:.4g} "
            f"after {steps} step{'s' * (steps != 1)}>"
        )


def gradient_descent_path(
    function: str | Surface | Value,
    optimizer: str = "sgd",
    start: ArrayLike | None = None,
    *,
    learning_rate: float = 0.01,
    n_steps: int = 100,
    schedule: str | Callable[[int, int], float] = "constant",
    schedule_options: dict[str, float] | None = None,
    warmup: int = 0,
    noise: float = 0.0,
    random_state: int | np.random.RandomState | None = 0,
    **hyperparameters: ParameterValue,
) -> DescentPath:
    """Run an optimizer on a function of two variables and record every step.

    The steps are those that the optimizer takes in a network whose weights are the two variables.

    Parameters
    ----------
    function : str, Surface or callable
        A name in `SURFACES` ('bowl', 'ravine', 'rosenbrock', 'beale', 'saddle', 'two_minima'), or
        `f(x, y)`, whose gradients are then computed by central differences.
    optimizer : str, default='sgd'
        A minibatch solver: 'sgd', 'adam', …
    start : array-like of shape (2,), optional
        Start point; by default that of the surface, or (1, 1) for your own function.
    learning_rate : float, default=0.01
        Initial learning rate η₀.
    n_steps : int, default=100
    schedule : str or callable, default='constant'
        As the estimators' `learning_rate`, with steps in place of epochs. As there, 'adam' follows
        only schedules that scikit-learn lacks.
    schedule_options : dict, optional
        As the estimators' `learning_rate_options`.
    warmup : int, default=0
        Number of steps in which the learning rate increases linearly.
    noise : float, default=0.0
        Standard deviation of normal noise added to each gradient, like that of minibatches.
    random_state : int, RandomState or None, default=0
        Seed of the noise.
    **hyperparameters
        Parameters of the optimizer, with the estimators' names and defaults: `momentum`,
        `nesterovs_momentum`, `beta_1`, …; also `amsgrad`, `weight_decay`, `max_gradient_norm` and
        `average_decay`.

    Returns
    -------
    DescentPath

    Raises
    ------
    UnknownNameError
        For an unknown surface, optimizer or schedule.
    TypeError
        For a hyperparameter that the optimizer does not use.
    ValueError
        For an invalid value.

    Examples
    --------
    >>> from lamina.studies import gradient_descent_path
    >>> slow = gradient_descent_path("ravine", learning_rate=0.03, momentum=0)
    >>> fast = gradient_descent_path("ravine", learning_rate=0.03, momentum=0.7)
    >>> slow
    <sgd, rate 0.03, momentum 0 on ravine: f(-0.427973, 0) = 0.09158 after 100 steps>
    >>> bool(fast.values[-1] < 1e-6 < slow.values[-1])
    True
    """
    surface = get_surface(function)
    rate = number("learning_rate", learning_rate, above=0)
    n_steps, noise = integer("n_steps", n_steps), number("noise", noise, at_least=0)
    _check_hyperparameters(optimizer, hyperparameters)
    model = MLPRegressor(
        solver=optimizer,
        learning_rate_init=rate,
        learning_rate=schedule,
        learning_rate_options=schedule_options,
        warmup=warmup,
        **hyperparameters,
    )
    model._validate_params()
    return _descend(surface, model, start, n_steps, noise, check_random_state(random_state))


def _check_hyperparameters(optimizer: str, options: Mapping[str, ParameterValue]) -> None:
    names = (*names_of(OPTIMIZERS[optimizer].hyperparameters), *SURROUNDINGS)
    for name in options:
        if name not in names:
            raise TypeError(
                f"{name}={options[name]!r} is not a parameter of {optimizer!r}."
                f"{suggestion(name, names)} It takes {', '.join(names)}."
            )


def _descend(
    surface: Surface,
    model: MLPRegressor,
    start: ArrayLike | None,
    n_steps: int,
    noise: float,
    random_state: np.random.RandomState,
) -> DescentPath:
    settings = resolve_settings(model)
    optimizer = settings.optimizer
    assert optimizer is not None
    w = np.array([*_point(surface.start if start is None else start), 0.0])
    state = OptimizerState.fresh(optimizer, w)
    step_rates = _StepRates(settings, optimizer, n_steps)
    points, rates = [w[:2].copy()], list[float]()
    with np.errstate(all="ignore"):
        for _ in range(n_steps):
            gradient = np.array([*surface.gradient(*w[:2]), 0.0], dtype=np.float64)
            if noise:
                gradient[:2] += noise * random_state.standard_normal(2)
            rates.append(step_rates.rate)
            update(LAYOUT, optimizer, w, gradient, state, rates[-1])
            state.step += 1
            points.append(state.predicting(w)[:2].copy())
            value = float(surface.value(*w[:2]))
            if not np.isfinite(value):
                break
            step_rates.advance(value)
        places = np.array(points)
        values = np.array([surface.value(*place) for place in places], dtype=np.float64)
        norms = np.array([np.hypot(*surface.gradient(*place)) for place in places])
    name = _name_of(model, optimizer)
    return DescentPath(surface, name, optimizer, places, values, norms, np.array(rates))


class _StepRates:
    """The learning rate of each step, from a schedule that counts steps as epochs."""

    def __init__(self, settings: FitSettings, optimizer: OptimizerSettings, n_steps: int) -> None:
        plan = TrainingPlan(
            Objective("squared_error"),
            optimizer,
            batch_size=1,
            max_epochs=n_steps,
            schedule=settings.schedule,
            given_options=settings.schedule_options,
            warmup=settings.warmup,
            initial_rate=settings.initial_rate,
        )
        self.state = RateState(plan.initial_rate, plan.initial_rate)
        self.rates = Rates(plan, self.state, n_steps=1)
        self.stopping = Stopping(plan.tol, plan.patience, np.inf)

    @property
    def rate(self) -> float:
        return self.rates.get_rate(0)

    def advance(self, value: float) -> None:
        """Set the next step's base learning rate as the epoch loop does, without early stopping."""
        rates, state = self.rates, self.state
        self.stopping.improves(value)
        state.scheduled_epochs += 1
        state.learning_rate = rates.base_rate_after(state.learning_rate, state.scheduled_epochs)
        if self.stopping.out_of_patience:
            lowered = rates.schedule.after_stall(state.learning_rate)
            self.stopping.stalled = 0
        else:
            is_slow = self.stopping.stalled > 0
            lowered = rates.base_rate_after_plateau(state.learning_rate, is_slow)
        if lowered is not None:
            state.learning_rate = lowered


def _point(point: ArrayLike) -> tuple[float, float]:
    place = np.asarray(point, dtype=np.float64)
    if place.shape != (2,) or not np.isfinite(place).all():
        raise ValueError(f"start={point!r} must be two finite numbers, x and y")
    return float(place[0]), float(place[1])


def _name_of(model: MLPRegressor, optimizer: OptimizerSettings) -> str:
    """Return the optimizer, its learning rate and all non-default parameters as text."""
    chosen = {**optimizer.hyperparameters, **{name: getattr(model, name) for name in SURROUNDINGS}}
    carried = OPTIMIZERS[optimizer.name].hyperparameters
    # Some hyperparameters are no parameters of the estimator.
    defaults = {each.name: each.default for each in carried} | model._defaults()
    others = [
        f"{name} {value if isinstance(value, bool) else f'{value:g}'}"
        for name, value in chosen.items()
        if value is not None and value != defaults[name]
    ]
    schedule = [model.learning_rate] if isinstance(model.learning_rate, str) else ["own schedule"]
    named = schedule if model.learning_rate != defaults["learning_rate"] else []
    return ", ".join([optimizer.name, f"rate {model.learning_rate_init:g}", *named, *others])
