"""Displays of one network's layers refuse several members by name; the others draw them."""

import pytest
from sklearn.datasets import load_iris

from lamina import MLPClassifier, plots
from lamina.members import Independent

X, Y = load_iris(return_X_y=True)
LAYERS = {
    "ActivationsDisplay": (X,),
    "NetworkDisplay": (),
    "UnitsDisplay": (X[:, :2],),
    "WeightsDisplay": (),
}


@pytest.fixture(scope="module")
def model():
    options = {"hidden_layer_sizes": (6, 4), "max_iter": 5, "tol": 1, "n_iter_no_change": 2}
    return MLPClassifier(members=Independent(2), random_state=0, **options)


@pytest.mark.parametrize("name", LAYERS)
def test_displays_of_layers_refuse_members(model, name):
    columns = slice(2) if name == "UnitsDisplay" else slice(None)
    fitted = model.fit(X[:, columns], Y)
    with pytest.raises(ValueError, match="take one of the model's members_"):
        getattr(plots, name).from_estimator(fitted, *LAYERS[name])


def test_other_displays_draw_members(model):
    plots.DecisionRegionDisplay.from_estimator(model.fit(X[:, :2], Y), X[:, :2])
    fitted = model.fit(X, Y)
    plots.LossCurveDisplay.from_estimator(fitted)
    plots.LossLandscapeDisplay.from_estimator(fitted, X, Y)
