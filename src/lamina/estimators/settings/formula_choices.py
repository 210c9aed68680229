"""Formulas that an estimator's parameters choose, by name or by object, with hyperparameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from numbers import Real
from typing import Any

from lamina.choices import KINDS, PARAMETERS, Choice, are_same, entries_of, name_of
from lamina.engines import OptimizerSettings
from lamina.engines.multipliers import Multipliers
from lamina.errors import suggestion
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.rate_factors import as_rate_factors
from lamina.estimators.settings.refusals import shown
from lamina.formulas import ACTIVATIONS, OPTIMIZERS, SCHEDULES, ActivationChoice
from lamina.formulas.activation import ActivationName
from lamina.formulas.hyperparameters import Hyperparameters
from lamina.formulas.losses import QUANTILE
from lamina.formulas.schedule import Options

# Parameters with hyperparameters of a formula that is chosen by name, beside those of the records.
OPTIONS = {"learning_rate": "learning_rate_options"}


def hyperparameters_of(model: Parametrized, parameter: str) -> dict[str, Any]:
    """Return the hyperparameters of the formula that a parameter chooses, by their record's names.

    They come from the object; for a name, from the estimator's parameters and the defaults. A
    function or an object of the user has none.

    Examples
    --------
    >>> from lamina import MLPClassifier
    >>> from lamina.solvers import SGD
    >>> hyperparameters_of(MLPClassifier(solver=SGD(momentum=0.5)), "solver")
    {'momentum': 0.5, 'nesterovs_momentum': True}
    >>> hyperparameters_of(MLPClassifier(solver="sgd", momentum=0.5), "solver")
    {'momentum': 0.5, 'nesterovs_momentum': True}
    """
    value = getattr(model, parameter)
    if isinstance(value, Choice):
        return value.values
    # Validation rejects unknown names.
    if not isinstance(value, str) or value not in (entries := entries_of(PARAMETERS[parameter])):
        return {}
    values = {
        each.name: getattr(model, each.name) if each.is_estimator_parameter else each.default
        for each in entries[value].hyperparameters
    }
    options = getattr(model, OPTIONS[parameter]) if parameter in OPTIONS else None
    return values | (options or {})


def as_activation(value: Any) -> ActivationName:
    """Return an activation as blocks have it: a name, or a name with hyperparameters.

    Raises
    ------
    UnknownNameError
        For a name that is not an activation.
    """
    if isinstance(value, Choice):
        return ACTIVATIONS.choose(value.name, value.values)
    return value if isinstance(value, ActivationChoice) else ACTIVATIONS[value].name


def l1_ratio(model: Parametrized) -> float:
    """Return the fraction of ‖W‖₁ in the penalty; penalties without one do not read it."""
    penalty = model.penalty
    values: Mapping[str, Any] = penalty.values if isinstance(penalty, Choice) else {}
    return float(values.get("l1_ratio", model.l1_ratio))


def power_t(model: Parametrized) -> float:
    """Return the exponent of the schedule; schedules without one do not read it."""
    schedule = model.learning_rate
    values: Mapping[str, Any] = schedule.values if isinstance(schedule, Choice) else {}
    return float(values.get("power_t", model.power_t))


def schedule_options(model: Parametrized) -> dict[str, Any]:
    """Return the schedule's hyperparameters that are no parameters of the estimator."""
    schedule = model.learning_rate
    if isinstance(schedule, Choice):
        flat = schedule.flat_values
        return {name: value for name, value in schedule.values.items() if name not in flat}
    return dict(model.learning_rate_options or {})


def flat_parameters(model: Parametrized) -> dict[str, object]:
    """Return the parameters as they would be if every formula were chosen by its name.

    A formula with hyperparameters that no parameter of the estimator sets is a dict of its name
    and those of them that differ from their defaults.

    Examples
    --------
    >>> from lamina import MLPClassifier
    >>> from lamina.solvers import SGD
    >>> flat = flat_parameters(MLPClassifier(solver=SGD(momentum=0.5)))
    >>> flat["solver"], flat["momentum"]
    ('sgd', 0.5)
    """
    params: dict[str, object] = model.get_params(deep=False)
    flat = dict(params)
    for parameter in PARAMETERS.keys() & params:
        value = params[parameter]
        if isinstance(value, (list, tuple)):
            flat[parameter] = [_with_further(each) for each in value]
        elif isinstance(value, Choice):
            flat[parameter] = _with_further(value)
            flat |= value.flat_values
    if isinstance(schedule := flat["learning_rate"], dict):
        flat["learning_rate"] = schedule.pop("name")
        flat[OPTIONS["learning_rate"]] = schedule
    return flat


def _with_further(value: object) -> object:
    """Return the name of a formula, with the hyperparameters that only the object can set."""
    if not isinstance(value, Choice):
        return value
    further = {
        name: each
        for name, each in value.values.items()
        if name not in value.flat_values and not are_same(each, getattr(type(value)(), name))
    }
    return {"name": value.name, **further} if further else value.name


def objects_in(name: str, value: object) -> Iterator[tuple[str, Choice]]:
    """Yield each object in the value of a parameter, alone or in a list, with its place."""
    if isinstance(value, Choice):
        yield name, value
    elif name in PARAMETERS and isinstance(value, (list, tuple)):
        for i, each in enumerate(value):
            yield from objects_in(f"{name}[{i}]", each)


