"""Solvers, penalties, clipping, decay and averaging, as parameters of the estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.settings.formula_choices import optimizer_settings
from lamina.formulas import OPTIMIZERS, PENALTIES
from lamina.formulas.hyperparameters import names_of

X = np.random.RandomState(0).standard_normal((60, 4))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
SURROUNDINGS: dict[str, dict[str, Any]] = {
    "amsgrad": {"solver": "adamw", "amsgrad": True},
    "elasticnet": {"penalty": "elasticnet", "l1_ratio": 0.2, "alpha": 0.1},
    "decaying": {"weight_decay": 0.1},
    "clipped": {"max_gradient_norm": 0.1},
    "averaged": {"average_decay": 0.9},
}
CASES = {
    **{solver: {"solver": solver} for solver in OPTIMIZERS},
    **{penalty: {"penalty": penalty, "alpha": 0.1} for penalty in PENALTIES},
    **SURROUNDINGS,
}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
every_case = pytest.mark.parametrize("parameters", CASES.values(), ids=CASES)


def model_of(parameters: dict[str, Any], **more: Any) -> MLPClassifier:
    return MLPClassifier((8, 5), **{"max_iter": 5, "random_state": 0} | parameters | more)


def vector(model: Any) -> np.ndarray:
    return np.concatenate([np.ravel(part) for part in (*model.coefs_, *model.intercepts_)])


@every_case
def test_both_engines_give_the_same_model(parameters: dict[str, Any]) -> None:
    native, reference = (
        model_of(parameters, engine=engine).fit(X, Y) for engine in (None, "reference")
    )
    np.testing.assert_allclose(vector(native), vector(reference), rtol=0, atol=1e-10)
    np.testing.assert_allclose(native.loss_curve_, reference.loss_curve_, rtol=1e-10)


@every_case
def test_training_continues_after_save_and_load(parameters: dict[str, Any], tmp_path: Any) -> None:
    model = model_of(parameters).fit(X, Y)
    lamina.save(model, tmp_path / "model.lamina")
    loaded = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    for one in (model, loaded):
        one.partial_fit(X, Y)
    np.testing.assert_array_equal(vector(loaded), vector(model))


@every_case
def test_every_optimizer_setting_changes_the_model(parameters: dict[str, Any]) -> None:
    plain, other = model_of({"alpha": 0.1}).fit(X, Y), model_of(parameters).fit(X, Y)
    is_plain = parameters in ({"solver": "adam"}, {"penalty": "l2", "alpha": 0.1})
    assert is_plain or not np.array_equal(vector(plain), vector(other))


def test_a_solver_receives_the_hyperparameters_of_its_record() -> None:
    for solver, optimizer in OPTIMIZERS.items():
        settings = optimizer_settings(MLPClassifier(solver=solver))
        assert tuple(settings.hyperparameters) == names_of(optimizer.hyperparameters)
        assert settings.weight_decay == (0.01 if solver == "adamw" else 0.0)
    assert optimizer_settings(MLPClassifier(solver="adamw", weight_decay=0)).weight_decay == 0
    assert optimizer_settings(MLPClassifier(weight_decay=0.3)).weight_decay == 0.3


def test_l1_drives_the_weights_of_useless_features_to_nearly_zero() -> None:
    rng = np.random.RandomState(1)
    rows = rng.standard_normal((200, 10))
    target = rows[:, 0] - rows[:, 1]
    sparse, dense = (
        MLPRegressor(
            hidden_layer_sizes=(),
            penalty=penalty,
            alpha=20.0,
            solver="sgd",
            momentum=0.0,
            nesterovs_momentum=False,
            learning_rate_init=0.01,
            max_iter=1500,
            n_iter_no_change=1500,
            random_state=0,
        ).fit(rows, target)
        for penalty in ("l1", "l2")
    )
    idle = [np.abs(model.coefs_[0][2:]).max() for model in (sparse, dense)]
    assert idle[0] < 0.002 < idle[1]
    assert np.abs(sparse.coefs_[0][:2]).min() > 0.5


def test_an_elastic_net_without_l1_is_l2() -> None:
    net, plain = (
        model_of({"penalty": penalty, "l1_ratio": 0, "alpha": 1}, solver="lbfgs").fit(X, Y)
        for penalty in ("elasticnet", "l2")
    )
    np.testing.assert_array_equal(vector(net), vector(plain))


def test_averaging_does_not_change_training() -> None:
    averaged, plain = model_of(SURROUNDINGS["averaged"]), model_of({})
    path = []
    for _ in range(6):
        averaged.partial_fit(X, Y, classes=[0, 1])
        plain.partial_fit(X, Y, classes=[0, 1])
        path.append(vector(plain).copy())
    np.testing.assert_array_equal(averaged._trained_parameters, path[-1])
    weight = 0.9 ** np.arange(6)[::-1]
    expected = np.einsum("t,tp->p", weight / weight.sum(), path)
    np.testing.assert_allclose(vector(averaged), expected, rtol=0, atol=1e-12)
    assert averaged.loss_curve_ == plain.loss_curve_


def test_a_warm_start_continues_from_the_unaveraged_weights() -> None:
    averaged, plain = (model_of(p, warm_start=True) for p in (SURROUNDINGS["averaged"], {}))
    for _ in range(2):
        averaged.fit(X, Y)
        plain.fit(X, Y)
    np.testing.assert_array_equal(averaged._trained_parameters, vector(plain))
    averaged.set_params(average_decay=None).fit(X, Y)
    np.testing.assert_array_equal(vector(averaged), vector(plain.fit(X, Y)))
    assert averaged._trained_parameters is None


def test_lbfgs_continues_from_the_unaveraged_weights_and_ends_the_average() -> None:
    averaged, plain = (model_of(p, warm_start=True) for p in (SURROUNDINGS["averaged"], {}))
    for model in (averaged, plain):
        model.fit(X, Y).set_params(average_decay=None, solver="lbfgs").fit(X, Y)
    np.testing.assert_array_equal(vector(averaged), vector(plain))
    assert averaged._trained_parameters is None


def test_early_stopping_validates_and_restores_the_average() -> None:
    model = MLPClassifier(
        (20,),
        average_decay=0.9,
        early_stopping=True,
        validation_fraction=0.3,
        learning_rate_init=0.05,
        max_iter=30,
        random_state=3,
    ).fit(X, Y)
    best = int(np.argmax(model.validation_scores_))
    shorter = MLPClassifier(**model.get_params() | {"max_iter": best + 1}).fit(X, Y)
    np.testing.assert_array_equal(vector(model), vector(shorter))
    assert not np.array_equal(vector(model), model._trained_parameters)


def test_an_optimizers_state_is_kept_only_if_its_slots_are_the_same() -> None:
    model = model_of({}, amsgrad=True).fit(X, Y)
    steps = model._optimizer_step
    model.set_params(amsgrad=False, average_decay=0.9).partial_fit(X, Y)
    assert model._optimizer_step == 1
    model.partial_fit(X, Y)
    assert model._optimizer_step == 2 < steps
