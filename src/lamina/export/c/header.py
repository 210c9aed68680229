"""Export of a fitted model to a single C99 header that needs only C's standard library.

The generated code uses no memory but the stack.
"""

from __future__ import annotations

import itertools
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import DTypeLike

from lamina.export.c.code import (
    HEADER,
    blocks_in_c,
    functions_in_c,
    in_precision,
    labels_in_c,
    weights_in_c,
)
from lamina.export.c.table import encoding_in_c, headers, row_type
from lamina.export.c.texts import number_array
from lamina.export.lowering.fitted_network import ENSEMBLES, FittedNetwork
from lamina.export.lowering.models import lower
from lamina.export.lowering.program import Program

PREDICT = """\
/* From {source} to {what}, which must not overlap {x}. */
static inline void {name}_{function}(const {row} *{x}, {results})
{{
{body}
}}
"""
PREDICT_ALONE = """
/* The same without standard deviations. */
static inline void {name}_predict(const {row} *{x}, {real} *y)
{{
    {real} std[{n}];
    {name}_predict_with_std({x}, y, std);
}}
"""
# Insertion sort of the k quantiles of each target, since k is small.
SORT_IN_C = (
    "for (int i = 0; i < {n}; i++)",
    "    for (int j = i; j % {k} > 0 && y[j] < y[j - 1]; j--) {{",
    "        const real larger = y[j - 1];",
    "        y[j - 1] = y[j];",
    "        y[j] = larger;",
    "    }}",
)
PAIRS_IN_C = (
    "for (int j = 0; j < {n}; j++) {{",
    "    y[j] = output[2 * j];",
    "    std[j] = output[2 * j + 1];",
    "}}",
)


def to_c(
    model: Any,
    path: str | PathLike[str] | None = None,
    *,
    name: str = "mlp",
    dtype: DTypeLike | None = None,
) -> str:
    """Return a fitted model as the source of a C99 header without dependencies.

    Programs call one function, `mlp_predict(const float *x, float *y)`: it reads MLP_N_FEATURES
    numbers from x and writes MLP_N_OUTPUTS to y, the columns of a classifier's `predict_proba` or
    those of a regressor's prediction. It allocates no memory, keeps no state, and is thread-safe.
    A classifier's labels are in `mlp_classes`.

    If a TableEncoding or an encoder of categories precedes the network, the function is
    `mlp_predict(const mlp_row *row, float *y)`. The struct `mlp_row` has a field for each column
    that is read, named after it in ASCII letters, digits and underscores, with the column's own
    name in a comment: a double for a number, NAN where it is missing; a double for a date, the days
    since 1970-01-01 in UTC, NAN where it is missing; `const char *` for a category in UTF-8, NULL
    where it is missing. An unknown category is handled as in the model. If a number is infinite,
    or a category is unknown to a OneHotEncoder with handle_unknown='error', every output is NAN.

    After loss='gaussian_nll', `mlp_predict_with_std(x, y, std)` also writes the standard
    deviations. With several columns of labels, y holds the probabilities of one column after the
    other: MLP_N_TARGETS columns, with `mlp_n_classes[i]` numbers and the labels `mlp_classes_0`,
    `mlp_classes_1`, …

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor, Pipeline or \
            TransformedTargetRegressor
        Fitted; `to_python` lists the steps that a pipeline may have.
    path : str or path, optional
        File to write the source to, in addition to returning it.
    name : str, default='mlp'
        Prefix of all names in the header, so that one program can use several models.
    dtype : {'float32', 'float64'}, optional
        float or double; by default that of the model's weights, or float for a model with a
        `precision`, which sums in float32. Preprocessing is computed in double. The mean over the
        members of a TabularClassifier or TabularRegressor is a double, unless dtype='float32'.

    Returns
    -------
    str
        The source.

    Raises
    ------
    ExportError
        For a step of a pipeline, a parameter, or a column whose n-grams an ensemble uses, if the
        header cannot represent it (the message names it); and for weights too large for `dtype`.
    ValueError
        For a name that is not valid in C.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For any other object.

    Examples
    --------
    >>> import lamina
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = lamina.MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", max_iter=5000)
    >>> source = lamina.to_c(model.fit(X, y), name="diabetes", dtype="float32")
    >>> print(*[line for line in source.splitlines() if "_predict" in line])
    static inline void diabetes_predict(const float *x, float *y)
    """
    if not isinstance(name, str):
        raise TypeError(f"name={name!r} must be a str, such as 'mlp'")
    if not (name.isidentifier() and name.isascii()):
        raise ValueError(
            f"name={name!r} is not a valid name in C: use ASCII letters, digits and underscores"
        )
    if type(model).__name__ in ENSEMBLES:
        # Imported here because networks alone do not need the estimators for tables.
        from lamina.export.c.ensemble import ensemble_in_c

        source = ensemble_in_c(model, name, dtype)
    else:
        source = _source(lower(model, dtype), name)
    if path is not None:
        Path(path).write_text(source, encoding="utf-8")
    return source


