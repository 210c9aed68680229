"""MLPRegressor: losses, outputs, and targets that cannot be learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes

from lamina import MLPRegressor
from lamina.engines import Engine
from lamina.errors import NonFiniteError

X, Y = load_diabetes(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
every_solver = pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])


@pytest.fixture(autouse=True)
def serve(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_ENGINE", engine.name)


def test_the_loss_is_the_first_positional_parameter() -> None:
    model = MLPRegressor("poisson", (3,), "tanh")
    assert (model.loss, model.hidden_layer_sizes, model.activation) == ("poisson", (3,), "tanh")


@pytest.mark.parametrize("shape", [(442,), (442, 1), (442, 3)], ids=str)
def test_the_prediction_has_as_many_columns_as_the_target(shape: tuple[int, ...]) -> None:
    y = np.resize(Y, shape)
    expected = (442,) if shape == (442, 1) else shape
    model = MLPRegressor("squared_error", (3,), max_iter=2)
    if shape == (442, 1):
        with pytest.warns(match="column-vector"):
            model.fit(X, y)
    else:
        model.fit(X, y)
    assert model.predict(X).shape == expected


@every_solver
@pytest.mark.parametrize("dtype", [None, "float32"])
def test_a_target_too_large_for_its_square_is_an_error(solver: str, dtype: str | None) -> None:
    if solver == "lbfgs":
        dtype = None
    model = MLPRegressor(solver=solver, dtype=dtype, random_state=0)
    with pytest.raises(NonFiniteError, match=r"the loss itself overflowed .* scale the target"):
        model.fit(X, Y * 1e300)


def test_divergence_is_reported_with_epoch_layer_and_cures() -> None:
    model = MLPRegressor(solver="sgd", activation="identity", learning_rate_init=1, random_state=0)
    message = (
        r"^Solver produced non-finite parameter weights\. The input data may contain large values "
        r"and need to be preprocessed\. It happened in epoch \d+; layer '(hidden_1|output)' "
        r"\(coefs_\[[01]\]\) was the first\. Try to scale the inputs with StandardScaler, scale "
        r"the target of a regression \(scale_target=True\), or choose a "
        r"learning_rate_init below 1\.$"
    )
    with pytest.raises(NonFiniteError, match=message):
        model.fit(X, Y)
    assert not hasattr(model, "coefs_")


def test_divergence_under_early_stopping_restores_the_best_weights_with_a_warning() -> None:
    model = MLPRegressor(
        solver="sgd", activation="identity", learning_rate_init=1, random_state=0, max_iter=50
    ).set_params(early_stopping=True)
    with pytest.warns(match="the best epoch before that were restored") as caught:
        model.fit(X, Y / 1000)
    assert len(caught) == 1
    assert np.isnan(model.validation_scores_[-1])
    assert len(model.validation_scores_) == len(model.loss_curve_) == model.n_iter_ < 50
    assert np.isfinite(model.best_validation_score_)
    assert np.isfinite(model.predict(X)).all()


def test_the_poisson_loss_predicts_rates_above_zero() -> None:
    counts = np.random.RandomState(0).poisson(np.exp(2 * X[:, 2] * 10))
    model = MLPRegressor("poisson", (), solver="lbfgs", alpha=0, max_iter=500).fit(X, counts)
    assert (model.predict(X) > 0).all()
    assert model.out_activation_ == "exp"
    assert model.predict(X).mean() == pytest.approx(counts.mean(), rel=1e-3)


@every_solver
def test_the_poisson_loss_refuses_targets_below_zero(solver: str) -> None:
    with pytest.raises(ValueError, match=r"'poisson' is not defined for a target of -2\.0"):
        MLPRegressor("poisson", solver=solver).fit(X, np.full(442, -2.0))


@pytest.mark.parametrize(
    ("y", "found"),
    [
        (np.array(["1", "2"] * 221), "ndarray of <U1"),
        (np.arange(442).astype("datetime64[D]"), "ndarray of datetime64"),
        (sparse.csr_array(np.ones((442, 2))), "csr_array of float64"),
    ],
    ids=["words", "times", "sparse"],
)
def test_targets_that_are_not_dense_numbers_are_refused(y: Any, found: str) -> None:
    with pytest.raises(TypeError, match=f"y must be a dense array of numbers, got {found}"):
        MLPRegressor().fit(X, y)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.float32, object])
def test_numbers_of_every_kind_are_learned_from(dtype: Any) -> None:
    y = (Y > 100).astype(dtype)
    expected = MLPRegressor("squared_error", (3,), max_iter=3, random_state=0)
    expected.fit(X, y.astype(np.float64))
    model = MLPRegressor("squared_error", (3,), max_iter=3, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))


def test_several_outputs_follow_a_gradient_that_is_not_divided_by_their_number() -> None:
    # A duplicated target doubles the gradient, while the loss is the mean of both.
    start = {"hidden_layer_sizes": (), "solver": "sgd", "momentum": 0, "alpha": 0, "max_iter": 1}
    one = MLPRegressor(random_state=0, warm_start=True, **start).fit(X, Y)
    two = MLPRegressor(random_state=0, warm_start=True, **start).fit(X, np.c_[Y, Y])
    for model in (one, two):
        model.coefs_ = [np.zeros_like(model.coefs_[0])]
        model.intercepts_ = [np.zeros_like(model.intercepts_[0])]
    one.fit(X, Y)
    two.fit(X, np.c_[Y, Y])
    np.testing.assert_allclose(two.coefs_[0][:, 1], one.coefs_[0][:, 0])
    assert two.loss_ == pytest.approx(one.loss_)


def test_a_warm_start_with_other_outputs_is_refused() -> None:
    model = MLPRegressor("squared_error", (3,), max_iter=2, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match="10 features and 2 outputs"):
        model.fit(X, np.c_[Y, Y])
