"""Store, validate, set and list the parameters of an estimator."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, InvalidParameterError

from lamina.choices import PARAMETERS as TAKES_CHOICES
from lamina.choices import Choice
from lamina.estimators.settings.constraints import PARAMETERS, constraints_of, nearest_parameter
from lamina.estimators.settings.formula_choices import refused_hyperparameter
from lamina.estimators.settings.nested_names import hyperparameter_without_object
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import refused, shown

LARGEST_INTEGER = 2**63 - 1


def require_valid(model: BaseEstimator, parameters: Mapping[str, object]) -> None:
    """Check values against the constraints on a model's parameters.

    Raises
    ------
    InvalidParameterError
        For a value that its parameter does not support; it is a ValueError.
    """
    constraints, owner = model._parameter_constraints, type(model).__name__
    for name, value in parameters.items():
        if (message := refused(name, value, constraints, owner)) is not None:
            raise InvalidParameterError(message)
        if (message := refused_hyperparameter(name, value, owner)) is not None:
            raise InvalidParameterError(message)
    for name, value in parameters.items():
        if isinstance(value, Integral) and abs(int(value)) > LARGEST_INTEGER:
            takes_floats = _takes_floats(constraints[name])
            if takes_floats and abs(int(value)) <= sys.float_info.max:
                continue
            kind = "a number that float64 can hold" if takes_floats else "an integer of 64 bits"
            largest = sys.float_info.max if takes_floats else LARGEST_INTEGER
            raise InvalidParameterError(
                f"The {name!r} parameter of {owner} must be {kind}, at most {largest}. Got "
                f"{shown(value)} instead."
            )


def _takes_floats(constraints: Iterable[object]) -> bool:
    return any(isinstance(each, Interval) and each.type is Real for each in constraints)


def with_advice(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap `__init__` so that its TypeError about an argument suggests the nearest name."""

    @wraps(init)
    def init_with_advice(self: Parametrized, *args: object, **kwargs: object) -> None:
        try:
            init(self, *args, **kwargs)
        except TypeError as error:
            if (advice := _advice_about(init, args, kwargs)) is None:
                raise
            raise TypeError(f"{error}.{advice}") from None

    return init_with_advice


def _advice_about(
    init: Callable[..., None], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> str | None:
    """Return advice on arguments that do not match a signature, or None if they match."""
    parameters = [*inspect.signature(init).parameters.values()][1:]
    kinds = {each.kind for each in parameters}
    names = [each.name for each in parameters]
    unknown = [name for name in kwargs if name not in names]
    if unknown and inspect.Parameter.VAR_KEYWORD not in kinds:
        return nearest_parameter(names, unknown[:1])
    by_place = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    if len(args) <= len(by_place) or inspect.Parameter.VAR_POSITIONAL in kinds:
        return None
    extra = ", ".join(shown(each) for each in args[len(by_place) :])
    return f" Only {', '.join(by_place)} may be passed by position: name the argument {extra}."


def require_valid_now(
    model: Parametrized, names: Iterable[str], fitted: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Check some of a model's parameters again, because they may have changed since the fit.

    Parameters
    ----------
    model : estimator
    names : iterable of str
    fitted : mapping of str to object
        Values of the fit that replace those of now.

    Raises
    ------
    InvalidParameterError
        For a value that its parameter does not support; it is a ValueError.
    """
    defaults = type(model)._defaults()
    values = {name: fitted[name] if name in fitted else getattr(model, name) for name in names}
    changed = {name: value for name, value in values.items() if value is not defaults[name]}
    require_valid(model, changed)


class Configured(Parametrized):
    """Base of MLPClassifier and MLPRegressor that manages their parameters."""

    _parameters = PARAMETERS
    _parameter_constraints = constraints_of(_parameters)

    def __init_subclass__(cls, **kwargs: object) -> None:
        # Wrapping each class's own `__init__` keeps its signature, which scikit-learn reads; a
        # metaclass with `__call__` would hide it.
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = with_advice(cls.__init__)  # type: ignore[method-assign]

    def _keep_parameters(self, arguments: dict[str, object]) -> None:
        """Set the arguments of `__init__`, passed as its `locals()`; the signature lists them."""
        self.__dict__.update({k: v for k, v in arguments.items() if k != "self"})

    def set_params(self, **params: object) -> Self:
        """Set parameters, as in scikit-learn; errors for unknown names suggest the nearest match.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a name that is not a parameter.
        """
        self._refuse_hyperparameters_of_names(params)
        try:
            super().set_params(**params)
        except ValueError as error:
            nearest = nearest_parameter(self.get_params(deep=False), params)
            raise ValueError(f"{error}{nearest}") from None
        return self

    def _refuse_hyperparameters_of_names(self, params: Mapping[str, Any]) -> None:
        """Raise ValueError for `solver__beta_2` where the solver is not an object."""
        for key, setting in params.items():
            parameter, nested, name = key.partition("__")
            if not nested or parameter not in TAKES_CHOICES or not hasattr(self, parameter):
                continue
            value = params.get(parameter, getattr(self, parameter))
            if not isinstance(value, Choice):
                raise ValueError(
                    hyperparameter_without_object(key, parameter, name, value, setting)
                )

    def _validate_params(self) -> None:
        # Most values are the defaults, and checking all of them takes longer than many a small fit.
        require_valid_now(self, self._defaults())

    @classmethod
    @cache
    def _defaults(cls) -> dict[str, object]:
        signature = inspect.signature(cls.__init__).parameters
        return {name: signature[name].default for name in cls._get_param_names()}

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        # Cached, because scikit-learn inspects the signature in every fit and clone.
        names: list[str] = super()._get_param_names()
        return names
