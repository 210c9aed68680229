"""Operations of networks in a C header: each is a list of statements on one row."""

from __future__ import annotations

from collections.abc import Mapping

from lamina.export.c.rendering import Header, Renderer
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

AFFINE = """\
/* z = a w + b */
static inline void {function}(
    const real *a, const real *w, const real *b, int fan_in, int fan_out, real *z)
{
    for (int j = 0; j < fan_out; j++) z[j] = b[j];
    for (int i = 0; i < fan_in; i++) {
        const real factor = a[i];
        for (int j = 0; j < fan_out; j++) z[j] += factor * w[i * fan_out + j];
    }
}

"""
ON_A_NUMBER = "static inline real {{function}}({arguments}) {{ return {expression}; }}\n\n"
STATEMENTS = "static inline {result} {{function}}({arguments})\n{{\n{statements}\n}}\n\n"
# Insertion sort of the k columns of each group, since k is small.
SORT = """\
/* Sort each k of n numbers. */
static inline void {function}(real *y, int n, int k)
{
    for (int i = 0; i < n; i++)
        for (int j = i; j % k > 0 && y[j] < y[j - 1]; j--) {
            const real larger = y[j - 1];
            y[j - 1] = y[j];
            y[j] = larger;
        }
}

"""
TEMPER = """\
/* softmax(log(p) / temperature) */
static inline void {function}(double *p, int n, double temperature, double least)
{
    double largest = -INFINITY, total = 0;
    for (int j = 0; j < n; j++) {
        p[j] = log(p[j] > least ? p[j] : least) / temperature;
        if (p[j] > largest) largest = p[j];
    }
    for (int j = 0; j < n; j++) total += p[j] = exp(p[j] - largest);
    for (int j = 0; j < n; j++) p[j] /= total;
}

"""


def _features(header: Header, operation: Features, i: int) -> list[str]:
    return []


def _cast(header: Header, operation: Cast, i: int) -> list[str]:
    return [header.each(i, f"({header.real(i)}){header.at(operation.source)}")]


def _require_finite(header: Header, operation: RequireFinite, i: int) -> list[str]:
    x, n = header.at(i), operation.width
    check = f"for (int i = 0; i < {n}; i++) invalid += {x} - {x};"
    return [*header.copy(i, operation.source), check]


def _affine(header: Header, operation: Affine, i: int) -> list[str]:
    function = header.function_at(i, "affine", AFFINE)
    weights = header.numbers("w", i, operation.factor)
    biases = header.numbers("b", i, operation.biases)
    fan_in, fan_out = operation.weights.shape
    source = header.pointer(operation.source)
    return [f"{function}({source}, {weights}, {biases}, {fan_in}, {fan_out}, {header.pointer(i)});"]


def _round(header: Header, operation: Round, i: int) -> list[str]:
    header.include("stdint", "string")
    code = _statements("float", ["real z"], code_of(operation.formula).c)
    function = header.function_at(i, f"nearest_{operation.formula.name}", code)
    return [header.each(i, f"{function}({header.at(operation.source)})")]


def _normalize(header: Header, operation: Normalize, i: int) -> list[str]:
    return _on_a_row(header, operation, i, f"normalize_{operation.formula.name}")


def _activate(header: Header, operation: Activate, i: int) -> list[str]:
    names = numbers_of(operation)
    arguments = ", ".join(f"real {each}" for each in ["z", *names])
    code = ON_A_NUMBER.format(arguments=arguments, expression=code_of(operation.formula).c)
    function = header.function_at(i, operation.formula.name, code)
    numbers = [f"{each}[i]" for each in _numbers(header, operation, i)]
    return [header.each(i, f"{function}({', '.join([header.at(operation.source), *numbers])})")]


def _invert_link(header: Header, operation: InvertLink, i: int) -> list[str]:
    if is_identity(operation.formula):
        return header.copy(i, operation.source)
    return _on_a_row(header, operation, i, "inverse_link")


def _on_a_row(header: Header, operation: Normalize | InvertLink, i: int, name: str) -> list[str]:
    """Return the call of a formula that changes the row of a matrix in place."""
    arguments = ["real *z", "int n", *(f"const real *{each}" for each in numbers_of(operation))]
    code = _statements("void", arguments, code_of(operation.formula).c)
    passed = [header.pointer(i), str(operation.width), *_numbers(header, operation, i)]
    call = f"{header.function_at(i, name, code)}({', '.join(passed)});"
    return [*header.copy(i, operation.source), call]


def _statements(result: str, arguments: list[str], code: str) -> str:
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    text = STATEMENTS.format(result=result, arguments=", ".join(arguments), statements="{lines}")
    return text.replace("{lines}", lines)


def _numbers(header: Header, operation: WithFormula, i: int) -> list[str]:
    """Add the numbers of a formula and return the names of their arrays."""
    return [header.numbers(name, i, row) for name, row in numbers_of(operation).items()]


def _add_residual(header: Header, operation: AddResidual, i: int) -> list[str]:
    return [header.each(i, f"{header.at(operation.source)} + {header.at(operation.skipped)}")]


def _complement(header: Header, operation: Complement, i: int) -> list[str]:
    p = header.at(operation.source, 0)
    return [f"{header.at(i, 0)} = 1 - {p};", f"{header.at(i, 1)} = {p};"]


def _sort(header: Header, operation: Sort, i: int) -> list[str]:
    function = header.function_at(i, "sort", SORT)
    call = f"{function}({header.pointer(i)}, {operation.width}, {operation.n});"
    return [*header.copy(i, operation.source), call]


def _signed_square(header: Header, operation: SignedSquare, i: int) -> list[str]:
    x = header.at(operation.source)
    return [header.each(i, f"{x} * fabs({x}) + {operation.offset!r}")]


def _weighted_sum(header: Header, operation: WeightedSum, i: int) -> list[str]:
    pairs = zip(operation.weights, operation.sources, strict=True)
    return [header.each(i, " + ".join(f"{weight!r} * {header.at(each)}" for weight, each in pairs))]


def _temper(header: Header, operation: Temper, i: int) -> list[str]:
    function = header.function(f"{header.name}_temper", TEMPER)
    numbers = f"{operation.temperature!r}, {operation.least!r}"
    call = f"{function}({header.pointer(i)}, {operation.width}, {numbers});"
    return [*header.copy(i, operation.source), call]


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
