"""L-BFGS of the native core: its iterates are SciPy's, with the same bits on every processor."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize, rosen, rosen_der

if importlib.util.find_spec("lamina._native") is None:
    pytest.skip("the native extension is not built", allow_module_level=True)

from lamina import _native
from lamina.engines.lbfgs import LOSS_TOLERANCE, N_NUMBERS, LbfgsSettings

Vector = NDArray[np.float64]
Function = Callable[[Vector], tuple[float, Vector]]


class Course(NamedTuple):
    """Iterates of a minimisation, their losses, and the number of evaluations."""

    iterates: list[Vector]
    losses: list[float]
    n_evaluations: int


class Descent:
    """L-BFGS of the core with the arrays that it changes."""

    def __init__(self, function: Function, start: Vector) -> None:
        n_slots = len(LbfgsSettings().slots)
        self.function, self.parameters, self.trial = function, start.copy(), np.empty(start.size)
        self.slots, self.numbers = np.zeros((n_slots, start.size)), np.zeros(N_NUMBERS)
        self.connect()
        self.core.begin(*function(self.parameters))

    def connect(self) -> None:
        """Continue from the present arrays alone."""
        self.core = _native.Lbfgs(self.parameters, self.slots, self.numbers)

    def iterate(self) -> bool:
        """Move to the next iterate; return False if there is none."""
        while self.core.propose(self.trial):
            if self.core.receive(*self.function(self.trial)):
                return True
        return False


def run_core(function: Function, start: Vector, n_iterations: int, tol: float = 1e-9) -> Course:
    descent, course = Descent(function, start), Course([], [], 0)
    is_settled = descent.core.largest_gradient <= tol
    while not is_settled and len(course.iterates) < n_iterations and descent.iterate():
        course.iterates.append(descent.parameters.copy())
        course.losses.append(descent.core.loss)
        flat = descent.core.largest_gradient <= tol
        is_settled = flat or descent.core.decrease <= LOSS_TOLERANCE
    return course._replace(n_evaluations=descent.core.evaluations)


def run_scipy(function: Function, start: Vector, n_iterations: int, tol: float = 1e-9) -> Course:
    course = Course([], [], 0)

    def note(intermediate_result: Any) -> None:
        course.iterates.append(intermediate_result.x.copy())
        course.losses.append(float(intermediate_result.fun))

    options = {"maxiter": n_iterations, "maxfun": 10**6, "gtol": tol}
    result = minimize(function, start, jac=True, method="L-BFGS-B", callback=note, options=options)
    return course._replace(n_evaluations=result.nfev)


def quadratic(n: int, condition: float, draw: np.random.Generator) -> Function:
    Q, _ = np.linalg.qr(draw.standard_normal((n, n)))
    A, b = Q * np.geomspace(1, condition, n) @ Q.T, draw.standard_normal(n)
    return lambda x: (float(x @ A @ x / 2 - b @ x), A @ x - b)


def layer_of_tanh(n: int, scale: float, draw: np.random.Generator) -> Function:
    W, y = draw.standard_normal((3 * n, n)) / np.sqrt(n), draw.standard_normal(3 * n)

    def function(x: Vector) -> tuple[float, Vector]:
        a = np.tanh(W @ x)
        return scale * float(np.mean((a - y) ** 2)), W.T @ ((a - y) * (1 - a * a)) * (
            2 * scale / len(y)
        )

    return function


def valley(x: Vector) -> tuple[float, Vector]:
    """Return Rosenbrock's function of several variables."""
    return float(rosen(x)), rosen_der(x)


def assert_same_course(core: Course, scipy: Course, rtol: float) -> None:
    assert len(core.iterates) == len(scipy.iterates)
    assert core.n_evaluations == scipy.n_evaluations
    np.testing.assert_allclose(core.losses, scipy.losses, rtol=rtol, atol=rtol)
    for ours, theirs in zip(core.iterates, scipy.iterates, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=rtol * (1 + np.abs(theirs).max()))


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(2, 40),
    condition=st.floats(1, 100),
    size=st.floats(1e-3, 1e3),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_whole_course_is_scipys_on_quadratics(
    n: int, condition: float, size: float, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    function, start = quadratic(n, condition, draw), size * draw.standard_normal(n)
    tol = 1e-5 * size
    core, scipy = (run(function, start, 500, tol) for run in (run_core, run_scipy))
    # Rounding may decide in which of two iterations a tolerance is met.
    n_common = min(len(core.iterates), len(scipy.iterates))
    assert abs(len(core.iterates) - len(scipy.iterates)) <= 1
    for ours, theirs in zip(core.iterates, scipy.iterates, strict=False):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * (size + 1))
    assert n_common > 0


