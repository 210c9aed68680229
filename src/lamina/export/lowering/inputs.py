"""Conversion of an input stage to operations, group by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lamina.blocks import InputStage
from lamina.blocks.input_stage import StageParameters
from lamina.blocks.inputs import (
    CategoricalInputs,
    IdentityInputs,
    OneHotInputs,
    PeriodicInputs,
    PiecewiseLinearInputs,
    ScaledInputs,
)
from lamina.export.lowering.builder import Lowering
from lamina.export.lowering.input_operations import (
    Embed,
    OneHotCodes,
    Periodic,
    PiecewiseLinear,
    Scale,
)
from lamina.export.lowering.operations import Operation
from lamina.export.lowering.table_operations import Take
from lamina.formulas.table import Array


def lower_stage(
    lowering: Lowering, stage: InputStage, parameters: StageParameters, source: int
) -> int:
    """Add the operations of a stage's groups; return the index of a_0."""
    parts_of_groups = stage.parts_of_groups(parameters)
    scales = stage.scales_of_groups(parameters)
    outputs = []
    for group, parts, scale in zip(stage.groups, parts_of_groups, scales, strict=True):
        if not group.fan_out:
            continue
        output = lowering.add(LOWERED_INPUTS[type(group)](group, parts, source))
        if scale is not None:
            output = lowering.add(Scale(output, tuple(range(group.fan_out)), scale))
        outputs.append(output)
    return lowering.matrix(lowering.join(outputs))


def _identity(group: IdentityInputs, parts: Sequence[Array], source: int) -> Take:
    return Take(source, group.columns)


def _scaled(group: ScaledInputs, parts: Sequence[Array], source: int) -> Scale:
    return Scale(source, group.columns, *parts)


def _periodic(group: PeriodicInputs, parts: Sequence[Array], source: int) -> Periodic:
    return Periodic(source, group.columns, *parts)


def _piecewise_linear(
    group: PiecewiseLinearInputs, parts: Sequence[Array], source: int
) -> PiecewiseLinear:
    return PiecewiseLinear(source, group.columns, *parts)


def _categorical(group: CategoricalInputs, parts: Sequence[Array], source: int) -> Embed:
    return Embed(source, group.columns, tuple(parts))


def _one_hot(group: OneHotInputs, parts: Sequence[Array], source: int) -> OneHotCodes:
    return OneHotCodes(source, group.columns, group.n_codes)


# Supported fields of each kind of inputs; all other fields must have their defaults.
SUPPORTED_INPUTS: Mapping[type, frozenset[str]] = {
    IdentityInputs: frozenset({"columns"}),
    ScaledInputs: frozenset({"columns"}),
    PeriodicInputs: frozenset({"columns", "n_frequencies", "n_outputs", "sigma", "scaled"}),
    PiecewiseLinearInputs: frozenset({"columns", "n_bins", "n_outputs", "scaled"}),
    CategoricalInputs: frozenset({"columns", "n_codes", "n_outputs", "scaled"}),
    OneHotInputs: frozenset({"columns", "n_codes", "scaled"}),
}
# One function for each kind of inputs.
LOWERED_INPUTS: Mapping[type, Callable[[Any, Sequence[Array], int], Operation]] = {
    IdentityInputs: _identity,
    ScaledInputs: _scaled,
    PeriodicInputs: _periodic,
    PiecewiseLinearInputs: _piecewise_linear,
    CategoricalInputs: _categorical,
    OneHotInputs: _one_hot,
}
