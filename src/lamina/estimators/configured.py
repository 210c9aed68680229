"""The parameters of an estimator: kept as they were given, validated, set, listed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from numbers import Integral
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import (
    InvalidParameterError,
    validate_parameter_constraints,
)

from lamina.estimators.constraints import CONSTRAINTS, nearest_parameter, nearest_value

LARGEST_INTEGER = 2**63 - 1


def require_valid(model: Any, parameters: Mapping[str, Any]) -> None:
    """Check values against the constraints on a model's parameters.

    Raises
    ------
    InvalidParameterError
        For a value that its parameter does not take; it is a ValueError.
    """
    constraints, owner = model._parameter_constraints, type(model).__name__
    try:
        validate_parameter_constraints(constraints, parameters, owner)
    except InvalidParameterError as error:
        nearest = nearest_value(constraints, parameters)
        raise InvalidParameterError(f"{error}{nearest}") from None
    for name, value in parameters.items():
        if isinstance(value, Integral) and abs(int(value)) > LARGEST_INTEGER:
            raise InvalidParameterError(
                f"The {name!r} parameter of {owner} must be an integer of 64 bits, at most "
                f"{LARGEST_INTEGER}. Got one of {int(value).bit_length()} bits instead."
            )


class Configured(BaseEstimator):  # type: ignore[misc]
    """The part of MLPClassifier and MLPRegressor that minds their parameters."""

    _parameter_constraints = CONSTRAINTS

    def _keep_parameters(self, arguments: dict[str, Any]) -> None:
        """Set what `__init__` was given, its `locals()`: the signature is the only list."""
        self.__dict__.update({k: v for k, v in arguments.items() if k != "self"})

    def set_params(self, **params: Any) -> Self:
        """Set parameters, as in scikit-learn; a misspelt name is answered with the nearest.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a name that is no parameter's.
        """
        try:
            super().set_params(**params)
        except ValueError as error:
            nearest = nearest_parameter(self.get_params(deep=False), params)
            raise ValueError(f"{error}{nearest}") from None
        return self

    def _validate_params(self) -> None:
        # Most values are the defaults, and to look at them all takes longer than many a small fit.
        values = ((name, getattr(self, name), of) for name, of in self._defaults().items())
        given = {name: value for name, value, default in values if value is not default}
        require_valid(self, given)

    @classmethod
    @cache
    def _defaults(cls) -> dict[str, Any]:
        signature = inspect.signature(cls.__init__).parameters
        return {name: signature[name].default for name in cls._get_param_names()}

    @classmethod
    @cache
    def _get_param_names(cls) -> list[str]:
        # Remembered, because scikit-learn takes the signature apart in every fit and clone.
        names: list[str] = super()._get_param_names()
        return names
