"""Threads of the native engine: they divide the work and never change a result."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse

from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.threads import (
    CALL_WORK_PER_THREAD,
    STEP_WORK_OF_TWO_THREADS,
    STEP_WORK_PER_THREAD,
    choose_threads,
    sharing_cores,
    usable_cores,
)
from lamina.formulas import LOSSES, PRECISIONS
from lamina.network import Network, NetworkSpec, draw_parameters

NativeEngine = pytest.importorskip("lamina.engines.native").NativeEngine

ADAM = OptimizerSettings("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8})


HYPERPARAMETERS = {
    "huber": {"huber_threshold": 0.1},
    "quantile": {"quantile": (0.1, 0.5, 0.9)},
    "tweedie": {"tweedie_power": 1.5},
    "binary_focal": {"focal_gamma": 2.0},
    "smoothed_log_loss": {"label_smoothing": 0.1},
    "focal": {"focal_gamma": 2.0, "label_smoothing": 0.1},
}


def fitted(
    n_threads,
    loss="log_loss",
    dtype=np.float64,
    as_csr=False,
    widths=(19, 33, 10),
    precision=None,
):
    rng = np.random.RandomState(0)
    n_samples, n_targets, record = 301, widths[-1], LOSSES[loss]
    objective = Objective(loss, 0.1, hyperparameters=HYPERPARAMETERS.get(loss, {}))
    outputs = record.outputs_per_target(objective.hyperparameters)
    widths = (*widths[:-1], n_targets * outputs)
    spec = NetworkSpec.perceptron(widths, "tanh", record.inverse_link)
    X = rng.normal(size=(n_samples, widths[0])).astype(dtype)
    if as_csr:
        X = sparse.csr_array(np.where(rng.uniform(size=X.shape) < 0.7, 0, X).astype(dtype))
    y = rng.randint(n_targets, size=n_samples).astype(np.int32)
    if record.targets == "values":
        # Numbers from one half to one are valid targets of every loss.
        y = np.maximum(np.eye(n_targets, dtype=dtype)[y], dtype(0.5))
    rows = Rows(X, y, rng.rand(n_samples).astype(dtype))
    parameters = draw_parameters(spec, rng, dtype, 6.0)
    state = OptimizerState.fresh("adam", parameters)
    engine = NativeEngine(n_threads, precision)
    trainer = engine.trainer(spec, objective, ADAM, rows, parameters, state)
    reports = [trainer.epoch(rng.permutation(n_samples), 37, np.full(9, 1e-2)) for _ in range(3)]
    value, gradient = engine.loss_and_gradient(spec, objective, rows, parameters)
    prediction = engine.predict(Network(spec, parameters), X)
    return [parameters, state.slots, [r.loss for r in reports], value, gradient, prediction]


@pytest.mark.parametrize("as_csr", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_number_of_threads_gives_the_same_bits(loss, dtype, as_csr):
    alone = fitted(1, loss, dtype, as_csr)
    for n_threads in (2, 3, 7, 16):
        for one, many in zip(alone, fitted(n_threads, loss, dtype, as_csr), strict=True):
            np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize("as_csr", [False, True])
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_number_of_threads_gives_the_same_bits_of_rounded_products(loss, precision, as_csr):
    alone = fitted(1, loss, np.float32, as_csr, precision=precision)
    for n_threads in (2, 3, 7, 16):
        many = fitted(n_threads, loss, np.float32, as_csr, precision=precision)
        for one, other in zip(alone, many, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_network_smaller_than_its_number_of_threads_is_trained_alike():
    for one, many in zip(
        fitted(1, "squared_error", widths=(1, 1)),
        fitted(16, "squared_error", widths=(1, 1)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, many)


def test_fits_in_sixteen_threads_at_once_do_not_disturb_each_other():
    alone = fitted(1)
    with ThreadPoolExecutor(16) as pool:
        for result in pool.map(lambda _: fitted(2), range(16)):
            for one, other in zip(alone, result, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_can_train_after_its_parent_did():
    script = """
