"""Export of a fitted model to a single C99 header that needs only C's standard library.

The generated code uses no memory but the stack.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from numpy.typing import DTypeLike

from lamina.errors import ExportError
from lamina.export.c import inputs, network, table
from lamina.export.c.rendering import Header, c_type
from lamina.export.c.texts import string_array
from lamina.export.lowering.any_model import lower_any
from lamina.export.lowering.fitted_network import FittedModel
from lamina.export.lowering.network_operations import Features
from lamina.export.lowering.program import ModelProgram
from lamina.export.lowering.words import describe, layers_in_words
from lamina.formulas.table import AnyArray

# One function for each operation: the statements that compute one row of its matrix.
RENDERERS = {**table.RENDERERS, **inputs.RENDERERS, **network.RENDERERS}
REFUSED = network.REFUSED
HEADER = """\
/* {description}
   Written by lamina {version}. Layers: {layers}. C99, or C++; link with -lm. */
#ifndef {guard}
#define {guard}

{includes}

{n_features}#define {upper}_N_OUTPUTS {n_outputs}
{n_targets}
{classes}{row}{constants}
{functions}{predict}
#endif
"""
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


def to_c(
    model: FittedModel,
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
    source = render(lower_any(model, dtype), name)
    if path is not None:
        Path(path).write_text(source, encoding="utf-8")
    return source


def render(program: ModelProgram, name: str = "mlp") -> str:
    """Return a program as the source of a header; `name` begins all names in it."""
    import lamina

    header = Header(name, program)
    header.render(RENDERERS, REFUSED)
    return HEADER.format(
        name=name,
        upper=name.upper(),
        guard=f"{name.upper()}_H",
        description=describe(program),
        version=lamina.__version__,
        layers=layers_in_words(program),
        includes="\n".join(f"#include <{each}.h>" for each in header.includes),
        n_features=_n_features(name, program),
        n_outputs=program.n_columns,
        n_targets=_n_targets(name, program),
        classes=_classes(name, program),
        row=table.row_in_c(header) if program.takes_a_table else "",
        constants="".join(header.constants),
        functions="".join(header.functions.values()),
        predict=_predict(header),
    )


def _n_features(name: str, program: ModelProgram) -> str:
    if program.takes_a_table:
        return ""
    return f"#define {name.upper()}_N_FEATURES {program.n_features}\n"


def _n_targets(name: str, program: ModelProgram) -> str:
    heads = program.heads
    return f"#define {name.upper()}_N_TARGETS {len(heads)}\n" if heads else ""


def _outputs_in_words(program: ModelProgram) -> str:
    n = program.n_columns
    if program.targets is None:
        what = f"{n} predicted number{'s' if n > 1 else ''} at y"
        return f"{what} and their standard deviations at std" if program.has_std else what
    if program.heads:
        return f"the probabilities of {' and '.join(map(str, program.heads))} classes at y"
    what = "labels" if program.targets.kind == "multilabel" else "classes"
    return f"the probabilities of {n} {what} at y"


def _classes(name: str, program: ModelProgram) -> str:
    if program.targets is None:
        return ""
    if not program.heads:
        return labels_in_c(f"{name}_classes", program.targets.classes)
    widths = ", ".join(map(str, program.heads))
    columns = [labels_in_c(f"{name}_classes_{i}", c) for i, c in enumerate(program.targets.classes)]
    return f"static const int {name}_n_classes[{len(columns)}] = {{{widths}}};\n" + "".join(columns)


def labels_in_c(name: str, classes: AnyArray) -> str:
    """Return the definition of an array of labels."""
    labels = classes.tolist()
    kinds = {type(label) for label in labels}
    texts: Iterable[str]
    if kinds == {str}:
        return string_array(name, labels)
    if kinds <= {int, bool}:
        kind, texts = "long long", map(str, map(int, labels))
    elif kinds == {float}:
        kind, texts = "double", map(repr, labels)
    else:
        raise ExportError(
            f"a C header cannot represent the labels {labels}: fit the model to strings or numbers"
        )
    return f"static const {kind} {name}[{len(labels)}] = {{{', '.join(texts)}}};\n"


def _predict(header: Header) -> str:
    """Return the function that programs call."""
    program, real = header.program, c_type(header.program.dtype)
    names = {
        "name": header.name,
        "real": real,
        "row": f"{header.name}_row" if program.takes_a_table else real,
        "x": "x" if isinstance(program.operations[0], Features) else "row",
        "source": "a row" if program.takes_a_table else f"{program.n_features} features",
        "what": _outputs_in_words(program),
        "body": "\n".join(f"    {line}" for line in _body(header)),
    }
    if not program.has_std:
        return PREDICT.format(**names, function="predict", results=f"{real} *y")
    results = f"{real} *y, {real} *std"
    both = PREDICT.format(**names, function="predict_with_std", results=results)
    return both + PREDICT_ALONE.format(**names, n=program.n_columns)


def _body(header: Header) -> list[str]:
    """Return the statements of `predict`: arrays, all operations in turn, and the results."""
    program = header.program
    arrays = [f"{real} {array};" for array, real in header.arrays.items()]
    checked = any("invalid" in statement for statement in header.statements)
    lines = [*arrays, *(["double invalid = 0;"] if checked else []), *header.statements]
    start = 0
    for i, (result, width) in enumerate(zip(program.results, program.widths, strict=True)):
        array, place = ("std", "i") if program.has_std and i else ("y", _shifted(start))
        value = header.at(result)
        if checked:
            value = f"({c_type(program.dtype)})({value} + invalid)"
        lines.append(f"for (int i = 0; i < {width}; i++) {array}[{place}] = {value};")
        start += width
    return lines


def _shifted(start: int) -> str:
    return f"{start} + i" if start else "i"
