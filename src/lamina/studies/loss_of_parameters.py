"""The loss of a fitted perceptron as a function of its parameters, on given samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lamina.encoding.frames import ArrayOrTable
from lamina.engines import choose_engine
from lamina.engines.engine import Evaluator
from lamina.estimators.fitting.preparing import prepare_fit
from lamina.estimators.fitting.state import get_standardised_parameters
from lamina.estimators.settings.fit_settings import resolve_settings
from lamina.formulas.table import Array
from lamina.network import Network
from lamina.studies.inside import perceptron_inside
from lamina.training.callbacks import Snapshots

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class LossOfParameters:
    """A loss over all samples as a function of the parameters.

    Attributes
    ----------
    model : MLPClassifier or MLPRegressor
    network : Network
        The network of the model, in float64.
    evaluate : callable
        `evaluate(parameters)` returns the loss and its gradient.
    """

    model: BaseEstimator
    network: Network
    evaluate: Evaluator

    @property
    def parameters(self) -> Array:
        """Parameters of the model, float64 of shape (n_parameters,)."""
        return self.network.parameters


def loss_of_parameters(
    estimator: BaseEstimator,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayOrTable = None,
    *,
    penalised: bool = True,
) -> LossOfParameters:
    """Return the training loss of the perceptron inside an estimator, in float64 and without noise.

    Parameters
    ----------
    estimator : estimator
        As for `perceptron_inside`.
    X, y : array-like
        As for the estimator's `fit`.
    sample_weight : array-like of shape (n_samples,), optional
    penalised : bool, default=True
        If True, the loss includes the penalty of `alpha`.
    """
    inside = perceptron_inside(estimator)
    model = inside.model
    settings, rows, targets = resolve_settings(model), inside.rows(X), inside.targets(y)
    fit = prepare_fit(model, settings, rows, targets, sample_weight, fresh=False, incremental=True)
    # If the fit keeps a moving average, use the average, as predictions do.
    predicting = get_standardised_parameters(model, fit.spec, fit.task.scaling)
    start = predicting.astype(np.float64)
    fit = fit.starting_from(start)
    objective = fit.objective if penalised else replace(fit.objective, alpha=0.0)
    engine = choose_engine(
        settings.engine, settings.n_threads, spec=fit.spec, device=settings.device
    )
    evaluate = engine.evaluator(fit.spec, objective, fit.rows)
    return LossOfParameters(model, fit.network(start), evaluate)


def find_snapshots(estimator: BaseEstimator) -> Snapshots | None:
    """Return the snapshots among the callbacks of the perceptron inside an estimator, or None."""
    chosen = perceptron_inside(estimator).model.callbacks
    callbacks = chosen if isinstance(chosen, list | tuple) else [chosen]
    kept = [each for each in callbacks if isinstance(each, Snapshots) and len(each)]
    return kept[0] if kept else None
