"""Samples as images: the selection, the labels, and the marks of wrong predictions."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

import lamina
from lamina.datasets import load
from lamina.datasets.files import MNIST_FILE, data_file
from lamina.plots import ImagesDisplay

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib.colors import to_hex  # noqa: E402

from lamina.plots.colours import NEGATIVE  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BRIEF = {"max_iter": 4, "tol": 10, "n_iter_no_change": 100, "random_state": 0}
X, y = load_digits(return_X_y=True)
X = X[:300] / 16
y = y[:300]


@pytest.fixture(scope="module")
def model():
    return lamina.MLPClassifier((16,), **BRIEF).fit(X, y)


def draw(model, *args, **options):
    return ImagesDisplay.from_estimator(model, *args, **options)


def test_the_first_rows_are_drawn_with_their_pixels(model):
    display = draw(model, X, y, n_images=7)
    assert len(display.axes_) == 7
    for k, image in enumerate(display.images_):
        np.testing.assert_array_equal(image.get_array(), X[k].reshape(8, 8))


def test_each_title_gives_prediction_and_probability_and_the_true_class_if_wrong(model):
    display = draw(model, X, y, n_images=40)
    predicted, probability = model.predict(X[:40]), model.predict_proba(X[:40])
    for k, ax in enumerate(display.axes_):
        sure = f"{100 * probability[k].max():.0f} %"
        if predicted[k] == y[k]:
            assert ax.get_title() == f"{y[k]}  {sure}"
        else:
            assert ax.get_title() == f"✗ {predicted[k]}  {sure}\nis {y[k]}"
    np.testing.assert_array_equal(display.is_wrong_, predicted != y[:40])
    assert 0 < display.is_wrong_.sum() < 40
    [room] = display.figure_.subfigs
    assert room.get_suptitle() == f"{(predicted == y[:40]).sum()} of 40 right"


def test_wrong_predictions_have_a_dashed_frame(model):
    display = draw(model, X, y, n_images=40)
    for ax, is_wrong in zip(display.axes_, display.is_wrong_, strict=True):
        spine = ax.spines["left"]
        assert (to_hex(spine.get_edgecolor()).upper() == NEGATIVE) == is_wrong
        assert (spine.get_linestyle() not in ("-", "solid")) == is_wrong


def test_wrong_and_least_certain_predictions_can_be_selected(model):
    wrong = np.flatnonzero(model.predict(X) != y)
    display = draw(model, X, y, which="wrong", n_images=4)
    assert display.is_wrong_.all()
    for image, row in zip(display.images_, wrong, strict=False):
        np.testing.assert_array_equal(image.get_array().ravel(), X[row])
    unsure = draw(model, X, which="least sure", n_images=4)
    least = np.sort(model.predict_proba(X).max(axis=1))[:4]
    np.testing.assert_allclose(unsure.confidence, least)


def test_without_true_classes_nothing_is_marked_as_wrong(model):
    display = draw(model, X, n_images=3)
    assert not display.is_wrong_.any()
    assert all("✗" not in ax.get_title() for ax in display.axes_)


def test_samples_may_be_a_data_frame_or_sparse(model):
    as_array = draw(model, X, y, n_images=3)
    framed = pd.DataFrame(X, columns=[f"pixel {k}" for k in range(64)])
    of_frame = lamina.MLPClassifier((16,), **BRIEF).fit(framed, y)
    for display in (
        draw(of_frame, framed, y, n_images=3),
        draw(model, sparse.csr_array(X), y, n_images=3),
    ):
        np.testing.assert_array_equal(display.images[:3], as_array.images)


def test_classes_have_their_given_names(model):
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    display = draw(model, X, y, n_images=2, class_names=names)
    assert display.true == [names[label] for label in y[:2]]
    assert display.predicted == [names[label] for label in model.predict(X[:2])]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_shape": (8, 9)}, r"image_shape=\(8, 9\) has 72 pixels, but a row of X has 64"),
        ({"which": "wrnog"}, r"which='wrnog' must be one of .* Did you mean 'wrong'"),
        ({"which": "wrong", "y": None}, "which='wrong' needs y"),
        ({"y": y[:5]}, "y of shape .* does not match X"),
    ],
)
def test_invalid_arguments_are_rejected(model, options, message):
    with pytest.raises(ValueError, match=message):
        draw(model, X, **{"y": y} | options)


def test_samples_that_are_not_square_need_a_shape():
    oblong = lamina.MLPClassifier((4,), **BRIEF).fit(X[:, :32], y)
    with pytest.raises(ValueError, match=r"32 pixels is not square: give image_shape="):
        draw(oblong, X[:, :32])
    display = draw(oblong, X[:, :32], image_shape=(4, 8), n_images=1)
    assert display.images_[0].get_array().shape == (4, 8)


def test_a_regressor_is_rejected():
    model = lamina.MLPRegressor(hidden_layer_sizes=(2,), **BRIEF).fit(X, y)
    with pytest.raises(ValueError, match="estimator is a regressor"):
        draw(model, X)


def test_selecting_wrong_predictions_without_any_is_an_error(model):
    with pytest.raises(ValueError, match="all 300 rows are right"):
        draw(model, X, model.predict(X), which="wrong")


def test_existing_predictions_and_coloured_images_are_drawn():
    images = np.random.RandomState(0).uniform(size=(2, 5, 6, 3))
    display = ImagesDisplay.from_predictions(images, ["cat", "dog"], y_true=["cat", "cat"])
    assert [ax.get_title() for ax in display.axes_] == ["cat", "✗ dog\nis cat"]
    assert display.images_[0].get_array().shape == (5, 6, 3)


@pytest.mark.skipif(data_file(MNIST_FILE) is None, reason="the data set is not there")
def test_mnist_is_drawn_in_its_stored_form():
    mnist = load("mnist")
    network = lamina.MLPClassifier((8,), max_iter=1, n_iter_no_change=1, random_state=0)
    model = network.fit(mnist.X[:200], mnist.y[:200])
    display = draw(model, mnist.X[200:260], mnist.y[200:260], n_images=5)
    assert display.images_[0].get_array().shape == (28, 28)
