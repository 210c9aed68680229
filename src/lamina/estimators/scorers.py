"""Scorers of `monitor=`: any callable, called with the weights that it supports.

Shapes: X (n_held_out, n_features), y (n_held_out,) or (n_held_out, n_outputs), weight
(n_held_out,) or None.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from sklearn import config_context
from sklearn.utils._param_validation import InvalidParameterError


def measure_by(
    scorers: Mapping[str, Callable[..., Any]], model: Any, X: Any, y: Any, weight: Any
) -> list[float]:
    """The value of each scorer, in the mapping's order.

    A scorer receives `sample_weight` where its signature has that argument; the others measure
    all rows alike, as scikit-learn's own multimetric scoring does.

    Raises
    ------
    InvalidParameterError
        For a scorer that returns no number.
    """
    # With metadata routing, scikit-learn would require a request of every scorer; the weights of
    # `fit` are for its own held-out rows, and no request is involved.
    with config_context(enable_metadata_routing=False):
        return [
            _number(name, scorer(model, X, y, **_weights_for(scorer, weight)))
            for name, scorer in scorers.items()
        ]


def _weights_for(scorer: Callable[..., Any], weight: Any) -> dict[str, Any]:
    return {"sample_weight": weight} if weight is not None and accepts_weights(scorer) else {}


def accepts_weights(scorer: Callable[..., Any]) -> bool:
    """Whether a scorer takes `sample_weight` by that name.

    Examples
    --------
    >>> accepts_weights(lambda model, X, y: 0.0)
    False
    >>> accepts_weights(lambda model, X, y, sample_weight=None: 0.0)
    True
    >>> from sklearn.metrics import get_scorer
    >>> accepts_weights(get_scorer("r2")), accepts_weights(get_scorer("neg_max_error"))
    (True, False)
    """
    # scikit-learn's scorers take the argument themselves, and pass it on to a metric that may not.
    if (supports := getattr(scorer, "_accept_sample_weight", None)) is not None:
        return bool(supports())
    try:
        parameters = inspect.signature(scorer).parameters
    except (TypeError, ValueError):
        return False
    by_keyword = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return "sample_weight" in parameters and parameters["sample_weight"].kind in by_keyword


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InvalidParameterError(
            f"monitor holds the scorer {name!r}, which returned {value!r} and must return a "
            "number: the higher, the better."
        ) from None
