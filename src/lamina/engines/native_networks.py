"""Networks as the kernels of the native engine receive them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lamina import _native
from lamina.blocks import AnyBlock, Dense, InputGroup, InputStage, MemberHeads, SharedDense
from lamina.formulas import ACTIVATIONS
from lamina.network import NetworkSpec

DENSE = _native.BLOCKS[Dense.kind]

# Work of an output, a frequency or a bin of a column, in multiply-adds.
COLUMN_WORK = 16


# Cached, because fits of one shape follow each other, and the core only reads it.
@lru_cache(maxsize=64)
def declare_network(spec: NetworkSpec, precision: str | None) -> _native.Declaration:
    """Return the declaration of a network whose kinds of blocks the core supports."""
    stage = spec.input_stage
    return _native.Declaration(
        blocks=[_block(block) for block in spec.blocks],
        heads=list(spec.heads),
        input_dropout=spec.input_dropout,
        input_noise=spec.input_noise,
        precision=_precision(precision),
        groups=[] if stage is None else [_group(group) for group in stage.groups],
    )


def _block(block: AnyBlock) -> _native.Block:
    if isinstance(block, SharedDense | MemberHeads):
        return _members(block)
    if not isinstance(block, Dense):
        return _native.Block(_native.BLOCKS[block.kind], block.fan_in, block.fan_out)
    return _dense(block)


def _members(block: SharedDense | MemberHeads) -> _native.Block:
    options = {}
    if isinstance(block, SharedDense):
        options = {
            "scales_inputs": block.scales_inputs,
            "scales_outputs": block.scales_outputs,
            "own_biases": block.own_biases,
        }
    kind, k = _native.BLOCKS[block.kind], block.n_members
    return _dense(block.dense, kind=kind, n_members=k, repeats=block.repeats, **options)


def _dense(block: Dense, kind: int = DENSE, **members: Any) -> _native.Block:
    name, normalization = block.normalization, _native.NO_NORMALIZATION
    f = ACTIVATIONS[block.activation]
    if name is not None:
        normalization = _native.NORMALIZATIONS[name]
    return _native.Block(
        kind=kind,
        fan_in=block.fan_in,
        fan_out=block.fan_out,
        activation=_native.ACTIVATIONS[f.name],
        hyperparameters=f.numbers if f.hyperparameters else [],
        normalization=normalization,
        residual=block.residual,
        dropout=block.dropout,
        ntk=block.ntk,
        blend=block.blend,
        **members,
    )


def _group(group: InputGroup) -> _native.InputGroup:
    n_outputs, n_terms = group.sizes
    return _native.InputGroup(
        kind=_native.INPUTS[group.kind],
        columns=list(group.columns),
        n_outputs=n_outputs,
        n_terms=n_terms,
        n_codes=list(group.n_codes),
        scaled=bool(group.scaled),
    )


def _precision(name: str | None) -> int:
    return _native.FULL_PRECISION if name is None else _native.PRECISIONS[name]


def stage_work(stage: InputStage | None) -> int:
    """Return the work per sample of a pass over a stage, in multiply-adds."""
    if stage is None:
        return 0
    sizes = ((len(group.columns), *group.sizes) for group in stage.groups)
    return stage.fan_out + sum(COLUMN_WORK * n * (m + terms) for n, m, terms in sizes)
