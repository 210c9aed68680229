"""A fitted model as one C99 header that needs C's own library, and no memory but the stack."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import DTypeLike, NDArray

from lamina.errors import ExportError
from lamina.export.c_table import encoding_in_c, headers, row_type
from lamina.export.c_texts import number_array, string_array
from lamina.export.fitted_network import FittedBlock, FittedNetwork
from lamina.export.model_program import lower
from lamina.export.program import Program
from lamina.formulas import Normalization
from lamina.formulas.table import Named

HEADER = """\
/* {description}
   Written by lamina {version}. Layers: {layers}. C99, or C++; link with -lm. */
#ifndef {guard}
#define {guard}

{includes}

{n_features}#define {upper}_N_OUTPUTS {n_outputs}
{n_targets}
{classes}{encoding}{weights}
{functions}{predict}
#endif
"""
AFFINE = """\
/* z = a w + b{rounded} */
static inline void {name}_affine(
    const real *a, const real *w, const real *b, int fan_in, int fan_out, real *z)
{{
    for (int j = 0; j < fan_out; j++) z[j] = b[j];
    for (int i = 0; i < fan_in; i++) {{
        const real factor = {factor};
        for (int j = 0; j < fan_out; j++) z[j] += factor * w[i * fan_out + j];
    }}
}}

"""
NEAREST = """\
/* The nearest number in {precision}. */
static inline float {name}_nearest(float z)
{{
{statements}
}}

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
ACTIVATION = "static inline real {name}_{activation}({arguments}) {{ return {formula}; }}\n\n"
ON_A_ROW = "static inline void {name}({arguments})\n{{\n{statements}\n}}\n\n"
# Insertion, which few numbers want, among the k quantiles of each target.
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
DECIMAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)", re.IGNORECASE)
FUNCTION_OF_MATH = re.compile(r"\b(exp|expm1|log|log1p|tanh|erf|erfc|sin|sqrt|fabs|fmin|fmax)\(")


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
    those of a regressor's prediction. It allocates nothing, keeps no state, and may run in several
    threads at once. A classifier's labels stand in `mlp_classes`.

    Where a TableEncoding, or categories, stand before the network, the function is
    `mlp_predict(const mlp_row *row, float *y)`. The struct `mlp_row` has a field for each column
    that is read, named after it in ASCII letters, digits and underscores, with the column's own
    name in a comment: a double for a number, NAN where it is missing; a double for a date, the days
    since 1970-01-01 in UTC, NAN where it is missing; `const char *` for a category in UTF-8, NULL
    where it is missing. A category that is unknown is answered for as the model does. Where a
    number is infinite, or a OneHotEncoder with handle_unknown='error' meets an unknown category,
    every output is NAN.

    After loss='gaussian_nll', `mlp_predict_with_std(x, y, std)` writes the standard deviations
    beside. Of several columns of labels, y holds each column's probabilities, one column after the
    other: MLP_N_TARGETS of them, with `mlp_n_classes[i]` numbers and the labels `mlp_classes_0`,
    `mlp_classes_1`, …

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, Pipeline or TransformedTargetRegressor
        Fitted; what a pipeline may hold is what `to_python` takes.
    path : str or path, optional
        Where to write the source as well.
    name : str, default='mlp'
        What all names in the header begin with, so that one program can hold several models.
    dtype : {'float32', 'float64'}, optional
        float or double; by default that of the model's weights, or the float that a `precision`
        sums in. What stands before the network is computed in double.

    Returns
    -------
    str
        The source.

    Raises
    ------
    ExportError
        For a step of a pipeline or a parameter that the header could not say, which the message
        names, and weights that are too large for `dtype`.
    ValueError
        For a name that is none in C.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For anything else than these models.

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

    import lamina

    if not isinstance(name, str):
        raise TypeError(f"name={name!r} must be a str, such as 'mlp'")
    if not (name.isidentifier() and name.isascii()):
        raise ValueError(f"name={name!r} is none in C: use ASCII letters, digits and underscores")
    program = lower(model, dtype)
    network = program.network
    real = "float" if network.dtype.itemsize == 4 else "double"
    source = HEADER.format(
        name=name,
        real=real,
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
        functions=in_precision(_affine(name, network) + _functions(name, network), real),
        predict=_predict(name, program, real),
    )
    if path is not None:
        Path(path).write_text(source, encoding="utf-8")
    return source


def in_precision(code: str, real: str) -> str:
    """C of `real` numbers in float or double: a float's functions and constants end in f.

    Examples
    --------
    >>> in_precision("real half = 0.5 * exp(z);", "float")
    'float half = 0.5f * expf(z);'
    """
    if real == "float":
        code = FUNCTION_OF_MATH.sub(r"\1f(", DECIMAL.sub(r"\1f", code))
    return re.sub(r"\breal\b", real, code)


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
        return _labels(f"{name}_classes", network.targets.classes)
    widths = ", ".join(map(str, network.heads))
    columns = [_labels(f"{name}_classes_{i}", c) for i, c in enumerate(network.targets.classes)]
    return f"static const int {name}_n_classes[{len(columns)}] = {{{widths}}};\n" + "".join(columns)


