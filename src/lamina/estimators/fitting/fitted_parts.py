"""Check the fitted arrays of a network, which users may replace, before anything reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from lamina.formulas.table import Array

# Parts of the parameter vector other than weights and biases; a plain network has neither.
# Fitted attributes by name: numbers, strings, bools, arrays, and lists of these.
Attributes: TypeAlias = dict[str, Any]

OTHER_PARTS = ("unit_parameters_", "input_parameters_", "running_statistics_")


def fitted_parts(fitted: Mapping[str, Any]) -> list[list[Array]]:
    """Return the arrays of coefs_, intercepts_ and OTHER_PARTS.

    Raises
    ------
    ValueError
        For an attribute that is not a list of arrays of real numbers; names it.
    """
    names = ("coefs_", "intercepts_", *OTHER_PARTS)
    named = {name: fitted.get(name, ()) for name in names}
    for name, parts in named.items():
        if not np.iterable(parts):
            raise ValueError(
                f"{name} must be a list of arrays, and is {parts!r}: set it to one, or fit the "
                "estimator again."
            )
        for i, part in enumerate(parts):
            if not isinstance(part, np.ndarray) or part.dtype.kind not in "biuf":
                kind = part.dtype if isinstance(part, np.ndarray) else type(part).__name__
                raise ValueError(
                    f"{name}[{i}] must be an array of real numbers, and is of {kind}: set it to "
                    "one, or fit the estimator again."
                )
    return [list(parts) for parts in named.values()]


def require_biases(
    weights: Sequence[Array], biases: Sequence[Array], expected: Sequence[tuple[int, ...]]
) -> None:
    """Check that intercepts_ has the expected shapes, a number for each column of the weights.

    Raises
    ------
    ValueError
        If it has not, because someone has set it by hand.
    """
    found = [part.shape for part in biases]
    if found != list(expected):
        raise ValueError(
            f"intercepts_ of shapes {found} do not fit coefs_ of shapes "
            f"{[part.shape for part in weights]}, which need {list(expected)}. Set them to fit, or "
            "fit the estimator again."
        )
