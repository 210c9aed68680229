"""All of scikit-learn's estimator checks, with each engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks
from tests.engines.local_engines import LOCAL_ENGINES

from lamina import MLPClassifier, MLPRegressor
from lamina.inputs import Periodic, PiecewiseLinear
from lamina.members import Independent, Shared

ESTIMATORS = [
    estimator(engine=engine)
    for engine in LOCAL_ENGINES
    for estimator in (MLPClassifier, MLPRegressor)
]
ESTIMATORS += [
    each(members=members)
    for each in (MLPClassifier, MLPRegressor)
    for members in (Independent(2), Shared(2))
]
# With learned inputs, by one engine: the contracts compare it with the others.
ESTIMATORS += [
    MLPClassifier((50,), inputs=Periodic(), engine="reference"),
    MLPRegressor(hidden_layer_sizes=(20,), inputs=PiecewiseLinear(n_bins=8), engine="reference"),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_the_estimator_has_good_manners(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    check(estimator)
