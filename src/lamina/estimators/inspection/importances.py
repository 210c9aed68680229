"""Compute feature importances by permutation and by integrated gradients.

Both return scikit-learn's Bunch: importances (n_features, n_repeats or n_samples), and their mean
and standard deviation (n_features,).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils import Bunch, check_consistent_length
from sklearn.utils.multiclass import unique_labels

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.inspection.passes import Passes
from lamina.formulas.table import AnyArray, Array


class PassesSamples(Protocol):
    """Estimator that passes samples through its network; only a classifier has classes."""

    classes_: AnyArray

    def _passes(self, X: ArrayOrTable) -> Passes: ...


def by_permutation(model: PassesSamples, X: ArrayOrTable, y: ArrayOrTable, **options: Any) -> Bunch:
    """Return the decrease of the score when a feature is shuffled, by scikit-learn's function."""
    # scikit-learn's inspection takes a tenth of a second to import, so it is imported on first use.
    from sklearn.inspection import permutation_importance

    return permutation_importance(model, X.toarray() if sparse.issparse(X) else X, y, **options)


def by_integrated_gradients(
    model: PassesSamples,
    X: ArrayOrTable,
    y: ArrayOrTable,
    *,
    baseline: ArrayLike = 0.0,
    n_steps: int = 50,
) -> Bunch:
    """Return |attribution| of each feature: for the logit of the true class, or for all outputs."""
    check_consistent_length(X, y)
    passes = model._passes(X)
    outputs = _own_outputs(model, y)
    directions = passes.directions() if outputs is None else [passes.build_directions(outputs)]
    parts = (passes.integrated_gradients(each, baseline, n_steps) for each in directions)
    added = np.sum([np.abs(part) for part in parts], axis=0)
    return _bunch(added.T)


def _own_outputs(model: PassesSamples, y: ArrayOrTable) -> NDArray[np.int64] | None:
    """Return the output of each sample's true class, or None if outputs are not classes."""
    if getattr(model, "_target_kind", None) != "multiclass":
        return None
    if unseen := sorted(set(unique_labels(y)) - set(model.classes_)):
        raise ValueError(f"`y` has classes not in `self.classes_`: {unseen}")
    return np.asarray(np.searchsorted(model.classes_, y))


def _bunch(importances: Array) -> Bunch:
    return Bunch(
        importances_mean=importances.mean(axis=1),
        importances_std=importances.std(axis=1),
        importances=importances,
    )


IMPORTANCES: dict[str, Callable[..., Bunch]] = {
    "permutation": by_permutation,
    "integrated_gradients": by_integrated_gradients,
}
