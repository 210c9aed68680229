"""Muon: steps along orthogonal matrices, so that every direction of a layer moves alike.

Shapes: W, G and M are (fan_in, fan_out); `slots` are matrices of that shape, the first of them M.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lamina.formulas.table import Array

# So that one learning rate serves matrices and all else: a step's elements are then as large, in
# the root mean square, as AdamW's are in practice (Liu et al. 2025, section 2.2).
SIZE_OF_ADAMW = 0.2
SMALLEST_NORM = 1e-7
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


def muon_matrix(
    W: Array,
    G: Array,
    slots: Sequence[Array],
    step: int,
    learning_rate: float,
    of: Mapping[str, float],
) -> None:
    """One step of a matrix of weights, in place on W and M."""
    M, momentum = slots[0], of["momentum"]
    M *= momentum
    M += (1 - momentum) * G
    ahead = momentum * M + (1 - momentum) * G if of["nesterovs_momentum"] else M
    W -= learning_rate * SIZE_OF_ADAMW * max(W.shape) ** 0.5 * orthogonalised(ahead)


def orthogonalised(G: Array) -> Array:
    """Nearly U Vᵀ of G = U S Vᵀ, by five rounds of a Newton–Schulz iteration.

    The polynomial a s + b s³ + c s⁵ takes every singular value to about one: between 0.68 and 1.14,
    from 0.002 of the norm on. X is G or, where G has more rows than columns, Gᵀ:

        X ← G / ‖G‖;  A = X Xᵀ,  X ← a X + (b A + c A²) X
    """
    a, b, c = NEWTON_SCHULZ
    X = G.T if G.shape[0] > G.shape[1] else G
    X = X / max(float(np.linalg.norm(G)), SMALLEST_NORM)
    for _ in range(ROUNDS):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X.T if G.shape[0] > G.shape[1] else X
