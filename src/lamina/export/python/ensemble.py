"""Export of a fitted ensemble for tables to a Python file that needs only NumPy."""

from __future__ import annotations

from typing import Any

from numpy.typing import DTypeLike

from lamina.export.lowering.ensemble_program import EnsembleProgram, MemberProgram
from lamina.export.lowering.ensembles import lower_ensemble
from lamina.export.lowering.fitted_network import FittedNetwork
from lamina.export.python.code import block_lines, function_code, head, labels_code
from lamina.export.python.table import array_text, operations_code
from lamina.tabular.calibration import LEAST_PROBABILITY

ENCODE = '''

def _encode(X):
    """Yield the inputs of each member in turn."""
{lines}
'''
NETWORK = """

def {name}({arguments}):
{lines}
    return {result}
"""
MEMBERS = """

# The weight, the network and its numbers of each member.
MEMBERS = [
{members}]
"""
FORWARD = """

def _forward(X):
    total = 0.0
    for a, (weight, network, arrays) in zip(_encode(X), MEMBERS):
        if not np.isfinite(a).all():
            raise ValueError("X holds infinity or NaN")
        p = network(a, *arrays).astype("float64")
        total = total + weight * {prediction}
    return {result}
"""
TEMPERED = """

def _tempered(p):
    logs = np.log(np.maximum(p, {least!r})) / {temperature!r}
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
"""


def ensemble_source(model: Any, dtype: DTypeLike | None) -> str:
    """Return the source of the file; see `to_python`."""
    program = lower_ensemble(model, dtype)
    code = operations_code(program)
    source = code.functions + code.constants + _encode(program, code.lines)
    source += _networks(program) + _forward(program) + _functions(program)
    classes = "" if program.targets is None else f"CLASSES = {_classes(program)}\n"
    description, layers = program.description, program.layers_in_words
    return head(description, layers, source, takes_a_table=True, more="", classes=classes) + source


def _classes(program: EnsembleProgram) -> str:
    assert program.targets is not None
    return labels_code(program.targets.classes)


def _encode(program: EnsembleProgram, lines: list[str]) -> str:
    """Return the generator of the members' inputs; each operation precedes its first use."""
    read, *matrices = lines
    ordered: list[str] = [read]
    n_written = 0
    for member in program.members:
        end = max(n_written, max(member.sources) + 1)
        ordered += [*matrices[n_written:end], f"    yield {_inputs(member)}"]
        n_written = end
    return ENCODE.format(lines="\n".join(ordered))


def _inputs(member: MemberProgram) -> str:
    sources = ", ".join(f"v{source}" for source in member.sources)
    return f'np.hstack([{sources}]).astype("{member.network.dtype.name}")'


def _networks(program: EnsembleProgram) -> str:
    """Return a function for each kind of network, and the numbers of all members."""
    names: dict[str, str] = {}
    members = []
    for member in program.members:
        code = _network(member.network)
        name = names.setdefault(code, f"_network_{len(names) + 1}")
        arrays = "".join(f"{array_text(each)},\n" for each in _arrays(member.network).values())
        members.append(f"    ({member.weight!r}, {name}, [\n{arrays}]),\n")
    functions = "".join(code.replace("{name}", name, 1) for code, name in names.items())
    return functions + MEMBERS.format(members="".join(members))


def _network(network: FittedNetwork) -> str:
    """Return a network's function from a matrix to probabilities or values, without its name."""
    lines = [
        line
        for i, block in enumerate(network.blocks, 1)
        for line in block_lines(block, i, "a", is_last=block is network.blocks[-1])
    ]
    if lines[-1].startswith("a = "):
        lines.append("z = a")
    result = network.inverse_link.code.numpy
    if network.is_binary:
        lines.append(f"p = {result}")
        result = "np.hstack([1 - p, p])"
    return NETWORK.format(
        name="{name}",
        arguments=", ".join(["a", *_arrays(network)]),
        lines="\n".join(f"    {line}" for line in lines),
        result=result,
    )


def _arrays(network: FittedNetwork) -> dict[str, Any]:
    """Return the numbers of a network by their names in its function."""
    arrays: dict[str, Any] = {}
    for i, block in enumerate(network.blocks, 1):
        arrays |= {f"W{i}": network.factor(block), f"b{i}": block.biases}
        arrays |= {f"{name}{i}": numbers for name, numbers in block.named.items()}
    return arrays


def _forward(program: EnsembleProgram) -> str:
    prediction = "p"
    if program.root_variance is not None:
        prediction = f"(p * np.abs(p) + {program.root_variance!r})"
    if program.range is not None:
        low, high = map(float, program.range)
        prediction = f"np.clip({prediction}, {low!r}, {high!r})"
    result, tempered = "total", ""
    if program.temperature != 1:
        tempered = TEMPERED.format(least=LEAST_PROBABILITY, temperature=program.temperature)
        result = "_tempered(total)"
    if program.dtype != "float64":
        result = f'{result}.astype("{program.dtype.name}")'
    return tempered + FORWARD.format(prediction=prediction, result=result)


def _functions(program: EnsembleProgram) -> str:
    if program.targets is None:
        what = "The prediction for each row"
        return function_code("predict", what, "(n_samples,)", "return _forward(X).ravel()")
    what = "The probability of each class, in the order of CLASSES"
    shape = f"(n_samples, {program.n_columns})"
    probabilities = function_code("predict_proba", what, shape, "return _forward(X)")
    body = "return CLASSES[_forward(X).argmax(axis=1)]"
    return probabilities + function_code("predict", "The class", "(n_samples,)", body)
