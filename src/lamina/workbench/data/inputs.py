"""Inputs computed from two features: the features, their squares, product and sines.

Shapes: x, y and each value are (n_samples,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lamina.formulas.table import AnyArray, RecordTable


@dataclass(frozen=True)
class Input:
    """One input.

    Attributes
    ----------
    name : str
        Name in an experiment's `inputs`.
    value : callable
        `value(x, y)` computes the input.
    code : str
        The same computation as NumPy code, for the script.
    """

    name: str
    value: Callable[[AnyArray, AnyArray], AnyArray]
    code: str


INPUTS = RecordTable(
    "input",
    Input("x", lambda x, y: x, "x"),
    Input("y", lambda x, y: y, "y"),
    Input("x²", lambda x, y: x**2, "x**2"),
    Input("y²", lambda x, y: y**2, "y**2"),
    Input("xy", lambda x, y: x * y, "x * y"),
    Input("sin πx", lambda x, y: np.sin(np.pi * x), "np.sin(np.pi * x)"),
    Input("sin πy", lambda x, y: np.sin(np.pi * y), "np.sin(np.pi * y)"),
)
PLAIN = ("x", "y")


def build_inputs(X: AnyArray, names: Sequence[str] | None) -> AnyArray:
    """Return the named inputs, one per column; X itself if names is None.

    Examples
    --------
    >>> build_inputs(np.array([[2.0, 3.0]]), ["x", "xy"])
    array([[2., 6.]])
    """
    if names is None:
        return X
    x, y = X.T
    return np.column_stack([INPUTS[name].value(x, y) for name in names])