import os, sys
sys.path.insert(0, sys.argv[1])
from test_native_threads import fitted
fitted(2)
child = os.fork()
if child == 0:
    fitted(2)
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    folder = os.path.dirname(__file__)
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, folder], check=True, timeout=60)


def test_only_enough_work_is_divided_among_threads(monkeypatch):
    monkeypatch.setattr("lamina.engines.threads.usable_cores", lambda: 8)
    assert choose_threads(STEP_WORK_OF_TWO_THREADS - 1, 1000) == 1
    assert choose_threads(STEP_WORK_OF_TWO_THREADS, 1000) == 2
    assert choose_threads(3 * STEP_WORK_PER_THREAD, 1000) == 3
    assert choose_threads(100 * STEP_WORK_PER_THREAD, 1000) == 8
    assert choose_threads(2 * STEP_WORK_PER_THREAD, 1) == 1
    assert choose_threads(2 * CALL_WORK_PER_THREAD) == 2
    assert choose_threads(1, requested=5) == 5


def test_concurrent_calls_divide_the_cores(monkeypatch):
    monkeypatch.setattr("lamina.engines.threads.usable_cores", lambda: 8)
    entered, leaving = threading.Barrier(4), threading.Event()

    def occupy():
        with sharing_cores():
            entered.wait()
            leaving.wait()

    others = [threading.Thread(target=occupy) for _ in range(3)]
    for other in others:
        other.start()
    with sharing_cores():
        entered.wait()
        assert choose_threads(100 * STEP_WORK_PER_THREAD, 1000) == 2
        assert choose_threads(1, requested=5) == 5
        leaving.set()
        for other in others:
            other.join()
        assert choose_threads(100 * STEP_WORK_PER_THREAD, 1000) == 8


def test_more_calls_than_cores_have_one_thread_each(monkeypatch):
    monkeypatch.setattr("lamina.engines.threads.usable_cores", lambda: 1)
    with sharing_cores(), sharing_cores():
        assert choose_threads(100 * STEP_WORK_PER_THREAD, 1000) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_share_cores_with_its_parents_calls():
    script = """
import os
from lamina.engines import threads
threads.usable_cores = lambda: 8
with threads.sharing_cores(), threads.sharing_cores():
    child = os.fork()
    if child == 0:
        os._exit(threads.choose_threads(1e12, 1))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no processes")
def test_a_process_bound_to_one_core_uses_one():
    script = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from lamina.engines.threads import choose_threads
raise SystemExit(choose_threads(1e12, 1))
"""
    run = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert run.returncode == 1


@pytest.mark.parametrize(("limit", "at_most"), [("1", 1), ("2", 2), ("", 4096), ("two", 4096)])
def test_the_limit_that_joblib_sets_is_kept(monkeypatch, limit, at_most):
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert 1 <= usable_cores() <= at_most


def test_threads_chosen_by_the_time_of_steps_change_no_bit():
    # Enough steps for several trials of one thread and of all.
    for one, chosen in zip(trained_for_long(1), trained_for_long(None), strict=True):
        np.testing.assert_array_equal(one, chosen)


def trained_for_long(n_threads):
    rng = np.random.RandomState(0)
    spec = NetworkSpec.perceptron((20, 100, 3), "relu", "softmax")
    rows = Rows(rng.normal(size=(1000, 20)), rng.randint(3, size=1000).astype(np.int32), None)
    parameters = draw_parameters(spec, rng, np.float64, 6.0)
    state = OptimizerState.fresh("adam", parameters)
    engine = NativeEngine(n_threads)
    trainer = engine.trainer(spec, Objective("log_loss", 0.1), ADAM, rows, parameters, state)
    reports = []
    trainer.epochs(rng.permutation(1000), 200, np.full((2000, 5), 1e-3), reports)
    return [parameters, state.slots, np.array([report.loss for report in reports])]
