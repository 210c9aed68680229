"""Every engine: hyperparameters that follow a schedule, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lamina.engines import Engine, OptimizerSettings, choose_engine
from lamina.engines.multipliers import Multipliers

SETTINGS = OptimizerSettings(
    "adamw", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}, weight_decay=0.3
)
SGD = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0}, weight_decay=0.3)
ORDER, SIZE, RATES = np.arange(23), 5, np.linspace(0.01, 0.02, 5)
MULTIPLIERS = np.array(
    [[1.0, 0.0, 0.5], [0.25, 0.75, 1.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.25], [1.0, 0.1, 0.9]]
)
SMOOTHING, DROPOUT, INPUT_DROPOUT = 0.2, 0.4, 0.3

PROBLEMS: dict[str, dict[str, Any]] = {
    "codes": {"loss": "smoothed_log_loss", "params": {"label_smoothing": SMOOTHING}},
    "focal": {"loss": "focal", "params": {"focal_gamma": 2.0, "label_smoothing": SMOOTHING}},
    "heads": {
        "loss": "smoothed_log_loss",
        "params": {"label_smoothing": SMOOTHING},
        "heads": (2, 3),
        "widths": (5, 7, 5),
    },
    "binary": {"loss": "binary_log_loss", "widths": (5, 7, 2)},
    "binary focal": {"loss": "binary_focal", "widths": (5, 40, 40, 1)},
    "dropout": {"loss": "binary_log_loss", "dropout": DROPOUT, "input_dropout": INPUT_DROPOUT},
    "no smoothing": {"loss": "squared_error", "dropout": DROPOUT, "normalization": "batch"},
}


def make(draw_problem: Callable[..., Any], name: str, dtype: str = "float64") -> Any:
    problem = draw_problem(n_samples=23, dtype=dtype, **PROBLEMS[name])
    if name not in ("binary", "binary focal", "dropout"):
        return problem
    y = (1 - SMOOTHING) * problem.rows.y + SMOOTHING / 2
    objective = replace(problem.objective, target_smoothing=SMOOTHING)
    return replace(problem, objective=objective, rows=problem.rows._replace(y=y.astype(dtype)))


def with_constants(problem: Any, settings: OptimizerSettings, now: Multipliers) -> Any:
    """Return the problem and settings whose constants are those of one step."""
    drops = {
        "blocks": tuple(
            replace(block, dropout=block.dropout * now.dropout) for block in problem.spec.blocks
        ),
        "input_dropout": problem.spec.input_dropout * now.dropout,
    }
    objective, rows = problem.objective, problem.rows
    if "label_smoothing" in objective.hyperparameters:
        epsilon = SMOOTHING * now.label_smoothing
        several = {**objective.hyperparameters, "label_smoothing": epsilon}
        objective = replace(objective, hyperparameters=several)
    elif objective.target_smoothing:
        labels = (rows.y - SMOOTHING / 2) / (1 - SMOOTHING)
        epsilon = SMOOTHING * now.label_smoothing
        rows = rows._replace(y=((1 - epsilon) * labels + epsilon / 2).astype(rows.y.dtype))
    changed = replace(problem, spec=replace(problem.spec, **drops), objective=objective, rows=rows)
    return changed, replace(settings, weight_decay=settings.weight_decay * now.weight_decay)


@pytest.mark.parametrize("settings", [SETTINGS, SGD], ids=lambda each: each.name)
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_step_with_multipliers_is_that_of_the_multiplied_constants(
    engine: Engine, name: str, settings: OptimizerSettings, draw_problem: Callable[..., Any]
) -> None:
    problem = make(draw_problem, name)
    trainer, parameters, state = problem.trainer(engine, settings)
    state.seed = 7
    report = trainer.epoch(ORDER, SIZE, RATES, MULTIPLIERS)
    present, before, losses = problem.parameters.copy(), None, []
    for step, (rate, row) in enumerate(zip(RATES, MULTIPLIERS, strict=True)):
        constant, optimizer = with_constants(problem, settings, Multipliers(*row))
        one = replace(constant, parameters=present).trainer(engine, optimizer)
        if before is not None:
            one[2].slots[...] = before.slots
        one[2].seed, one[2].step = 7, step
        batch = ORDER[step * SIZE : (step + 1) * SIZE]
        losses.append(one[0].epoch(batch, SIZE, np.array([rate])).loss * len(batch))
        present, before = one[1], one[2]
    np.testing.assert_allclose(parameters, present, rtol=1e-12, atol=1e-13)
    assert report.loss == pytest.approx(sum(losses) / len(ORDER), rel=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("name", PROBLEMS)
def test_every_engine_gives_the_numbers_of_the_reference(
    engine: Engine,
    reference: Engine,
    name: str,
    dtype: str,
    tolerance: float,
    draw_problem: Callable[..., Any],
) -> None:
    problem = make(draw_problem, name, dtype)
    reports, several = [], []
    for each in (engine, reference):
        trainer, parameters, state = problem.trainer(each, SGD)
        state.seed = 7
        reports.append(trainer.epoch(ORDER, SIZE, RATES, MULTIPLIERS))
        several.append(parameters)
    largest = np.abs(several[1]).max()
    np.testing.assert_allclose(several[0], several[1], atol=tolerance * largest)
    assert reports[0].loss == pytest.approx(reports[1].loss, rel=tolerance)


@pytest.mark.parametrize("name", PROBLEMS)
def test_multipliers_of_one_change_no_bit(
    engine: Engine, name: str, draw_problem: Callable[..., Any]
) -> None:
    several = []
    for multipliers in (None, np.ones((5, 3))):
        trainer, parameters, state = make(draw_problem, name).trainer(engine, SETTINGS)
        state.seed = 7
        trainer.epoch(ORDER, SIZE, RATES, multipliers)
        several.append(parameters)
    assert several[0].tobytes() == several[1].tobytes()


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_multipliers_of_an_epoch_end_with_it(
    engine: Engine, name: str, draw_problem: Callable[..., Any]
) -> None:
    problem = make(draw_problem, name)
    scheduled, parameters, state = problem.trainer(engine, SETTINGS)
    scheduled.epoch(ORDER, SIZE, RATES, MULTIPLIERS)
    plain, others, other_state = replace(problem, parameters=parameters.copy()).trainer(
        engine, SETTINGS
    )
    other_state.slots[...], other_state.step = state.slots, state.step
    for each in (scheduled, plain):
        each.epoch(ORDER, SIZE, RATES)
    assert parameters.tobytes() == others.tobytes()


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_number_of_threads_gives_the_same_bits(
    name: str, draw_problem: Callable[..., Any]
) -> None:
    problem, several = make(draw_problem, name, "float32"), []
    for n_threads in (1, 2, 3, 7, 16):
        engine = choose_engine("native", n_threads)
        trainer, parameters, state = problem.trainer(engine, SETTINGS)
        state.seed = 7
        trainer.epoch(ORDER, SIZE, RATES, MULTIPLIERS)
        several.append(parameters.tobytes())
    assert len(set(several)) == 1


@pytest.mark.parametrize("name", PROBLEMS)
def test_several_epochs_take_the_multipliers_of_each(
    engine: Engine, name: str, draw_problem: Callable[..., Any]
) -> None:
    problem, rates = make(draw_problem, name), np.stack([RATES, RATES[::-1]])
    multipliers = np.stack([MULTIPLIERS, MULTIPLIERS[::-1]])
    together, at_once, _ = problem.trainer(engine, SETTINGS)
    together.epochs(ORDER.copy(), SIZE, rates, [], None, multipliers)
    alone, one_by_one, _ = problem.trainer(engine, SETTINGS)
    for rate, multiplier in zip(rates, multipliers, strict=True):
        alone.epoch(ORDER, SIZE, np.ascontiguousarray(rate), multiplier)
    assert at_once.tobytes() == one_by_one.tobytes()
