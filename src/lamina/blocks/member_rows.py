"""Members of a network as further rows: arrays of k members, sample by sample or row by row.

Shapes: of samples (n_samples, k width), the members of a sample beside each other; as rows
(n_samples k, width), the members of a sample below each other. Both are views of the same numbers.
"""

from __future__ import annotations

import numpy as np

from lamina.formulas.noise import Draws
from lamina.formulas.table import Array


def rows_of(of_samples: Array, n_members: int) -> Array:
    """Return the members of every sample as rows."""
    return of_samples.reshape(len(of_samples) * n_members, -1)


def members_of(rows: Array, n_members: int) -> Array:
    """Return rows of members as one row a sample."""
    return rows.reshape(len(rows) // n_members, -1)


def sum_over_members(of_samples: Array, n_members: int) -> Array:
    """Return the sum of all members, (n_samples, width)."""
    return of_samples.reshape(len(of_samples), n_members, -1).sum(axis=1)


def draws_of_members(draws: Draws | None, n_members: int, own_rows: bool) -> Draws | None:
    """Return the inputs of draws in which every member of a sample is a row of its own.

    The rows of the draws are those of samples, or already those of their members.
    """
    if draws is None:
        return None
    of_samples = draws.rows.reshape(-1, n_members if own_rows else 1)
    return draws._replace(rows=(of_samples * n_members + np.arange(n_members)).ravel())
