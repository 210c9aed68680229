"""Allowed values of the parameters that are hyperparameters of the formulas."""

from __future__ import annotations

import math
from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

from lamina.formulas import LOSSES, PENALTIES, SCHEDULES, SOLVERS

HYPERPARAMETERS = {
    each.name: each
    for table in (SOLVERS, LOSSES, PENALTIES, SCHEDULES)
    for record in table.values()
    for each in record.hyperparameters
    if each.is_estimator_parameter
}


def allowed(name: str) -> list[object]:
    """Return the constraints on a parameter that is a hyperparameter of the formulas."""
    each = HYPERPARAMETERS[name]
    if each.kind == "boolean":
        return ["boolean"]
    lower, upper = max(each.above, each.at_least), min(each.below, each.at_most)
    has_lower, has_upper = lower == each.at_least, upper == each.at_most
    closed = {(1, 1): "both", (1, 0): "left", (0, 1): "right", (0, 0): "neither"}
    interval = Interval(
        Integral if each.kind == "integer" else Real,
        lower if math.isfinite(lower) else None,
        upper if math.isfinite(upper) else None,
        closed=closed[has_lower and math.isfinite(lower), has_upper and math.isfinite(upper)],
    )
    return [interval, "array-like"] if each.kind == "numbers" else [interval]
