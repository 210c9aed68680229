"""Hyperparameters of one step that follow a schedule: their values times a multiplier each.

dropout            every fraction p of dropped units or inputs becomes m p
weight decay       λ becomes m λ
label smoothing    ε becomes m ε
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from lamina.engines.engine import Objective, Rows
from lamina.engines.optimizer import OptimizerSettings
from lamina.formulas.losses import LABEL_SMOOTHING


class Multipliers(NamedTuple):
    """Multipliers of one step, from 0 to 1, in the order of the columns that trainers receive."""

    dropout: float = 1.0
    weight_decay: float = 1.0
    label_smoothing: float = 1.0


UNCHANGED = Multipliers()


def smoothed(objective: Objective, rows: Rows, multiplier: float) -> tuple[Objective, Rows]:
    """Return the objective and the samples of a step whose label smoothing has this multiplier.

    Targets that are numbers have been smoothed by ε already, to y = (1 - ε) label + ε / 2, so they
    are moved about ½ to those of m ε:  ½ + (1 - m ε) / (1 - ε) (y - ½).
    """
    if isinstance(multiplier, float) and multiplier == 1:
        return objective, rows
    if LABEL_SMOOTHING.name in objective.hyperparameters:
        epsilon = float(objective.hyperparameters[LABEL_SMOOTHING.name])  # type: ignore[arg-type]
        changed = {**objective.hyperparameters, LABEL_SMOOTHING.name: epsilon * multiplier}
        return replace(objective, hyperparameters=changed), rows
    if not objective.target_smoothing:
        return objective, rows
    factor = target_factor(objective.target_smoothing, multiplier)
    y = (0.5 + factor * (rows.y - 0.5)).astype(rows.y.dtype, copy=False)
    return objective, rows._replace(y=y)


def target_factor(smoothing: float, multiplier: float) -> float:
    """Return the factor by which the distance of smoothed targets from ½ changes."""
    return (1 - smoothing * multiplier) / (1 - smoothing)


def with_decay(optimizer: OptimizerSettings, multiplier: float) -> OptimizerSettings:
    """Return the optimizer of a step whose weight decay has this multiplier."""
    if multiplier == 1:
        return optimizer
    return replace(optimizer, weight_decay=optimizer.weight_decay * multiplier)
