"""Validation: rows held out of a fit, and the score of the network on them after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from lamina.engines.engine import Matrix
from lamina.formulas.table import Array


@dataclass(frozen=True)
class Validation:
    """The rows held out, of shape (n_held_out, n_features), and how a prediction is scored."""

    X: Matrix
    score: Callable[[Array], float]


def hold_out(
    n_rows: int,
    fraction: float,
    random_state: np.random.RandomState,
    strata: NDArray[Any] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The indices of the rows to learn from, and of those held out.

    Parameters
    ----------
    n_rows : int
    fraction : float
        How many of the rows are held out, between 0 and 1.
    random_state : RandomState
        Drawn from as scikit-learn's train_test_split does.
    strata : ndarray of shape (n_rows, ...), optional
        Groups that are divided evenly between both parts.

    Raises
    ------
    ValueError
        Where fewer than two rows would be held out, or a group has one row only.
    """
    learned, held_out = train_test_split(
        np.arange(n_rows), test_size=fraction, random_state=random_state, stratify=strata
    )
    if len(held_out) < 2:
        raise ValueError(
            f"The validation set is too small: validation_fraction={fraction} of {n_rows} rows "
            f"holds out {len(held_out)}, and at least 2 are needed. Raise 'validation_fraction', "
            "bring more rows, or set early_stopping=False."
        )
    return learned, held_out
