"""Gradient flow: norms by layer equal those of backpropagation, at every snapshot."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier as ScikitMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.studies import gradient_flow
from lamina.training.callbacks import Snapshots

X, y = load_iris(return_X_y=True)
BRIEF = {"max_iter": 6, "tol": 10, "n_iter_no_change": 5, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def log_loss(model, X, y):
    return -np.log(model.predict_proba(X)[np.arange(len(y)), y]).mean()


def test_the_norms_equal_finite_differences_of_the_loss_without_penalty():
    model = MLPClassifier((3, 2), "tanh", alpha=5.0, **BRIEF).fit(X, y)
    flow = gradient_flow(model, X, y)
    assert flow.layers == ("hidden_1", "hidden_2", "output")
    assert flow.epochs == (model.n_iter_,)
    for layer, W in enumerate(model.coefs_):
        gradients, step = np.empty_like(W), 1e-6
        for place in np.ndindex(W.shape):
            kept = W[place]
            W[place] = kept + step
            above = log_loss(model, X, y)
            W[place] = kept - step
            gradients[place] = (above - log_loss(model, X, y)) / (2 * step)
            W[place] = kept
        np.testing.assert_allclose(flow.norms[0, layer], np.linalg.norm(gradients), rtol=1e-6)
        np.testing.assert_allclose(flow.weights[0, layer], np.linalg.norm(W))
    np.testing.assert_allclose(flow.relative, flow.norms / flow.weights)


def test_snapshots_give_a_row_for_every_stored_epoch():
    snapshots = Snapshots(every=2)
    model = MLPClassifier((3,), callbacks=[snapshots], **BRIEF).fit(X, y)
    flow = gradient_flow(model, X, y)
    assert list(flow.epochs) == snapshots.epochs == [0, 2, 4, 6]
    for row, epoch in zip(flow.norms, snapshots.epochs, strict=True):
        then = gradient_flow(snapshots.get_model(epoch), X, y)
        np.testing.assert_allclose(row, then.norms[0], rtol=1e-12)
        assert then.epochs == (epoch,)
    passed = gradient_flow(snapshots.get_model(-1), X, y, snapshots=snapshots)
    np.testing.assert_array_equal(passed.norms, flow.norms)
    frame = flow.to_frame()
    assert list(frame.columns) == ["hidden_1", "output"]
    assert frame.index.tolist() == [0, 2, 4, 6]


def test_gradients_vanish_in_deep_networks_of_sigmoids_but_not_of_relus():
    widths = (10,) * 8
    deep, steady = (
        gradient_flow(MLPClassifier(widths, activation, **BRIEF).fit(X, y), X, y).norms[0]
        for activation in ("logistic", "relu")
    )
    assert deep[0] < 1e-4 * deep[-1]
    assert steady[0] > 1e-2 * steady[-1]


def test_sample_weights_are_used():
    model = MLPClassifier((3,), **BRIEF).fit(X, y)
    weight = (y == 1).astype(float)
    weighted = gradient_flow(model, X, y, weight)
    alone = gradient_flow(model, X[y == 1], y[y == 1])
    np.testing.assert_allclose(weighted.norms, alone.norms, rtol=1e-10)


def test_pipelines_scaled_targets_and_scikit_learns_perceptrons_are_unwrapped():
    theirs = ScikitMLPClassifier((3,), **BRIEF).fit(X, y)
    ours = MLPClassifier((3,), **BRIEF).fit(X, y)
    np.testing.assert_allclose(
        gradient_flow(theirs, X, y).norms, gradient_flow(ours, X, y).norms, rtol=1e-9
    )
    rows, targets = load_diabetes(return_X_y=True)
    scaled = StandardScaler().fit_transform(rows)
    held = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(3,), **BRIEF)),
        transformer=StandardScaler(),
    ).fit(rows, targets)
    of_targets = (targets - targets.mean()) / targets.std()
    alone = gradient_flow(held.regressor_[-1], scaled, of_targets)
    np.testing.assert_allclose(gradient_flow(held, rows, targets).norms, alone.norms, rtol=1e-10)


def test_an_unfitted_model_is_rejected():
    with pytest.raises(NotFittedError, match="call fit first"):
        gradient_flow(MLPClassifier(), X, y)
