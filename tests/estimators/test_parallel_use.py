"""Fits and predictions in children, joblib workers and threads equal those of one process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from lamina import MLPClassifier, MLPRegressor

RANDOM = np.random.RandomState(0)
X = RANDOM.standard_normal((600, 40))
Y = RANDOM.randint(5, size=600)

# Python itself warns about forking while its own pool's threads run.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
has_fork = "fork" in multiprocessing.get_all_start_methods()


def fit_and_predict(solver: str) -> tuple[np.ndarray, np.ndarray]:
    """Fit with two threads; return the parameters and the predictions."""
    model = MLPClassifier((64, 32), solver=solver, max_iter=4, random_state=0, n_threads=2)
    model.fit(X, Y)
    return model.coefs_[0].base.copy(), model.predict_proba(X)


def assert_all_equal(found: Any, solver: str) -> None:
    expected = fit_and_predict(solver)
    for each in found:
        for ours, reference_value in zip(each, expected, strict=True):
            np.testing.assert_array_equal(ours, reference_value)


def forked(solver: str) -> list[Any]:
    # The parent has trained with several threads before it forks.
    fit_and_predict(solver)
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        return list(pool.map(fit_and_predict, [solver] * 3))


def spawned_by_joblib(solver: str) -> list[Any]:
    jobs = [joblib.delayed(_quietly)(solver) for _ in range(3)]
    return list(joblib.Parallel(n_jobs=2, backend="loky")(jobs))


def in_threads(solver: str) -> list[Any]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(fit_and_predict, [solver] * 16))


def again(solver: str) -> list[Any]:
    return [fit_and_predict(solver) for _ in range(3)]


def _quietly(solver: str) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit_and_predict(solver)


WAYS = [forked, spawned_by_joblib, in_threads, again] if has_fork else [in_threads, again]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_every_way_gives_the_same_bits(way: Callable[[str], list[Any]], solver: str) -> None:
    assert_all_equal(way(solver), solver)


def threads_of_a_worker() -> int:
    from lamina.engines.threads import choose_threads

    return choose_threads(1e12, 1)


def test_joblibs_workers_divide_the_cores() -> None:
    n_cores = joblib.cpu_count()
    jobs = [joblib.delayed(threads_of_a_worker)() for _ in range(2)]
    found = joblib.Parallel(n_jobs=max(2, n_cores), backend="loky")(jobs)
    assert set(found) == {1}


def test_a_thread_limit_in_the_environment_applies_to_a_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads_of_a_worker() == 1
    limited = MLPRegressor("squared_error", (64,), max_iter=3, random_state=0).fit(X, Y)
    monkeypatch.delenv("OMP_NUM_THREADS")
    free = MLPRegressor("squared_error", (64,), max_iter=3, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(limited.predict(X), free.predict(X))


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_grid_search_gives_the_same_result_with_every_backend(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # joblib's workers warn of every fit that reached max_iter, whatever filters the tests set.
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    grid = {"alpha": [1e-4, 1.0], "hidden_layer_sizes": [(8,), (4, 4)]}
    model = MLPClassifier(max_iter=3, random_state=0)

    def search(n_jobs: int, backend: str) -> np.ndarray:
        with joblib.parallel_config(backend=backend):
            found = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs).fit(X, Y)
        return np.asarray(found.cv_results_["mean_test_score"])

    np.testing.assert_array_equal(search(2, backend), search(1, "sequential"))
