"""The loss landscape: its values, its directions, and the path of the fit."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier, MLPRegressor
from lamina.studies import loss_landscape
from lamina.training.callbacks import Snapshots

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
BRIEF = {"max_iter": 12, "tol": 0, "n_iter_no_change": 100, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def flat(model):
    return np.concatenate([part.ravel() for part in (*model.coefs_, *model.intercepts_)])


@pytest.fixture(scope="module")
def model():
    snapshots = Snapshots()
    return MLPClassifier((4,), "tanh", callbacks=snapshots, batch_size=50, **BRIEF).fit(X, y)


def test_each_value_is_the_loss_of_the_network_at_that_point(model):
    landscape = loss_landscape(model, X, y, directions="random", n_points=5, span=0.8)
    np.testing.assert_allclose(landscape.first, np.linspace(-0.8, 0.8, 5))
    moved = MLPClassifier((4,), "tanh", **BRIEF).fit(X, y)
    for i, j in ((0, 0), (4, 1), (2, 2)):
        there = flat(model) + landscape.first[i] * landscape.directions[0]
        there += landscape.second[j] * landscape.directions[1]
        parts = np.split(
            there, np.cumsum([part.size for part in (*moved.coefs_, *moved.intercepts_)])
        )
        for part, values in zip((*moved.coefs_, *moved.intercepts_), parts, strict=False):
            part[...] = values.reshape(part.shape)
        probabilities = moved.predict_proba(X)[np.arange(len(y)), y]
        squares = sum((W**2).sum() for W in moved.coefs_)
        loss = -np.log(probabilities).mean() + moved.alpha / 2 * squares / len(y)
        np.testing.assert_allclose(landscape.losses[j, i], loss, rtol=1e-9)
    assert landscape.losses[2, 2] == pytest.approx(landscape.loss)


def test_random_directions_have_the_norm_of_each_units_weights_and_zero_biases(model):
    landscape = loss_landscape(model, X, y, directions="random", n_points=2)
    for direction in landscape.directions:
        start = 0
        for W in model.coefs_:
            drawn = direction[start : start + W.size].reshape(W.shape)
            np.testing.assert_allclose(
                np.linalg.norm(drawn, axis=0), np.linalg.norm(W, axis=0), rtol=1e-12
            )
            start += W.size
        assert (direction[start:] == 0).all()
    again, other = (
        loss_landscape(model, X, y, directions="random", n_points=2, random_state=seed)
        for seed in (0, 1)
    )
    np.testing.assert_array_equal(again.directions, landscape.directions)
    assert np.abs(other.directions - landscape.directions).max() > 0.1


def test_the_principal_directions_are_orthonormal_and_explain_most_of_the_path(model):
    landscape = loss_landscape(model, X, y, n_points=3)
    assert landscape.kind == "path"
    np.testing.assert_allclose(landscape.directions @ landscape.directions.T, np.eye(2), atol=1e-12)
    assert landscape.fractions[0] >= landscape.fractions[1]
    assert landscape.path.fraction == pytest.approx(sum(landscape.fractions))
    assert landscape.path.fraction > 0.9
    random = loss_landscape(model, X, y, directions="random", n_points=3)
    assert random.path.fraction < landscape.path.fraction


def test_the_path_passes_every_snapshot_and_ends_at_the_model(model):
    landscape = loss_landscape(model, X, y, n_points=9)
    path, snapshots = landscape.path, model.callbacks
    assert list(path.epochs) == snapshots.epochs
    np.testing.assert_allclose(path.positions[-1], 0, atol=1e-12)
    expected = (snapshots.parameters[0] - flat(model)) @ landscape.directions.T
    np.testing.assert_allclose(path.positions[0], expected)
    assert (path.positions[0] <= 0).all()
    assert path.losses[-1] == pytest.approx(landscape.loss)
    assert path.losses[0] > path.losses[-1]
    low = [landscape.first[0], landscape.second[0]]
    high = [landscape.first[-1], landscape.second[-1]]
    assert (low < path.positions).all()
    assert (path.positions < high).all()


def test_given_directions_are_used_unchanged(model):
    plane = np.eye(2, flat(model).size)
    landscape = loss_landscape(model, X, y, directions=plane, n_points=3)
    assert landscape.kind == "given"
    np.testing.assert_array_equal(landscape.directions, plane)
    gone = model.callbacks.parameters[0][:2] - flat(model)[:2]
    np.testing.assert_allclose(landscape.path.positions[0], gone)


def test_without_snapshots_the_directions_are_random():
    model = MLPRegressor("poisson", (3,), normalization="batch", **BRIEF).fit(X, y)
    landscape = loss_landscape(model, X, y, n_points=3)
    assert (landscape.kind, landscape.path, landscape.fractions) == ("random", None, None)
    assert np.isfinite(landscape.losses).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"directions": "paht"}, "directions='paht' must be 'auto', 'random', 'path'.*'path'?"),
        ({"directions": "path"}, "needs at least 3 snapshots of the fit, and there are 0"),
        (
            {"directions": np.ones((2, 5))},
            r"directions of shape \(2, 5\) must be linearly independent",
        ),
        ({"n_points": 1}, "n_points=1 must be an integer of at least 2"),
        ({"span": -1.0}, "span=-1.0 must be a finite number above 0"),
    ],
)
def test_invalid_arguments_are_rejected(options, message):
    model = MLPClassifier((2,), **BRIEF).fit(X, y)
    with pytest.raises(ValueError, match=message):
        loss_landscape(model, X, y, **options)


def test_a_path_along_one_line_is_rejected(model):
    snapshots = Snapshots()
    snapshots.epochs, snapshots.losses = [0, 1, 2], [1.0, 1.0, 1.0]
    snapshots.parameters = [flat(model) + n for n in (3.0, 2.0, 1.0)]
    with pytest.raises(ValueError, match="the snapshots lie on one line"):
        loss_landscape(model, X, y, directions="path", snapshots=snapshots)


def test_an_unfitted_model_is_rejected():
    with pytest.raises(NotFittedError, match="call fit first"):
        loss_landscape(MLPClassifier(), X, y)
