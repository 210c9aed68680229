"""Dropout, weight decay and label smoothing that follow a schedule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.cli.settings import parse_settings, with_objects
from lamina.engines.multipliers import Multipliers
from lamina.errors import CheckpointError
from lamina.estimators.settings.parameter import STEP_SCHEDULES
from lamina.formulas import SCHEDULES
from lamina.formulas.table import AnyArray
from lamina.schedules import Cosine, FlatCos, Plateau, Step
from lamina.workbench.runs.models import model_from

RNG = np.random.RandomState(3)
X = RNG.standard_normal((90, 5))
LABELS = RNG.randint(3, size=90)
BINARY = (X[:, 0] + 0.3 * RNG.standard_normal(90) > 0).astype(int)
SMALL: dict[str, Any] = {
    "hidden_layer_sizes": (6,),
    "batch_size": 20,
    "max_iter": 8,
    "n_iter_no_change": 50,
    "random_state": 0,
    "diagnostics": False,
}
VALUES: dict[str, Any] = {
    "dropout": {"dropout": 0.4, "input_dropout": 0.2},
    "weight_decay": {"weight_decay": 0.3, "solver": "adamw"},
    "label_smoothing": {"label_smoothing": 0.3},
}
pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
every_hyperparameter = pytest.mark.parametrize("name", Multipliers._fields)
every_schedule = pytest.mark.parametrize("schedule", sorted(STEP_SCHEDULES))


def coefficients(model: Any) -> AnyArray:
    return np.concatenate([each.ravel() for each in (*model.coefs_, *model.intercepts_)])


def scheduled(name: str, schedule: Any, **ways: Any) -> MLPClassifier:
    return MLPClassifier(**{**SMALL, **VALUES[name], f"{name}_schedule": schedule, **ways})


def test_every_schedule_of_steps_can_be_followed_and_no_other() -> None:
    others = {name for name, each in SCHEDULES.items() if each.shape is None}
    assert {"coslog4", "flat_cos", "cosine"} <= STEP_SCHEDULES == set(SCHEDULES) - others
    assert others == {"constant", "invscaling", "adaptive", "plateau"}


@every_hyperparameter
@every_schedule
def test_every_schedule_changes_the_fit_and_resumes_bit_for_bit(
    name: str, schedule: str, tmp_path: Path, same: Callable[[Any, Any], bool]
) -> None:
    chosen = Step(every=2) if schedule == "step" else schedule
    whole = scheduled(name, chosen).fit(X, LABELS)
    constant = scheduled(name, None).fit(X, LABELS)
    assert (coefficients(whole) != coefficients(constant)).any()

    class PowerCut:
        def on_epoch_end(self, fit: Any) -> None:
            if fit.epoch == 4:
                raise RuntimeError

    path = tmp_path / "fit.checkpoint"
    with pytest.raises(RuntimeError):
        scheduled(name, chosen, checkpoint=path, callbacks=PowerCut()).fit(X, LABELS)
    resumed = scheduled(name, chosen).fit(X, LABELS, resume=path)
    np.testing.assert_array_equal(coefficients(resumed), coefficients(whole))
    assert same(resumed.loss_curve_, whole.loss_curve_)


@every_hyperparameter
@pytest.mark.parametrize("y", [LABELS, BINARY], ids=["codes", "binary"])
def test_a_callback_of_steps_changes_no_bit(name: str, y: AnyArray) -> None:
    class Watch:
        def on_step(self, fit: Any) -> None:
            seen.append(fit.ahead.multipliers)

    seen: list[Multipliers] = []
    watched = scheduled(name, "flat_cos", callbacks=Watch()).fit(X, y)
    np.testing.assert_array_equal(
        coefficients(watched), coefficients(scheduled(name, "flat_cos").fit(X, y))
    )
    # The inputs of the next step, in 8 epochs of 5 steps each.
    found = [getattr(each, name) for each in seen[:-1]]
    t = np.arange(1, 40) / 40
    expected = np.where(t < 0.5, 1, (1 + np.cos(np.pi * (2 * t - 1))) / 2)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@every_hyperparameter
@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_schedule_spans_max_iter_whatever_ends_the_fit(
    name: str, engine: str, early_stopping: bool
) -> None:
    ways = {"engine": engine, "early_stopping": early_stopping, "n_iter_no_change": 2, "tol": 0.5}
    short = scheduled(name, "flat_cos", max_iter=100, **ways).fit(X, LABELS)
    assert short.n_iter_ < 20
    # The schedule is flat for 50 epochs, and the fit ends before.
    constant = scheduled(name, None, max_iter=100, **ways).fit(X, LABELS)
    np.testing.assert_array_equal(coefficients(short), coefficients(constant))


@every_hyperparameter
def test_one_epoch_of_partial_fit_after_another_follows_the_schedule(name: str) -> None:
    ways = {"shuffle": False, "hidden_layer_sizes": (6,)}
    whole = scheduled(name, Cosine(lowest=0.1), **ways).fit(X, LABELS)
    model = scheduled(name, Cosine(lowest=0.1), **ways)
    for _ in range(SMALL["max_iter"]):
        model.partial_fit(X, LABELS, classes=[0, 1, 2])
    np.testing.assert_array_equal(coefficients(model), coefficients(whole))


@every_hyperparameter
@pytest.mark.parametrize("schedule", ["plateau", "adaptive", Plateau(), lambda s, e: 0.1, 0.5])
def test_what_is_no_function_of_the_step_is_refused_with_the_allowed_names(
    name: str, schedule: Any
) -> None:
    with pytest.raises(ValueError, match=rf"'{name}_schedule' parameter .*'coslog4', .*'flat_cos'"):
        scheduled(name, schedule).fit(X, LABELS)


def test_a_misspelt_schedule_has_a_suggestion() -> None:
    with pytest.raises(ValueError, match="Did you mean 'flat_cos'"):
        MLPRegressor(dropout_schedule="flat_cso").fit(X, LABELS)


def test_power_t_of_the_learning_rate_does_not_contradict_an_object() -> None:
    ways = {**SMALL, "solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3, "max_iter": 2}
    MLPRegressor(**ways, dropout=0.1, dropout_schedule=Cosine()).fit(X, LABELS)


def test_an_object_can_be_searched_cloned_saved_and_printed(tmp_path: Path) -> None:
    model = scheduled("dropout", FlatCos(flat=0.2), max_iter=2)
    assert "dropout_schedule=FlatCos(flat=0.2)" in repr(model)
    grid = {"dropout_schedule": [None, "flat_cos"], "dropout": [0.1, 0.2]}
    search = GridSearchCV(scheduled("dropout", None, max_iter=2), grid, cv=2).fit(X, LABELS)
    assert search.best_params_["dropout"] in (0.1, 0.2)
    changed = clone(model).set_params(dropout_schedule__flat=0.7)
    assert changed.dropout_schedule == FlatCos(flat=0.7)
    lamina.save(model.fit(X, LABELS), tmp_path / "model.lamina")
    again = lamina.load(tmp_path / "model.lamina")
    assert again.dropout_schedule == FlatCos(flat=0.2)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_the_command_line_and_the_workbench_set_a_schedule_with_options() -> None:
    settings = parse_settings(["dropout_schedule=flat_cos", "dropout_schedule.flat=0.25"])
    assert with_objects(settings, {}) == {"dropout_schedule": FlatCos(flat=0.25)}
    parameters = {"weight_decay_schedule": {"name": "flat_cos", "flat": 0.25}, "solver": "adamw"}
    assert model_from(parameters, "regression").weight_decay_schedule == FlatCos(flat=0.25)


def test_a_traced_step_shows_the_multiplied_hyperparameters() -> None:
    ways: dict[str, Any] = {"max_iter": 3, "batch_size": 90, "shuffle": False}
    for name in Multipliers._fields:
        # The multiplier of the first step is 0 for coslog4.
        trace = lamina.trace_step(scheduled(name, "coslog4", **ways), X, BINARY, dropout=True)
        value = {"weight_decay": 0.0} if name == "weight_decay" else {name: 0.0}
        value |= {"input_dropout": 0.0} if name == "dropout" else {}
        plain = scheduled(name, None, **ways).set_params(**value)
        expected = lamina.trace_step(plain, X, BINARY, dropout=True)
        assert trace.loss == pytest.approx(expected.loss, rel=1e-12)
        np.testing.assert_allclose(
            trace.layers[0].update_W, expected.layers[0].update_W, rtol=1e-9, atol=1e-12
        )


def test_weight_decay_and_label_smoothing_follow_schedules_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    model = scheduled("weight_decay", "flat_cos", batch_size=90, max_iter=20, shuffle=False)
    model.set_params(label_smoothing=0.3, label_smoothing_schedule="coslog4", alpha=0.0)
    model.set_params(activation="tanh", learning_rate_init=0.01)
    start = clone(model).set_params(max_iter=1, learning_rate_init=1e-300).fit(X, LABELS)
    theirs = torch.nn.Sequential(torch.nn.Linear(5, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3))
    theirs = theirs.double()
    layers = theirs[0], theirs[2]
    with torch.no_grad():
        for layer, W, b in zip(layers, start.coefs_, start.intercepts_, strict=True):
            layer.weight.copy_(torch.tensor(W.T))
            layer.bias.copy_(torch.tensor(b))
    groups = [{"params": [layer.weight for layer in layers], "weight_decay": 0.3}]
    groups += [{"params": [layer.bias for layer in layers], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.01)
    for step in range(20):
        t = step / 20
        wave = (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t))) / 2
        decay = 1 if t < 0.5 else (1 + np.cos(np.pi * (2 * t - 1))) / 2
        optimizer.param_groups[0]["weight_decay"] = 0.3 * decay
        loss = torch.nn.CrossEntropyLoss(label_smoothing=0.3 * wave)
        optimizer.zero_grad()
        loss(theirs(torch.tensor(X)), torch.tensor(LABELS)).backward()
        optimizer.step()
    model.fit(X, LABELS)
    for layer, W in zip(layers, model.coefs_, strict=True):
        np.testing.assert_allclose(W, layer.weight.detach().numpy().T, rtol=1e-9, atol=1e-12)


@every_hyperparameter
def test_a_schedule_over_max_iter_does_not_resume_with_another(name: str, tmp_path: Path) -> None:
    path = tmp_path / "fit.checkpoint"
    scheduled(name, "flat_cos", checkpoint=path).fit(X, LABELS)
    with pytest.raises(CheckpointError, match="max_iter=8, and this has max_iter=20"):
        scheduled(name, "flat_cos", max_iter=20).fit(X, LABELS, resume=path)
    # A schedule by epochs does not depend on their number.
    scheduled(name, "exponential", checkpoint=path).fit(X, LABELS)
    longer = scheduled(name, "exponential", max_iter=20).fit(X, LABELS, resume=path)
    whole = scheduled(name, "exponential", max_iter=20).fit(X, LABELS)
    np.testing.assert_array_equal(coefficients(longer), coefficients(whole))
