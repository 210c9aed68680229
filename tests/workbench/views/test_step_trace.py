"""Numbers of a step agree with the engine's, for one row and for the next batch."""

import numpy as np
import pytest

from lamina.engines import Rows
from lamina.errors import ExperimentError
from lamina.formulas import OPTIMIZERS
from lamina.network import ParameterLayout
from lamina.workbench.server.answers import ANSWERS
from lamina.workbench.views.frames import decode

SETTINGS = [
    {},
    {"activation": "relu", "penalty": "elasticnet", "alpha": 0.3},
    {"normalization": "layer", "hidden_layer_sizes": [4, 4], "residual": True},
]
DATA = [
    {"kind": "made", "name": "moons", "n_samples": 60},
    {"kind": "made", "name": "clusters", "n_samples": 60},
    {"kind": "made", "name": "hills", "n_samples": 60},
]


def ask(session, row, name="trace", **query):
    answer = ANSWERS[name].content(session, {"row": str(row), **query})
    return decode(answer) if isinstance(answer, bytes) else answer


def hold_at(session, until, epochs):
    session.do({"do": "step", "epochs": epochs})
    until(lambda: session.run.controller.epoch == epochs and session.snapshot.ahead is not None)


def flat(session, arrays, name):
    """Return the values of each layer, in the engines' order."""
    layers = range(1, len(session.run.spec.blocks) + 1)
    return np.concatenate([arrays[f"{name}{part}_{i}"].ravel() for part in "Wb" for i in layers])


@pytest.mark.parametrize("data", DATA, ids=lambda data: data["name"])
@pytest.mark.parametrize("model", SETTINGS, ids=["plain", "relu", "blocks"])
def test_numbers_of_a_row_equal_the_engines(session, until, data, model):
    here = session({"data": data, "inputs": None, "model": model})
    hold_at(here, until, 2)
    header, arrays = ask(here, 7)
    run, snapshot = here.run, here.snapshot
    one = Rows(run.rows.X[7:8], run.rows.y[7:8], None)
    loss, gradient = here.views.engine.loss_and_gradient(
        run.spec, run.objective, one, snapshot.parameters
    )
    n_weights_and_biases = sum(a * b + b for a, b in ParameterLayout.from_spec(run.spec).weights)
    np.testing.assert_allclose(
        flat(here, arrays, "d"), gradient[:n_weights_and_biases], rtol=0, atol=1e-12
    )
    assert float(arrays["L"]) == pytest.approx(loss, rel=1e-12)
    prediction = here.views.engine.predict(run.network(snapshot), one.X)
    np.testing.assert_allclose(arrays["p"], prediction, rtol=0, atol=1e-12)
    assert (header["epoch"], header["rows"], header["is_next"]) == (2, [7], False)
    np.testing.assert_array_equal(header["features"], run.prepared.features_train[7:8])


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_the_next_batch_equals_the_engines_next_step(session, until, solver):
    model = {"solver": solver, "dropout": 0.3, "max_gradient_norm": 0.5, "learning_rate_init": 0.02}
    here = session({"model": model})
    hold_at(here, until, 3)
    for batch in (1, 2):
        header, arrays = ask(here, "next")
        before = here.snapshot
        assert header["is_next"]
        assert (header["n_samples"], before.batch) == ([20, 10][batch - 1], batch - 1)
        here.do({"do": "step", "batches": 1})
        until(lambda then=before: here.snapshot is not then and here.snapshot.ahead is not None)
        change = here.snapshot.parameters - before.parameters
        np.testing.assert_allclose(flat(here, arrays, "update_"), change, rtol=0, atol=1e-12)
        if batch == 1:
            assert float(arrays["L"]) == pytest.approx(here.snapshot.batch_loss, rel=1e-12)


def test_a_pending_learning_rate_is_used_for_the_next_step(session, until):
    here = session()
    hold_at(here, until, 1)
    here.do({"do": "rate", "learning_rate": 0.125})
    assert "η = 0.125" in ask(here, "next")[0]["update"]["settings"]


