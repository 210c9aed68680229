"""Hyperparameters of the formulas: values that users choose and that no step changes."""

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
    kind : {'number', 'integer', 'boolean', 'numbers', 'name', 'columns'}
        Type of its values; 'numbers' allows a number, or several in ascending order; 'name' allows
        the `names` alone; 'columns' allows what selects columns of X: an index, a name, several of
        these, a slice or a mask.
    above, at_least : float
        Lower bound, exclusive or inclusive.
    below, at_most : float
        Upper bound, exclusive or inclusive.
    symbol : str
        Symbol in the record's equations; its name if empty.
    names : tuple of str
        Names that are allowed beside the numbers, such as 'auto'.
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
    default: float | str | None
    help: str
    kind: Literal["number", "integer", "boolean", "numbers", "name", "columns"] = "number"
    above: float = -math.inf
    at_least: float = -math.inf
    below: float = math.inf
    at_most: float = math.inf
    symbol: str = ""
    names: tuple[str, ...] = ()
    is_estimator_parameter: bool = False

    def allows(self, value: object) -> bool:
        """Return True if the value is allowed."""
        if value is None:
            return self.default is None
        if self.kind == "columns":
            return selects_columns(value)
        if isinstance(value, str) or self.kind == "name":
            return isinstance(value, str) and value in self.names
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
        if self.kind == "columns":
            return "an index, a name, a list of one of these, a slice, a boolean mask, or None"
        names = [repr(name) for name in self.names]
        if self.kind == "name":
            return " or ".join(names)
        signs = (">", self.above), (">=", self.at_least), ("<", self.below), ("<=", self.at_most)
        bounds = " and ".join(f"{sign} {bound:g}" for sign, bound in signs if math.isfinite(bound))
        kind = "an integer" if self.kind == "integer" else "a finite number"
        several = ", or several in ascending order" if self.kind == "numbers" else ""
        none = ", or None" if self.default is None else ""
        return " or ".join([f"{kind} {bounds}".rstrip() + several + none, *names])


def selects_columns(value: object) -> bool:
    """Return True for an index, a name, several of one kind, a slice, or a boolean mask.

    Examples
    --------
    >>> [selects_columns(value) for value in (0, "age", [0, 2], [True, False], slice(3))]
    [True, True, True, True, True]
    >>> [selects_columns(value) for value in ([], [0, "age"], 0.5, [[0]])]
    [False, False, False, False]
    """
    if isinstance(value, list | tuple):
        kinds = (_is_flag, _is_name, _is_place)
        return bool(value) and any(all(map(is_of_kind, value)) for is_of_kind in kinds)
    return isinstance(value, slice) or _is_name(value) or _is_place(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_name(value: object) -> bool:
    return isinstance(value, str)


def _is_place(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


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
