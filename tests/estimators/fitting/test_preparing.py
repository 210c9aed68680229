"""Preparation of a fit: bins and data initialization, once, and within the time limit."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from lamina import MLPRegressor
from lamina.estimators.fitting import input_stage, preparing
from lamina.inputs import PiecewiseLinear

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

random_state = np.random.RandomState(0)
X = random_state.uniform(-1, 1, (80, 3))
Y = np.sin(5 * X[:, 0]) + X[:, 1]
TREES = PiecewiseLinear(n_bins=6, n_outputs=2, bins="tree")
# Each way in which a fit divides its samples, and each loop that runs it.
FITS = {
    "all samples": {},
    "early stopping": {"early_stopping": True},
    "full batch": {"solver": "lbfgs"},
    "members": {"members": "shared", "early_stopping": True},
    "by data": {"initializer": "data", "early_stopping": True},
}


def regressor(**parameters):
    common = {"hidden_layer_sizes": (6,), "max_iter": 3, "random_state": 0, "inputs": TREES}
    return MLPRegressor(**{**common, **parameters})


@pytest.fixture
def trees(monkeypatch):
    """List of the columns for which trees are fitted; `interrupt_at` ends the fit at a place."""
    calls, fit_tree = [], input_stage.tree_edges

    def recorded(x, *others):
        if len(calls) == recorded.interrupt_at:
            raise KeyboardInterrupt
        calls.append(x)
        return fit_tree(x, *others)

    recorded.interrupt_at = None
    recorded.calls = calls
    monkeypatch.setattr(input_stage, "tree_edges", recorded)
    return recorded


@pytest.mark.parametrize("parameters", FITS.values(), ids=FITS)
def test_bins_are_computed_once_from_the_samples_that_train(trees, parameters):
    model = regressor(**parameters).fit(X, Y)
    assert len(trees.calls) == X.shape[1]
    n_training = 72 if model.early_stopping else 80
    assert {len(x) for x in trees.calls} == {n_training}


@pytest.mark.parametrize("early_stopping", [False, True])
def test_weights_are_fitted_to_data_once(monkeypatch, early_stopping):
    samples, fit = [], preparing.fit_to_rows

    def recorded(spec, vector, rows, *others):
        samples.append(len(rows))
        return fit(spec, vector, rows, *others)

    monkeypatch.setattr(preparing, "fit_to_rows", recorded)
    regressor(initializer="data", early_stopping=early_stopping).fit(X, Y)
    assert samples == [72 if early_stopping else 80]


def test_a_resumed_fit_computes_no_bins(trees, tmp_path):
    path = tmp_path / "fit.checkpoint"
    regressor(checkpoint=path).fit(X, Y)
    n_columns = len(trees.calls)
    resumed = regressor(max_iter=6).fit(X, Y, resume=path)
    assert len(trees.calls) == n_columns
    assert_array_equal(resumed.predict(X), regressor(max_iter=6).fit(X, Y).predict(X))


@pytest.mark.parametrize("parameters", FITS.values(), ids=FITS)
def test_the_time_limit_ends_the_preparation(trees, parameters):
    model = regressor(**parameters, max_seconds=1e-9).fit(X, Y)
    assert not trees.calls
    assert model.n_iter_ == 0
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("parameters", FITS.values(), ids=FITS)
def test_an_interrupt_of_the_preparation_leaves_the_model_as_it_was(trees, parameters):
    model = regressor(**parameters).fit(X, Y)
    expected, trees.interrupt_at = model.predict(X), len(trees.calls) + 1
    with pytest.raises(KeyboardInterrupt):
        model.fit(X + 1, Y)
    assert_array_equal(model.predict(X), expected)
