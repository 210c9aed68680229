"""Every trainer returns what it has trained, and continues from what it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.engines.distant_engine import DistantEngine
from tests.engines.local_engines import LOCAL_ENGINES

from lamina.engines import Engine, OptimizerSettings, choose_engine

ADAM = OptimizerSettings(
    "adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}, average_decay=0.9
)
ORDER = np.arange(11)
RATES = np.full(3, 0.01)


@pytest.fixture(params=[*LOCAL_ENGINES, "pytorch", "distant"])
def any_engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine of lamina, and one that shares no parameters."""
    if request.param == "pytorch":
        pytest.importorskip("torch")
        return choose_engine("pytorch", device="cpu")
    return DistantEngine() if request.param == "distant" else choose_engine(request.param)


def test_a_trainer_returns_the_results_of_its_steps(
    any_engine: Engine, reference: Engine, draw_problem: Callable[..., Any]
) -> None:
    problem = draw_problem(normalization="batch")
    _, expected, expected_state = trained = problem.trainer(reference, ADAM)
    trained[0].epoch(ORDER, 4, RATES)
    trainer, _, _ = problem.trainer(any_engine, ADAM)
    trainer.epoch(ORDER, 4, RATES)
    state = trainer.optimizer_state()
    np.testing.assert_allclose(trainer.parameters(), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(state.slots, expected_state.slots, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(trainer.predicting(), state.slots[-1])
    assert trainer.step == state.step == 3


def test_without_an_average_the_trained_parameters_predict(
    any_engine: Engine, draw_problem: Callable[..., Any]
) -> None:
    trainer, _, _ = draw_problem().trainer(any_engine, replace(ADAM, average_decay=None))
    trainer.epoch(ORDER, 4, RATES)
    np.testing.assert_array_equal(trainer.predicting(), trainer.parameters())


def test_a_trainer_continues_from_parameters_and_state_that_it_loads(
    any_engine: Engine, draw_problem: Callable[..., Any]
) -> None:
    problem = draw_problem(dropout=0.2)
    first, _, state = problem.trainer(any_engine, ADAM)
    state.seed = 17
    first.load(optimizer_state=state)
    first.epoch(ORDER, 4, RATES)
    second, _, _ = problem.trainer(any_engine, ADAM)
    loaded = first.parameters().copy()
    second.load(loaded, replace(first.optimizer_state(), slots=first.optimizer_state().slots + 0))
    loaded[:] = np.nan
    for trainer in (first, second):
        trainer.epoch(ORDER, 4, RATES)
    np.testing.assert_array_equal(second.parameters(), first.parameters())
    np.testing.assert_array_equal(second.optimizer_state().slots, first.optimizer_state().slots)
    assert second.step == first.step == 6


def test_parameters_are_loaded_alone(any_engine: Engine, draw_problem: Callable[..., Any]) -> None:
    trainer, parameters, _ = draw_problem().trainer(any_engine, ADAM)
    trainer.epoch(ORDER, 4, RATES)
    slots = trainer.optimizer_state().slots.copy()
    trainer.load(np.zeros_like(parameters))
    assert not trainer.parameters().any()
    np.testing.assert_array_equal(trainer.optimizer_state().slots, slots)
    assert trainer.step == 3


def test_a_trainer_in_this_process_shares_its_arrays(
    engine: Engine, draw_problem: Callable[..., Any]
) -> None:
    trainer, parameters, state = draw_problem().trainer(engine, ADAM)
    assert trainer.parameters() is parameters
    assert trainer.optimizer_state() is state
    assert np.shares_memory(trainer.predicting(), state.slots)


def test_a_distant_trainer_leaves_the_arrays_that_it_receives(
    draw_problem: Callable[..., Any],
) -> None:
    trainer, parameters, state = draw_problem().trainer(DistantEngine(), ADAM)
    before = parameters.copy()
    trainer.epoch(ORDER, 4, RATES)
    np.testing.assert_array_equal(parameters, before)
    assert state.step == 0
