"""Operations of an input stage in a C header: each is a list of statements on one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.export.c.rendering import Header, Renderer
from lamina.export.lowering.input_operations import (
    LARGEST_CATEGORY,
    CategoryCodes,
    Embed,
    OneHotCodes,
    Periodic,
    PiecewiseLinear,
    Scale,
)

CATEGORY_CODE = """\
/* The place of x among n ascending categories, from 1; 0 for NAN and for another whole number. The
   result is NAN for a number that no category may have. */
static inline real {function}(real x, const real *categories, int n)
{
    int low = 0, high = n;
    if (x != x) return 0;
    if (!(x >= 0 && x <= LARGEST && floor(x) == x)) return NAN;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (categories[middle] < x) low = middle + 1;
        else high = middle;
    }
    return low < n && categories[low] == x ? low + 1 : 0;
}

"""
PERIODIC = """\
/* a = [x, cos(2 pi w1 x + b1) w2 + b2] for one number x, with k frequencies and m outputs */
static inline void {function}(
    real x, const real *w1, const real *b1, const real *w2, const real *b2, int k, int m, real *a)
{
    a[0] = x;
    for (int o = 0; o < m; o++) a[1 + o] = b2[o];
    for (int j = 0; j < k; j++) {
        const real cosine = cos(6.283185307179586 * (w1[j] * x) + b1[j]);
        for (int o = 0; o < m; o++) a[1 + o] += cosine * w2[j * m + o];
    }
}

"""
PIECEWISE_LINEAR = """\
/* a = w x + b + p v for one number x and its part p of each of n bins; a bin of width 0 has none */
static inline void {function}(
    real x, const real *w, const real *b, const real *v, const real *edges, int n, int m, real *a)
{
    int first = 0, last = n - 1;
    while (first < n && !(edges[first + 1] > edges[first])) first++;
    while (last > first && !(edges[last + 1] > edges[last])) last--;
    for (int o = 0; o < m; o++) a[o] = w[o] * x + b[o];
    for (int t = first; t <= last; t++) {
        const real width = edges[t + 1] - edges[t];
        real p = width > 0 ? (x - edges[t]) / width : 0;
        if (t > first && p < 0) p = 0;
        if (t < last && p > 1) p = 1;
        for (int o = 0; o < m; o++) a[o] += p * v[t * m + o];
    }
}

"""
EMBED = """\
/* The row of an n x m table with this code; returns 0, or NAN if the table has no such row. */
static inline double {function}(real code, const real *table, int n, int m, real *a)
{
    const int is_code = code >= 0 && code < n && floor(code) == code;
    const int row = is_code ? (int)code : 0;
    for (int o = 0; o < m; o++) a[o] = table[row * m + o];
    return is_code ? 0 : NAN;
}

"""
ONE_HOT_CODE = """\
/* a_j = 1 for the code j = 1 to n - 1; returns 0, or NAN for a number that is no code below n. */
static inline double {function}(real code, int n, real *a)
{
    for (int j = 1; j < n; j++) a[j - 1] = code == j;
    return code >= 0 && code < n && floor(code) == code ? 0 : NAN;
}

"""


def _category_codes(header: Header, operation: CategoryCodes, i: int) -> list[str]:
    code = CATEGORY_CODE.replace("LARGEST", repr(LARGEST_CATEGORY))
    function, lines = header.function_at(i, "category_code", code), header.copy(i, operation.source)
    for j, (column, numbers) in enumerate(
        zip(operation.columns, operation.categories, strict=True)
    ):
        listed = header.numbers(f"categories{j}", i, numbers)
        place = header.at(i, column)
        lines.append(f"{place} = {function}({place}, {listed}, {len(numbers)});")
    return lines


def _scale(header: Header, operation: Scale, i: int) -> list[str]:
    factors = header.numbers("scale", i, operation.factors)
    return [
        f"{header.at(i, j)} = {header.at(operation.source, column)} * {factors}[{j}];"
        for j, column in enumerate(operation.columns)
    ]


def _periodic(header: Header, operation: Periodic, i: int) -> list[str]:
    _, k, m = operation.W2.shape
    arrays = [(name, getattr(operation, name)) for name in ("w1", "b1", "W2", "b2")]
    function = header.function_at(i, "periodic", PERIODIC)
    return _by_column(header, operation, i, function, arrays, (k, m), m + 1)


def _piecewise_linear(header: Header, operation: PiecewiseLinear, i: int) -> list[str]:
    _, n, m = operation.V.shape
    arrays = [(name, getattr(operation, name)) for name in ("w", "b", "V", "edges")]
    function = header.function_at(i, "piecewise_linear", PIECEWISE_LINEAR)
    return _by_column(header, operation, i, function, arrays, (n, m), m)


def _embed(header: Header, operation: Embed, i: int) -> list[str]:
    function, start, lines = header.function_at(i, "embed", EMBED), 0, []
    for j, (column, table) in enumerate(zip(operation.columns, operation.tables, strict=True)):
        n_codes, m = table.shape
        rows = header.numbers(f"e{j}", i, table)
        code, place = header.at(operation.source, column), _place(header, i, start)
        lines.append(f"invalid += {function}({code}, {rows}, {n_codes}, {m}, {place});")
        start += m
    return lines


def _one_hot_codes(header: Header, operation: OneHotCodes, i: int) -> list[str]:
    function, start, lines = header.function_at(i, "one_hot_code", ONE_HOT_CODE), 0, []
    for column, n_codes in zip(operation.columns, operation.n_codes, strict=True):
        code, place = header.at(operation.source, column), _place(header, i, start)
        lines.append(f"invalid += {function}({code}, {n_codes}, {place});")
        start += n_codes - 1
    return lines


def _by_column(
    header: Header,
    operation: Periodic | PiecewiseLinear,
    i: int,
    function: str,
    arrays: list[tuple[str, Any]],
    sizes: tuple[int, int],
    n_outputs: int,
) -> list[str]:
    """Return a call for each column, with its part of the arrays."""
    names = [(header.numbers(name.lower(), i, part), part[0].size) for name, part in arrays]
    lines = []
    for j, column in enumerate(operation.columns):
        parts = [f"{name} + {j * size}" if j else name for name, size in names]
        x, place = header.at(operation.source, column), _place(header, i, j * n_outputs)
        arguments = [x, *parts, *map(str, sizes), place]
        lines.append(f"{function}({', '.join(arguments)});")
    return lines


def _place(header: Header, i: int, number: int) -> str:
    return f"&{header.at(i, number)}"


RENDERERS: Mapping[type, Renderer] = {
    CategoryCodes: _category_codes,
    Scale: _scale,
    Periodic: _periodic,
    PiecewiseLinear: _piecewise_linear,
    Embed: _embed,
    OneHotCodes: _one_hot_codes,
}
