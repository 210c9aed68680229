"""Allowed parameter values are those of scikit-learn and of the tables of formulas."""

from __future__ import annotations

from re import findall
from typing import Any

import numpy as np
import pytest
import sklearn.neural_network
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils._param_validation import StrOptions, make_constraint

import lamina
from lamina.estimators.settings.constraints import (
    CONSTRAINTS,
    hidden_widths,
    nearest_parameter,
)
from lamina.estimators.settings.refusals import refused
from lamina.formulas import ACTIVATIONS, PRECISIONS, SCHEDULES, SOLVERS
from lamina.formulas.precisions import TF32


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_values_that_scikit_learn_supports_are_supported(name: str) -> None:
    ours = getattr(lamina, name)._parameter_constraints
    theirs = getattr(sklearn.neural_network, name)._parameter_constraints
    assert set(theirs) <= set(ours)
    for parameter, constraints in theirs.items():
        expected, taken = options(constraints), options(ours[parameter])
        assert names(constraints) <= names(ours[parameter]), parameter
        assert expected <= taken, parameter


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_every_parameter_has_a_constraint(name: str) -> None:
    estimator = getattr(lamina, name)
    assert set(estimator._parameter_constraints) == set(estimator._get_param_names())


def names(constraints: list[Any]) -> set[str]:
    """Return the allowed names; lamina supports more of them than scikit-learn."""
    return {name for each in constraints if isinstance(each, StrOptions) for name in each.options}


def options(constraints: list[Any]) -> set[str]:
    """Return the constraints other than names, as text without an order."""
    return {
        " ".join(sorted(findall(r"\w+|\S", str(make_constraint(each)))))
        for each in constraints
        if not isinstance(each, StrOptions)
    }


def allowed(parameter: str) -> set[str]:
    return set(CONSTRAINTS[parameter][0].options)


def test_the_tables_of_formulas_define_the_allowed_names() -> None:
    assert allowed("activation") == set(ACTIVATIONS)
    assert allowed("solver") == {*SOLVERS}
    assert allowed("learning_rate") == set(SCHEDULES)
    assert allowed("precision") == {*PRECISIONS, TF32}


@pytest.mark.parametrize(
    ("given_parameters", "sentence"),
    [
        ({"activation": "rleu"}, " Did you mean 'relu'?"),
        ({"activation": "relu", "solver": "Adam"}, " Did you mean 'adam'?"),
        ({"batch_size": "automatic"}, " Did you mean 'auto'?"),
        ({"precision": "bfloat61"}, " Did you mean 'bfloat16'?"),
        ({"dtype": "float46"}, " Did you mean 'float64'?"),
        ({"solver": "xyz"}, ""),
        ({"alpha": "many"}, ""),
        ({"solver": 3}, ""),
    ],
)
def test_the_nearest_value_is_suggested(given_parameters: dict[str, Any], sentence: str) -> None:
    messages = [
        refused(name, value, CONSTRAINTS, "MLP") for name, value in given_parameters.items()
    ]
    assert next(each for each in messages if each).partition(" instead.")[2] == sentence


def test_the_nearest_parameter_is_suggested() -> None:
    names = ["hidden_layer_sizes", "max_iter", "alpha"]
    assert nearest_parameter(names, ["alpha", "max_itr"]) == " Did you mean 'max_iter'?"
    assert nearest_parameter(names, ["hidden_layer_size__x"]).endswith("'hidden_layer_sizes'?")
    assert nearest_parameter(names, ["alpha"]) == ""


@given(st.lists(st.integers(1, 1000)))
def test_widths_may_come_in_any_sequence(widths: list[int]) -> None:
    for sequence in (widths, tuple(widths), np.array(widths, dtype=np.int32), iter(widths)):
        assert hidden_widths(sequence) == widths


def test_one_width_is_one_layer() -> None:
    assert hidden_widths(np.int64(5)) == hidden_widths(5) == [5]


@pytest.mark.parametrize("widths", [0, -3, (4, 0), [5, -1]])
def test_a_width_below_one_is_refused(widths: Any) -> None:
    with pytest.raises(ValueError, match="hidden_layer_sizes must be > 0, got"):
        hidden_widths(widths)


@pytest.mark.parametrize("widths", [2.5, (4, 2.0), "ten", [[3, 4]], [None]])
def test_a_width_that_is_not_an_integer_is_refused_and_shown(widths: Any) -> None:
    with pytest.raises(TypeError, match="hidden_layer_sizes takes an int or a sequence of ints"):
        hidden_widths(widths)
