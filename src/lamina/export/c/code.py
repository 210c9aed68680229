"""Pieces of a C header: frame, functions, a network's statements, and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from numpy.typing import NDArray

from lamina.errors import ExportError
from lamina.export.c.texts import number_array, string_array
from lamina.export.lowering.fitted_network import FittedBlock, FittedNetwork
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
ACTIVATION = "static inline real {name}_{activation}({arguments}) {{ return {formula}; }}\n\n"
ON_A_ROW = "static inline void {name}({arguments})\n{{\n{statements}\n}}\n\n"
DECIMAL = re.compile(r"(?<![\w.])(\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)", re.IGNORECASE)
FUNCTION_OF_MATH = re.compile(r"\b(exp|expm1|log|log1p|tanh|erf|erfc|sin|sqrt|fabs|fmin|fmax)\(")


def in_precision(code: str, real: str) -> str:
    """Return code on `real` numbers as C in float or double; for float, constants end in f.

    Examples
    --------
    >>> in_precision("real half = 0.5 * exp(z);", "float")
    'float half = 0.5f * expf(z);'
    """
    if real == "float":
        code = FUNCTION_OF_MATH.sub(r"\1f(", DECIMAL.sub(r"\1f", code))
    return re.sub(r"\breal\b", real, code)


def labels_in_c(name: str, classes: NDArray[Any]) -> str:
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


def _affine(name: str, network: FittedNetwork) -> str:
    if network.precision is None:
        return AFFINE.format(name=name, rounded="", factor="a[i]")
    precision = network.precision
    nearest = NEAREST.format(
        name=name, precision=precision.name, statements=_indented(precision.code.c)
    )
    rounded = ", a rounded as w is"
    return nearest + AFFINE.format(name=name, rounded=rounded, factor=f"{name}_nearest(a[i])")


def functions_in_c(name: str, networks: Sequence[FittedNetwork]) -> str:
    """Return the affine map, activations, normalizations and inverse link, each once.

    Numbers have the type real. All networks have the same inverse link and precision.
    """
    blocks = [block for network in networks for block in network.blocks]
    activations = {b.activation.name: b.activation for b in blocks if not b.is_affine}
    texts = [
        ACTIVATION.format(
            name=name,
            activation=activation.name,
            arguments=", ".join(f"real {each}" for each in ("z", *_names(activation.parameters))),
            formula=activation.code.c,
        )
        for activation in activations.values()
    ]
    used = {b.normalization.name: b.normalization for b in blocks if b.normalization}
    for normalization in used.values():
        arguments = [f"const real *{each}" for each in _arguments(normalization)]
        function = f"{name}_{normalization.name}_normalize"
        texts.append(_on_a_row(function, arguments, normalization.code.c))
    inverse_link = networks[0].inverse_link
    if inverse_link.code.c:
        texts.append(_on_a_row(f"{name}_inverse_link", [], inverse_link.code.c))
    return _affine(name, networks[0]) + "".join(texts)


def _on_a_row(name: str, arguments: list[str], code: str) -> str:
    arguments = ["real *z", "int n", *arguments]
    return ON_A_ROW.format(name=name, arguments=", ".join(arguments), statements=_indented(code))


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


def _arguments(normalization: Normalization) -> list[str]:
    return [*_names(normalization.parameters), *_names(normalization.statistics)]


def _names(records: Sequence[Named]) -> list[str]:
    return [record.name for record in records]


def weights_in_c(arrays: str, network: FittedNetwork, real: str) -> str:
    """Return the definitions of a network's arrays; their names begin with `arrays`."""
    return "".join(
        number_array(f"{real} {arrays}_{kind}{i}", numbers)
        for i, block in enumerate(network.blocks, 1)
        for kind, numbers in {
            "w": network.factor(block),
            "b": block.biases,
            **block.named,
        }.items()
    )


def blocks_in_c(name: str, arrays: str, network: FittedNetwork, last: str) -> list[str]:
    """Return the statements of all blocks, from the array x to the array `last`, of reals."""
    lines, a = list[str](), "x"
    for i, block in enumerate(network.blocks, 1):
        z = last if block is network.blocks[-1] else block.name
        if z != "y":
            lines.append(f"real {z}[{len(block.biases)}];")
        lines += _block(name, arrays, i, block, a, z)
        a = z
    return lines


def _block(name: str, arrays: str, i: int, block: FittedBlock, a: str, z: str) -> list[str]:
    """Return the statements of one block, from the array a to the array z."""
    fan_in, fan_out = block.weights.shape
    each = f"for (int j = 0; j < {fan_out}; j++) {z}[j]"
    lines = [f"{name}_affine({a}, {arrays}_w{i}, {arrays}_b{i}, {fan_in}, {fan_out}, {z});"]
    if block.normalization is not None:
        named = (f"{arrays}_{n}{i}" for n in _arguments(block.normalization))
        function = f"{name}_{block.normalization.name}_normalize"
        lines.append(f"{function}({', '.join([z, str(fan_out), *named])});")
    if not block.is_affine:
        learned = [f"{arrays}_{n}{i}[j]" for n in _names(block.activation.parameters)]
        arguments = [f"{z}[j]", *learned]
        lines.append(f"{each} = {name}_{block.activation.name}({', '.join(arguments)});")
    if block.residual:
        lines.append(f"{each} += {a}[j];")
    return lines
