"""Distributions of activations, with counts of dead and saturated units."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.plots import ActivationsDisplay

pytest.importorskip("matplotlib")

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
BRIEF = {"max_iter": 4, "tol": 10, "n_iter_no_change": 100, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def remarks(display):
    return [text.get_text() for text in display.remarks_]


def test_each_hill_counts_the_activations_of_its_layer():
    model = MLPClassifier((8, 5), "tanh", **BRIEF).fit(X, y)
    display = ActivationsDisplay.from_estimator(model, X)
    names = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert names == ["hidden_2\ntanh", "hidden_1\ntanh"]
    for a, hill in zip(model.activations(X)[1:-1], display.hills_, strict=True):
        values, edges, baseline = hill.get_data()
        counts = np.histogram(np.clip(a, edges[0], edges[-1]), edges)[0]
        fractions = (values - baseline) / (values - baseline).max()
        np.testing.assert_allclose(fractions, counts / counts.max(), atol=1e-12)
    assert display.hills_[0].get_data().baseline > display.hills_[1].get_data().baseline


def test_dead_units_and_flat_activations_are_counted():
    model = MLPClassifier((8, 5), **BRIEF).fit(X, y)
    model.intercepts_[0][:3] = -1000
    model.intercepts_[1][:] = -1000
    display = ActivationsDisplay.from_estimator(model, X)
    flat = (model.activations(X)[1] == 0).mean()
    assert remarks(display) == [
        f"3 of 8 units dead\n{flat:.0%} of all flat",
        "5 of 5 units dead\n100% of all flat",
    ]
    display.figure_.canvas.draw()
    assert all(t.get_window_extent().x1 <= display.figure_.bbox.x1 for t in display.remarks_)


def test_saturated_units_of_sigmoids_are_counted():
    model = MLPClassifier((4,), "tanh", **BRIEF).fit(X, y)
    model.intercepts_[0][:2] = 1000
    assert remarks(ActivationsDisplay.from_estimator(model, X))[0].startswith(
        "2 of 4 units saturated"
    )


def test_a_peak_of_zeros_does_not_flatten_the_rest():
    activations = np.concatenate([np.zeros(900), np.linspace(0.1, 1, 100)]).reshape(-1, 10)
    display = ActivationsDisplay(
        activations=[activations], layers=["hidden_1"], idle=[0], flat=[0.9], saturated=[False]
    ).plot()
    values, _, baseline = display.hills_[0].get_data()
    fractions = (values - baseline) / (values - baseline).max()
    assert (fractions[fractions > 0] >= 0.4).all()
    assert fractions.argmax() == 0 or fractions[: len(fractions) // 10].max() == 1


def test_a_layer_of_one_value_is_drawn():
    display = ActivationsDisplay(
        activations=[np.zeros((5, 2))], layers=["hidden_1"], idle=[2], flat=[1.0], saturated=[False]
    ).plot()
    low, high = display.ax_.get_xlim()
    assert low < 0 < high


def test_a_network_without_hidden_layers_is_rejected():
    model = MLPClassifier((), **BRIEF).fit(X, y)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(\) has no hidden layer"):
        ActivationsDisplay.from_estimator(model, X)
