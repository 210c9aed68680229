"""Conversion of a fitted network to operations, block by block, and of its outputs to results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from lamina.blocks.dense import Dense, DenseParameters
from lamina.blocks.independent_members import IndependentMembers, IndependentParameters
from lamina.blocks.input_stage import InputStage, StageParameters
from lamina.blocks.member_heads import MemberHeads
from lamina.blocks.shared_dense import SharedDense
from lamina.errors import ExportError
from lamina.export.lowering.builder import Lowering
from lamina.export.lowering.fitted_network import FittedNetwork
from lamina.export.lowering.formula_code import is_identity
from lamina.export.lowering.input_operations import CategoryCodes
from lamina.export.lowering.inputs import lower_stage
from lamina.export.lowering.network_operations import (
    Activate,
    AddResidual,
    Affine,
    Cast,
    Complement,
    Dropout,
    Dtype,
    InvertLink,
    Normalize,
    RequireFinite,
    Round,
    Sort,
    WeightedSum,
)
from lamina.export.lowering.operations import dtype_of
from lamina.export.lowering.program import TargetScale
from lamina.export.lowering.table_operations import Rescale, Take
from lamina.formulas import NORMALIZATIONS, Precision
from lamina.formulas.table import Array, Named
from lamina.network import Network


@dataclass(frozen=True)
class NetworkLowering:
    """Lowering of one network; `trains` if the operations of training alone are included."""

    lowering: Lowering
    precision: Precision | None
    trains: bool = False

    def rounded(self, source: int) -> int:
        """Return the left operand of a product, rounded if the network has a precision."""
        if self.precision is None:
            return source
        return self.lowering.add(Round(source, self.precision, self.lowering.width(source)))

    def dropped(self, source: int, rate: float) -> int:
        """Add a dropout if it is included."""
        if not (self.trains and rate):
            return source
        return self.lowering.add(Dropout(source, rate, self.lowering.width(source)))


def lower_blocks(lowering: NetworkLowering, network: Network, source: int) -> tuple[int, ...]:
    """Add all blocks of a network; return the indices of its logits, one for each member."""
    source = lowering.dropped(source, network.spec.input_dropout)
    sources: tuple[int, ...] = (source,)
    for block, parameters in zip(network.spec.blocks, network.blocks, strict=True):
        if isinstance(block, SharedDense | MemberHeads):
            sources = _members(lowering, block, parameters, sources)
        elif isinstance(block, IndependentMembers):
            sources = _independent(lowering, block, parameters, source)
        else:
            [source] = sources
            sources = (LOWERED[type(block)](lowering, block, parameters, source),)
    return sources


def _members(
    lowering: NetworkLowering,
    block: SharedDense | MemberHeads,
    parameters: Any,
    sources: tuple[int, ...],
) -> tuple[int, ...]:
    """Add the plain block of each member, whose W has the member's scales."""
    if lowering.precision is not None:
        raise ExportError(
            f"no export supports the members of block {block.name!r} with "
            f"precision={lowering.precision.name!r}, which rounds W without their scales: call "
            "set_params(precision=None) first"
        )
    sources = sources * block.n_members if len(sources) == 1 else sources
    return tuple(
        _dense(lowering, *block.member(parameters, i), source) for i, source in enumerate(sources)
    )


def _independent(
    lowering: NetworkLowering,
    block: IndependentMembers,
    parameters: IndependentParameters,
    source: int,
) -> tuple[int, ...]:
    """Add the blocks of each member; return the indices of their logits."""
    logits = []
    for member in range(block.n_members):
        value = source
        for inner, parts in zip(block.blocks, block.of_member(parameters, member), strict=True):
            value = LOWERED[type(inner)](lowering, inner, parts, value)
        logits.append(value)
    return tuple(logits)


def _dense(
    lowering: NetworkLowering, block: Dense, parameters: DenseParameters, source: int
) -> int:
    add, width = lowering.lowering.add, block.fan_out
    named = _named(block.learned, parameters.unit_parameters)
    named |= _named(block.statistics, parameters.statistics)
    operand, W = lowering.rounded(source), parameters.W
    if block.ntk:
        _refuse_rounded_ntk(block, lowering.precision)
        W = W * W.dtype.type(block.product_scale)
    value = add(Affine(operand, W, parameters.b, block.name, lowering.precision))
    if block.normalization is not None:
        normalization = NORMALIZATIONS[block.normalization]
        records: list[Named] = [*normalization.parameters, *normalization.statistics]
        value = add(Normalize(value, normalization, _chosen(named, records), width))
    activation = block.function
    if not is_identity(activation):
        value = add(Activate(value, activation, _chosen(named, activation.parameters), width))
    value = lowering.dropped(value, block.dropout)
    return add(AddResidual(value, source, width)) if block.residual else value


