"""Forward and backward pass of a network in NumPy, block by block.

    forward    a of each block from a_prev, the first to the last, and p = inverse_link(a)
    backward   dL/da_prev of each block from dL/da, the last to the first

Shapes: X (n_samples, n_features); a (n_samples, width_out) of each block; prediction and logits
(n_samples, n_outputs). The logits are the a of the last block; the inverse link turns them into the
prediction, head by head. With k members the last a is (n_samples, k n_outputs), one member after
another, and the prediction the mean of theirs. lamina/blocks/ has the passes of each kind of block.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from lamina.blocks import BlockPass, Mode, Product
from lamina.formulas import INVERSE_LINKS
from lamina.formulas.noise import (
    INPUT_DROPOUT,
    INPUT_NOISE,
    Draws,
    dropout_factors,
    standard_normals,
)
from lamina.formulas.table import Array, Matrix
from lamina.network.network import Network
from lamina.network.spec import NetworkSpec

PREDICTING = Mode()


class Forward(NamedTuple):
    """Result of a forward pass: the values of each block, and the prediction."""

    blocks: list[BlockPass]
    prediction: Array

    @property
    def a(self) -> list[Matrix]:
        """Input of each block, X first, and the input of the inverse link last."""
        return [self.blocks[0].a_prev, *(passed.a for passed in self.blocks)]


def forward(network: Network, X: Matrix, mode: Mode = PREDICTING) -> Forward:
    """Run the forward pass: block by block, then the inverse link."""
    a, passes = with_noise(network.spec, X, mode.draws), []
    walk = zip(network.spec.blocks, network.blocks, strict=True)
    for stream, (block, parameters) in enumerate(walk, start=1):
        passes.append(block.forward(parameters, a, mode, stream))
        a = passes[-1].a
    return Forward(passes, predict_from(network.spec, a))


def with_noise(spec: NetworkSpec, X: Any, draws: Draws | None) -> Any:
    """Return the inputs of a training step: normal noise is added, then dropout is applied."""
    if draws is None:
        return X
    if spec.input_noise:
        normals = standard_normals(draws, INPUT_NOISE, X.shape)
        X = X + (spec.input_noise * normals).astype(X.dtype)
    if spec.input_dropout:
        kept = dropout_factors(draws, INPUT_DROPOUT, X.shape, spec.input_dropout)
        X = X * kept.astype(X.dtype)
    return X


def predict_from(spec: NetworkSpec, logits: Array) -> Array:
    """Return the prediction for the last a: the mean over the members of their predictions."""
    if spec.n_members == 1:
        return predict_member(spec, logits)
    return predict_members(spec, logits).mean(axis=1)


def predict_members(spec: NetworkSpec, logits: Array) -> Array:
    """Return each member's prediction for the last a, (n_samples, n_members, n_outputs)."""
    rows = predict_member(spec, logits.reshape(-1, spec.n_outputs))
    return rows.reshape(-1, spec.n_members, spec.n_outputs)


def predict_member(spec: NetworkSpec, logits: Array) -> Array:
    """Return the prediction for these logits, with the inverse link applied to each head."""
    inverse_link = INVERSE_LINKS[spec.inverse_link].value
    if not spec.heads:
        return inverse_link(logits)
    return np.hstack([inverse_link(logits[:, head]) for head in head_columns(spec)])


def compute_logits(spec: NetworkSpec, prediction: Array) -> Array:
    """Return logits for this prediction."""
    return INVERSE_LINKS[spec.inverse_link].link(prediction)


def head_columns(spec: NetworkSpec) -> list[slice]:
    """Return the columns of the outputs of each head."""
    ends = np.cumsum(spec.heads or (spec.n_outputs,)).tolist()
    return [slice(*columns) for columns in pairwise((0, *ends))]


def backward_blocks(
    network: Network, passed: Forward, d_a: Array, product: Product
) -> Iterator[tuple[int, Any]]:
    """Yield the index and the deltas of each block, the last one first, from the last dL/da."""
    for i, block in reversed([*enumerate(network.spec.blocks)]):
        deltas = block.backward(network.blocks[i], passed.blocks[i], d_a)
        yield i, deltas
        # Only the gradient at the inputs needs dL/da_prev of the first block.
        if i > 0:
            d_a = block.input_gradient(network.blocks[i], deltas, product)


def input_gradient(
    network: Network, passed: Forward, d_a: Array, product: Product = operator.matmul
) -> Array:
    """Return dL/dx, (n_samples, n_features), from dL/da of the last block.

    With members, d_a may be that of the mean of their logits, (n_samples, n_outputs).
    """
    if d_a.shape[1] != network.spec.blocks[-1].width_out:
        d_a = np.tile(d_a / network.spec.n_members, (1, network.spec.n_members))
    *_, (i, deltas) = backward_blocks(network, passed, d_a, product)
    return network.spec.blocks[i].input_gradient(network.blocks[i], deltas, product)


def move_statistics(network: Network, passed: Forward) -> None:
    """Update the running statistics by a batch, in place."""
    walk = zip(network.spec.blocks, network.blocks, passed.blocks, strict=True)
    for block, parameters, its_pass in walk:
        block.move_statistics(parameters, its_pass)
