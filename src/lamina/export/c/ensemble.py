"""Export of a fitted ensemble for tables to a C99 header."""

from __future__ import annotations

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
from lamina.export.c.table import EncodingInC, headers, operations_in_c
from lamina.export.lowering.ensemble_program import EnsembleProgram, MemberProgram
from lamina.export.lowering.ensembles import lower_ensemble
from lamina.tabular.calibration import LEAST_PROBABILITY

MEMBER = """\
/* One network of the ensemble, from its inputs to {what}. */
static inline void {arrays}(const real *x, real *y)
{{
{body}
}}

"""
PREDICT = """\
/* From a row to {what}. */
static inline void {name}_predict(const {name}_row *row, {io} *y)
{{
{body}
}}
"""
# softmax(log(p) / T).
TEMPER = (
    "double largest = -INFINITY, total = 0;",
    "for (int j = 0; j < {n}; j++) {{",
    "    const double p = mean[j] > {least!r} ? mean[j] : {least!r};",
    "    mean[j] = log(p) / {temperature!r};",
    "    if (mean[j] > largest) largest = mean[j];",
    "}}",
    "for (int j = 0; j < {n}; j++) total += mean[j] = exp(mean[j] - largest);",
    "for (int j = 0; j < {n}; j++) mean[j] /= total;",
)


def ensemble_in_c(model: Any, name: str, dtype: DTypeLike | None) -> str:
    """Return the source of the header; see `to_c`."""
    import lamina

    program = lower_ensemble(model, dtype)
    encoding = operations_in_c(name, program)
    networks = [member.network for member in program.members]
    real = _c_type(program.network_dtype)
    functions = functions_in_c(name, networks) + "".join(
        _member(name, i, member) for i, member in enumerate(program.members)
    )
    classes = ""
    if program.targets is not None:
        classes = labels_in_c(f"{name}_classes", program.targets.classes)
    return HEADER.format(
        name=name,
        upper=name.upper(),
        guard=f"{name.upper()}_H",
        description=program.description,
        version=lamina.__version__,
        layers=program.layers_in_words,
        includes="\n".join(f"#include <{each}.h>" for each in ["math", *headers(program)]),
        n_features="",
        n_outputs=program.n_columns,
        n_targets="",
        classes=classes,
        encoding=encoding.definitions,
        weights="".join(
            weights_in_c(_arrays(name, i), network, real) for i, network in enumerate(networks)
        ),
        functions=in_precision(functions, real),
        predict=_predict(name, program, encoding, real),
    )


def _c_type(dtype: Any) -> str:
    return "float" if dtype.itemsize == 4 else "double"


def _arrays(name: str, member: int) -> str:
    """Return the prefix of the names of a member's function and arrays."""
    return f"{name}_member_{member + 1}"


def _member(name: str, i: int, member: MemberProgram) -> str:
    """Return the function of a member's network, on reals."""
    network = member.network
    lines = blocks_in_c(name, _arrays(name, i), network, "y")
    if network.inverse_link.code.c:
        lines.append(f"{name}_inverse_link(y, {network.widths[-1]});")
    if network.is_binary:
        lines += ["y[1] = y[0];", "y[0] = 1 - y[1];"]
    what = "its value" if network.targets is None else "the probabilities of all classes"
    return MEMBER.format(arrays=_arrays(name, i), what=what, body=_indented(lines))


def _predict(name: str, program: EnsembleProgram, encoding: EncodingInC, real: str) -> str:
    """Return the function that programs call: all members in turn, and their mean."""
    n, io = program.n_columns, _c_type(program.dtype)
    what = "1 predicted number at y"
    if program.targets is not None:
        what = f"the probabilities of {n} classes at y"
    lines = [f"double mean[{n}];", *encoding.statements]
    lines.append(f"for (int j = 0; j < {n}; j++) mean[j] = 0;")
    for i, member in enumerate(program.members):
        lines += ["{", *(f"    {line}" for line in _added(name, i, program, encoding, real)), "}"]
        assert member.network.n_columns == n
    if program.temperature != 1:
        numbers = {"n": n, "least": LEAST_PROBABILITY, "temperature": program.temperature}
        lines += [line.format(**numbers) for line in TEMPER]
    lines.append(f"for (int j = 0; j < {n}; j++) y[j] = ({io})(mean[j] + invalid);")
    return PREDICT.format(name=name, io=io, what=what, body=_indented(lines))


def _added(
    name: str, i: int, program: EnsembleProgram, encoding: EncodingInC, real: str
) -> list[str]:
    """Return the statements that add a member's prediction, times its weight, to the mean."""
    member, n = program.members[i], program.n_columns
    lines, offset = [f"{real} x[{program.width(member)}], p[{n}];"], 0
    for source in member.sources:
        width, value = program.operations[source].width, encoding.encoder.at(source)
        place = f"{offset} + i" if offset else "i"
        lines.append(f"for (int i = 0; i < {width}; i++) x[{place}] = ({real}){value};")
        offset += width
    lines.append(f"{_arrays(name, i)}(x, p);")
    value = "(double)p[j]"
    if program.root_variance is not None:
        value = f"({value} * fabs({value}) + {program.root_variance!r})"
    if program.range is not None:
        low, high = map(float, program.range)
        value = f"({value} < {low!r} ? {low!r} : {value} > {high!r} ? {high!r} : {value})"
    lines.append(f"for (int j = 0; j < {n}; j++) mean[j] += {member.weight!r} * {value};")
    return lines


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
