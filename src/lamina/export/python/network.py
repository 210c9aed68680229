"""Operations of networks in a Python file: each is an expression for one matrix."""

from __future__ import annotations

from collections.abc import Mapping

from lamina.export.lowering.formula_code import WithFormula, code_of, is_identity, numbers_of
from lamina.export.lowering.network_operations import (
    Activate,
    AddResidual,
    Affine,
    Cast,
    Complement,
    Dropout,
    Features,
    InvertLink,
    Normalize,
    RequireFinite,
    Round,
    SignedSquare,
    Sort,
    Temper,
    WeightedSum,
)
from lamina.export.python.rendering import Renderer, Source

FINITE = """

def _finite(x):
    if not np.isfinite(x).all():
        raise ValueError("X holds infinity or NaN")
    return x
"""
TEMPERED = """

def _tempered(p, temperature, least):
    logs = np.log(np.maximum(p, least)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
"""


def _features(source: Source, operation: Features, i: int) -> str:
    source.function(FINITE)
    return "_finite(X)"


def _cast(source: Source, operation: Cast, i: int) -> str:
    return f'{source.name(operation.source)}.astype("{operation.dtype.name}")'


def _require_finite(source: Source, operation: RequireFinite, i: int) -> str:
    source.function(FINITE)
    return f"_finite({source.name(operation.source)})"


def _affine(source: Source, operation: Affine, i: int) -> str:
    weights = source.array("W", i, operation.factor)
    biases = source.array("b", i, operation.biases)
    return f"{source.name(operation.source)} @ {weights} + {biases}  # {operation.name}"


def _round(source: Source, operation: Round, i: int) -> str:
    return _formula(source, operation, i, f"_nearest_{operation.formula.name}")


def _normalize(source: Source, operation: Normalize, i: int) -> str:
    return _formula(source, operation, i, f"_normalize_{operation.formula.name}")


def _activate(source: Source, operation: Activate, i: int) -> str:
    return _formula(source, operation, i, f"_{operation.formula.name}")


def _invert_link(source: Source, operation: InvertLink, i: int) -> str:
    if is_identity(operation.formula):
        return source.name(operation.source)
    return _formula(source, operation, i, f"_{operation.formula.name}")


def _formula(source: Source, operation: WithFormula, i: int, name: str) -> str:
    """Return the call of a formula's function."""
    numbers = numbers_of(operation)
    called = source.formula(name, ["z", *numbers], code_of(operation.formula).numpy)
    arrays = [source.array(f"{each.upper()}_", i, row) for each, row in numbers.items()]
    return f"{called}({', '.join([source.name(operation.source), *arrays])})"


def _add_residual(source: Source, operation: AddResidual, i: int) -> str:
    return f"{source.name(operation.source)} + {source.name(operation.skipped)}"


def _complement(source: Source, operation: Complement, i: int) -> str:
    p = source.name(operation.source)
    return f"np.hstack([1 - {p}, {p}])"


def _sort(source: Source, operation: Sort, i: int) -> str:
    x, n = source.name(operation.source), operation.n
    groups = f"{x}.reshape(-1, {operation.width // n}, {n})"
    return f"np.sort({groups}, axis=2).reshape(-1, {operation.width})"


def _signed_square(source: Source, operation: SignedSquare, i: int) -> str:
    x = source.name(operation.source)
    return f"{x} * np.abs({x}) + {operation.offset!r}"


def _weighted_sum(source: Source, operation: WeightedSum, i: int) -> str:
    pairs = zip(operation.weights, operation.sources, strict=True)
    return " + ".join(f"{weight!r} * {source.name(each)}" for weight, each in pairs)


def _temper(source: Source, operation: Temper, i: int) -> str:
    source.function(TEMPERED)
    p = source.name(operation.source)
    return f"_tempered({p}, {operation.temperature!r}, {operation.least!r})"


RENDERERS: Mapping[type, Renderer] = {
    Features: _features,
    Cast: _cast,
    RequireFinite: _require_finite,
    Round: _round,
    Affine: _affine,
    Normalize: _normalize,
    Activate: _activate,
    AddResidual: _add_residual,
    InvertLink: _invert_link,
    Complement: _complement,
    Sort: _sort,
    SignedSquare: _signed_square,
    WeightedSum: _weighted_sum,
    Temper: _temper,
}
REFUSED: Mapping[type, str] = {Dropout: "only training drops numbers"}
