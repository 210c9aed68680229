"""How a model is put together, and how rows are held out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

import lamina
from lamina.cli.recipe import build_model, encoding_of, network_of, split
from lamina.encoding import TableEncoding
from lamina.errors import TableError, UnknownNameError
from lamina.tables.problem import Problem


def problem(target, task):
    features = pd.DataFrame({"x": range(len(target))})
    return Problem(features, np.array(target), task, "y", 0)


def test_a_classifier_stands_behind_the_encoding_in_a_pipeline():
    model = build_model("classification", {"alpha": 0.5}, seed=3)
    assert isinstance(model, Pipeline)
    assert [name for name, _ in model.steps] == ["encoding", "model"]
    assert isinstance(network_of(model), lamina.MLPClassifier)
    assert isinstance(encoding_of(model), TableEncoding)
    assert (network_of(model).alpha, network_of(model).random_state) == (0.5, 3)


def test_a_regressions_target_is_standardised_unless_it_counts():
    assert isinstance(build_model("regression", {}, 0), TransformedTargetRegressor)
    assert isinstance(network_of(build_model("regression", {}, 0)), lamina.MLPRegressor)
    assert isinstance(build_model("regression", {"loss": "poisson"}, 0), Pipeline)


def test_a_setting_of_random_state_goes_before_the_seed():
    assert network_of(build_model("regression", {"random_state": 7}, 0)).random_state == 7


def test_every_parameter_can_be_set():
    parameters = lamina.MLPRegressor().get_params()
    assert network_of(build_model("regression", parameters, 0)).get_params() == parameters


def test_a_setting_that_the_network_lacks_is_refused():
    with pytest.raises(UnknownNameError, match="--set quantile: MLPClassifier has no such param"):
        build_model("classification", {"quantile": 0.5}, 0)


def test_a_bare_network_has_no_encoding():
    model = lamina.MLPClassifier()
    assert network_of(model) is model
    assert encoding_of(model) is None


def test_a_classifications_split_keeps_each_classs_share():
    parts = split(problem(["a"] * 80 + ["b"] * 20, "classification"), 0.25, seed=0)
    assert np.unique(parts.y_test, return_counts=True)[1].tolist() == [20, 5]
    assert len(parts.X_train) == len(parts.y_train) == 75


def test_a_split_is_the_same_for_the_same_seed_only():
    posed = problem(np.arange(50.0), "regression")
    assert split(posed, 0.2, 1).y_test.tolist() == split(posed, 0.2, 1).y_test.tolist()
    assert split(posed, 0.2, 1).y_test.tolist() != split(posed, 0.2, 2).y_test.tolist()


@pytest.mark.parametrize("test_size", [0, 1, -0.5, 3, float("nan")])
def test_a_test_size_out_of_range_is_refused(test_size):
    with pytest.raises(ValueError, match="--test-size must lie between 0 and 1"):
        split(problem(np.arange(50.0), "regression"), test_size, 0)


def test_a_class_of_one_row_is_named():
    with pytest.raises(TableError, match="class b of 'y' has only one row"):
        split(problem(["a"] * 9 + ["b"], "classification"), 0.2, 0)


@pytest.mark.parametrize("test_size", [0.2, 0.8])
def test_too_few_rows_for_both_parts_are_refused(test_size):
    with pytest.raises(TableError, match=r"of 6 rows holds out . and trains on ., but each part"):
        split(problem(["a", "b", "c"] * 2, "classification"), test_size, 0)
