"""Compare models over many tables: how often one is better, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """One model compared with another, over the tables that both were measured on.

    Attributes
    ----------
    n_better, n_tables : int
    mean_relative_error : float
        The mean of error / other error - 1: -0.02 is an error 2 % lower.
    """

    n_better: int
    n_tables: int
    mean_relative_error: float


def compare(errors: Mapping[str, float], other_errors: Mapping[str, float]) -> Comparison:
    """Compare errors by table with another model's.

    Examples
    --------
    >>> compare({"adult": 0.09, "churn": 0.2}, {"adult": 0.1, "churn": 0.2})
    Comparison(n_better=1, n_tables=2, mean_relative_error=-0.05)
    """
    both = [name for name in errors if name in other_errors]
    relative = [errors[name] / other_errors[name] - 1 for name in both]
    n_better = sum(value < 0 for value in relative)
    mean = math.fsum(relative) / len(both) if both else math.nan
    return Comparison(n_better, len(both), round(mean, 12))
