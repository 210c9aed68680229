"""Build messages about parameters: name, value, allowed values, nearest match, cure."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import (
    Options,
    StrOptions,
    _Booleans,
    _VerboseHelper,
    make_constraint,
)

from lamina.choices import KINDS, PARAMETERS, Choice
from lamina.errors import suggestion

LONGEST_VALUE = 200
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Names(StrOptions):  # type: ignore[misc]
    """Set of names that a message lists in the same order in every process."""

    def __str__(self) -> str:
        return f"a str among {{{', '.join(map(repr, sorted(self.options)))}}}"


class Formulas(Names):
    """Set of names of formulas; an object for one of them is allowed too.

    Parameters
    ----------
    parameter : str
        Parameter of the estimators, one of lamina.choices.PARAMETERS.
    names : set of str
    """

    def __init__(self, parameter: str, names: set[str]) -> None:
        super().__init__(names)
        self.kind = KINDS[PARAMETERS[parameter]]

    def is_satisfied_by(self, val: object) -> bool:
        """Return True for a name, and for an object for one of the names."""
        if isinstance(val, Choice):
            return isinstance(val, self.kind.base) and val.name in self.options
        return bool(super().is_satisfied_by(val))

    def __str__(self) -> str:
        return f"{super().__str__()} (or its object from {self.kind.module})"


def shown(value: object) -> str:
    """Return a value in one line: its repr, or its type and shape if the repr is long.

    Examples
    --------
    >>> shown("adamm")
    "'adamm'"
    >>> import numpy as np
    >>> shown(np.zeros((30, 30)))
    'an ndarray of shape (30, 30)'
    """
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and np.ndim(value) and (np.size(value) > 8 or len(shape) > 1):  # type: ignore[arg-type]
        kind = type(value).__name__
        article = "an" if kind[0].lower() in "aeiou" or kind == "ndarray" else "a"
        return f"{article} {kind} of shape {shape}"
    try:
        text = repr(value)
    except Exception:  # someone's own __repr__ must not hide what is wrong with the value
        text = f"<{type(value).__name__}>"
    # An address carries no information, and differs from process to process.
    text = ADDRESS.sub("", " ".join(text.split()))
    if len(text) <= LONGEST_VALUE:
        return text
    short = ADDRESS.sub("", " ".join(reprlib.repr(value).split()))
    return short if len(short) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def require_whole(name: str, value: object, advice: str) -> None:
    """Raise TypeError for a value that is not an integer; the advice states what to pass."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}={shown(value)} must be a whole number: {advice}")


def refused(
    name: str, value: object, constraints: Mapping[str, list[object]], owner: str
) -> str | None:
    """Return the reason why a parameter rejects a value, with the cure; None if it accepts it."""
    if name not in constraints:
        return None
    kinds = [make_constraint(each) for each in constraints[name]]
    # A class of schedules is callable, as are functions of step and epoch.
    is_class = isinstance(value, type) and issubclass(value, Choice)
    if not is_class and any(_satisfies(kind, value) for kind in kinds):
        return _refused_entry(name, value, kinds, owner)
    *first, last = map(str, kinds)
    allowed = f"{', '.join(first)} or {last}" if first else last
    # The form of scikit-learn's own message, which programs and its checks look for.
    message = f"The {name!r} parameter of {owner} must be {allowed}. Got {shown(value)} instead."
    return message + nearest_name(kinds, value) + _hint(name, value)


def _satisfies(kind: Any, value: object) -> bool:
    """Return True if a value satisfies a constraint; True and False are no numbers."""
    if isinstance(value, bool) and not isinstance(kind, (Options, _Booleans, _VerboseHelper)):
        return False
    return bool(kind.is_satisfied_by(value))


def _refused_entry(name: str, value: object, kinds: Iterable[object], owner: str) -> str | None:
    """Return the reason why an entry of a list of formulas is not allowed, or None."""
    formulas = [kind for kind in kinds if isinstance(kind, Formulas)]
    if not formulas or not isinstance(value, (list, tuple)):
        return None
    for i, entry in enumerate(value):
        # A misspelt name has an error of its own, UnknownNameError.
        is_object = isinstance(entry, Choice) and any(k.is_satisfied_by(entry) for k in formulas)
        if isinstance(entry, str) or is_object:
            continue
        message = (
            f"The '{name}[{i}]' parameter of {owner} must be {formulas[0]}. Got {shown(entry)} "
            "instead."
        )
        return message + nearest_name(formulas, entry) + _hint(f"{name}[{i}]", entry)
    return None


def nearest_name(kinds: Iterable[object], value: object) -> str:
    """Return a sentence with the nearest of the allowed names, or '' if none is near."""
    names = [name for kind in kinds if isinstance(kind, StrOptions) for name in kind.options]
    return suggestion(value, sorted(names)) if isinstance(value, str) and names else ""


def _hint(name: str, value: object) -> str:
    parameter, is_entry, _ = name.partition("[")
    cls = value if isinstance(value, type) else type(value)
    if issubclass(cls, Choice) and PARAMETERS.get(parameter) != cls.parameter:
        return f" {cls.__name__} is for {cls.parameter}=."
    if cls is value and issubclass(cls, Choice):
        written = f"{cls.__name__}()"
        return f" This is a class: write {written if is_entry else f'{name}={written}'}."
    if is_entry and isinstance(value, (list, tuple)):
        return " This is a list in the list: write its entries without the inner brackets."
    return HINTS[name](value) if name in HINTS else ""


def _of_loss(value: Any) -> str:
    try:
        widths = [value] if isinstance(value, int) else list(value)
    except TypeError:
        return ""
    if isinstance(value, str | dict) or not all(isinstance(each, int) for each in widths):
        return ""
    return (
        " The first argument of MLPRegressor is loss, as in scikit-learn: write "
        f"hidden_layer_sizes={shown(value)}."
    )


def _of_learning_rate(value: object) -> str:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return f" A number is learning_rate_init={value!r}." if is_number else ""


def _of_random_state(value: object) -> str:
    # People try NumPy's new generators; scikit-learn's numbers come from the old one.
    is_generator = isinstance(value, np.random.Generator)
    return " Pass a whole number, or np.random.RandomState(seed)." if is_generator else ""


# Advice on values that belong to another parameter.
HINTS: dict[str, Callable[[object], str]] = {
    "loss": _of_loss,
    "learning_rate": _of_learning_rate,
    "random_state": _of_random_state,
}
