"""Draw any parameters of an estimator from its own constraints, including new parameters.

Numbers stay where a tiny fit ends soon, and include the edges of their ranges.
"""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

from hypothesis import strategies as st
from sklearn.utils._param_validation import Interval, Options, StrOptions

from lamina.inputs import Categorical, Periodic, PiecewiseLinear

# Files, custom code, and limits on time or memory, which other tests cover.
LEFT_OUT = {"callbacks", "checkpoint", "max_seconds", "random_state", "max_iter", "max_fun"}
# Values of parameters whose constraint is a container, which does not describe its content.
CONTAINERS: dict[str, st.SearchStrategy[Any]] = {
    "hidden_layer_sizes": st.lists(st.sampled_from([1, 3, 4]), max_size=3),
    "activation": st.lists(st.sampled_from(["relu", "prelu", "tanh"]), max_size=3),
    "dropout": st.lists(st.sampled_from([0.0, 0.3]), max_size=3),
    "inputs": st.sampled_from(
        [[Periodic(columns=0)], [PiecewiseLinear(columns=[1, 2], n_bins=3)], [Categorical()], []]
    ),
    "learning_rate_options": st.sampled_from([{}, {"period": 2}, {"factor": 0.5}]),
    "monitor": st.sampled_from([["validation_loss"], ["gradient_norm", "loss"], []]),
    "quantile": st.sampled_from([[0.2, 0.8], [0.9, 0.1], []]),
    "class_weight": st.sampled_from([{}, {0: 2.0}, [{0: 2.0}]]),
    "initializer": st.sampled_from([["he_normal"], ["he_normal", "zeros"]]),
}


def any_parameters(estimator: type) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a few parameters of an estimator, each from its own constraint."""
    constraints = estimator._parameter_constraints  # type: ignore[attr-defined]
    drawn = {
        name: values_of(name, options)
        for name, options in constraints.items()
        if name not in LEFT_OUT
    }
    names = st.sets(st.sampled_from(sorted(drawn)), max_size=7)
    return names.flatmap(
        lambda chosen: st.fixed_dictionaries({name: drawn[name] for name in sorted(chosen)})
    )


def values_of(name: str, options: list[Any]) -> st.SearchStrategy[Any]:
    """Draw a value that a parameter's constraints allow."""
    each = [_of_option(name, option) for option in options]
    found = [strategy for strategy in each if strategy is not None]
    assert found, f"no value of {name} is drawn: add it to LEFT_OUT or CONTAINERS"
    return st.one_of(found)


def _of_option(name: str, option: Any) -> st.SearchStrategy[Any] | None:
    if isinstance(option, (StrOptions, Options)):
        return st.sampled_from(sorted(option.options))
    if isinstance(option, Interval):
        return st.sampled_from(numbers_in(option))
    if option is None:
        return st.none()
    if option in ("boolean", "verbose"):
        return st.just(False) if name == "verbose" else st.booleans()
    if option in ("array-like", dict, list, tuple):
        return CONTAINERS.get(name)
    return None


def numbers_in(interval: Interval) -> list[float]:
    """Return some numbers in an interval, including those at its edges."""
    whole = interval.type is Integral
    candidates = [0, 1, 2, 3, 7] if whole else [0.0, 1e-12, 1e-3, 0.1, 0.5, 0.999, 1.0, 1.5, 3.0]
    low = -math.inf if interval.left is None else interval.left
    return [number for number in candidates if number in interval and number >= low]
