"""All of scikit-learn's estimator checks with the engine 'pytorch'."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from lamina import MLPClassifier, MLPRegressor

torch = pytest.importorskip("torch")

# PyTorch's steps on the CPU are slow for networks this small, so these take few of them.
QUICK = {"learning_rate_init": 0.02, "max_iter": 60, "engine": "pytorch"}
ESTIMATORS = [MLPClassifier((16,), **QUICK), MLPRegressor(hidden_layer_sizes=(16,), **QUICK)]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Networks this small gain nothing from PyTorch's threads, which wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_the_estimator_has_good_manners(
    estimator: BaseEstimator, check: Callable[[BaseEstimator], None]
) -> None:
    check(estimator)
