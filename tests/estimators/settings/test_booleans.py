"""True and False are no numbers, although Python counts with them."""

import numpy as np
import pytest
from sklearn.utils._param_validation import Interval, InvalidParameterError

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.settings.configured import require_valid

X = np.random.RandomState(0).standard_normal((20, 3))
ESTIMATORS = (MLPClassifier, MLPRegressor)


def takes_numbers(constraints):
    return any(isinstance(each, Interval) or each == "random_state" for each in constraints)


def takes_booleans(constraints):
    return any(isinstance(each, str) and each in ("boolean", "verbose") for each in constraints)


NUMBERS = [
    (estimator, name)
    for estimator in ESTIMATORS
    for name, constraints in estimator._parameter_constraints.items()
    if takes_numbers(constraints) and not takes_booleans(constraints)
]
BOOLEANS = [
    (estimator, name)
    for estimator in ESTIMATORS
    for name, constraints in estimator._parameter_constraints.items()
    if takes_booleans(constraints)
]


def name_of(actual):
    return actual if isinstance(actual, str) else actual.__name__


@pytest.mark.parametrize(("estimator", "name"), NUMBERS, ids=name_of)
@pytest.mark.parametrize("value", [True, False, np.True_], ids=repr)
def test_every_parameter_for_numbers_refuses_booleans(estimator, name, value):
    with pytest.raises(InvalidParameterError, match=f"'{name}' .* Got (np.)?(True|False)"):
        require_valid(estimator(), {name: value})


@pytest.mark.parametrize(("estimator", "name"), BOOLEANS, ids=name_of)
def test_every_parameter_for_booleans_takes_them(estimator, name):
    for value in (True, False, np.True_):
        require_valid(estimator(), {name: value})


@pytest.mark.parametrize(
    "parameters", [{"hidden_layer_sizes": (4, True)}, {"dropout": (False,)}], ids=str
)
def test_sequences_of_numbers_refuse_booleans(parameters):
    with pytest.raises(TypeError, match=r"(True|False)"):
        MLPClassifier(**parameters).fit(X, X[:, 0] > 0)
