"""Hyperparameters of the formulas: numbers that users choose and that no step changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral, Real
from typing import Literal, TypeAlias

import numpy as np

from lamina.errors import UnknownNameError, suggestion

# Steps and epochs are counted in int64.
LARGEST_INTEGER = 2**63 - 1

HyperparameterValue: TypeAlias = "float | Sequence[float]"
Hyperparameters: TypeAlias = Mapping[str, HyperparameterValue]


@dataclass(frozen=True)
class Hyperparameter:
    """Hyperparameter of a record: its name, default, allowed values and help.

    Attributes
    ----------
    name : str
        Name in the record's `hyperparameters`.
    default : float, bool or None
        None if the length of the training decides.
    help : str
        What it sets, in one clause without a full stop.
    kind : {'number', 'integer', 'boolean', 'numbers'}
        Type of its values; 'numbers' allows a number, or several in ascending order.
    above, at_least : float
        Lower bound, exclusive or inclusive.
    below, at_most : float
        Upper bound, exclusive or inclusive.
    symbol : str
        Symbol in the record's equations; its name if empty.
    is_estimator_parameter : bool
        True if both estimators, or those that have the record, have a parameter of this name, from
        which a record chosen by its name receives the value. Others receive their default.

    Examples
    --------
    >>> threshold = Hyperparameter("threshold", 1.0, "largest |p - y| with a square", above=0)
    >>> threshold.allows(2), threshold.allows(0)
    (True, False)
    >>> threshold.allowed_values
    'a finite number > 0'
    """

    name: str
    default: float | None
    help: str
    kind: Literal["number", "integer", "boolean", "numbers"] = "number"
    above: float = -math.inf
    at_least: float = -math.inf
    below: float = math.inf
    at_most: float = math.inf
    symbol: str = ""
    is_estimator_parameter: bool = False

    def allows(self, value: object) -> bool:
        """Return True if the value is allowed."""
        if value is None:
            return self.default is None
        if self.kind == "boolean":
            return isinstance(value, bool | np.bool_)
        if self.kind == "numbers" and isinstance(value, list | tuple):
            within = len(value) > 0 and all(map(self._allows_number, value))
            return within and all(first < second for first, second in pairwise(value))
        return self._allows_number(value)

    def _allows_number(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, Real) or not is_representable(value):
            return False
        if self.kind == "integer" and not isinstance(value, Integral):
            return False
        number = int(value) if isinstance(value, Integral) else float(value)
        return self.above < number < self.below and self.at_least <= number <= self.at_most

    @property
    def allowed_values(self) -> str:
        """Allowed values, in words."""
        if self.kind == "boolean":
            return "True or False"
        signs = (">", self.above), (">=", self.at_least), ("<", self.below), ("<=", self.at_most)
        bounds = " and ".join(f"{sign} {bound:g}" for sign, bound in signs if math.isfinite(bound))
        kind = "an integer" if self.kind == "integer" else "a finite number"
        several = ", or several in ascending order" if self.kind == "numbers" else ""
        none = ", or None" if self.default is None else ""
        return f"{kind} {bounds}".rstrip() + several + none


def is_representable(number: Real) -> bool:
    """Return True if a real number is finite, and within int64 if it is an integer."""
    if isinstance(number, Integral):
        return abs(int(number)) <= LARGEST_INTEGER
    return math.isfinite(number)


def names_of(hyperparameters: Iterable[Hyperparameter]) -> tuple[str, ...]:
    """Return the names, in the order in which engines receive the values."""
    return tuple([each.name for each in hyperparameters])


def as_numbers(hyperparameters: Iterable[Hyperparameter], values: Hyperparameters) -> list[float]:
    """Return the values as one list of numbers, in the order that engines expect."""
    numbers: list[float] = []
    for each in hyperparameters:
        value = values[each.name]
        if isinstance(value, float | int):
            numbers.append(float(value))
        else:
            numbers.extend(map(float, np.atleast_1d(value)))
    return numbers


def complete(
    owner: str, hyperparameters: Sequence[Hyperparameter], values: Mapping[str, object]
) -> dict[str, object]:
    """Return the value of every hyperparameter of a record: the chosen one, else the default.

    Parameters
    ----------
    owner : str
        Record in words, for errors: "activation 'celu'".
    hyperparameters : sequence of Hyperparameter
    values : mapping of str to object
        Chosen values by name.

    Raises
    ------
    UnknownNameError
        For a name that the record does not have.
    ValueError
        For a value that its hyperparameter does not allow.

    Examples
    --------
    >>> from lamina.formulas import OPTIMIZERS
    >>> complete("optimizer 'lion'", OPTIMIZERS["lion"].hyperparameters, {"beta_2": 0.99})
    {'beta_1': 0.9, 'beta_2': 0.99}
    """
    by_name = {each.name: each for each in hyperparameters}
    for name, value in values.items():
        if name not in by_name:
            raise UnknownNameError(
                f"{owner} has no hyperparameter {name!r}.{suggestion(name, by_name)} "
                f"It has: {', '.join(map(repr, by_name)) or 'none'}."
            )
        if not by_name[name].allows(value):
            raise ValueError(f"{name}={value!r} of {owner} must be {by_name[name].allowed_values}")
    return {name: each.default for name, each in by_name.items()} | dict(values)
