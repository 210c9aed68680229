"""Weights as images, as a heat map and as distributions."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lamina import MLPClassifier
from lamina.plots import WeightsDisplay
from lamina.plots.weights import mosaic

pytest.importorskip("matplotlib")

BRIEF = {"max_iter": 4, "tol": 10, "n_iter_no_change": 100, "random_state": 0}
DIGITS = load_digits(return_X_y=True)
IRIS = load_iris(as_frame=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def digits():
    return MLPClassifier((12, 5), **BRIEF).fit(*DIGITS)


@pytest.fixture(scope="module")
def iris():
    target = IRIS.target_names[IRIS.target]
    return make_pipeline(StandardScaler(), MLPClassifier((6, 4), **BRIEF)).fit(IRIS.data, target)


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_each_image_shows_the_weights_into_one_unit(digits):
    display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8))
    image = display.image_.get_array().filled(np.nan)
    columns = (image.shape[1] + 1) // 9
    for unit in range(12):
        row, column = divmod(unit, columns)
        tile = image[9 * row : 9 * row + 8, 9 * column : 9 * column + 8]
        np.testing.assert_array_equal(tile, digits.coefs_[0][:, unit].reshape(8, 8))
    assert np.isnan(image).sum() == image.size - 12 * 64
    assert [text.get_text() for text in display.labels_] == [str(n) for n in range(1, 13)]
    assert display.colorbar_.ax.get_ylabel() == "weight"


def test_units_with_the_largest_weights_are_shown_if_there_are_many(digits):
    display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8), max_units=4)
    norms = np.linalg.norm(digits.coefs_[0], axis=0)
    assert display.units_ == sorted(np.argsort(norms)[-4:])
    assert display.ax_.get_title() == "hidden_1: the 4 of 12 units with most weight"


def test_a_heat_map_has_the_names_of_inputs_and_every_weight(iris):
    display = WeightsDisplay.from_estimator(iris)
    W = iris[-1].coefs_[0]
    np.testing.assert_array_equal(display.image_.get_array(), W)
    assert labels(display.ax_.yaxis) == list(IRIS.data.columns)
    assert labels(display.ax_.xaxis) == ["1", "2", "3", "4", "5", "6"]
    assert [text.get_text() for text in display.labels_] == [f"{w:.2g}" for w in W.ravel()]
    assert display.image_.norm.vmin == -display.image_.norm.vmax
    named = WeightsDisplay.from_estimator(iris, feature_names=[*"abcd"])
    assert labels(named.ax_.yaxis) == [*"abcd"]


def test_any_layer_can_be_chosen_by_number_and_name(iris):
    last = WeightsDisplay.from_estimator(iris, layer=-1)
    np.testing.assert_array_equal(last.image_.get_array(), iris[-1].coefs_[2])
    assert labels(last.ax_.xaxis) == [*IRIS.target_names]
    assert last.ax_.get_ylabel() == "unit of hidden_2"
    second = WeightsDisplay.from_estimator(iris, layer="hidden_2")
    np.testing.assert_array_equal(second.image_.get_array(), iris[-1].coefs_[1])


def test_histograms_count_every_weight_of_each_layer(digits):
    display = WeightsDisplay.from_estimator(digits, kind="histograms")
    assert labels(display.ax_.yaxis) == ["output", "hidden_2", "hidden_1"]
    assert display.image_ is None
    for W, hill in zip(digits.coefs_, display.hills_, strict=True):
        values, edges, baseline = hill.get_data()
        counts = np.histogram(np.clip(W, edges[0], edges[-1]), edges)[0]
        fractions = (values - baseline) / (values - baseline).max()
        np.testing.assert_allclose(fractions, counts / counts.max(), atol=1e-12)


def test_images_are_arranged_in_rows_separated_by_nan():
    tiles = np.arange(12.0).reshape(3, 2, 2)
    whole = mosaic(tiles, 2)
    assert whole.shape == (5, 5)
    np.testing.assert_array_equal(whole[3:, :2], tiles[2])
    assert np.isnan(whole[2]).all()
    assert np.isnan(whole[3:, 3:]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (8, 7)}, r"image_shape=\(8, 7\) has 56 pixels, but 'hidden_1' has 64"),
        ({"kind": "images"}, r"needs image_shape=\(rows, columns\) of the 64 inputs"),
        ({"kind": "image"}, r"kind='image' must be one of 'heat map', .* mean 'images'"),
        ({"layer": 3}, "layer=3 is not among the 3: the first is 0, the last 2 or -1"),
        ({"layer": "hidden_3"}, "layer='hidden_3' must be one of 'hidden_1', 'hidden_2', 'output'"),
        ({"max_units": 0}, "max_units=0 must be an integer of at least 1"),
        ({"feature_names": ["a"]}, "but there are 64 inputs"),
    ],
)
def test_invalid_arguments_are_rejected(digits, options, message):
    with pytest.raises(ValueError, match=message):
        WeightsDisplay.from_estimator(digits, **options)
