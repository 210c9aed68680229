"""Searches, sweeps and ensembles on a Dask cluster of this machine equal those without it."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, KFold

import lamina
from lamina import MLPClassifier, TabularRegressor
from lamina.engines.threads import usable_cores
from lamina.errors import NonFiniteError
from lamina.tabular import side_by_side
from lamina.tabular.fit_progress import FitProgress
from lamina.tabular.members import Sample
from lamina.tabular.side_by_side import Budget
from lamina.training.parallel_jobs import FitJobs

pytest.importorskip("distributed")
from distributed import Client, LocalCluster

X, Y = (array[:300] for array in load_digits(return_X_y=True))
RNG = np.random.RandomState(0)
TABLE = pd.DataFrame({"length": RNG.normal(size=300), "colour": RNG.choice(["red", "blue"], 300)})
VALUES = TABLE["length"] + (TABLE["colour"] == "red") + 0.1 * RNG.normal(size=300)
CANDIDATES = {
    "alpha": [1e-4, 1e-2, 1.0, 10.0],
    "hidden_layer_sizes": [(8,), (16,), (8, 8)],
    "activation": ["relu", "tanh"],
}
# Most seconds to wait for the cluster; every wait ends as soon as it may.
PATIENCE = 60


def brief(**parameters: Any) -> MLPClassifier:
    """Return a network that ends after a few epochs, and so without a warning."""
    settings = {"random_state": 0, "max_iter": 30, "tol": 10.0, "n_iter_no_change": 4}
    return MLPClassifier(**{**settings, **parameters})


def endless() -> MLPClassifier:
    """Return a network that trains for longer than a test may take."""
    return brief(max_iter=10**8, n_iter_no_change=10**8)


@contextmanager
def started_cluster(processes: bool, n_workers: int, n_threads: int) -> Iterator[Client]:
    """Start a cluster on free ports, and end all of it."""
    with (
        limited_threads() as environment,
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=n_threads,
            processes=processes,
            dashboard_address=":0",
        ) as cluster,
        Client(cluster, timeout=PATIENCE) as client,
    ):
        environment.delenv("OMP_NUM_THREADS")
        yield client


@contextmanager
def limited_threads() -> Iterator[pytest.MonkeyPatch]:
    """Limit threads as Dask does, in the environment of this process, and undo it at the end."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        yield environment


@pytest.fixture(scope="module")
def processes() -> Iterator[Client]:
    """Start two worker processes with one thread each."""
    with started_cluster(processes=True, n_workers=2, n_threads=1) as client:
        yield client


@pytest.fixture(scope="module")
def threads() -> Iterator[Client]:
    """Start one worker with two threads, in this process."""
    with started_cluster(processes=False, n_workers=1, n_threads=2) as client:
        yield client