def test_earlier_epochs_have_all_numbers_but_the_update(session, until):
    here = session()
    hold_at(here, until, 4)
    here.do({"do": "seek", "epoch": 2})
    header, arrays = ask(here, 0)
    assert header["epoch"] == 2
    np.testing.assert_array_equal(
        arrays["W_1"].ravel(), here.run.controller.snapshots.nearest(2).parameters[:6]
    )
    assert header["update"] is None
    assert any("earlier epochs" in note for note in header["notes"])
    unknown, _ = ask(here, "next")
    assert unknown["numbers"] == []
    assert "choose a single row" in unknown["notes"][0]
    here.do({"do": "seek", "epoch": 4})
    assert ask(here, 0)[0]["update"]["name"] == "adam"


def test_lbfgs_has_a_gradient_and_no_update(session, until):
    here = session({"model": {"solver": "lbfgs", "max_iter": 50}})
    header, arrays = ask(here, "next")
    assert any("line search" in note for note in header["notes"])
    assert header["n_samples"] == len(arrays["y"]) == 30
    assert not [each for each in header["numbers"] if each["part"] == "update"]


def test_a_single_row_with_batch_normalization_has_a_note(session, until):
    here = session({"model": {"normalization": "batch"}})
    hold_at(here, until, 1)
    header, arrays = ask(here, 3)
    assert any("A single row has no variance" in note for note in header["notes"])
    assert not arrays["z_hat_1"].any()
    assert ask(here, "next")[1]["z_hat_1"].any()


@pytest.mark.parametrize("row", ["-1", "30", "1.5", "x", "²", "1" * 30, ""])
def test_an_unknown_row_is_rejected(session, row):
    with pytest.raises(ExperimentError, match="from 0 to 29"):
        ask(session(), row)


def test_large_matrices_are_truncated_with_their_full_shape(session, until):
    here = session({"model": {"hidden_layer_sizes": [100]}})
    header, arrays = ask(here, 0)
    [weights] = [each for each in header["numbers"] if each["id"] == "W_1"]
    assert (weights["shape"], arrays["W_1"].shape) == ([2, 100], (2, 64))


def test_numbers_list_their_inputs_and_formulas(session):
    header, arrays = ask(session(), 0)
    z = next(each for each in header["numbers"] if each["id"] == "z_1")
    assert (z["formula"], z["code"]) == ("z₁ = a₀ W₁ + b₁", "z_1 = a_0 @ W_1 + b_1")
    assert z["from"] == ["W_1", "a_0", "b_1"]
    assert z["symbol"][0][2] == ["msub", ["mi", "z"], ["mn", "1"]]
    np.testing.assert_allclose(arrays["z_1"], arrays["a_0"] @ arrays["W_1"] + arrays["b_1"])


def test_the_paths_of_a_weight_add_up_to_its_gradient(session, until):
    here = session({"model": {"hidden_layer_sizes": [3, 2], "alpha": 0.5}})
    hold_at(here, until, 2)
    for row in (5, "next"):
        _, arrays = ask(here, row)
        answer = ask(here, row, "path", layer="hidden_1", i="1", j="2")
        products = [np.prod([f["value"] for f in path["factors"]]) for path in answer["paths"]]
        np.testing.assert_allclose(products, [path["product"] for path in answer["paths"]])
        assert sum(products) + answer["rest"] == pytest.approx(answer["backpropagated"])
        assert answer["gradient"] == pytest.approx(arrays["dW_1"][1, 2])
        assert answer["sum"] + answer["penalty"] == pytest.approx(answer["gradient"])
    bias = ask(here, 5, "path", layer="output", j="0")
    assert bias["paths"][0]["units"] == ["bias", "output[0]"]


@pytest.mark.parametrize(
    "weight",
    [
        {"layer": "hidden_9", "i": "0", "j": "0"},
        {"layer": "hidden_1", "i": "7", "j": "0"},
        {"layer": "hidden_1", "i": "0", "j": "-1"},
        {"layer": "hidden_1", "i": "0"},
    ],
)
def test_an_unknown_weight_is_rejected(session, weight):
    with pytest.raises(ExperimentError):
        ask(session(), 0, "path", **weight)
