"""Descriptions of a program in words, for the heads of exported files."""

from __future__ import annotations

from collections import Counter

from lamina.export.lowering.input_operations import InputOperation
from lamina.export.lowering.network_operations import (
    Activate,
    AddResidual,
    Affine,
    InvertLink,
    Normalize,
    Round,
)
from lamina.export.lowering.operations import Operation
from lamina.export.lowering.program import ModelProgram
from lamina.formulas import Activation


def describe(program: ModelProgram) -> str:
    """Return targets and inputs as a sentence."""
    what, n = results_in_words(program), program.n_networks
    if program.is_ensemble:
        columns = len(program.inputs) or program.n_features
        return (
            f"An ensemble of {n} multi-layer perceptron{'s' if n > 1 else ''} that predicts {what} "
            f"from {columns} column{'s' if columns > 1 else ''}."
        )
    # The first layer, or the first group of an input stage before it.
    first = next(each for each in program.operations if isinstance(each, Affine | InputOperation))
    n_features = program.operations[first.source].width
    return f"A multi-layer perceptron that predicts {what} from {n_features} features."


def results_in_words(program: ModelProgram) -> str:
    """Return the predicted targets, such as 'one of 3 classes'."""
    n = program.n_columns
    if program.targets is None:
        what = f"{n} number{'s' if n > 1 else ''}"
        whose = "their standard deviations" if n > 1 else "its standard deviation"
        return f"{what} and {whose}" if program.has_std else what
    if program.heads:
        widths = " and one of ".join(map(str, program.heads))
        return f"{len(program.heads)} labels, one of {widths},"
    return f"{n} labels" if program.targets.kind == "multilabel" else f"one of {n} classes"


def layers_in_words(program: ModelProgram) -> str:
    """Return widths, activations and inverse links, such as '4 → 8 relu → 3 softmax'.

    For an ensemble, with the number of networks: '4 of 9 → 256 silu → 2 softmax'.
    """
    counts = Counter(networks_in_words(program))
    if not program.is_ensemble:
        return next(iter(counts))
    return ", ".join(f"{n} of {layers}" for layers, n in counts.items())


def _with_values(activation: Activation) -> str:
    values = ", ".join(f"{name}={value:g}" for name, value in activation.values.items())
    return f"{activation.name}({values})" if values else activation.name


def networks_in_words(program: ModelProgram) -> list[str]:
    """Return the layers of each network, or of each member of a network."""
    networks: dict[int, str] = {}
    for operation in program.operations:
        if isinstance(operation, InvertLink):
            path = _path_to(program, operation)
            layers = [i for i in path if isinstance(program.operations[i], Affine)]
            # Several heads have the same layers.
            if layers:
                networks.setdefault(layers[-1], _layers(program, path, operation))
    return list(networks.values())


def _path_to(program: ModelProgram, operation: Operation) -> list[int]:
    """Return the operations from the first one to the source of this one."""
    path: list[int] = []
    while (source := getattr(operation, "source", None)) is not None:
        path.insert(0, source)
        operation = program.operations[source]
    return path


def _layers(program: ModelProgram, path: list[int], link: InvertLink) -> str:
    words, precision = list[str](), ""
    for i in path:
        match operation := program.operations[i]:
            case Affine():
                words += [] if words else [str(len(operation.weights))]
                words.append(f"→ {operation.width}")
            case Normalize():
                words.append(operation.formula.name)
            case Activate():
                words.append(_with_values(operation.formula))
            case AddResidual():
                words.append("residual")
            case Round():
                precision = f", products in {operation.formula.name}"
    return " ".join([*words, link.formula.name]) + precision
