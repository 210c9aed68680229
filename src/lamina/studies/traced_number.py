"""One number of a training step, with its formula and the line of Python that computes it."""

from __future__ import annotations

from dataclasses import dataclass

from lamina.formulas.table import AnyArray

FORWARD, LOSS, BACKWARD, UPDATE = "forward", "loss", "backward", "update"
# Layer of the numbers of an input stage.
INPUTS = "inputs"


@dataclass(frozen=True, eq=False)
class TracedNumber:
    """One number of a step, usually a matrix.

    Attributes
    ----------
    part : {'forward', 'loss', 'backward', 'update'}
    layer : str
        'inputs', 'hidden_1', …, 'output'; empty if it belongs to no layer.
    name : str
        Name in the layer's trace: 'z', 'a', 'delta', 'dW'.
    formula : str
        Formula as text: 'z₁ = a₀ W₁ + b₁'.
    value : ndarray
    variable, code : str
        Name in Python, and the line that computes it: 'z_1 = a_0 @ W_1 + b_1'.
    """

    part: str
    layer: str
    name: str
    formula: str
    value: AnyArray
    variable: str = ""
    code: str = ""

    @property
    def symbol(self) -> str:
        """Symbol of the number in the formula.

        Examples
        --------
        >>> import numpy as np
        >>> TracedNumber("forward", "hidden_1", "z", "z₁ = a₀ W₁ + b₁", np.zeros(1)).symbol
        'z₁'
        """
        return self.formula.partition(",")[0].partition(" = ")[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return self.value.shape


def subscript(number: int) -> str:
    """Return a number as a subscript.

    Examples
    --------
    >>> subscript(12)
    '₁₂'
    """
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
