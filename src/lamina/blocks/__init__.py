"""Blocks of a network: what each kind declares, computes and says of itself, one file a kind."""

from __future__ import annotations

from typing import Any, NamedTuple

from lamina.blocks.block import AnyBlock, Block, BlockPass, Role, Tensor
from lamina.blocks.dense import Dense
from lamina.blocks.independent_members import IndependentMembers, member_seed
from lamina.blocks.input_stage import InputStage
from lamina.blocks.inputs import INPUT_KINDS, InputGroup
from lamina.blocks.member_heads import MemberHeads
from lamina.blocks.mode import Mode, Product, product_in
from lamina.blocks.rate_groups import RATE_GROUPS
from lamina.blocks.shared_dense import SharedDense
from lamina.formulas.table import RecordTable


class BlockKind(NamedTuple):
    """A kind of block by its name in files."""

    name: str
    block: type[AnyBlock]


KINDS: tuple[type[AnyBlock], ...] = (
    Dense,
    SharedDense,
    MemberHeads,
    IndependentMembers,
    InputStage,
)
BLOCKS = RecordTable("kind of block", *(BlockKind(kind.kind, kind) for kind in KINDS))


def block_from_json(plain: dict[str, Any]) -> AnyBlock:
    """Return the block described by `Block.to_json`."""
    fields = dict(plain)
    return BLOCKS[fields.pop("kind")].block(**fields)


__all__ = [
    "BLOCKS",
    "INPUT_KINDS",
    "RATE_GROUPS",
    "AnyBlock",
    "Block",
    "BlockKind",
    "BlockPass",
    "Dense",
    "IndependentMembers",
    "InputGroup",
    "InputStage",
    "MemberHeads",
    "Mode",
    "Product",
    "Role",
    "SharedDense",
    "Tensor",
    "block_from_json",
    "member_seed",
    "product_in",
]
