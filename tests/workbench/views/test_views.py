"""Displayed arrays equal the engine's."""

import numpy as np
import pytest

from lamina.errors import ExperimentError
from lamina.formulas import ACTIVATIONS
from lamina.workbench.views.frames import decode
from lamina.workbench.views.views import MOST_POINTS_DRAWN, MOST_UNITS_DRAWN, Watch

ALL = Watch(region=12, units=6, confusion=True)
CHOICES = {
    "two classes": {},
    "four classes": {"data": {"name": "quadrants"}},
    "a regression": {"data": {"name": "hills"}, "target_scaled": True},
    "a line": {"data": {"name": "curve"}},
    "many features": {"data": {"kind": "known", "name": "digits"}},
    "no hidden layer": {"model": {"hidden_layer_sizes": []}},
    "single precision": {"model": {"dtype": "float32"}},
}
every_choice = pytest.mark.parametrize("patch", CHOICES.values(), ids=CHOICES)


@pytest.fixture
def learned(session, until):
    """Return `learned(patch)`, a session trained for three epochs."""

    def make(patch):
        made = session(patch)
        made.do({"do": "step", "epochs": 3})
        until(lambda: made.run.controller.latest.epoch == 3)
        return made

    return make


def frame(session, watch=ALL):
    session.watch = watch
    return decode(session.frame(session.snapshot))


@every_choice
def test_parameters_are_bit_identical_to_the_engines(patch, learned):
    made = learned(patch)
    _, arrays = frame(made)
    assert arrays["parameters"].tobytes() == made.run.controller.latest.parameters.tobytes()
    assert arrays["parameters"].dtype.name == made.state()["network"]["dtype"]


@every_choice
def test_the_region_equals_the_models_predictions(patch, learned):
    made = learned(patch)
    _, arrays = frame(made)
    model, cells = made.run.get_model(made.snapshot), made.plane.cells(12)
    if made.run.prepared.class_names:
        expected = model.predict_proba(cells)
        expected = expected[:, 1:] if expected.shape[1] == 2 else expected
    else:
        expected = made.run.prepared.in_units_of_target(model.predict(cells))[:, np.newaxis]
    rows, columns = made.plane.shape(12)
    np.testing.assert_allclose(
        arrays["region"], expected.reshape(rows, columns, -1), rtol=1e-5, atol=1e-6
    )


@every_choice
def test_the_maps_of_units_are_their_activations(patch, learned):
    made = learned(patch)
    header, arrays = frame(made)
    cells = made.plane.cells(6).astype(made.views.dtype)
    inputs, *layers, _ = made.run.get_model(made.snapshot).activations(cells)
    shape = made.plane.shape(6)
    for found, expected in (
        (arrays["inputs"], inputs),
        (arrays["units"], np.hstack([cells[:, :0], *layers])),
    ):
        expected = expected.T[: len(found)].reshape(-1, *shape)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert header["units_drawn"] == [layer.shape[1] for layer in layers]


@every_choice
def test_the_confusion_matrix_is_that_of_the_test_rows(patch, learned):
    made = learned(patch)
    _, arrays = frame(made)
    prepared = made.run.prepared
    if not prepared.class_names:
        assert "confusion" not in arrays
        return
    found = made.run.get_model(made.snapshot).predict(prepared.X_test)
    for true in range(len(prepared.class_names)):
        for taken in range(len(prepared.class_names)):
            count = np.count_nonzero((prepared.y_test == true) & (found == taken))
            assert arrays["confusion"][true, taken] == count


def test_curves_equal_the_history(learned):
    made = learned({})
    header, arrays = frame(made)
    row = made.run.controller.curves.last_row()
    assert header["loss"] == arrays["curve_loss"][-1] == row["loss"]
    assert header["validation_loss"] == arrays["curve_validation_loss"][-1]
    assert header["score"] == {"name": "accuracy", "value": arrays["curve_score"][-1]}
    assert arrays["curve_epoch"].tolist() == [0, 1, 2, 3]
    assert header["stored"] == {"first": 0, "last": 3, "every": 1}


def test_only_requested_views_are_sent(learned):
    _, arrays = frame(learned({}), Watch())
    assert {name for name in arrays if not name.startswith("curve_")} == {"parameters"}


def test_the_number_of_drawn_units_is_limited(learned):
    header, arrays = frame(learned({"model": {"hidden_layer_sizes": [100, 3]}}))
    assert header["units_drawn"] == [MOST_UNITS_DRAWN, 3]
    assert len(arrays["units"]) == MOST_UNITS_DRAWN + 3


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_units_of_every_activation_are_drawn(activation, learned):
    _, arrays = frame(learned({"model": {"activation": activation}}))
    assert np.isfinite(arrays["units"]).all()


def test_drawn_rows_have_classes_and_are_limited(session):
    made = session({"data": {"n_samples": 6000}})
    header, arrays = decode(made.data())
    assert header["n_train"] == header["n_test"] == 3000
    assert arrays["train_points"].shape == (MOST_POINTS_DRAWN, 2)
    prepared = made.run.prepared
    expected = prepared.features_train[:MOST_POINTS_DRAWN].astype(np.float32)
    np.testing.assert_array_equal(arrays["train_points"], expected)
    np.testing.assert_array_equal(arrays["train_targets"], prepared.y_train[:MOST_POINTS_DRAWN])


@pytest.mark.parametrize(
    "query", [{"region": -1}, {"units": 49}, {"region": 1.5}, {"region": True}, {"confusion": 1}]
)
def test_invalid_views_are_rejected(query):
    with pytest.raises(ExperimentError, match="must be a"):
        Watch().merged(query)


def test_unnamed_settings_are_unchanged():
    watch = Watch(region=10).merged({"do": "watch", "units": 5})
    assert watch == Watch(region=10, units=5)
