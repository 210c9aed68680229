"""Exported model files and ONNX predict the displayed values."""

import numpy as np
import pytest

import lamina
from lamina.errors import ExperimentError
from lamina.estimators.fitting.fitted_network import get_parameters
from lamina.workbench.server.exports import EXPORTS, model_of

CHOICES = {
    "classes, scaled": {"data": {"name": "quadrants", "n_samples": 60}},
    "two classes": {"scaled": False},
    "more inputs": {"inputs": ["x", "y", "xy"]},
    "a regression": {"data": {"kind": "known", "name": "diabetes"}, "target_scaled": True},
    "normalized": {"model": {"normalization": "batch", "activation": "prelu"}},
}
every_choice = pytest.mark.parametrize("patch", CHOICES.values(), ids=CHOICES)


def build_inputs(run):
    """Return the test rows before scaling."""
    X, scaler = run.prepared.X_test, run.prepared.scaler
    return X if scaler is None else scaler.inverse_transform(X)


def predicted_on_the_page(session):
    """Return the displayed predictions for the test rows, in the units of the target."""
    run = session.run
    prediction = session.views.engine.predict(run.network(session.snapshot), run.prepared.X_test)
    return run.prepared.in_units_of_target(prediction)


def probabilities(model, X):
    """Return outputs of the network: for two classes only the second one's probability."""
    if not hasattr(model, "predict_proba"):
        return model.predict(X)[:, np.newaxis]
    found = model.predict_proba(X)
    return found[:, 1:] if found.shape[1] == 2 else found


@pytest.fixture
def learned(session, until):
    """Return `learned(patch)`, a session trained for five epochs."""

    def make(patch):
        made = session(patch)
        made.do({"do": "step", "epochs": 5})
        until(lambda: made.run.controller.latest.epoch == 5)
        return made

    return make


@every_choice
def test_the_model_file_predicts_the_displayed_values(patch, learned, tmp_path):
    session = learned(patch)
    path = tmp_path / EXPORTS["model"].file
    path.write_bytes(EXPORTS["model"].build(session)[1])
    model = lamina.load(path)
    found = probabilities(model, build_inputs(session.run))
    np.testing.assert_allclose(found, predicted_on_the_page(session), rtol=1e-9, atol=1e-12)


@every_choice
def test_onnx_predicts_the_displayed_values(patch, learned):
    runtime = pytest.importorskip("onnxruntime")
    session = learned(patch)
    content = EXPORTS["onnx"].build(session)[1]
    inference = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    X = build_inputs(session.run)
    found = inference.run(None, {"X": X})[-1]
    shown = predicted_on_the_page(session)
    found = found[:, 1:] if found.shape[1] == 2 and shown.shape[1] == 1 else found
    np.testing.assert_allclose(found, shown, rtol=1e-4, atol=1e-4)


def test_the_model_is_that_of_the_displayed_epoch(learned):
    session = learned({})
    session.do({"do": "seek", "epoch": 2})
    model = model_of(session.run, session.snapshot)
    assert model[-1].n_iter_ == 2
    assert len(model[-1].loss_curve_) == 2
    shown = next(m for m in session.run.controller.snapshots.kept if m.epoch == 2)
    np.testing.assert_array_equal(get_parameters(model[-1]), shown.parameters)
    assert model[-1].loss_ == shown.loss


def test_a_file_name_has_the_displayed_epoch(learned):
    session = learned({})
    session.do({"do": "seek", "epoch": 2})
    assert EXPORTS["model"].build(session)[0] == "workbench_epoch_2.lamina"
    assert EXPORTS["script"].build(session)[0] == "workbench_run_epoch_2.py"


@pytest.mark.parametrize("kind", EXPORTS)
def test_a_browser_is_given_a_file(kind, browser):
    page = browser.open()
    session = page.receive()["session"]
    page.do("step")
    page.arrives_at(1)
    answer = browser.http.get(f"/api/export/{kind}", params={"session": session})
    assert answer.status_code == 200
    assert answer.content
    stem, _, suffix = EXPORTS[kind].file.partition(".")
    assert f'"{stem}_epoch_1.{suffix}"' in answer.headers["content-disposition"]


def test_an_unknown_export_is_rejected(browser):
    page = browser.open()
    session = page.receive()["session"]
    answer = browser.http.get("/api/export/modle", params={"session": session})
    assert answer.status_code == 404
    assert "Did you mean 'model'?" in answer.json()["message"]


def test_a_run_that_failed_in_its_first_epoch_has_no_model(session, until):
    broken = session({"scaled": False, "model": {"learning_rate_init": 1e200, "solver": "sgd"}})
    broken.do({"do": "play"})
    until(lambda: broken.run.status == "failed")
    with pytest.raises(ExperimentError, match="has no network"):
        model_of(broken.run, broken.snapshot)
