"""Source code of the formulas in a program's operations, and names for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from lamina.export.lowering.network_operations import Activate, InvertLink, Normalize, Round
from lamina.formulas import Activation, InverseLink, Normalization, Precision
from lamina.formulas.code import Code
from lamina.formulas.table import Array

Formula: TypeAlias = Activation | InverseLink | Normalization | Precision
WithFormula: TypeAlias = Activate | InvertLink | Normalize | Round


def code_of(formula: Formula) -> Code:
    """Return the code of a formula in every language; targets read it from here alone."""
    return formula.code


def is_identity(formula: Formula) -> bool:
    """Return True if a formula returns its argument."""
    return code_of(formula).numpy == "z"


def numbers_of(operation: WithFormula) -> Mapping[str, Array]:
    """Return the unit parameters and statistics in an operation's code, by name."""
    return operation.numbers if isinstance(operation, Activate | Normalize) else {}
