"""Call the scorers of `monitor=`, with sample weights where they support them.

Shapes: X (n_held_out, n_features), y (n_held_out,) or (n_held_out, n_outputs), weight
(n_held_out,) or None.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import config_context
from sklearn.utils._param_validation import InvalidParameterError

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.settings.monitoring import Scorer
from lamina.estimators.settings.parametrized import Parametrized


def measure_by(
    scorers: Mapping[str, Scorer],
    model: Parametrized,
    X: ArrayOrTable,
    y: ArrayOrTable,
    weight: ArrayLike | None,
) -> list[float]:
    """Return the value of each scorer, in the mapping's order.

    A scorer receives `sample_weight` if its signature has that argument; the others weight all
    samples equally, as in scikit-learn's own multimetric scoring.

    Raises
    ------
    InvalidParameterError
        For a scorer that does not return a number.
    ValueError
        For a scorer that cannot measure these samples; it is named.
    """
    # With metadata routing, scikit-learn would require a request of every scorer; the weights of
    # `fit` apply only to its own held-out samples, and no request is involved.
    with config_context(enable_metadata_routing=False):
        return [
            _number(name, _measured(name, scorer, model, X, y, weight))
            for name, scorer in scorers.items()
        ]


def _measured(
    name: str,
    scorer: Scorer,
    model: Parametrized,
    X: ArrayOrTable,
    y: ArrayOrTable,
    weight: ArrayLike | None,
) -> object:
    """Return a scorer's value; errors of scikit-learn's scorers get the monitor's name."""
    try:
        return scorer(model, X, y, **_weights_for(scorer, weight))
    except ValueError as error:
        if not hasattr(scorer, "_score_func"):
            error.add_note(f"in the scorer {name!r} of monitor=")
            raise
        raise ValueError(
            f"monitor={name!r}: the scorer {name!r} cannot measure the {len(y)} validation "
            f"samples: {error}.{_for_several_classes(name, model)}"
        ) from error


def _for_several_classes(name: str, model: Parametrized) -> str:
    """Return a sentence with the same metric's scorer for three classes, if there is one."""
    from sklearn.metrics import get_scorer_names

    classes = getattr(model, "classes_", None)
    several = [
        each for each in ("_ovr", "_macro", "_weighted") if name + each in get_scorer_names()
    ]
    if not several or not isinstance(classes, np.ndarray) or len(classes) < 3:
        return ""
    return f" y has {len(classes)} classes: set monitor={name + several[0]!r}."


def _weights_for(scorer: Scorer, weight: ArrayLike | None) -> dict[str, ArrayLike]:
    return {"sample_weight": weight} if weight is not None and accepts_weights(scorer) else {}


def accepts_weights(scorer: Scorer) -> bool:
    """Return True if a scorer takes `sample_weight` by that name.

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
    # scikit-learn's scorers take the argument themselves, and pass it to a metric that may not.
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
            f"monitor contains the scorer {name!r}, which returned {value!r} and must return a "
            "number: the higher, the better."
        ) from None
