"""The interpreter exits quietly, with code 0, while daemon threads train or predict."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, threading, time, warnings
import numpy as np
from lamina import MLPRegressor
warnings.simplefilter("ignore")

what, n_threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
X = np.random.RandomState(0).standard_normal((2000, 20))
y = X[:, 0]

class SquaredError:
    def value_and_delta(self, logits, y, sample_weight):
        return (logits[:, 0] - y.ravel()) ** 2 / 2, logits - y.reshape(logits.shape)

settings = dict(hidden_layer_sizes=(64, 64), n_threads=n_threads, random_state=0, tol=0)
settings |= dict(n_iter_no_change=10**9, max_iter=10**6)
fitted = MLPRegressor(**settings | dict(max_iter=1)).fit(X, y)
is_at_work = threading.Event()

def work():
    while True:
        is_at_work.set()
        if what == "fit":
            MLPRegressor(**settings).fit(X, y)
        elif what == "short fits":
            MLPRegressor(**settings | dict(max_iter=2, hidden_layer_sizes=(4,))).fit(X[:50], y[:50])
        elif what == "loss in Python":
            MLPRegressor(SquaredError(), **settings).fit(X, y)
        elif what == "lbfgs":
            MLPRegressor(**settings | dict(solver="lbfgs", max_fun=10**6)).fit(X, y)
        elif what == "partial_fit":
            fitted.partial_fit(X, y)
        elif what == "predict":
            fitted.predict(X)
        else:
            fitted.predict(X[:1])

threading.Thread(target=work, daemon=True).start()
is_at_work.wait()
time.sleep(seconds)
if len(sys.argv) > 4:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(600)
"""
KINDS = ["fit", "short fits", "loss in Python", "lbfgs", "partial_fit", "predict", "one row"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_the_interpreter_ends_quietly_while_a_daemon_thread_works(
    kind: str, n_threads: int
) -> None:
    for seconds in (0.05, 0.08):
        ended = run(kind, n_threads, seconds)
        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("kind", ["fit", "lbfgs"])
def test_ctrl_c_ends_the_program_while_a_daemon_thread_works(kind: str, n_threads: int) -> None:
    ended = run(kind, n_threads, 0.05, "interrupt")
    assert ended.returncode == -signal.SIGINT
    assert ended.stderr.rstrip().endswith("KeyboardInterrupt")
    assert "terminate" not in ended.stderr


AT_EXIT = """
import atexit
import numpy as np
X = np.ones((300, 2))
def work():
    model.predict(X)
    model.fit(X, X[:, 0])
    print("done")
{before}
from lamina import MLPRegressor
{after}
model = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=5000).fit(X, X[:, 0])
"""


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_main_thread_may_fit_and_predict_during_exit(place: str) -> None:
    # A function registered before lamina's own runs after it.
    places = {"before": "", "after": ""} | {place: "atexit.register(work)"}
    ended = subprocess.run(
        [sys.executable, "-c", AT_EXIT.format(**places)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


IN_A_FORK = """
import os, threading, time, warnings
import numpy as np
from lamina import MLPRegressor
warnings.simplefilter("ignore")
X = np.random.RandomState(0).standard_normal((2000, 20))
long = dict(max_iter=10**6, tol=0, n_iter_no_change=10**9)
threading.Thread(target=lambda: MLPRegressor(**long).fit(X, X[:, 0]), daemon=True).start()
time.sleep(0.2)
child = os.fork()
if child == 0:
    MLPRegressor(max_iter=2, hidden_layer_sizes=(3,)).fit(X, X[:, 0])
    raise SystemExit(0)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_child_ends_without_the_threads_of_its_parent() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_A_FORK],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0\n", "")
