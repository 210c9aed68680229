"""The fit of a regressor of one feature: data, curve, bands of quantiles and of std."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

import lamina
from lamina.plots import FitDisplay

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BRIEF = {"max_iter": 10, "tol": 10, "n_iter_no_change": 100, "random_state": 0}
X = np.linspace(-2, 2, 50).reshape(-1, 1)
y = 100 + 10 * np.sin(2 * X[:, 0])


def labels(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_the_curve_is_the_prediction_and_the_points_are_the_data():
    model = lamina.MLPRegressor(hidden_layer_sizes=(5,), **BRIEF).fit(X, y)
    display = FitDisplay.from_estimator(model, X, y, grid_resolution=30)
    x, curve = display.lines_[0].get_data()
    np.testing.assert_allclose(curve, model.predict(x.reshape(-1, 1)))
    assert x[0] < X.min() < X.max() < x[-1]
    np.testing.assert_array_equal(display.points_[0].get_offsets(), np.column_stack([X, y]))
    assert labels(display) == ["data", "prediction"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("x₁", "y")
    assert display.bands_ == []


def test_quantiles_are_bands_and_the_middle_one_is_a_curve():
    quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
    model = lamina.MLPRegressor("quantile", (5,), quantile=quantiles, **BRIEF).fit(X, y)
    display = FitDisplay.from_estimator(model, X, y, grid_resolution=30)
    assert labels(display)[1:] == [
        "90 % between quantiles",
        "50 % between quantiles",
        "quantile 0.5",
    ]
    predicted = model.predict(display.x.reshape(-1, 1))
    np.testing.assert_allclose(display.lines_[0].get_ydata(), predicted[:, 2])
    for band, low, high in zip(display.bands_, (0, 1), (4, 3), strict=True):
        drawn = band.get_paths()[0].vertices[:, 1]
        assert drawn.min() == pytest.approx(predicted[:, low].min())
        assert drawn.max() == pytest.approx(predicted[:, high].max())


def test_two_quantiles_are_two_curves_and_one_is_a_single_curve():
    pair = lamina.MLPRegressor("quantile", (5,), quantile=[0.1, 0.9], **BRIEF).fit(X, y)
    assert labels(FitDisplay.from_estimator(pair, X)) == ["quantile 0.1", "quantile 0.9"]
    single = lamina.MLPRegressor("quantile", (5,), quantile=0.3, **BRIEF).fit(X, y)
    assert labels(FitDisplay.from_estimator(single, X)) == ["quantile 0.3"]


@pytest.mark.parametrize("is_scaled", [False, True])
def test_standard_deviations_are_bands_in_units_of_the_target(is_scaled):
    network = lamina.MLPRegressor("gaussian_nll", (5,), **BRIEF)
    model = (
        TransformedTargetRegressor(network, transformer=StandardScaler()) if is_scaled else network
    )
    model.fit(X, y)
    display = FitDisplay.from_estimator(model, X, y, grid_resolution=30)
    x = display.x.reshape(-1, 1)
    mean, std = (model.regressor_ if is_scaled else model).predict(x, return_std=True)
    if is_scaled:
        mean, std = mean * y.std() + y.mean(), std * y.std()
    np.testing.assert_allclose(display.lines_[0].get_ydata(), mean)
    for (_, low, high), n in zip(display.bands, (2, 1), strict=True):
        np.testing.assert_allclose(low, mean - n * std)
        np.testing.assert_allclose(high, mean + n * std)
    assert labels(display)[1] == "± 2 standard deviations"


def test_a_search_shows_the_std_of_its_best_estimator():
    network = lamina.MLPRegressor("gaussian_nll", (5,), **BRIEF)
    search = GridSearchCV(network, {"alpha": [0.1, 1.0]}, cv=2).fit(X, y)
    assert len(FitDisplay.from_estimator(search, X, y).bands_) == 2


def test_a_chosen_feature_varies_and_the_others_stay_at_their_median():
    data = load_diabetes(as_frame=True)
    model = lamina.MLPRegressor(hidden_layer_sizes=(5,), **BRIEF).fit(data.data, data.target)
    with pytest.raises(ValueError, match=r"X has 10 features, but a curve shows one: .*features=0"):
        FitDisplay.from_estimator(model, data.data, data.target)
    display = FitDisplay.from_estimator(model, data.data, features="bmi", grid_resolution=9)
    row = data.data.median().to_frame().T.assign(bmi=display.x[3])
    assert display.predictions[3, 0] == pytest.approx(model.predict(row)[0])
    assert display.ax_.get_xlabel() == "bmi"


def test_a_classifier_is_rejected_and_the_error_names_decision_regions():
    model = lamina.MLPClassifier((3,), **BRIEF).fit(X, X[:, 0] > 0)
    with pytest.raises(ValueError, match=r"estimator is a classifier.*DecisionRegionDisplay"):
        FitDisplay.from_estimator(model, X)


def test_several_targets_are_curves_with_different_dashes():
    model = lamina.MLPRegressor(hidden_layer_sizes=(5,), **BRIEF).fit(X, np.column_stack([y, -y]))
    display = FitDisplay.from_estimator(model, X, np.column_stack([y, -y]))
    assert len({line.get_linestyle() for line in display.lines_}) == 2
    assert labels(display) == ["data", "prediction y₁", "prediction y₂"]


def test_predictions_may_be_in_any_order():
    display = FitDisplay.from_predictions(
        [2.0, 0.0, 1.0], [5.0, 1.0, 3.0], y_true=[4.0, 1.0, 3.0], std=[1.0, 0.5, 0.5]
    )
    x, curve = display.lines_[0].get_data()
    assert (list(x), list(curve)) == ([0, 1, 2], [1, 3, 5])
    _, low, high = display.bands[1]
    assert (list(low), list(high)) == ([0.5, 2.5, 4.0], [1.5, 3.5, 6.0])