@pytest.fixture(params=["processes", "threads"])
def cluster(request: pytest.FixtureRequest) -> Client:
    client: Client = request.getfixturevalue(request.param)
    return client


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true, and fail if it does not become so."""
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, "the cluster did not come into the expected state"
        time.sleep(0.05)


def n_executing(client: Client) -> int:
    """Return the number of tasks that the workers run or are about to run."""
    return sum(len(keys) for keys in client.processing().values())


def on_dask(client: Client) -> joblib.parallel_config:
    return joblib.parallel_config("dask", client=client)


def test_a_search_of_24_candidates_on_3_folds_is_equal(cluster: Client) -> None:
    search = GridSearchCV(brief(), CANDIDATES, cv=3)
    here = search.fit(X, Y).cv_results_
    coefs = search.best_estimator_.coefs_
    with on_dask(cluster):
        there = search.fit(X, Y).cv_results_
    scores = [name for name in here if name.startswith("split")]
    assert len(scores) == 3
    assert len(here["params"]) == 24
    for name in scores:
        np.testing.assert_array_equal(there[name], here[name])
    for left, right in zip(search.best_estimator_.coefs_, coefs, strict=True):
        np.testing.assert_array_equal(left, right)


def test_an_ensemble_on_5_folds_is_equal(cluster: Client) -> None:
    model = TabularRegressor(quality="fast", random_state=0)
    here = model.fit(TABLE, VALUES, cv=KFold(5))
    n_members, outputs, held_out = len(here.members_), here.predict(TABLE), here.oof_predictions_
    with on_dask(cluster):
        there = model.fit(TABLE, VALUES, cv=KFold(5))
    assert n_members == len(there.members_) == 5
    np.testing.assert_array_equal(there.predict(TABLE), outputs)
    np.testing.assert_array_equal(there.oof_predictions_, held_out)


def test_a_sweep_is_equal_with_its_curves_outcomes_and_warnings(cluster: Client) -> None:
    def sweep() -> lamina.Sweep:
        with pytest.warns(UserWarning, match="it is clipped to") as caught:
            found = lamina.sweep(
                brief(max_iter=6, batch_size=1000), X, Y, "tol", [0.0, 10.0], cv=3, progress=False
            )
        assert len(caught) == 1
        return found

    here = sweep()
    with on_dask(cluster):
        there = sweep()
    assert here.to_dict()["test_score"] == there.to_dict()["test_score"]
    assert here.to_dict()["n_unfinished"] == there.to_dict()["n_unfinished"] == [3, 0]
    for left, right in zip(here.runs, there.runs, strict=True):
        np.testing.assert_array_equal(left.loss_curve, right.loss_curve)


def test_a_table_is_sent_once_and_not_with_every_network(
    processes: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Counter[str]()

    def counting(sample: Sample, protocol: int) -> Any:
        sent["sample"] += 1
        return object.__reduce_ex__(sample, protocol)

    monkeypatch.setattr(Sample, "__reduce_ex__", counting)
    with on_dask(processes):
        TabularRegressor(quality="fast", random_state=0).fit(TABLE, VALUES, cv=KFold(5))
    # Pickled once by the client and once as a task's argument, and not for each of the 5 networks.
    assert sent["sample"] <= 2


def test_a_task_uses_the_cores_of_its_worker(processes: Client, threads: Client) -> None:
    assert processes.submit(usable_cores, pure=False).result(PATIENCE) == 1
    # The worker's two threads, as far as this machine has as many cores.
    assert threads.submit(usable_cores, pure=False).result(PATIENCE) == min(2, usable_cores())


def test_the_progress_of_an_ensemble_counts_finished_networks(
    processes: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    model = TabularRegressor(quality="fast", random_state=0, verbose=True)
    with on_dask(processes):
        model.fit(TABLE, VALUES)
    assert "training: 100 %" in capsys.readouterr().err


def test_no_network_begins_on_a_worker_after_the_time_limit(processes: Client) -> None:
    def fit(ends_at: float) -> list[object]:
        budget = Budget(ends_at, time.time, member_seconds=1.0)
        job = joblib.delayed(side_by_side._fit_one)
        # Without data, a network that begins is an error.
        return FitJobs(2).run(
            lambda: [job(None, None, FitProgress(), 0, budget, False) for _ in range(3)]
        )

    with on_dask(processes):
        assert fit(time.time() - 1) == [None, None, None]
        with pytest.raises(AttributeError):
            fit(time.time() + PATIENCE)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="has no pthread_kill")
def test_ctrl_c_cancels_what_runs_and_what_waits_on_the_cluster(processes: Client) -> None:
    def interrupt() -> None:
        wait_until(lambda: n_executing(processes) >= 2)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    wait_until(lambda: n_executing(processes) == 0)
    sender = threading.Thread(target=interrupt)
    sender.start()
    with on_dask(processes):
        found = lamina.sweep(endless(), X, Y, "alpha", [0.1, 1.0, 10.0], cv=3, progress=False)
    sender.join(PATIENCE)
    assert not found.is_whole
    assert found.runs == ()
    wait_until(lambda: not any(processes.run(count_tasks).values()))


def count_tasks(dask_worker: Any) -> int:
    """Return the number of tasks in a worker's threads, cancelled ones included."""
    return len(dask_worker.active_threads)


def test_an_error_on_a_worker_names_the_candidate(processes: Client) -> None:
    search = GridSearchCV(
        brief(solver="sgd", n_iter_no_change=20),
        {"alpha": [0.5], "learning_rate_init": [1e30]},
        cv=2,
        error_score="raise",
    )
    with on_dask(processes), pytest.raises(NonFiniteError) as raised:
        search.fit(X, Y)
    (note,) = raised.value.__notes__
    assert note.startswith("in the fit of MLPClassifier(alpha=0.5, ")
    assert "learning_rate_init=1e+30" in note


def test_an_error_in_a_network_of_an_ensemble_names_its_recipe_and_split(
    threads: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("the disk is on fire")

    monkeypatch.setattr(side_by_side, "fit_member", fail)
    model = TabularRegressor(quality="fast", random_state=0)
    with on_dask(threads), pytest.raises(ValueError, match="on fire") as raised:
        model.fit(TABLE, VALUES, cv=KFold(5))
    (note,) = raised.value.__notes__
    assert re.fullmatch(r"in the fit of the network of recipe '\w+' on split [0-4]", note)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="has no SIGKILL")
def test_a_fit_on_a_lost_worker_is_run_on_another(tmp_path: Path) -> None:
    mark = str(tmp_path / "killed")

    def score_once_killed(model: MLPClassifier, X: Any, y: Any) -> float:
        if not os.path.exists(mark):
            Path(mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(model.score(X, y))

    here = lamina.sweep(brief(), X, Y, "alpha", [1e-4, 1.0], cv=3)
    with started_cluster(processes=True, n_workers=2, n_threads=1) as client, on_dask(client):
        there = lamina.sweep(brief(), X, Y, "alpha", [1e-4, 1.0], cv=3, scoring=score_once_killed)
    assert os.path.exists(mark)
    assert here.to_dict()["test_score"] == there.to_dict()["test_score"]