def _source(program: Program, name: str) -> str:
    import lamina

    network = program.network
    real = "float" if network.dtype.itemsize == 4 else "double"
    return HEADER.format(
        name=name,
        upper=name.upper(),
        guard=f"{name.upper()}_H",
        description=network.description,
        version=lamina.__version__,
        layers=network.layers_in_words,
        includes=_includes(program),
        n_features=_n_features(name, program),
        n_outputs=network.n_columns,
        n_targets=_n_targets(name, network),
        classes=_classes(name, network),
        encoding=encoding_in_c(name, program, real) if program.operations else "",
        weights=_weights(name, program, real),
        functions=in_precision(functions_in_c(name, [network]), real),
        predict=_predict(name, program, real),
    )


def _includes(program: Program) -> str:
    rounding = [] if program.network.precision is None else ["stdint", "string"]
    names = dict.fromkeys(["math", *headers(program), *rounding])
    return "\n".join(f"#include <{header}.h>" for header in names)


def _n_features(name: str, program: Program) -> str:
    if program.takes_a_table:
        return ""
    return f"#define {name.upper()}_N_FEATURES {program.n_features}\n"


def _n_targets(name: str, network: FittedNetwork) -> str:
    heads = network.heads
    return f"#define {name.upper()}_N_TARGETS {len(heads)}\n" if heads else ""


def _outputs_in_words(network: FittedNetwork) -> str:
    n = network.n_columns
    if network.targets is None:
        what = f"{n} predicted number{'s' if n > 1 else ''} at y"
        return f"{what} and their standard deviations at std" if network.has_std else what
    if network.heads:
        return f"the probabilities of {' and '.join(map(str, network.heads))} classes at y"
    what = "labels" if network.targets.kind == "multilabel" else "classes"
    return f"the probabilities of {n} {what} at y"


def _classes(name: str, network: FittedNetwork) -> str:
    if network.targets is None:
        return ""
    if not network.heads:
        return labels_in_c(f"{name}_classes", network.targets.classes)
    widths = ", ".join(map(str, network.heads))
    columns = [labels_in_c(f"{name}_classes_{i}", c) for i, c in enumerate(network.targets.classes)]
    return f"static const int {name}_n_classes[{len(columns)}] = {{{widths}}};\n" + "".join(columns)


def _weights(name: str, program: Program, real: str) -> str:
    weights = weights_in_c(name, program.network, real)
    if (scale := program.output_scale) is not None:
        for kind, numbers in {"factor": scale.factor, "offset": scale.offset}.items():
            weights += number_array(f"double {name}_target_{kind}", numbers)
    return weights


def _predict(name: str, program: Program, real: str) -> str:
    """Return the function that programs call."""
    network = program.network
    numbers = {
        "name": name,
        "real": real,
        "row": row_type(name, program, real) if program.operations else real,
        "x": "row" if program.operations else "x",
        "source": "a row" if program.takes_a_table else f"{program.n_features} features",
    }
    what, body = _outputs_in_words(network), _body(name, program, real)
    if not network.has_std:
        results = f"{real} *y"
        return PREDICT.format(**numbers, function="predict", what=what, results=results, body=body)
    results, function = f"{real} *y, {real} *std", "predict_with_std"
    both = PREDICT.format(**numbers, function=function, what=what, results=results, body=body)
    return both + PREDICT_ALONE.format(**numbers, n=network.n_columns)


def _body(name: str, program: Program, real: str) -> str:
    """Return the statements of `predict`: all blocks in turn, the last one writing to y."""
    network, lines = program.network, list[str]()
    last = "output" if network.has_std else "y"
    if program.operations:
        lines += [f"{real} x[{network.widths[0]}];", f"{name}_encode(row, x);"]
    lines += blocks_in_c(name, name, network, last)
    if network.inverse_link.code.c:
        lines += [f"{name}_inverse_link({each});" for each in _heads(network, last)]
    if program.target is not None:
        scaled = f"{last}[j] * {name}_target_factor[j] + {name}_target_offset[j]"
        loop = f"for (int j = 0; j < {network.widths[-1]}; j++)"
        lines.append(f"{loop} {last}[j] = ({real})({scaled});")
    if network.has_std:
        lines += [line.format(n=network.n_columns) for line in PAIRS_IN_C]
    if network.n_quantiles > 1:
        lines += [line.format(n=network.widths[-1], k=network.n_quantiles) for line in SORT_IN_C]
    if network.is_binary:
        lines += ["y[1] = y[0];", "y[0] = 1 - y[1];"]
    return in_precision("\n".join(f"    {line}" for line in lines), real)


def _heads(network: FittedNetwork, y: str) -> list[str]:
    """Return the inverse link's arguments, the logits and their number: once, or for each head."""
    if not network.heads:
        return [f"{y}, {network.widths[-1]}"]
    starts = itertools.accumulate(network.heads, initial=0)
    return [f"&{y}[{start}], {n}" for start, n in zip(starts, network.heads, strict=False)]
