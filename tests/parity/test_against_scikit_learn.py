"""The same numbers as the installed scikit-learn's for the same seed, for every kind of fit.

scikit-learn fits every case once, and every engine fits it too; float64 weights, losses, scores and
predictions agree to 1e-8 of their largest element, numbers of epochs exactly.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import sklearn.neural_network
from scipy import sparse
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from tests.engines.local_engines import LOCAL_ENGINES

import lamina

SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "adam_with_other_betas": {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-4},
    "sgd_without_momentum": {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.02},
    "sgd_with_momentum": {"solver": "sgd", "nesterovs_momentum": False},
    "sgd_with_nesterov": {"solver": "sgd", "learning_rate_init": 0.005},
    "sgd_invscaling": {
        "solver": "sgd",
        "learning_rate": "invscaling",
        "learning_rate_init": 0.05,
        "power_t": 0.3,
    },
    "sgd_adaptive": {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "learning_rate_init": 0.005,
        "n_iter_no_change": 2,
        "tol": 0.02,
    },
    # Its line search amplifies a last bit tenfold in a few iterations, in scikit-learn as well.
    "lbfgs": {"solver": "lbfgs", "max_iter": 12},
}
TASKS = ["binary", "one_class", "multiclass", "multilabel", "regression", "two_targets", "poisson"]
WAYS = [
    "plain",
    "early_stopping",
    "weights",
    "weights_and_early_stopping",
    "negative_weights",
    "negative_weights_and_early_stopping",
    "sparse",
    "warm_start",
    "warm_start_and_early_stopping",
    "partial_fit",
    "partial_fit_after_fit",
    "unshuffled",
]
BY_EPOCHS_ONLY = {
    "early_stopping",
    "weights_and_early_stopping",
    # A loss with negative weights has no lower bound, and L-BFGS amplifies last bits.
    "negative_weights",
    "negative_weights_and_early_stopping",
    "warm_start_and_early_stopping",
    "partial_fit",
    "partial_fit_after_fit",
    "unshuffled",
}
# The other settings of sgd and adam change only the step, so fewer kinds of fit suffice.
EVERY_WAY = {"adam", "sgd_with_nesterov", "lbfgs"}
FEW_WAYS = {"plain", "early_stopping", "warm_start", "partial_fit"}
CASES = [
    (solver, task, way)
    for solver in SOLVERS
    for task in TASKS
    for way in WAYS
    if (solver in EVERY_WAY or way in FEW_WAYS) and (solver != "lbfgs" or way not in BY_EPOCHS_ONLY)
]


@cache
def rows_of(task: str) -> tuple[np.ndarray, np.ndarray]:
    if task == "multilabel":
        return make_multilabel_classification(70, 6, n_classes=4, random_state=3)
    if task in ("regression", "two_targets", "poisson"):
        targets = 2 if task == "two_targets" else 1
        X, y = make_regression(70, 6, n_informative=4, n_targets=targets, random_state=3)
        return X, np.round(np.exp(y / y.std())) if task == "poisson" else y / y.std()
    classes = {"binary": 2, "one_class": 2, "multiclass": 3}[task]
    X, y = make_classification(70, 6, n_informative=4, n_classes=classes, random_state=3)
    return X, np.array(["left", "middle", "right"])[y * (task != "one_class")]


def fitted(module: Any, solver: str, task: str, way: str, **extra: Any) -> tuple[Any, list[str]]:
    """Return an estimator of that module, fitted in that way, and its warnings."""
    X, y = rows_of(task)
    regression = task in ("regression", "two_targets", "poisson")
    parameters = {"hidden_layer_sizes": (7, 5), "batch_size": 16, "max_iter": 25}
    parameters |= {"random_state": 1, "alpha": 0.01} | SOLVERS[solver] | extra
    if task == "poisson":
        parameters["loss"] = "poisson"
    parameters["early_stopping"] = "early_stopping" in way
    parameters["validation_fraction"] = 0.3
    parameters["warm_start"] = "warm_start" in way
    parameters["shuffle"] = way != "unshuffled"
    estimator = module.MLPRegressor if regression else module.MLPClassifier
    weight = np.linspace(0.1, 2, len(X)) if "weights" in way else None
    if "negative" in way:
        # As in simulated collisions of particles: some events subtract.
        weight = np.where(np.arange(len(X)) % 5 == 0, -0.7, 1.3)
    X = sparse.csr_array(np.where(np.abs(X) > 0.7, X, 0)) if way == "sparse" else X
    model = estimator(**parameters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if way != "partial_fit":
            model.fit(X, y, sample_weight=weight)
        if "warm_start" in way:
            model.fit(X, y)
        if "partial_fit" in way:
            feed(model, X, y, regression)
    return model, [warning.category.__name__ for warning in caught]


def feed(model: Any, X: np.ndarray, y: np.ndarray, regression: bool) -> None:
    """Call partial_fit twelve times, on the two halves of the data in turn."""
    classes = {} if regression else {"classes": np.unique(y)}
    if y.ndim == 2 and not regression:
        classes = {"classes": np.arange(y.shape[1])}
    for call in range(12):
        half = slice(call % 2, None, 2)
        model.partial_fit(X[half], y[half], **classes)


theirs = cache(fitted)


@pytest.mark.parametrize("engine", LOCAL_ENGINES)
@pytest.mark.parametrize(("solver", "task", "way"), CASES)
def test_a_fit_has_the_same_numbers(
    assert_same: Callable[..., None], engine: str, solver: str, task: str, way: str
) -> None:
    ours, our_warnings = fitted(lamina, solver, task, way, engine=engine)
    expected, their_warnings = theirs(sklearn.neural_network, solver, task, way)
    assert our_warnings == their_warnings
    assert_same(ours, expected, rows_of(task)[0])


@pytest.mark.parametrize("engine", LOCAL_ENGINES)
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression", "two_targets"])
def test_lbfgs_starts_with_the_same_numbers_if_weights_are_negative(
    assert_same: Callable[..., None], engine: str, task: str
) -> None:
    way: dict[str, Any] = {"way": "negative_weights", "max_iter": 3}
    ours, our_warnings = fitted(lamina, "lbfgs", task, engine=engine, **way)
    expected, their_warnings = fitted(sklearn.neural_network, "lbfgs", task, **way)
    assert our_warnings == their_warnings
    assert_same(ours, expected, rows_of(task)[0])
