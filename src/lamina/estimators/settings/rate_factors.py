"""Factors of the learning rate by group of tensors, as the parameter `rate_factors` has them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real

from lamina.blocks import RATE_GROUPS
from lamina.errors import suggestion
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.network.parameters import RateFactors


def as_rate_factors(factors: Mapping[str, float] | None) -> RateFactors:
    """Return the factors as pairs in the order of the groups, without those that are one.

    Examples
    --------
    >>> as_rate_factors({"scale": 6, "bias": 0.1, "weight": 1})
    (('bias', 0.1), ('scale', 6.0))
    """
    chosen = {} if factors is None else factors
    pairs = ((group, float(chosen.get(group, 1.0))) for group in RATE_GROUPS)
    return tuple((group, factor) for group, factor in pairs if factor != 1)


def rate_factors_of_no_group(model: Parametrized) -> str | None:
    """Return the message about an unknown group or a factor out of range, if there is one."""
    factors: Mapping[str, object] = model.rate_factors or {}
    for group, factor in factors.items():
        if group not in RATE_GROUPS:
            groups = ", ".join(f"{name!r} ({tensors})" for name, tensors in RATE_GROUPS.items())
            return (
                f"rate_factors={shown(factors)} names {group!r}, which is no group of tensors. Set "
                f"factors of {groups}.{suggestion(group, RATE_GROUPS)}"
            )
        if not _is_factor(factor):
            return (
                f"rate_factors={shown(factors)} multiplies the learning rate of {group!r} by "
                f"{shown(factor)}, which is no finite number from 0 on. Set a factor such as 0.1; "
                "0 keeps the initial values."
            )
    return None


def _is_factor(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return 0 <= float(value) < math.inf
