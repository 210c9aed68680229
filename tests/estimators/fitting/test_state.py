"""Fitted attributes are plain values, complete, and views of one vector."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.fitted_network import get_parameters, get_spec, share_one_vector
from lamina.estimators.fitting.state import (
    EPOCH_ATTRIBUTES,
    build_memory,
    get_history,
)
from lamina.estimators.settings.fit_settings import resolve_settings

X = np.random.RandomState(0).standard_normal((20, 3))
Y = np.arange(20) % 3

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PLAIN = (numbers.Number, str, bool, type(None), np.ndarray)
OF_TARGETS = {
    "_target_kind",
    "_sparse_targets",
    "_loss_name",
    "_n_targets",
    "_loss_hyperparameters",
    "_heads",
}
PRIVATE = {*EPOCH_ATTRIBUTES, *OF_TARGETS}
FITS = {
    "classifier": MLPClassifier((4,), max_iter=3),
    "multilabel": MLPClassifier((4,), max_iter=3),
    "regressor": MLPRegressor("squared_error", (4, 2), max_iter=3),
    "early_stopping": MLPRegressor("squared_error", (4,), max_iter=3, early_stopping=True),
    "lbfgs": MLPClassifier((4,), solver="lbfgs", max_iter=3),
    "several": MLPClassifier((4,), max_iter=3),
    "quantiles": MLPRegressor("quantile", (4,), quantile=(0.1, 0.9), max_iter=3),
}


def fitted(kind: str) -> Any:
    y = {"multilabel": (X > 0).astype(int), "several": np.c_[Y, 3 * Y]}.get(kind, Y)
    return FITS[kind].fit(X, y)


@pytest.mark.parametrize("kind", FITS)
def test_the_fitted_state_is_numbers_names_and_arrays(kind: str) -> None:
    model = fitted(kind)
    state = {k: v for k, v in vars(model).items() if k not in model.get_params()}
    for name, value in state.items():
        lists = value.values() if isinstance(value, dict) else [value]
        values = [each for one in lists for each in (one if isinstance(one, list) else [one])]
        assert all(isinstance(each, PLAIN) for each in values), name
        assert name.endswith("_") or name in PRIVATE


@pytest.mark.parametrize("kind", FITS)
def test_weights_and_biases_are_views_of_one_vector(kind: str) -> None:
    model = fitted(kind)
    vector = get_parameters(model)
    assert vector is get_parameters(model)
    vector[...] = np.arange(vector.size)
    assert model.coefs_[0][0, 1] == 1
    assert model.intercepts_[-1][-1] == vector.size - 1
    assert all(np.shares_memory(part, vector) for part in (*model.coefs_, *model.intercepts_))


def test_the_network_is_read_off_the_weights() -> None:
    spec = get_spec(fitted("regressor"))
    assert [(block.fan_in, block.fan_out) for block in spec.blocks] == [(3, 4), (4, 2), (2, 1)]
    assert [block.activation for block in spec.blocks] == ["relu", "relu", "identity"]
    assert spec.inverse_link == "identity"


def test_separated_arrays_share_one_vector_again() -> None:
    model = fitted("classifier")
    model.coefs_ = [weights.copy() for weights in model.coefs_]
    model.intercepts_ = [biases.copy() for biases in model.intercepts_]
    before = model.predict_proba(X)
    assert get_parameters(model) is not get_parameters(model)
    share_one_vector(model)
    assert get_parameters(model) is get_parameters(model)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_a_history_is_read_back() -> None:
    model = fitted("early_stopping")
    history = get_history(model)
    assert history.losses is model.loss_curve_
    assert history.scores == model.validation_scores_
    assert history.best_score == model.best_validation_score_
    assert history.best_loss is None
    assert history.rows_seen == 3 * 18


def test_a_minimisation_by_scipy_has_an_empty_history() -> None:
    model = MLPClassifier((4,), solver="lbfgs", max_iter=3, engine="reference").fit(X, Y)
    history = get_history(model)
    assert (history.losses, history.scores, history.rows_seen) == ([], None, 0)


def test_the_optimizer_state_is_kept_only_on_request_and_for_the_same_solver() -> None:
    model = fitted("classifier")
    start = get_parameters(model).copy()
    settings = resolve_settings(model)
    kept = build_memory(settings, model, start, fresh=False, keep_optimizer=True)
    assert kept.optimizer.step == 3
    np.testing.assert_array_equal(kept.optimizer.slots, model._optimizer_slots)
    assert kept.optimizer.slots is not model._optimizer_slots
    by_sgd = resolve_settings(clone(model).set_params(solver="sgd"))
    for fresh in (
        build_memory(settings, model, start, fresh=False, keep_optimizer=False),
        build_memory(settings, model, np.zeros(99), fresh=False, keep_optimizer=True),
        build_memory(by_sgd, model, start, fresh=False, keep_optimizer=True),
    ):
        assert fresh.optimizer.step == 0
        assert not fresh.optimizer.slots.any()


def test_a_fresh_lbfgs_fit_removes_the_attributes_of_a_minibatch_fit() -> None:
    model = MLPClassifier((4,), max_iter=3).fit(X, Y)
    # Only independent members have losses of their own.
    assert set(EPOCH_ATTRIBUTES) - {"_member_losses"} <= set(vars(model))
    model.set_params(solver="lbfgs", engine="reference").fit(X, Y)
    assert not set(EPOCH_ATTRIBUTES) & set(vars(model))
    model.set_params(engine=None).fit(X, Y)
    assert not {"_optimizer_slots", "_learning_rate", "_noise_seed"} & set(vars(model))
    assert math.isfinite(model.loss_)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda model: model.coefs_.__setitem__(1, np.zeros((5, 3))),
        lambda model: model.coefs_.__setitem__(1, np.zeros((7, 30))),
        lambda model: model.intercepts_.__setitem__(0, np.zeros(2)),
        lambda model: setattr(model, "coefs_", model.coefs_[:1]),
        lambda model: setattr(model, "intercepts_", model.intercepts_[:1]),
        lambda model: setattr(model, "n_features_in_", 9),
    ],
    ids=["rows", "columns", "intercept", "a matrix less", "an intercept less", "features"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weights_that_do_not_form_a_network_are_refused(spoil: Any) -> None:
    rng = np.random.RandomState(0)
    model = MLPClassifier((7,), max_iter=1, random_state=0)
    model.fit(rng.normal(size=(30, 4)), np.arange(30) % 3)
    spoil(model)
    with pytest.raises(ValueError, match="are not those of one network"):
        model.predict(rng.normal(size=(5, model.n_features_in_)))
