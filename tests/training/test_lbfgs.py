"""L-BFGS through SciPy: its objective, its endings, and refused settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from sklearn.utils.parallel import _get_threadpool_controller

from lamina.engines import Engine, Evaluator, Objective, Rows
from lamina.errors import NonFiniteError
from lamina.network import NetworkSpec
from lamina.training import Ending, EpochRecord, LbfgsPlan, LbfgsResult, minimise, observe_fits

SPEC = NetworkSpec.perceptron([1, 1], "identity", "identity")
ROWS = Rows(np.zeros((3, 1)), np.zeros((3, 1)), None)
VALLEY = np.array([1.0, 1.0])


@dataclass
class Rosenbrock:
    """Engine whose loss is Rosenbrock's valley, and infinite beyond a wall."""

    wall: float = math.inf
    minimises: bool = False
    seen: list[np.ndarray] = field(default_factory=list)

    def evaluator(self, spec: NetworkSpec, objective: Objective, rows: Rows) -> Evaluator:
        return self.evaluate

    def evaluate(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        self.seen.append(w.copy())
        if np.abs(w).max() > self.wall:
            return math.inf, np.full(2, math.nan)
        x, y = w
        gradient = np.array([2 * (x - 1) - 400 * x * (y - x * x), 200 * (y - x * x)])
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2, gradient


def run(engine: Any, start: tuple[float, float] = (-1.2, 1.0), **settings: Any) -> LbfgsResult:
    defaults = {"max_iterations": 200, "max_evaluations": 500, "tol": 1e-8}
    plan = LbfgsPlan(Objective("squared_error"), **(defaults | settings))
    return minimise(engine, SPEC, plan, ROWS, np.array(start))


def test_lbfgs_finds_the_minimum_of_rosenbrocks_valley() -> None:
    result = run(Rosenbrock())
    np.testing.assert_allclose(result.parameters, VALLEY, rtol=1e-4)
    assert result.ending is Ending.CONVERGED
    assert result.loss < 1e-8


@pytest.mark.parametrize(
    ("limit", "word"), [({"max_iterations": 3}, "ITERATIONS"), ({"max_evaluations": 5}, "EVAL")]
)
def test_a_limit_ends_lbfgs_before_the_minimum(limit: dict[str, int], word: str) -> None:
    result = run(Rosenbrock(), **limit)
    assert result.ending is Ending.EXHAUSTED
    assert word in result.message
    assert result.iterations <= limit.get("max_iterations", 200)


def test_the_line_search_may_pass_through_infinity() -> None:
    engine = Rosenbrock(wall=1.5)
    result = run(engine)
    assert max(np.abs(w).max() for w in engine.seen) > 1.5
    assert math.isfinite(result.loss)
    assert np.abs(result.parameters).max() <= 1.5


def test_a_loss_that_is_infinite_from_the_start_is_refused() -> None:
    engine = Rosenbrock(wall=1.0)
    with pytest.raises(NonFiniteError, match="at the first weights; layer 'output'"):
        run(engine)
    assert len(engine.seen) == 1


def test_the_initial_parameters_are_not_modified() -> None:
    start = np.array([-1.2, 1.0])
    plan = LbfgsPlan(Objective("squared_error"), 50, 50, 1e-8)
    minimise(Rosenbrock(), SPEC, plan, ROWS, start)
    np.testing.assert_array_equal(start, [-1.2, 1.0])


def interrupting(after: int, records: list[EpochRecord]) -> Callable[[EpochRecord], None]:
    def observer(record: EpochRecord) -> None:
        records.append(record)
        if record.epoch == after:
            raise KeyboardInterrupt

    return observer


def test_an_interrupt_keeps_the_last_iterate_that_was_accepted() -> None:
    records: list[EpochRecord] = []
    with observe_fits(interrupting(4, records)):
        result = run(Rosenbrock())
    assert result.ending is Ending.INTERRUPTED
    assert (result.iterations, result.loss) == (4, records[-1].loss)
    there, _ = Rosenbrock().evaluate(result.parameters)
    assert there == result.loss


def test_an_interrupt_before_the_first_iterate_keeps_the_start() -> None:
    class Interrupted(Rosenbrock):
        def evaluate(self, w: np.ndarray) -> tuple[float, np.ndarray]:
            if self.seen:
                raise KeyboardInterrupt
            return super().evaluate(w)

    result = run(Interrupted())
    np.testing.assert_array_equal(result.parameters, [-1.2, 1.0])
    assert (result.ending, result.iterations) == (Ending.INTERRUPTED, 0)
    assert result.loss == pytest.approx(24.2)


def test_a_verbose_minimisation_prints_every_iteration(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(Rosenbrock(), max_iterations=3, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[-1] == f"Iteration 3, loss = {result.loss:.8f}"


def test_an_engine_lowers_its_initial_loss(
    engine: Engine, draw_problem: Callable[..., Any]
) -> None:
    problem = draw_problem((4, 5, 2), n_samples=20, alpha=0.01)
    plan = LbfgsPlan(problem.objective, 100, 200, 1e-6)
    first, _ = engine.loss_and_gradient(
        problem.spec, problem.objective, problem.rows, problem.parameters
    )
    result = minimise(engine, problem.spec, plan, problem.rows, problem.parameters)
    last, gradient = engine.loss_and_gradient(
        problem.spec, problem.objective, problem.rows, result.parameters
    )
    assert result.loss == last < first / 10
    assert result.ending is Ending.EXHAUSTED or np.abs(gradient).max() <= 1e-6


def test_blas_has_one_thread_during_lbfgs_and_its_own_number_after() -> None:
    blas = _get_threadpool_controller().select(user_api="blas")
    seen: list[set[int]] = []
    with blas.limit(limits=2), observe_fits(lambda record: seen.append(threads_of(blas))):
        before = threads_of(blas)
        run(Rosenbrock(), max_iterations=3)
        assert threads_of(blas) == before
    assert all(threads <= {1} for threads in seen)
    assert len(seen) == 3


def threads_of(pools: Any) -> set[int]:
    return {pool["num_threads"] for pool in pools.info()}


def test_an_evaluator_can_be_called_with_several_vectors(
    engine: Engine, draw_problem: Callable[..., Any]
) -> None:
    problem = draw_problem((4, 5, 2), n_samples=20, alpha=0.01, weighted=True)
    evaluate = engine.evaluator(problem.spec, problem.objective, problem.rows)
    vectors = [problem.parameters * factor for factor in (1.0, -0.5, 1.0)]
    losses, gradients = zip(*map(evaluate, vectors), strict=True)
    assert losses[0] == losses[2] != losses[1]
    np.testing.assert_array_equal(gradients[0], gradients[2])
    assert not np.shares_memory(gradients[0], gradients[2])
    alone = engine.loss_and_gradient(problem.spec, problem.objective, problem.rows, vectors[1])
    assert alone[0] == losses[1]
    np.testing.assert_array_equal(alone[1], gradients[1])
