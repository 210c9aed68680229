"""A plan is checked before the first epoch."""

from __future__ import annotations

import pytest

from lamina.engines import Objective, OptimizerSettings
from lamina.errors import UnknownNameError
from lamina.formulas import SCHEDULES
from lamina.training import TrainingPlan


def plan(schedule: str) -> TrainingPlan:
    settings = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})
    return TrainingPlan(Objective("squared_error"), settings, 10, 5, schedule)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_can_be_planned(schedule: str) -> None:
    assert plan(schedule).schedule == schedule


def test_an_unknown_schedule_is_refused_at_once() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'constant'"):
        plan("konstant")
