"""Choice: a formula and the values of its hyperparameters, as one object."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from lamina.errors import nearest_match, suggestion
from lamina.formulas.hyperparameters import Hyperparameter

Value = object
# Hyperparameters by their names in other libraries, where the estimators have a parameter so named.
ELSEWHERE = {"alpha": "negative_slope"}
# Parameters of the estimators that other libraries have in their solvers, losses and penalties.
OF_ESTIMATORS = {
    "solver": (
        "alpha",
        "average_decay",
        "learning_rate_init",
        "max_gradient_norm",
        "weight_decay",
    ),
    "learning_rate": ("learning_rate_init",),
    "loss": ("class_weight",),
    "penalty": ("alpha",),
}


class Choice(BaseEstimator):  # type: ignore[misc]
    """Base of the objects that name a formula and carry the values of its hyperparameters.

    Attributes
    ----------
    parameter : str
        Parameter of the estimators that takes the object.
    name : str
        Name of the formula, which the parameter also takes on its own.
    hyperparameters : tuple of Hyperparameter
        Hyperparameters that the object carries, by the names in its signature.
    record_names : mapping of str to str
        Names of hyperparameters in the record, and in the estimators if they have them as
        parameters, where the signature has shorter ones.
    takes_by_place : bool
        True if the constructor also takes hyperparameters by place.
    """

    parameter: ClassVar[str]
    name: ClassVar[str]
    hyperparameters: ClassVar[tuple[Hyperparameter, ...]] = ()
    record_names: ClassVar[Mapping[str, str]] = {}
    takes_by_place: ClassVar[bool] = False

    def __init__(self, **hyperparameters: Value) -> None:
        raise TypeError(
            f"{type(self).__name__} is the base of the choices for {self.parameter}=: construct "
            "one of its classes"
        )

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return sorted(each.name for each in cls.hyperparameters)

    def set_params(self, **params: Value) -> Self:
        """Set hyperparameters; errors for unknown names suggest the nearest match.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a name that is not a hyperparameter.
        """
        _require_names(type(self), params, ValueError)
        self.__dict__.update(params)
        return self

    @property
    def values(self) -> dict[str, Value]:
        """Values of the hyperparameters, by their names in the record."""
        return {self.record_names.get(n, n): vars(self)[n] for n in self._get_param_names()}

    @property
    def flat_values(self) -> dict[str, Value]:
        """Values of the hyperparameters that are parameters of the estimators too."""
        return {
            self.record_names.get(each.name, each.name): vars(self)[each.name]
            for each in self.hyperparameters
            if each.is_estimator_parameter
        }

    def refusal(self) -> tuple[str, str] | None:
        """Return the first hyperparameter with a value that is not allowed, and what is allowed."""
        for each in self.hyperparameters:
            value = vars(self)[each.name]
            if not each.allows(value.tolist() if isinstance(value, np.ndarray) else value):
                return each.name, each.allowed_values
        return None

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(are_same(vars(self)[n], vars(other)[n]) for n in self._get_param_names())

    def __hash__(self) -> int:
        # Equal objects are of one class, and the values may change.
        return hash(type(self))


def name_of(value: object) -> Any:
    """Return the name of a choice, and any other value unchanged.

    Examples
    --------
    >>> from lamina.solvers import AdamW
    >>> name_of(AdamW(beta_2=0.95)), name_of("adamw")
    ('adamw', 'adamw')
    """
    return value.name if isinstance(value, Choice) else value


def make_class(
    base: type[Choice],
    title: str,
    module: str,
    record: str,
    hyperparameters: tuple[Hyperparameter, ...],
    docstring: str,
    record_names: Mapping[str, str],
) -> type[Choice]:
    """Return the class of a record, with a constructor of its hyperparameters."""
    members = {
        "__module__": module,
        "__doc__": docstring,
        "__init__": _constructor(hyperparameters, base.takes_by_place),
        "name": record,
        "hyperparameters": hyperparameters,
        "record_names": dict(record_names),
    }
    return type(title, (base,), members)


def _constructor(
    hyperparameters: Iterable[Hyperparameter], takes_by_place: bool
) -> Callable[..., None]:
    """Return an `__init__` that stores the values, with the signature that scikit-learn reads."""
    defaults = {each.name: each.default for each in hyperparameters}

    def __init__(self: Choice, *by_place: Value, **values: Value) -> None:
        if by_place:
            if not takes_by_place:
                raise TypeError(_by_place(type(self), by_place))
            values |= _placed(type(self), by_place, values)
        _require_names(type(self), values, TypeError)
        self.__dict__.update({**defaults, **values})

    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    kind = itself.kind if takes_by_place else inspect.Parameter.KEYWORD_ONLY
    named = [inspect.Parameter(k, kind, default=v) for k, v in defaults.items()]
    constructor: Any = __init__
    constructor.__signature__ = inspect.Signature([itself, *named])
    return __init__


def _placed(
    cls: type[Choice], by_place: tuple[Value, ...], by_name: Mapping[str, Value]
) -> dict[str, Value]:
    """Return hyperparameters that are passed by place, by their names."""
    names = [each.name for each in cls.hyperparameters]
    if len(by_place) > len(names):
        got = ", ".join(map(reprlib.repr, by_place))
        raise TypeError(f"{cls.__name__} has {', '.join(names)} alone, and got {got}.")
    placed = dict(zip(names, by_place, strict=False))
    for name in placed.keys() & by_name:
        raise TypeError(f"{cls.__name__} got {name} twice, by place and by name. Pass it once.")
    return placed


def _by_place(cls: type[Choice], values: tuple[Value, ...]) -> str:
    """Return the message for values that have no names."""
    names = [each.name for each in cls.hyperparameters]
    got = ", ".join(map(reprlib.repr, values))
    if not names:
        return f"{cls.__name__} has no hyperparameters, and got {got}. Write {cls.__name__}()."
    if len(values) > len(names):
        has = f"It has {', '.join(names)}."
    else:
        named = zip(names, map(reprlib.repr, values), strict=False)
        has = f"Write {cls.__name__}({', '.join(f'{name}={value}' for name, value in named)})."
    return f"{cls.__name__} takes its hyperparameters by name, and got {got} without one. {has}"


def _require_names(
    cls: type[Choice], names: Iterable[str], error: type[TypeError | ValueError]
) -> None:
    """Raise an error for a name that is not a hyperparameter; it names the nearest match."""
    allowed_names = [each.name for each in cls.hyperparameters]
    for name in names:
        if name not in allowed_names:
            allowed = f"It has {', '.join(allowed_names)}." if allowed_names else "It has none."
            elsewhere = ELSEWHERE.get(name, name)
            short = next((k for k, v in cls.record_names.items() if v == name), elsewhere)
            nearest = (
                f" Did you mean {short!r}?"
                if short in allowed_names
                else suggestion(name, allowed_names)
            )
            of_estimator = nearest_match(name, OF_ESTIMATORS.get(cls.parameter, ()))
            if not nearest and of_estimator:
                allowed += f" The estimator has the parameter {of_estimator!r}."
            raise error(f"{cls.__name__} has no hyperparameter {name!r}.{nearest} {allowed}")


def are_same(value: Value, other: Value) -> bool:
    """Return True if two values of a hyperparameter are equal; they may be arrays."""
    if isinstance(value, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(value, other)  # type: ignore[arg-type]
    return bool(value == other)
