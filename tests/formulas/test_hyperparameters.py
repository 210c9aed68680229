"""Tests of hyperparameters: those of every table, their values, and the estimators' parameters."""

import math

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.errors import UnknownNameError
from lamina.formulas import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    PENALTIES,
    SCHEDULES,
    Hyperparameter,
)
from lamina.formulas.hyperparameters import complete, names_of

RECORDS = [
    record
    for table in (ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, PENALTIES, SCHEDULES)
    for record in table.values()
]
with_hyperparameters = pytest.mark.parametrize(
    "record", [record for record in RECORDS if record.hyperparameters], ids=lambda one: one.name
)


@with_hyperparameters
def test_every_hyperparameter_has_distinct_name_help_and_a_valid_default(record):
    assert len(set(names_of(record.hyperparameters))) == len(record.hyperparameters)
    for each in record.hyperparameters:
        assert each.name.isidentifier()
        assert each.help
        assert not each.help.endswith(".")
        assert each.allows(each.default)
        assert each.allowed_values


@with_hyperparameters
def test_every_hyperparameter_refuses_what_no_formula_reads(record):
    for each in record.hyperparameters:
        for wrong in ("much", math.nan, math.inf, -math.inf, 10**400, [[0.5]], [], object()):
            assert not each.allows(wrong)


@with_hyperparameters
def test_parameters_of_the_estimators_have_the_default_of_their_hyperparameter(record):
    defaults = MLPClassifier().get_params() | MLPRegressor().get_params()
    for each in record.hyperparameters:
        if each.is_estimator_parameter:
            assert defaults[each.name] == each.default


def test_a_hyperparameter_that_estimators_set_is_the_same_in_every_record():
    for name in {each.name for record in RECORDS for each in record.hyperparameters}:
        found = {h for r in RECORDS for h in r.hyperparameters if h.name == name}
        assert sum(each.is_estimator_parameter for each in found) <= 1


@pytest.mark.parametrize(
    ("bounds", "allowed", "refused", "words"),
    [
        ({"above": 0}, [5e-324, 1, np.float32(2)], [0, -1, True], "a finite number > 0"),
        ({"at_least": 0, "below": 1}, [0, 0.99], [1, -0.1], "a finite number >= 0 and < 1"),
        ({"kind": "integer", "at_least": 1}, [1, np.int64(3)], [1.0, 0], "an integer >= 1"),
        ({"kind": "boolean"}, [True, False], [1, 0.0], "True or False"),
        (
            {"kind": "numbers", "above": 0, "below": 1},
            [0.5, [0.1, 0.9], (0.2,)],
            [0, [0.9, 0.1], [0.5, 0.5], [0.1, 1], "0.5"],
            "a finite number > 0 and < 1, or several in ascending order",
        ),
        ({}, [-3, 2.5], ["1", None], "a finite number"),
    ],
)
def test_bounds_and_kind_decide_which_values_are_allowed(bounds, allowed, refused, words):
    each = Hyperparameter("amount", 1.0, "an amount", **bounds)
    assert all(map(each.allows, allowed))
    assert not any(map(each.allows, refused))
    assert each.allowed_values == words


def test_unset_hyperparameters_have_their_default():
    hyperparameters = OPTIMIZERS["adam"].hyperparameters
    values = complete("optimizer 'adam'", hyperparameters, {"beta_2": 0.5})
    assert values == {"beta_1": 0.9, "beta_2": 0.5, "epsilon": 1e-8}


def test_an_unknown_hyperparameter_is_refused_with_the_nearest_match():
    with pytest.raises(UnknownNameError, match=r"no hyperparameter 'beta1'. Did you mean 'beta_1'"):
        complete("optimizer 'adam'", OPTIMIZERS["adam"].hyperparameters, {"beta1": 0.5})


def test_a_value_outside_the_bounds_is_refused_with_the_allowed_values():
    with pytest.raises(ValueError, match=r"beta_1=1 of optimizer 'adam' must be .* >= 0 and < 1"):
        complete("optimizer 'adam'", OPTIMIZERS["adam"].hyperparameters, {"beta_1": 1})
