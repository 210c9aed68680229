"""Conversion of an estimator's parameters to a training plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.fitting import running
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import names_of
from lamina.training import Ending, LbfgsPlan, TrainingPlan

X, Y = np.arange(600.0).reshape(300, 2) / 600, np.arange(300) % 2


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[TrainingPlan]:
    """Collect every plan that an estimator makes, instead of training."""
    made: list[TrainingPlan] = []

    def train(engine: Any, spec: Any, plan: TrainingPlan, *args: Any, **kwargs: Any) -> Ending:
        made.append(plan)
        return Ending.CONVERGED

    monkeypatch.setattr(running, "train", train)
    return made


def test_the_parameters_of_an_estimator_define_its_plan(plans: list[TrainingPlan]) -> None:
    MLPClassifier(
        solver="sgd", alpha=0.5, learning_rate="adaptive", learning_rate_init=0.25, power_t=0.75
    ).set_params(
        max_iter=7, tol=0.125, n_iter_no_change=np.inf, shuffle=False, verbose=2, momentum=0.0
    ).fit(X, Y)
    (plan,) = plans
    assert (plan.objective.loss, plan.objective.alpha) == ("binary_log_loss", 0.5)
    assert plan.optimizer.hyperparameters == {"momentum": 0.0, "nesterovs_momentum": 1.0}
    assert (plan.schedule, plan.initial_rate, plan.power_t) == ("adaptive", 0.25, 0.75)
    assert (plan.max_epochs, plan.tol, plan.patience) == (7, 0.125, np.inf)
    assert (plan.shuffle, plan.verbose) == (False, True)


def test_adam_follows_no_schedule(plans: list[TrainingPlan]) -> None:
    MLPRegressor(solver="adam", learning_rate="adaptive").fit(X, Y)
    assert plans[0].schedule == "constant"


@pytest.mark.parametrize("solver", OPTIMIZERS)
def test_every_optimizer_receives_the_hyperparameters_that_it_lists(
    plans: list[TrainingPlan], solver: str
) -> None:
    MLPRegressor(solver=solver).fit(X, Y)
    assert set(plans[0].optimizer.hyperparameters) == set(
        names_of(OPTIMIZERS[solver].hyperparameters)
    )


@pytest.mark.parametrize(
    ("parameters", "batch_size"),
    [
        ({}, 200),
        ({"batch_size": 32}, 32),
        ({"early_stopping": True, "validation_fraction": 0.5}, 150),
        ({"early_stopping": True, "validation_fraction": 0.5, "batch_size": 150}, 150),
    ],
)
def test_a_batch_is_no_larger_than_the_training_set(
    plans: list[TrainingPlan], parameters: dict[str, Any], batch_size: int
) -> None:
    MLPRegressor(**parameters).fit(X, Y)
    assert plans[0].batch_size == batch_size


def test_partial_fit_plans_one_epoch(plans: list[TrainingPlan]) -> None:
    MLPRegressor(max_iter=50).partial_fit(X, Y)
    assert plans[0].max_epochs == 1


def test_lbfgs_receives_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[LbfgsPlan] = []
    minimise = running.minimise

    def note(engine: Any, spec: Any, plan: LbfgsPlan, *args: Any) -> Any:
        made.append(plan)
        return minimise(engine, spec, plan, *args)

    monkeypatch.setattr(running, "minimise", note)
    model = MLPRegressor("poisson", (), solver="lbfgs", max_iter=70, max_fun=90, tol=0.5, alpha=3)
    model.set_params(engine="reference").fit(X, Y)
    (plan,) = made
    assert (plan.max_iterations, plan.max_evaluations, plan.tol) == (70, 90, 0.5)
    assert (plan.objective.loss, plan.objective.alpha) == ("poisson", 3.0)
