"""Operations of an input stage in a Python file: each is an expression for one matrix."""

from __future__ import annotations

from collections.abc import Mapping

from lamina.export.lowering.input_operations import (
    LARGEST_CATEGORY,
    CategoryCodes,
    Embed,
    OneHotCodes,
    Periodic,
    PiecewiseLinear,
    Scale,
)
from lamina.export.python.rendering import Renderer, Source

CATEGORY_CODES = """

def _category_codes(x, columns, categories):
    x = x.copy()
    for column, listed in zip(columns, categories):
        values = x[:, column]
        whole = (values >= 0) & (values <= {largest!r}) & (np.floor(values) == values)
        valid = whole | np.isnan(values)
        if not valid.all():
            row = int(np.argmin(valid))
            raise ValueError(
                f"X[{{row}}, {{column}}] is {{values[row]}}, and column {{column}} holds "
                "categories, which are whole numbers from 0, or NaN where they are missing"
            )
        places = np.minimum(np.searchsorted(listed, values), len(listed) - 1)
        x[:, column] = np.where(listed[places] == values, places + 1, 0)
    return x
"""
PERIODIC = """

def _periodic(x, w1, b1, W2, b2):
    phase = (2 * np.pi * (x[:, :, np.newaxis] * w1) + b1).astype(x.dtype)
    embedded = np.einsum("nck,ckm->ncm", np.cos(phase), W2) + b2
    return np.concatenate([x[:, :, np.newaxis], embedded], axis=2).reshape(len(x), -1)
"""
PIECEWISE_LINEAR = """

def _piecewise_linear(x, w, b, V, edges):
    widths = np.diff(edges)
    wide = widths > 0
    first = wide & (np.cumsum(wide, axis=1) == 1)
    last = wide & (np.cumsum(wide[:, ::-1], axis=1)[:, ::-1] == 1)
    bins = (x[:, :, np.newaxis] - edges[:, :-1]) / np.where(wide, widths, 1).astype(x.dtype)
    bins = np.where(first, bins, np.maximum(bins, 0))
    bins = np.where(last, bins, np.minimum(bins, 1))
    encoded = np.where(wide, bins, 0).astype(x.dtype)
    embedded = x[:, :, np.newaxis] * w + b + np.einsum("nct,ctm->ncm", encoded, V)
    return embedded.reshape(len(x), -1)
"""
WHOLE_CODES = """

def _whole_codes(x, column, n_codes):
    codes = x[:, column]
    is_code = (codes >= 0) & (codes < n_codes) & (np.floor(codes) == codes)
    if not is_code.all():
        row = int(np.argmin(is_code))
        raise ValueError(
            f"X[{row}, {column}] is {codes[row]:g}, which is no code of column {column}: its "
            f"codes are the whole numbers from 0 to {n_codes - 1}"
        )
    return codes.astype("int64")
"""
EMBED = """

def _embed(x, columns, tables):
    each = zip(columns, tables)
    return np.hstack([table[_whole_codes(x, column, len(table))] for column, table in each])
"""
ONE_HOT_CODES = """

def _one_hot_codes(x, columns, n_codes):
    each = zip(columns, n_codes)
    parts = [_whole_codes(x, c, n)[:, np.newaxis] == np.arange(1, n) for c, n in each]
    return np.hstack(parts).astype(x.dtype)
"""


def _category_codes(source: Source, operation: CategoryCodes, i: int) -> str:
    source.function(CATEGORY_CODES.format(largest=LARGEST_CATEGORY))
    each = enumerate(operation.categories)
    listed = ", ".join(source.array(f"CATEGORIES{j}_", i, numbers) for j, numbers in each)
    x = source.name(operation.source)
    return f"_category_codes({x}, {list(operation.columns)}, [{listed}])"


def _scale(source: Source, operation: Scale, i: int) -> str:
    return f"{_columns(source, operation)} * {source.array('SCALE', i, operation.factors)}"


def _periodic(source: Source, operation: Periodic, i: int) -> str:
    source.function(PERIODIC)
    arrays = [source.array(f"{name}_", i, getattr(operation, name)) for name in PERIODIC_ARRAYS]
    return f"_periodic({', '.join([_columns(source, operation), *arrays])})"


def _piecewise_linear(source: Source, operation: PiecewiseLinear, i: int) -> str:
    source.function(PIECEWISE_LINEAR)
    arrays = [source.array(f"{name}_", i, getattr(operation, name)) for name in PIECEWISE_ARRAYS]
    return f"_piecewise_linear({', '.join([_columns(source, operation), *arrays])})"


def _embed(source: Source, operation: Embed, i: int) -> str:
    source.function(WHOLE_CODES)
    source.function(EMBED)
    tables = [source.array(f"E{j}_", i, table) for j, table in enumerate(operation.tables)]
    listed = ", ".join(tables)
    return f"_embed({source.name(operation.source)}, {list(operation.columns)}, [{listed}])"


def _one_hot_codes(source: Source, operation: OneHotCodes, i: int) -> str:
    source.function(WHOLE_CODES)
    source.function(ONE_HOT_CODES)
    columns, n_codes = list(operation.columns), list(operation.n_codes)
    return f"_one_hot_codes({source.name(operation.source)}, {columns}, {n_codes})"


def _columns(source: Source, operation: Scale | Periodic | PiecewiseLinear) -> str:
    return f"{source.name(operation.source)}[:, {list(operation.columns)}]"


PERIODIC_ARRAYS = ("w1", "b1", "W2", "b2")
PIECEWISE_ARRAYS = ("w", "b", "V", "edges")
RENDERERS: Mapping[type, Renderer] = {
    CategoryCodes: _category_codes,
    Scale: _scale,
    Periodic: _periodic,
    PiecewiseLinear: _piecewise_linear,
    Embed: _embed,
    OneHotCodes: _one_hot_codes,
}
