"""Estimator of an experiment: pages can set every parameter except those for Python only."""

import pytest

from lamina.activations import ReLU
from lamina.errors import ExperimentError
from lamina.solvers import AdamW
from lamina.workbench.runs.models import MOST_EPOCHS, NOT_FOR_PAGES, model_from, parameters_kept


def test_json_lists_become_tuples():
    params = {"hidden_layer_sizes": [4, 2], "activation": ["relu", "tanh"], "dropout": [0, 0.5]}
    model = model_from(params, "classification")
    assert model.hidden_layer_sizes == (4, 2)
    assert model.activation == ("relu", "tanh")
    assert model.dropout == (0, 0.5)


def test_class_weights_use_class_codes():
    model = model_from({"class_weight": {"0": 2.0, "1": 0.5}}, "classification")
    assert model.class_weight == {0: 2.0, 1: 0.5}


def test_a_name_with_hyperparameters_becomes_an_object():
    params = {
        "solver": {"name": "adamw", "beta_2": 0.95},
        "hidden_layer_sizes": [4, 2],
        "activation": ["tanh", {"name": "relu"}],
    }
    model = model_from(params, "classification")
    assert model.solver == AdamW(beta_2=0.95)
    assert model.activation == ("tanh", ReLU())


def test_an_object_for_a_loss_is_dropped_with_its_task():
    loss = {"loss": {"name": "huber", "delta": 2.0}}
    assert parameters_kept(loss, "regression") == loss
    assert parameters_kept(loss, "classification") == {}


def test_a_run_without_a_seed_is_reproducible():
    assert model_from({}, "regression").random_state == 0


@pytest.mark.parametrize(
    ("params", "message", "parameter"),
    [
        *(({name: 1}, "only in Python", name) for name in sorted(NOT_FOR_PAGES)),
        ({"alhpa": 1}, "Did you mean 'alpha'?", "alhpa"),
        ({"solver": {"name": "adamw", "beta2": 1}}, "Did you mean 'beta_2'?", "solver"),
        ({"solver": {"name": "adamm"}}, "Did you mean 'adam'?", "solver"),
        ({"solver": {"beta_2": 0.9}}, "with a formula's name as 'name'", "solver"),
        ({"solver": {"name": "adam", "beta_2": 2}}, "'solver.beta_2' parameter", "solver"),
        ({"alpha": -1}, "must be a float in the range [0.0, inf)", "alpha"),
        ({"activation": "rleu"}, "Did you mean 'relu'?", "activation"),
        ({"hidden_layer_sizes": [0]}, "must be > 0", "hidden_layer_sizes"),
        ({"hidden_layer_sizes": [4.5]}, "is a float", "hidden_layer_sizes"),
        ({"hidden_layer_sizes": [[4]]}, "must not contain nested lists", "hidden_layer_sizes"),
        ({"hidden_layer_sizes": [100_000]}, "too large for the workbench", "hidden_layer_sizes"),
        ({"hidden_layer_sizes": [4] * 99}, "too large for the workbench", "hidden_layer_sizes"),
        ({"hidden_layer_sizes": 5000}, "too large for the workbench", "hidden_layer_sizes"),
        ({"activation": ["relu"], "hidden_layer_sizes": [4, 4]}, "names 1 layers", "activation"),
        ({"dropout": [0.1, 2], "hidden_layer_sizes": [4, 4]}, "fractions", "dropout"),
        ({"random_state": None}, "must be a whole number", "random_state"),
        ({"max_iter": MOST_EPOCHS + 1}, "must be at most 100,000", "max_iter"),
        ({"initializer": [0.0] * 9}, "must be a name", "initializer"),
        ({"learning_rate": {"step": 1}}, "must be", "learning_rate"),
        ({"solver": "lbfgs", "warmup": 3}, "solver='lbfgs' has none", "warmup"),
        ({"loss": "huber"}, "'loss' parameter", "loss"),
        ({"alpha": float("inf")}, "must be finite", "alpha"),
        ({"monitor": "acuracy"}, "acuracy", "monitor"),
        ({"device": "gpu"}, "Did you mean 'cuda'?", "device"),
        ({"device": "cuda:99"}, "is not on this machine. Present: ", "device"),
    ],
)
def test_invalid_parameters_are_rejected_by_name(params, message, parameter):
    if "device" in params:
        pytest.importorskip("torch")  # Without it the message is another.
    with pytest.raises(ExperimentError) as refused:
        model_from(params, "classification")
    assert message in str(refused.value)
    assert refused.value.parameter == parameter
