"""The default pipeline and settings of `lamina train --model mlp`."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

import lamina
from lamina.cli.recipe import build_model, get_encoding, get_network
from lamina.encoding import TableEncoding
from lamina.errors import UnknownNameError


def test_a_classifier_follows_the_encoding_in_a_pipeline():
    model = build_model("classification", {"alpha": 0.5}, seed=3)
    assert isinstance(model, Pipeline)
    assert [name for name, _ in model.steps] == ["encoding", "model"]
    assert isinstance(get_network(model), lamina.MLPClassifier)
    assert isinstance(get_encoding(model), TableEncoding)
    assert (get_network(model).alpha, get_network(model).random_state) == (0.5, 3)


def test_the_target_of_a_regression_is_standardised_unless_it_holds_counts():
    assert isinstance(build_model("regression", {}, 0), TransformedTargetRegressor)
    assert isinstance(get_network(build_model("regression", {}, 0)), lamina.MLPRegressor)
    assert isinstance(build_model("regression", {"loss": "poisson"}, 0), Pipeline)


def test_a_setting_of_random_state_overrides_the_seed():
    assert get_network(build_model("regression", {"random_state": 7}, 0)).random_state == 7


def test_every_parameter_can_be_set():
    parameters = lamina.MLPRegressor().get_params()
    assert get_network(build_model("regression", parameters, 0)).get_params() == parameters


def test_a_setting_that_the_network_lacks_is_rejected():
    with pytest.raises(UnknownNameError, match="--set quantile: MLPClassifier has no such param"):
        build_model("classification", {"quantile": 0.5}, 0)


def test_a_bare_network_has_no_encoding():
    model = lamina.MLPClassifier()
    assert get_network(model) is model
    assert get_encoding(model) is None


CLASSES = np.arange(600) % 2


def test_early_stopping_monitors_the_validation_loss():
    network = get_network(build_model("classification", {}, 0, CLASSES))
    assert network.early_stopping is True
    assert network.monitor == "validation_loss"


@pytest.mark.parametrize(
    ("settings", "y"),
    [({}, CLASSES[:400]), ({}, np.arange(600) == 7), ({"validation_fraction": 0.01}, CLASSES)],
)
def test_a_penalty_replaces_early_stopping_when_rows_are_too_few(settings, y):
    network = get_network(build_model("classification", settings, 0, y))
    assert network.early_stopping is False
    assert network.alpha == 3


@pytest.mark.parametrize("settings", [{"early_stopping": False}, {"solver": "lbfgs"}])
@pytest.mark.parametrize("n_rows", [60, 600])
def test_without_early_stopping_the_defaults_of_the_network_apply(settings, n_rows):
    network = get_network(build_model("classification", settings, 0, CLASSES[:n_rows]))
    assert network.get_params() == lamina.MLPClassifier(random_state=0, **settings).get_params()


def test_a_setting_overrides_the_recipe():
    settings = {"monitor": "roc_auc", "max_iter": 7, "n_iter_no_change": 3}
    network = get_network(build_model("classification", settings, 0, CLASSES))
    assert (network.monitor, network.max_iter, network.n_iter_no_change) == ("roc_auc", 7, 3)
    assert network.early_stopping is True
