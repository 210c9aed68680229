"""Record of one parameter of the estimators: its type, its allowed values, its description."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from inspect import cleandoc
from numbers import Integral, Real
from typing import Protocol, TypeVar

from sklearn.utils._param_validation import HasMethods, Interval

from lamina.engines.custom_loss import is_torch_loss
from lamina.formulas import SCHEDULES
from lamina.formulas.table import RecordTable

AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")
WHOLE_NOT_NEGATIVE = Interval(Integral, 0, None, closed="left")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
FACTOR = Interval(Real, 1, None, closed="left")
BELOW_ONE = Interval(Real, 0, 1, closed="left")
# Schedules that are functions of the step alone, which any hyperparameter can follow.
STEP_SCHEDULES = {name for name, schedule in SCHEDULES.items() if schedule.shape is not None}


class CustomLosses(HasMethods):  # type: ignore[misc]
    """Objects with the method of a custom loss, and losses of torch.nn."""

    def __init__(self) -> None:
        super().__init__("value_and_delta")

    def is_satisfied_by(self, val: object) -> bool:
        """Return True for a custom loss."""
        return is_torch_loss(val) or bool(super().is_satisfied_by(val))


OWN_LOSS = CustomLosses()


@dataclass(frozen=True)
class Parameter:
    """Parameter of an estimator.

    Attributes
    ----------
    kind : str
        Type, as numpydoc writes it, without the default, which the signature has.
    constraints : list
        Allowed values, in scikit-learn's form: a value is valid if one of them accepts it.
    description : str
        Text of the docstrings.
    """

    kind: str
    constraints: list[object]
    description: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "description", cleandoc(self.description))


class Formula(Protocol):
    """Record of a formula, as far as a description shows it."""

    @property
    def name(self) -> str: ...

    @property
    def equation(self) -> str: ...


F = TypeVar("F", bound=Formula)


def one_of(names: Iterable[str]) -> str:
    """Return the type of a parameter that takes one of a few names.

    Examples
    --------
    >>> one_of(["l2", "l1"])
    "{'l2', 'l1'}"
    """
    return f"{{{', '.join(map(repr, names))}}}"


def with_formulas(description: str, table: RecordTable[F]) -> str:
    """Return a description with a line for each formula of a table that it does not mention."""
    description = cleandoc(description)
    lines = [
        f"- {name!r}: {record.equation}."
        for name, record in table.items()
        if repr(name) not in description
    ]
    return "\n".join([description, "", *lines]) if lines else description
