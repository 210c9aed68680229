"""Networks with members: from the specification of one network, and back to each member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from lamina.blocks import AnyBlock, Dense, MemberHeads, SharedDense
from lamina.blocks.shared_dense import ONES
from lamina.network.network import Network
from lamina.network.parameters import ParameterLayout, block_parameters
from lamina.network.spec import NetworkSpec


class SharedMembers(NamedTuple):
    """Members that share the weights of a network.

    Attributes
    ----------
    n_members : int
    is_mini : bool
        If True, a member has its own r of the first block and its own head, and nothing else.
    first : str
        Initial r of the first block, a name in FIRST_SCALES.
    """

    n_members: int
    is_mini: bool = False
    first: str = "random_signs"


def with_members(spec: NetworkSpec, members: SharedMembers) -> NetworkSpec:
    """Return a network whose dense blocks are those of a network, shared by members.

    The last block becomes a head for each member. An input stage stays as it is.

    Examples
    --------
    >>> spec = NetworkSpec.perceptron([2, 3, 1], activation="relu", inverse_link="identity")
    >>> [block.kind for block in with_members(spec, SharedMembers(4)).blocks]
    ['shared_dense', 'member_heads']
    """
    blocks, dense = list[AnyBlock](), [b for b in spec.blocks if isinstance(b, Dense)]
    for block in spec.blocks:
        is_first = bool(dense) and block is dense[0]
        if not isinstance(block, Dense):
            blocks.append(block)
        elif block is dense[-1]:
            blocks.append(MemberHeads(block, members.n_members, is_first))
        else:
            is_full = not members.is_mini
            shared = SharedDense(
                block,
                members.n_members,
                repeats=is_first,
                scales_inputs=is_full or is_first,
                scales_outputs=is_full,
                own_biases=is_full,
                first=members.first if is_first else ONES,
            )
            blocks.append(shared)
    return replace(spec, blocks=tuple(blocks))


def member_networks(network: Network) -> list[Network]:
    """Return each member as a network of its own: r and s multiply the weights.

    It predicts as the member does inside the network, up to rounding. A network without members
    is its only member.
    """
    if not shares_blocks(network.spec):
        return [network]
    return [_member(network, i) for i in range(network.spec.n_members)]


def first_member(network: Network) -> Network:
    """Return the first member as `member_networks` does, without making the others."""
    return _member(network, 0) if shares_blocks(network.spec) else network


def _member(network: Network, index: int) -> Network:
    blocks, parts = list[AnyBlock](), list[Any]()
    for block, parameters in zip(network.spec.blocks, network.blocks, strict=True):
        if isinstance(block, SharedDense | MemberHeads):
            dense, of_member = block.member(parameters, index)
            blocks.append(dense)
            parts.append(of_member)
        else:
            blocks.append(block)
            parts.append(parameters)
    return _filled(network, tuple(blocks), parts)


def keep_members(network: Network, indices: Sequence[int]) -> Network:
    """Return a network of some members alone, in this order."""
    blocks, parts = list[AnyBlock](), []
    for block, parameters in zip(network.spec.blocks, network.blocks, strict=True):
        if isinstance(block, SharedDense | MemberHeads):
            parameters = block.Parameters(**block.keep(list(indices), parameters))
            block = replace(block, n_members=len(indices))
        blocks.append(block)
        parts.append(parameters)
    return _filled(network, tuple(blocks), parts)


def _filled(network: Network, blocks: tuple[AnyBlock, ...], parts: Sequence[Any]) -> Network:
    spec = replace(network.spec, blocks=blocks)
    n_parameters = ParameterLayout.from_spec(spec).n_parameters
    vector = np.empty(n_parameters, network.dtype)
    for places, values in zip(block_parameters(spec, vector), parts, strict=True):
        for place, value in zip(places, values, strict=True):
            place[...] = value
    return Network(spec, vector)


def shares_blocks(spec: NetworkSpec) -> bool:
    """Return True if members share the network's blocks."""
    return any(isinstance(block, SharedDense | MemberHeads) for block in spec.blocks)