@settings(deadline=None, max_examples=100)
@given(
    # With more pairs than parameters, rounding decides about directions.
    n=st.integers(6, 30),
    scale=st.floats(1e-2, 1e4),
    # Where all units saturate, only rounding is left of the gradient.
    size=st.floats(1e-2, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_first_iterates_are_scipys_where_curvature_changes_its_sign(
    n: int, scale: float, size: float, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    function, start = layer_of_tanh(n, scale, draw), size * draw.standard_normal(n)
    assert_same_course(run_core(function, start, 6), run_scipy(function, start, 6), 1e-6)


# Sizes around a group of sixteen and a block of 1024.
@pytest.mark.parametrize("n", [2, 3, 15, 16, 17, 31, 1023, 1024, 1025, 3001])
def test_the_iterates_are_scipys_in_rosenbrocks_valley(n: int) -> None:
    start = np.linspace(-1.2, 1, n)
    assert_same_course(run_core(valley, start, 30), run_scipy(valley, start, 30), 1e-6)


def test_a_wall_of_infinity_leads_to_scipys_iterates() -> None:
    def walled(x: Vector) -> tuple[float, Vector]:
        return valley(x) if np.abs(x).max() <= 1.5 else (np.inf, np.full(x.size, np.nan))

    start = np.array([-1.2, 1.0])
    assert_same_course(run_core(walled, start, 100), run_scipy(walled, start, 100), 1e-9)


@pytest.mark.parametrize("size", [1e-9, 1e-3, 1e12])
def test_the_first_step_has_length_one(size: float) -> None:
    descent = Descent(lambda x: (size * float(x.sum()), np.full(4, size)), np.zeros(4))
    descent.core.propose(descent.trial)
    np.testing.assert_allclose(descent.trial, -0.5)


def test_no_step_against_a_wrong_gradient_is_proposed() -> None:
    descent = Descent(lambda x: (float(x @ x), -2 * x), np.ones(3))
    assert not descent.iterate()
    np.testing.assert_array_equal(descent.parameters, np.ones(3))
    assert descent.core.evaluations == 21
    assert not descent.core.propose(descent.trial)


@pytest.mark.parametrize("stop", [1, 5, 10, 11, 25])
def test_the_arrays_alone_continue_with_the_same_bits(stop: int) -> None:
    start = np.linspace(-1.2, 1, 1500)
    whole, resumed = Descent(valley, start), Descent(valley, start)
    for i in range(40):
        assert whole.iterate()
        assert resumed.iterate()
        if i == stop:
            resumed.connect()
    np.testing.assert_array_equal(whole.parameters, resumed.parameters)
    assert whole.core.loss == resumed.core.loss
    assert whole.core.evaluations == resumed.core.evaluations


@pytest.mark.parametrize(
    ("place", "value"), [(4, 11), (4, -1), (4, np.nan), (5, 10), (5, -2), (5, np.inf), (5, -1)]
)
def test_pairs_that_are_out_of_range_are_refused(place: int, value: float) -> None:
    descent = Descent(valley, np.zeros(20))
    descent.iterate()
    descent.numbers[place] = value
    with pytest.raises(ValueError, match="pairs are out of range"):
        descent.connect()


def test_arrays_of_another_size_are_refused() -> None:
    parameters, slots = np.zeros(4), np.zeros((len(LbfgsSettings().slots), 4))
    assert (len(slots), N_NUMBERS) == (_native.LBFGS_SLOTS, _native.LBFGS_NUMBERS)
    with pytest.raises(ValueError, match="slots do not fit"):
        _native.Lbfgs(parameters, slots[1:].copy(), np.zeros(N_NUMBERS))
    with pytest.raises(ValueError, match="numbers are too few"):
        _native.Lbfgs(parameters, slots, np.zeros(N_NUMBERS - 1))
    descent = _native.Lbfgs(parameters, slots, np.zeros(N_NUMBERS))
    with pytest.raises(ValueError, match="first loss is missing"):
        descent.propose(np.zeros(4))
    with pytest.raises(ValueError, match="gradient does not fit"):
        descent.begin(0.0, np.zeros(5))
    descent.begin(0.0, np.ones(4))
    with pytest.raises(ValueError, match="nothing was proposed"):
        descent.receive(0.0, np.ones(4))
    with pytest.raises(ValueError, match="trial does not fit"):
        descent.propose(np.zeros(5))


FIT = """
import sys
import numpy as np
from lamina import MLPRegressor
random = np.random.RandomState(0)
X = random.standard_normal((301, 40))
y = np.tanh(X[:, :3]).sum(axis=1)
model = MLPRegressor("squared_error", (37, 19), solver="lbfgs", max_iter=40, tol=0, random_state=0)
model.set_params(n_threads=int(sys.argv[2])).fit(X, y)
np.save(sys.argv[1], np.concatenate([part.ravel() for part in model.coefs_]))
"""


def test_every_wide_instruction_set_and_number_of_threads_gives_the_same_bits(
    tmp_path: Path,
) -> None:
    found = []
    names = [name for name in _native.instruction_sets() if name != "baseline"]
    for name, n_threads in [(name, n) for name in names for n in (1, 2, 3)]:
        path = tmp_path / f"{name}{n_threads}.npy"
        environment = os.environ | {"LAMINA_INSTRUCTION_SET": name}
        command = [sys.executable, "-W", "ignore", "-c", FIT, str(path), str(n_threads)]
        subprocess.run(command, env=environment, check=True)
        found.append(np.load(path))
    for each in found[1:]:
        np.testing.assert_array_equal(each, found[0])
