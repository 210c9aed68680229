"""Find the perceptron of lamina or scikit-learn inside an estimator: a pipeline, a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.fitted_network import get_network
from lamina.estimators.inspection.member_networks import require_one_network
from lamina.export import from_sklearn
from lamina.export.scikit_learn import THEIRS

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

OURS = (MLPClassifier, MLPRegressor)
# Attributes of meta-estimators that hold the fitted estimator, and the one passed to them.
HOLDERS: Mapping[str, str] = {
    "best_estimator_": "estimator",
    "regressor_": "regressor",
    "estimator_": "estimator",
}
_REFIT = ", of a search that was made with refit=True"


@dataclass(frozen=True)
class Inside:
    """A fitted perceptron and the transformers that precede it.

    Attributes
    ----------
    model : MLPClassifier or MLPRegressor
        A model of lamina; one of scikit-learn is converted, with its own arrays.
    before : tuple of transformers
        Fitted steps of pipelines, in order.
    before_targets : tuple of transformers
        Transformers of the targets, from TransformedTargetRegressor.
    """

    model: BaseEstimator
    before: tuple[BaseEstimator, ...] = ()
    before_targets: tuple[BaseEstimator, ...] = ()

    def rows(self, X: ArrayOrTable) -> ArrayOrTable:
        """Return the perceptron's input for X."""
        for step in self.before:
            X = step.transform(X)
        return X

    def targets(self, y: ArrayOrTable) -> ArrayOrTable:
        """Return the perceptron's targets for y."""
        for step in self.before_targets:
            values = np.asarray(y, dtype=np.float64)
            y = step.transform(values[:, np.newaxis] if values.ndim == 1 else values)
            y = y[:, 0] if values.ndim == 1 and y.shape[1] == 1 else y
        return y


def perceptron_inside(estimator: BaseEstimator) -> Inside:
    """Return the fitted perceptron inside an estimator.

    Parameters
    ----------
    estimator : estimator
        A perceptron of lamina or scikit-learn, a pipeline that ends with one, or a meta-estimator
        around one of these: a search, TransformedTargetRegressor, a classifier with a tuned
        threshold.

    Returns
    -------
    Inside

    Raises
    ------
    NotFittedError
        If the perceptron is not fitted.
    TypeError
        If there is no perceptron.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from lamina import MLPClassifier
    >>> from lamina.studies import perceptron_inside
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPClassifier((5,), tol=0.1)).fit(X, y)
    >>> inside = perceptron_inside(model)
    >>> inside.model is model[-1], bool((inside.rows(X) == model[0].transform(X)).all())
    (True, True)
    """
    if isinstance(estimator, Pipeline):
        last = perceptron_inside(estimator.steps[-1][1])
        steps = (step for _, step in estimator.steps[:-1])
        before = (step for step in steps if step not in (None, "passthrough"))
        return replace(last, before=(*before, *last.before))
    kind = type(estimator).__name__
    if isinstance(estimator, (*OURS, *THEIRS.values())):
        if not hasattr(estimator, "coefs_"):
            raise NotFittedError(f"this {kind} has no weights yet: call fit first")
        return Inside(estimator if isinstance(estimator, OURS) else from_sklearn(estimator))
    for fitted in HOLDERS:
        if hasattr(estimator, fitted):
            inside = perceptron_inside(getattr(estimator, fitted))
            scaler = getattr(estimator, "transformer_", None)
            of_targets = () if scaler is None else (scaler,)
            return replace(inside, before_targets=(*of_targets, *inside.before_targets))
    for fitted, access in HOLDERS.items():
        if hasattr(estimator, access):
            raise NotFittedError(
                f"this {kind} has no {fitted}: call fit first"
                f"{_REFIT if hasattr(estimator, 'cv_results_') else ''}"
            )
    raise TypeError(
        f"there is no multi-layer perceptron in a {kind}: give an MLPClassifier or MLPRegressor, "
        "lamina's or scikit-learn's, a pipeline that ends with one, or a search over one"
    )


def one_network_inside(estimator: BaseEstimator) -> Inside:
    """Return the fitted perceptron inside an estimator, whose layers are shown.

    Raises
    ------
    ValueError
        For independent members.
    NotFittedError, TypeError
        As in `perceptron_inside`.
    """
    inside = perceptron_inside(estimator)
    require_one_network(get_network(inside.model).spec)
    return inside