def refused_hyperparameter(name: str, value: object, owner: str) -> str | None:
    """Return the reason why a hyperparameter of an object is not allowed, or None."""
    for place, choice in objects_in(name, value):
        if (refusal := choice.refusal()) is not None:
            hyperparameter, allowed = refusal
            got = getattr(choice, hyperparameter)
            names = {each.name: each.names for each in choice.hyperparameters}[hyperparameter]
            nearest = suggestion(got, names) if isinstance(got, str) and names else ""
            return (
                f"The '{place}.{hyperparameter}' parameter of {owner} must be {allowed}. Got "
                f"{shown(got)} instead.{nearest}"
            )
    return None


def flat_beside_object(model: Parametrized) -> str | None:
    """Return the contradiction between an object and a parameter for formulas chosen by name."""
    defaults = type(model)._defaults()
    # The other parameters read no flat parameter, so theirs belong to one of these.
    for parameter in KINDS:
        choice = getattr(model, parameter, None)
        if not isinstance(choice, Choice):
            continue
        for name in _flat_parameters(parameter):
            if name in defaults and _is_set(getattr(model, name), defaults[name]):
                return _contradiction(model, parameter, choice, name, defaults[name])
    return None


def _flat_parameters(parameter: str) -> Iterator[str]:
    """Yield the estimators' parameters that a formula chosen by name reads, each once."""
    entries = entries_of(PARAMETERS[parameter]).values()
    carried = (each for entry in entries for each in entry.hyperparameters)
    yield from dict.fromkeys(each.name for each in carried if each.is_estimator_parameter)
    if parameter in OPTIONS:
        yield OPTIONS[parameter]


def _is_set(value: object, default: object) -> bool:
    return not (value is default or are_same(value, default) or (default is None and value == {}))


def _contradiction(
    model: Parametrized, parameter: str, choice: Choice, name: str, default: object
) -> str:
    value = shown(getattr(model, name))
    if name in choice.flat_values:
        short = next((k for k, v in choice.record_names.items() if v == name), name)
        cure = f"set {short} in {type(choice).__name__}(…)"
    else:
        cure = f"choose the {parameter} by its name"
    return (
        f"{name}={value} is for a {parameter} chosen by name, and {parameter}={shown(choice)} is "
        f"an object with its own hyperparameters. Leave {name}={default!r}, or {cure}."
    )


def optimizer_settings(model: Parametrized) -> OptimizerSettings:
    """Return the settings of a minibatch solver, including clipping, decay and averaging."""
    name, values = name_of(model.solver), hyperparameters_of(model, "solver")
    optimizer = OPTIMIZERS[name]
    decay = optimizer.weight_decay if model.weight_decay is None else model.weight_decay
    most, average = model.max_gradient_norm, model.average_decay
    return OptimizerSettings(
        name,
        {each.name: float(values[each.name]) for each in optimizer.hyperparameters},
        amsgrad=bool(values.get("amsgrad", False)),
        weight_decay=float(decay),
        max_gradient_norm=None if most is None else float(most),
        average_decay=None if average is None else float(average),
        rate_factors=() if model.rate_factors is None else as_rate_factors(model.rate_factors),
    )


def choose_schedule(model: Parametrized) -> str | Callable[[int, int], float]:
    """Return the schedule, or 'constant' if the solver ignores scikit-learn's schedules."""
    schedule: str | Callable[[int, int], float] = name_of(model.learning_rate)
    if callable(schedule) or OPTIMIZERS[name_of(model.solver)].follows_schedule:
        return schedule
    return schedule if SCHEDULES[schedule].speaks_to_all else "constant"


def hyperparameter_schedules(model: Parametrized) -> dict[str, tuple[str, Options]]:
    """Return the schedule of each hyperparameter that follows one: its name and its options."""
    chosen = {name: getattr(model, f"{name}_schedule", None) for name in Multipliers._fields}
    return {
        name: (name_of(value), value.values if isinstance(value, Choice) else {})
        for name, value in chosen.items()
        if value is not None
    }


def rising_quantiles(quantile: Real | Iterable[float]) -> float | tuple[float, ...]:
    """Return one quantile as a number, or several as a tuple.

    Raises
    ------
    TypeError, ValueError
        For a sequence that is not numbers between 0 and 1 in ascending order.
    """
    if isinstance(quantile, Real):
        return float(quantile)
    several: tuple[Any, ...] = tuple(quantile)
    if not all(isinstance(each, Real) and not isinstance(each, bool) for each in several):
        raise TypeError(f"quantile takes a number or a sequence of numbers, got {shown(quantile)}")
    rises = all(before < after for before, after in pairwise(several))
    if not several or not rises or not (several[0] > 0 and several[-1] < 1):
        raise ValueError(
            f"quantile={shown(quantile)} must be in ascending order, above 0 and below 1: sort it, "
            "and remove duplicates"
        )
    return tuple(map(float, several))


def loss_hyperparameters(model: Parametrized) -> Hyperparameters:
    """Return the hyperparameters of the loss by name, several quantiles as a tuple.

    Raises
    ------
    ValueError, TypeError
        For quantiles that are not numbers between 0 and 1 in ascending order.
    """
    if hasattr(model, QUANTILE.name):
        rising_quantiles(getattr(model, QUANTILE.name))
    values = hyperparameters_of(model, "loss")
    if QUANTILE.name in values:
        values[QUANTILE.name] = rising_quantiles(values[QUANTILE.name])
    return values
