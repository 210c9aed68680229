"""The PyTorch engine on the CPU: the reference's numbers for every formula and kind of block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.contracts.test_engines import SETTINGS

from lamina.engines import OptimizerSettings, choose_engine
from lamina.formulas import OPTIMIZERS, PENALTIES

pytest.importorskip("torch")

TOLERANCE = {"float64": 1e-10, "float32": 3e-5}
N_SAMPLES = 11
ADAM = OptimizerSettings("adam", SETTINGS["adam"])
SURROUNDINGS = {
    "alone": {},
    "amsgrad": {"amsgrad": True},
    "decaying": {"weight_decay": 0.5, "rate_factors": (("bias", 0.1), ("weight", 2.0))},
    "clipped": {"max_gradient_norm": 0.05},
    "averaged": {"weight_decay": 0.5, "max_gradient_norm": 0.05, "average_decay": 0.9},
}


@pytest.fixture(scope="session")
def pytorch():
    return choose_engine("pytorch", device="cpu")


def assert_close(found, expected, tolerance):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    largest = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * largest)


def assert_passes_agree(pytorch, reference, problem, tolerance):
    """Compare the loss, its gradient, predictions and activations."""
    asked = problem.spec, problem.objective, problem.rows, problem.parameters
    loss, gradient = pytorch.loss_and_gradient(*asked)
    expected_loss, expected_gradient = reference.loss_and_gradient(*asked)
    assert isinstance(loss, float)
    assert loss == pytest.approx(expected_loss, rel=tolerance)
    assert_close(gradient, expected_gradient, tolerance)
    sample = problem.network, problem.rows.X
    assert_close(pytorch.predict(*sample), reference.predict(*sample), tolerance)
    layers = zip(pytorch.activations(*sample), reference.activations(*sample), strict=True)
    for found, expected in layers:
        assert_close(found, expected, tolerance)


def assert_epochs_agree(pytorch, reference, problem, settings, tolerance, multipliers=None):
    """Compare two epochs, the last batch of each smaller than the others."""
    trainers = [problem.trainer(engine, settings)[0] for engine in (pytorch, reference)]
    for trainer in trainers:
        trainer.measures_gradient = True
    for seed in range(2):
        order = np.random.RandomState(seed).permutation(N_SAMPLES)
        found, expected = (
            trainer.epoch(order, 4, np.array([0.01, 0.02, 0.005]), multipliers)
            for trainer in trainers
        )
        assert found.loss == pytest.approx(expected.loss, rel=tolerance)
        assert found.gradient_norm == pytest.approx(expected.gradient_norm, rel=tolerance)
        assert found[1:3] == expected[1:3]
    ours, theirs = trainers
    assert_close(ours.parameters(), theirs.parameters(), tolerance)
    assert_close(ours.predicting(), theirs.predicting(), tolerance)
    state, expected_state = ours.optimizer_state(), theirs.optimizer_state()
    for slot, expected_slot in zip(state.slots, expected_state.slots, strict=True):
        assert_close(slot, expected_slot, tolerance)
    assert state.step == expected_state.step == ours.step


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("layout", "weighted"), [("dense", True), ("csr", False)])
def test_every_formula_equals_the_references(
    pytorch, reference, draw_problem, formulas, dtype, layout, weighted
):
    problem = draw_problem((5, 6, 4, 3), dtype=dtype, layout=layout, weighted=weighted, **formulas)
    assert_passes_agree(pytorch, reference, problem, TOLERANCE[dtype])
    assert_epochs_agree(pytorch, reference, problem, ADAM, TOLERANCE[dtype])


@pytest.mark.parametrize("around", SURROUNDINGS.values(), ids=SURROUNDINGS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_equals_the_references(pytorch, reference, draw_problem, name, around):
    if around.get("amsgrad") and not OPTIMIZERS[name].amsgrad:
        pytest.skip("it has no AMSGrad variant")
    settings = OptimizerSettings(name, SETTINGS[name], **around)
    problem = draw_problem(alpha=0.3, loss="binary_log_loss")
    assert_epochs_agree(pytorch, reference, problem, settings, 1e-10)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_every_penalty_equals_the_references(pytorch, reference, draw_problem, penalty):
    problem = draw_problem(penalty=penalty, alpha=0.3)
    problem = replace(problem, objective=replace(problem.objective, l1_ratio=0.3))
    assert_passes_agree(pytorch, reference, problem, 1e-10)


def test_samples_are_predicted_in_parts(pytorch, reference, draw_problem, monkeypatch):
    monkeypatch.setattr("lamina.engines.pytorch.engine.MOST_NUMBERS", 16)
    problem = draw_problem()
    assert_passes_agree(pytorch, reference, problem, 1e-10)
    none = problem.rows.X[:0]
    assert pytorch.predict(problem.network, none).shape == (0, 3)
