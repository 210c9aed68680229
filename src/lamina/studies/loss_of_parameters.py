"""The loss of a fitted perceptron as a function of its parameters, on rows of one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lamina.engines import choose_engine
from lamina.engines.engine import Evaluator
from lamina.estimators.state import standardised_parameters_of
from lamina.formulas.table import Array
from lamina.network import NetworkSpec
from lamina.studies.inside import perceptron_inside
from lamina.training.callbacks import Snapshots


@dataclass(frozen=True)
class LossOfParameters:
    """A loss over all rows, whatever the parameters.

    Attributes
    ----------
    model : MLPClassifier or MLPRegressor
    spec : NetworkSpec
    parameters : ndarray of float64 of shape (n_parameters,)
        Those of the model.
    evaluate : callable
        `evaluate(parameters)`: the loss and its gradient.
    """

    model: Any
    spec: NetworkSpec
    parameters: Array
    evaluate: Evaluator


def loss_of_parameters(
    estimator: Any, X: Any, y: Any, sample_weight: Any = None, *, penalised: bool = True
) -> LossOfParameters:
    """The loss that trains the perceptron inside an estimator, in float64, without any noise.

    Parameters
    ----------
    estimator : estimator
        As for `perceptron_inside`.
    X, y : array-like
        What the estimator's fit takes.
    sample_weight : array-like of shape (n_samples,), optional
    penalised : bool, default=True
        Whether the penalty of `alpha` is in it.
    """
    inside = perceptron_inside(estimator)
    model = inside.model
    fit = model._assignment(
        inside.rows(X), inside.targets(y), sample_weight, fresh=False, incremental=True
    )
    # Of a fit that keeps a moving average, what predicts: pictures are of the model.
    predicting = standardised_parameters_of(model, fit.spec, fit.task.scaling)
    start = predicting.astype(np.float64)
    fit = replace(fit, start=start)
    objective = fit.objective if penalised else replace(fit.objective, alpha=0.0)
    engine = choose_engine(model.engine, model.n_threads)
    evaluate = engine.evaluator(fit.spec, objective, fit.rows)
    return LossOfParameters(model, fit.spec, start, evaluate)


def snapshots_of(estimator: Any) -> Snapshots | None:
    """The snapshots that the fit of the perceptron inside an estimator has left, if it has."""
    given = perceptron_inside(estimator).model.callbacks
    callbacks = given if isinstance(given, list | tuple) else [given]
    kept = [each for each in callbacks if isinstance(each, Snapshots) and len(each)]
    return kept[0] if kept else None
