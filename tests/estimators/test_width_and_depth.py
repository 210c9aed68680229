"""`width` and `depth`: the hidden layers by two plain numbers."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

import lamina
from lamina import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_iris(return_X_y=True)
SHORT = {"max_iter": 3, "random_state": 0}


@pytest.mark.parametrize(
    ("params", "widths"),
    [
        ({"width": 7}, [7]),
        ({"depth": 2}, [100, 100]),
        ({"width": 7, "depth": 3}, [7, 7, 7]),
        ({"depth": 0}, []),
        ({"width": 7, "depth": 0}, []),
        ({"width": np.int64(7), "depth": np.int64(1)}, [7]),
        ({"width": 7, "hidden_layer_sizes": [100]}, [7]),
    ],
    ids=str,
)
@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_they_give_the_same_network_as_hidden_layer_sizes(cls, params, widths):
    model = cls(**SHORT, **params).fit(X, Y)
    expected = cls(**SHORT, hidden_layer_sizes=widths).fit(X, Y)
    assert [W.shape[1] for W in model.coefs_[:-1]] == widths
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))


@pytest.mark.parametrize("params", [{"width": 7}, {"depth": 2}], ids=str)
def test_they_contradict_other_hidden_layer_sizes(params):
    model = MLPClassifier((64,), **SHORT, **params)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(64,\) sets them one by one"):
        model.fit(X, Y)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes=\(64,\)"):
        model.partial_fit(X, Y, classes=[0, 1, 2])


@pytest.mark.parametrize(
    "params",
    [{"width": 0}, {"width": 2.5}, {"depth": -1}, {"depth": "2"}],
    ids=str,
)
def test_other_values_are_refused_by_name(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        MLPClassifier(**SHORT, **params).fit(X, Y)


def test_a_grid_search_takes_them():
    grid = {"width": [4, 8], "depth": [0, 1, 2]}
    search = GridSearchCV(MLPClassifier(**SHORT), grid, cv=2).fit(X, Y)
    widths = [W.shape[1] for W in search.best_estimator_.coefs_[:-1]]
    best = search.best_params_
    assert widths == [best["width"]] * best["depth"]


def test_clone_set_params_save_and_describe_keep_them(tmp_path):
    model = clone(MLPClassifier(**SHORT, width=6)).set_params(depth=2)
    assert repr(model) == "MLPClassifier(depth=2, max_iter=3, random_state=0, width=6)"
    assert [layer.fan_out for layer in model.describe().layers[:2]] == [6, 6]
    model.fit(X, Y)
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    assert (loaded.width, loaded.depth) == (6, 2)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_a_warm_start_refuses_another_width():
    model = MLPClassifier(**SHORT, width=6, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="another architecture"):
        model.set_params(width=7).fit(X, Y)


def test_residual_layers_need_two():
    with pytest.raises(ValueError, match="width=6, depth=1 has no such pair"):
        MLPClassifier(**SHORT, width=6, depth=1, residual=True).fit(X, Y)
    MLPClassifier(**SHORT, width=6, depth=2, residual=True).fit(X, Y)


def test_scikit_learns_class_gets_the_sizes():
    model = MLPClassifier(**SHORT, width=6, depth=2).fit(X, Y)
    assert lamina.to_sklearn(model).hidden_layer_sizes == (6, 6)


def test_a_sweep_varies_one_and_keeps_the_other():
    from lamina.studies.variation import Variation

    model = MLPClassifier(**SHORT, width=6, depth=2)
    assert Variation(model, "width", 0).copy(9).hidden_layer_sizes == (9, 9)
    assert Variation(model, "depth", 0).copy(3).hidden_layer_sizes == (6, 6, 6)
    copy = Variation(MLPClassifier((5, 4)), "depth", 0).copy(3)
    assert (copy.hidden_layer_sizes, copy.width, copy.depth) == ((5, 5, 5), None, None)