def _input_stage(
    lowering: NetworkLowering, block: InputStage, parameters: StageParameters, source: int
) -> int:
    return lower_stage(lowering.lowering, block, parameters, source)


def _refuse_rounded_ntk(block: Dense, precision: Precision | None) -> None:
    if precision is not None:
        raise ExportError(
            f"no export supports parametrization='ntk' of block {block.name!r} with "
            f"precision={precision.name!r}, which rounds W before the division by √fan_in: call "
            "set_params(precision=None) first"
        )


def _named(records: Sequence[Named], rows: Array) -> dict[str, Array]:
    return {record.name: row for record, row in zip(records, rows, strict=True)}


def _chosen(named: Mapping[str, Array], records: Sequence[Named]) -> dict[str, Array]:
    return {record.name: named[record.name] for record in records}


# One function for each kind of block.
LOWERED: Mapping[type, Callable[[NetworkLowering, Any, Any, int], int]] = {
    Dense: _dense,
    InputStage: _input_stage,
}


def lower_categories(lowering: Lowering, network: FittedNetwork, source: int) -> int:
    """Turn the categories of a network's matrix into codes, if it has columns of categories."""
    if not network.categories:
        return source
    dtype = dtype_of(lowering.operations, source)
    categories = tuple(numbers.astype(dtype) for numbers in network.categories.values())
    columns = tuple(network.categories)
    return lowering.add(CategoryCodes(source, columns, categories, lowering.width(source)))


def lower_inputs(lowering: Lowering, source: int, dtype: Dtype) -> int:
    """Convert a float64 matrix to the input of a network."""
    return lowering.add(RequireFinite(lower_cast(lowering, source, dtype), lowering.width(source)))


def lower_cast(lowering: Lowering, source: int, dtype: Dtype) -> int:
    """Convert a matrix to a dtype, unless it has it."""
    if dtype_of(lowering.operations, source) == dtype:
        return source
    return lowering.add(Cast(source, dtype, lowering.width(source)))


def lower_outputs(
    lowering: Lowering,
    network: FittedNetwork,
    logits: Sequence[int],
    target: TargetScale | None,
) -> tuple[int, ...]:
    """Add inverse link, mean over the members and target's scaling; return the results' indices.

    These are the probabilities of each column of labels, or the prediction, and its standard
    deviation if the network has one.
    """
    if network.heads:
        ends = accumulate(network.heads)
        heads = [range(end - n, end) for n, end in zip(network.heads, ends, strict=True)]
        by_head = [[lowering.add(Take(each, tuple(head))) for each in logits] for head in heads]
        return tuple(_inverted(lowering, network, parts) for parts in by_head)
    value = _inverted(lowering, network, logits)
    if target is not None:
        value = _scaled(lowering, network, value, target)
    width = lowering.width(value)
    if network.has_std:
        return tuple(lowering.add(Take(value, (*range(i, width, 2),))) for i in (0, 1))
    if network.n_quantiles > 1:
        value = lowering.add(Sort(value, network.n_quantiles, width))
    return (lowering.add(Complement(value)) if network.is_binary else value,)


def _inverted(lowering: Lowering, network: FittedNetwork, logits: Sequence[int]) -> int:
    """Return the prediction from the logits of each member: the mean of theirs."""
    link, width = network.inverse_link, lowering.width(logits[0])
    predictions = tuple(lowering.add(InvertLink(each, link, width)) for each in logits)
    if len(predictions) == 1:
        return predictions[0]
    weights = (1 / len(predictions),) * len(predictions)
    return lowering.add(WeightedSum(predictions, weights, width))


def _scaled(lowering: Lowering, network: FittedNetwork, value: int, target: TargetScale) -> int:
    """Return predictions in the units of the target; standard deviations have no offset."""
    factor, offset = target.factor, target.offset
    if network.has_std:
        factor = np.repeat(factor, 2)
        offset = np.stack([offset, np.zeros_like(offset)], axis=1).ravel()
    doubled = lower_cast(lowering, value, np.dtype(np.float64))
    scaled = lowering.add(Rescale(doubled, factor, offset))
    return lower_cast(lowering, scaled, network.dtype)
