"""Muon: steps along orthogonal matrices, so that every direction of a layer moves alike.

Shapes: W, G and M are (fan_in, fan_out); `slots` are matrices of that shape, the first of them M.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lamina.formulas.table import Array

# Makes a step's elements as large, in the root mean square, as AdamW's are in practice, so that one
# learning rate serves matrices and all other parameters (Liu et al. 2025, section 2.2).
SIZE_OF_ADAMW = 0.2
SMALLEST_NORM = 1e-7
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


def muon_matrix(
    W: Array,
    G: Array,
    slots: Sequence[Array],
    learning_rate: float,
    params: Mapping[str, float],
) -> None:
    """Update a matrix of weights, in place on W and M."""
    M, momentum = slots[0], params["momentum"]
    M *= momentum
    M += (1 - momentum) * G
    ahead = momentum * M + (1 - momentum) * G if params["nesterovs_momentum"] else M
    fan_in, fan_out = W.shape
    if params["matches_adamw"]:
        rate = learning_rate * SIZE_OF_ADAMW * max(W.shape) ** 0.5
    else:
        rate = learning_rate * max(1.0, fan_out / fan_in) ** 0.5
    W -= rate * orthogonalised(ahead)


def is_orthogonalised(matrix: int, n_matrices: int, params: Mapping[str, float]) -> bool:
    """Return True if Muon updates this matrix of weights, counted from 0, and not AdamW."""
    return not params["hidden_only"] or 0 < matrix < n_matrices - 1


def adamw_factors(params: Mapping[str, float]) -> tuple[float, float]:
    """Return the factors of the learning rate and of the weight decay of all that AdamW updates."""
    return float(params["adamw_rate"]), float(params["adamw_decay"])


def orthogonalised(G: Array) -> Array:
    """Return an approximation of U Vᵀ of G = U S Vᵀ, by five rounds of a Newton–Schulz iteration.

    The polynomial a s + b s³ + c s⁵ maps every singular value above 0.002 of the norm to about one,
    between 0.68 and 1.14. X is G or, if G has more rows than columns, Gᵀ:

        X ← G / ‖G‖;  A = X Xᵀ,  X ← a X + (b A + c A²) X
    """
    a, b, c = NEWTON_SCHULZ
    X = G.T if G.shape[0] > G.shape[1] else G
    X = X / np.fmax(np.linalg.norm(G), SMALLEST_NORM)
    for _ in range(ROUNDS):
        A = X @ X.T
        X = a * X + (b * A + c * (A @ A)) @ X
    return X.T if G.shape[0] > G.shape[1] else X
