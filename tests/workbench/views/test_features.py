"""Displayed features of images are computed from the network itself."""

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.workbench.data.image_shapes import infer_image_shape
from lamina.workbench.server.answers import ANSWERS
from lamina.workbench.views.features import N_EXCITING, features, mistakes
from lamina.workbench.views.frames import decode

DIGITS = {"data": {"kind": "known", "name": "digits"}, "model": {"activation": "tanh"}}


@pytest.fixture
def learned(session, until):
    """Session trained on the digits for two epochs."""
    made = session(DIGITS)
    made.do({"do": "set", "experiment": {"model": {"hidden_layer_sizes": [7, 5]}}})
    made.do({"do": "step", "epochs": 2})
    until(lambda: made.run.controller.latest.epoch == 2)
    return made


def ask(session, **query):
    texts = {name: str(value) for name, value in query.items()}
    return decode(features(session.run, session.snapshot, texts))


@pytest.mark.parametrize("layer", [1, 2])
def test_gradients_are_those_of_finite_differences(layer, learned):
    header, arrays = ask(learned, layer=layer, unit=1)
    model = learned.run.get_model(learned.snapshot)
    X = learned.run.prepared.X_train[: header["n_samples"]]

    def unit(rows):
        if layer < 2:
            return model.activations(rows)[layer + 1][:, 1]
        return model.activations(rows)[2] @ model.coefs_[2][:, 1]

    for pixel in (10, 21, 43):
        step = np.zeros(64)
        step[pixel] = 1e-5
        gradient = np.mean(unit(X + step) - unit(X - step)) / 2e-5
        assert arrays["gradients"][1, pixel] == pytest.approx(gradient, rel=1e-4, abs=1e-7)
    assert arrays["gradients"].shape == ([7, 5, 10][layer], 64)
    assert "gradients" not in ask(learned, layer=0)[1]


def test_rows_are_sorted_by_activation(learned):
    header, arrays = ask(learned, layer=1, unit=3)
    prepared = learned.run.prepared
    a = learned.run.get_model(learned.snapshot).activations(prepared.X_train)[2][:, 3]
    assert arrays["rows"].tolist() == np.argsort(-a, kind="stable")[:N_EXCITING].tolist()
    np.testing.assert_allclose(arrays["activations"], np.sort(a)[::-1][:N_EXCITING], rtol=1e-12)
    np.testing.assert_array_equal(arrays["images"], prepared.features_train[arrays["rows"]])
    np.testing.assert_array_equal(arrays["targets"], prepared.targets_train[arrays["rows"]])
    assert header["pixels"] == [0, 16]


def test_mistakes_are_misclassified_rows_sorted_by_probability(learned):
    header, arrays = decode(mistakes(*learned.displayed()))
    prepared, model = learned.run.prepared, learned.run.get_model(learned.snapshot)
    found, sure = model.predict(prepared.X_test), model.predict_proba(prepared.X_test).max(axis=1)
    wrong = np.flatnonzero(found != prepared.targets_test)
    assert header["n_wrong"] == len(wrong) > len(arrays["rows"])
    assert set(arrays["rows"]) <= set(wrong)
    rows = arrays["rows"]
    np.testing.assert_allclose(arrays["probabilities"], np.sort(sure[wrong])[::-1][: len(rows)])
    np.testing.assert_array_equal(arrays["taken"], found[rows])
    np.testing.assert_array_equal(arrays["targets"], prepared.targets_test[rows])
    np.testing.assert_array_equal(arrays["images"], prepared.features_test[rows])


def test_the_state_has_the_image_shape(learned, session):
    assert learned.state()["data"]["image_shape"] == [8, 8]
    assert session().state()["data"]["image_shape"] is None


def test_data_without_images_is_rejected(session):
    for name in ("features", "mistakes"):
        with pytest.raises(ExperimentError, match="not named as pixels"):
            ANSWERS[name].content(session(), {})


@pytest.mark.parametrize(
    "query", [{"layer": 3}, {"layer": "-1"}, {"unit": 7}, {"unit": "x"}, {"layer": "0.5"}]
)
def test_an_unknown_layer_or_unit_is_rejected(query, learned):
    with pytest.raises(ExperimentError, match="must be a whole number from 0 to"):
        ask(learned, **query)


def names(lines, columns, form):
    return [form.format(row, column) for row in range(lines) for column in range(columns)]


@pytest.mark.parametrize(
    ("columns", "shape"),
    [
        (names(8, 8, "pixel_{}_{}"), (8, 8)),
        (names(3, 5, "{}x{}"), (3, 5)),
        ([f"{i}x{j}" for i in range(1, 29) for j in range(1, 29)], (28, 28)),
        ([f"pixel{k}" for k in range(784)], (28, 28)),
        ([f"px_{k}" for k in range(1, 17)], (4, 4)),
        (names(8, 8, "pixel_{}_{}")[:-1], None),
        (names(8, 8, "pixel_{}_{}")[::-1], None),
        ([f"pixel{k}" for k in range(783)], None),
        ([*names(8, 8, "pixel_{}_{}"), "age"], None),
        ([f"column {k}" for k in range(16)], None),
        ([f"x{k}" for k in range(16)], None),
        (["x", "y"], None),
        ([], None),
    ],
)
def test_columns_are_pixels_if_their_names_number_them(columns, shape):
    assert infer_image_shape(columns) == shape