def _labels(name: str, classes: NDArray[Any]) -> str:
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
            f"a C header cannot say the labels {labels}: fit the model to strings, or to numbers"
        )
    return f"static const {kind} {name}[{len(labels)}] = {{{', '.join(texts)}}};\n"


def _weights(name: str, program: Program, real: str) -> str:
    network, arrays = program.network, list[str]()
    for i, block in enumerate(network.blocks, 1):
        arrays += [
            number_array(f"{real} {name}_w{i}", network.factor(block)),
            number_array(f"{real} {name}_b{i}", block.biases),
            *(number_array(f"{real} {name}_{n}{i}", array) for n, array in block.named.items()),
        ]
    if (scale := program.output_scale) is not None:
        for kind, numbers in {"factor": scale.factor, "offset": scale.offset}.items():
            arrays.append(number_array(f"double {name}_target_{kind}", numbers))
    return "".join(arrays)


def _affine(name: str, network: FittedNetwork) -> str:
    if network.precision is None:
        return AFFINE.format(name=name, rounded="", factor="a[i]")
    precision = network.precision
    nearest = NEAREST.format(
        name=name, precision=precision.name, statements=_indented(precision.code.c)
    )
    rounded = ", a rounded as w is"
    return nearest + AFFINE.format(name=name, rounded=rounded, factor=f"{name}_nearest(a[i])")


def _functions(name: str, network: FittedNetwork) -> str:
    """The activations, normalizations and the inverse link of a network, each once."""
    blocks = [block for block in network.blocks if not block.is_affine]
    activations = {block.activation.name: block.activation for block in blocks}
    texts = [
        ACTIVATION.format(
            name=name,
            activation=activation.name,
            arguments=", ".join(f"real {each}" for each in ("z", *_names(activation.parameters))),
            formula=activation.code.c,
        )
        for activation in activations.values()
    ]
    used = {b.normalization.name: b.normalization for b in network.blocks if b.normalization}
    for normalization in used.values():
        arguments = [f"const real *{each}" for each in _arguments(normalization)]
        function = f"{name}_{normalization.name}_normalize"
        texts.append(_on_a_row(function, arguments, normalization.code.c))
    if network.inverse_link.code.c:
        texts.append(_on_a_row(f"{name}_inverse_link", [], network.inverse_link.code.c))
    return "".join(texts)


def _on_a_row(name: str, arguments: list[str], code: str) -> str:
    arguments = ["real *z", "int n", *arguments]
    return ON_A_ROW.format(name=name, arguments=", ".join(arguments), statements=_indented(code))


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


def _arguments(normalization: Normalization) -> list[str]:
    return [*_names(normalization.parameters), *_names(normalization.statistics)]


def _names(records: Sequence[Named]) -> list[str]:
    return [record.name for record in records]


def _predict(name: str, program: Program, real: str) -> str:
    """What programs call."""
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
    """The statements of `predict`: every block in turn, the last one in y itself."""
    network, lines, a = program.network, list[str](), "x"
    last = "output" if network.has_std else "y"
    if program.operations:
        lines += [f"{real} x[{network.widths[0]}];", f"{name}_encode(row, x);"]
    for i, block in enumerate(network.blocks, 1):
        z = last if block is network.blocks[-1] else block.name
        if z != "y":
            lines.append(f"{real} {z}[{len(block.biases)}];")
        lines += _block(name, i, block, a, z)
        a = z
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
    """Return the inverse link's arguments, logits and their number: once, or for each head."""
    if not network.heads:
        return [f"{y}, {network.widths[-1]}"]
    starts = itertools.accumulate(network.heads, initial=0)
    return [f"&{y}[{start}], {n}" for start, n in zip(starts, network.heads, strict=False)]


def _block(name: str, i: int, block: FittedBlock, a: str, z: str) -> list[str]:
    """The statements of one block, from the array a to the array z."""
    fan_in, fan_out = block.weights.shape
    each = f"for (int j = 0; j < {fan_out}; j++) {z}[j]"
    lines = [f"{name}_affine({a}, {name}_w{i}, {name}_b{i}, {fan_in}, {fan_out}, {z});"]
    if block.normalization is not None:
        arguments = [z, str(fan_out), *(f"{name}_{n}{i}" for n in _arguments(block.normalization))]
        function = f"{name}_{block.normalization.name}_normalize"
        lines.append(f"{function}({', '.join(arguments)});")
    if not block.is_affine:
        learned = [f"{name}_{n}{i}[j]" for n in _names(block.activation.parameters)]
        arguments = [f"{z}[j]", *learned]
        lines.append(f"{each} = {name}_{block.activation.name}({', '.join(arguments)});")
    if block.residual:
        lines.append(f"{each} += {a}[j];")
    return lines
