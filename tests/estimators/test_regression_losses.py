"""All losses of MLPRegressor: shapes, standard deviations, quantiles, domains, custom losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.engines.local_engines import LOCAL_ENGINES

import lamina
from lamina import MLPRegressor
from lamina.datasets import files, load
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES
from lamina.formulas import LOSSES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_diabetes(return_X_y=True)
X, Y = 20 * X, (Y - Y.mean()) / Y.std()
QUANTILES = [0.1, 0.5, 0.9]
every_loss = pytest.mark.parametrize("loss", sorted(REGRESSION_LOSSES))


def targets(loss: str) -> np.ndarray:
    return np.exp(Y) if LOSSES[loss].inverse_link == "exp" else Y


def quick(loss: Any, **parameters: Any) -> MLPRegressor:
    params = {"hidden_layer_sizes": (12,), "max_iter": 40, "random_state": 0, **parameters}
    return MLPRegressor(loss, **params)


@every_loss
@pytest.mark.parametrize("engine", LOCAL_ENGINES)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_every_loss_learns(loss: str, engine: str, solver: str) -> None:
    y = targets(loss)
    model = quick(loss, engine=engine, solver=solver, max_iter=60).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.2
    assert model.out_activation_ == LOSSES[loss].inverse_link


@every_loss
@pytest.mark.parametrize("several", [False, True], ids=["one target", "two targets"])
def test_a_saved_model_predicts_the_same(loss: str, several: bool, tmp_path: Any) -> None:
    y = targets(loss)
    y = np.c_[y, y[::-1]] if several else y
    model = quick(loss, max_iter=3).fit(X, y)
    lamina.save(model, tmp_path / "model.lamina")
    found = lamina.load(tmp_path / "model.lamina")
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    assert found.predict(X).shape == y.shape
    if LOSSES[loss].std is not None:
        for ours, theirs in zip(
            found.predict(X, return_std=True), model.predict(X, return_std=True), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
    assert found.score(X, y) == model.score(X, y)


@every_loss
def test_a_fit_continues_and_stops_early_with_every_loss(loss: str) -> None:
    y = targets(loss)
    model = quick(loss, max_iter=2, warm_start=True).fit(X, y)
    first = model.loss_
    for _ in range(5):
        model.fit(X, y)
    assert model.loss_ < first
    model.partial_fit(X, y)
    stopped = quick(loss, early_stopping=True, max_iter=400).fit(X, y)
    assert np.isfinite(stopped.best_validation_score_)
    assert np.isfinite(stopped.validation_loss_curve_).all()


def test_each_loss_receives_its_own_hyperparameters() -> None:
    far = np.where(np.arange(len(Y)) % 10 == 0, Y + 40, Y)
    gentle, strict = (
        quick("huber", huber_threshold=t, max_iter=200).fit(X, far).predict(X).mean()
        for t in (0.1, 100.0)
    )
    assert gentle < strict - 0.5
    low, high = (quick("quantile", quantile=q).fit(X, Y).predict(X).mean() for q in (0.1, 0.9))
    assert low < high - 1
    one, two = (quick("tweedie", tweedie_power=p).fit(X, np.exp(Y)).loss_ for p in (1.1, 1.9))
    assert one != two


@pytest.mark.parametrize(
    ("loss", "target"), [("poisson", -2.0), ("gamma", 0.0), ("gamma", -1.5), ("tweedie", -0.5)]
)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_targets_outside_a_losss_domain_are_refused(loss: str, target: float, solver: str) -> None:
    y = np.full(len(X), 3.0)
    y[7] = target
    with pytest.raises(ValueError, match=f"'{loss}' is not defined for a target of {target}"):
        quick(loss, solver=solver).fit(X, y)


@pytest.mark.parametrize("loss", ["tweedie", "poisson"])
def test_losses_of_counts_allow_a_target_of_zero(loss: str) -> None:
    y = np.where(Y > 0, np.exp(Y), 0)
    assert (quick(loss).fit(X, y).predict(X) > 0).all()


def test_several_quantiles_have_one_column_each_and_never_cross() -> None:
    model = quick("quantile", quantile=QUANTILES, max_iter=3).fit(X, Y)
    prediction = model.predict(X)
    assert prediction.shape == (len(X), 3)
    assert (np.diff(prediction, axis=1) >= 0).all()
    # After three epochs, unsorted quantiles would still cross.
    assert not (np.diff(model._forward(X), axis=1) >= 0).all()
    both = quick("quantile", quantile=np.array(QUANTILES)).fit(X, np.c_[Y, -Y])
    assert both.predict(X).shape == (len(X), 2, 3)
    assert both.n_outputs_ == 6
    assert quick("quantile", quantile=[0.5]).fit(X, Y).predict(X).shape == (len(X), 1)
    assert quick("quantile", quantile=0.5).fit(X, np.c_[Y, -Y]).predict(X).shape == (len(X), 2)


def test_quantiles_are_scored_by_d2_of_the_pinball_loss() -> None:
    one = quick("quantile", quantile=0.9).fit(X, Y)
    assert one.score(X, Y) == pytest.approx(d2_pinball_score(Y, one.predict(X), alpha=0.9))
    several = quick("quantile", quantile=QUANTILES).fit(X, np.c_[Y, -Y])
    prediction, weight = several.predict(X), np.linspace(0.5, 2, len(Y))
    expected = np.mean(
        [
            d2_pinball_score(np.c_[Y, -Y], prediction[..., k], alpha=q, sample_weight=weight)
            for k, q in enumerate(QUANTILES)
        ]
    )
    assert several.score(X, np.c_[Y, -Y], weight) == pytest.approx(expected)
    other = quick("absolute_error").fit(X, Y)
    assert other.score(X, Y) == pytest.approx(r2_score(Y, other.predict(X)))


def test_quantiles_have_their_nominal_coverage_on_the_california_data() -> None:
    if files.data_file(files.CALIFORNIA_FILE) is None:
        pytest.skip("no folder has the California data, and tests download nothing")
    data = load("california_housing")
    X_train, X_test, y_train, y_test = train_test_split(
        data.X, data.y, test_size=0.3, random_state=0
    )
    network = MLPRegressor(
        "quantile", (64, 32), quantile=QUANTILES, max_iter=40, random_state=0, batch_size=256
    )
    model = make_pipeline(StandardScaler(), network).fit(X_train, y_train)
    coverage = (y_test[:, np.newaxis] <= model.predict(X_test)).mean(axis=0)
    np.testing.assert_allclose(coverage, QUANTILES, rtol=0, atol=0.02)


def test_the_gaussian_loss_predicts_its_standard_deviation() -> None:
    random_state = np.random.RandomState(0)
    x = random_state.uniform(-1, 1, 4000)
    true_std = 0.1 + 0.4 * (x > 0)
    y = 2 * x + true_std * random_state.standard_normal(4000)
    model = MLPRegressor("gaussian_nll", (30,), max_iter=100, random_state=0).fit(x[:, None], y)
    mean, std = model.predict(x[:, None], return_std=True)
    assert mean.shape == std.shape == y.shape
    np.testing.assert_array_equal(mean, model.predict(x[:, None]))
    away = np.abs(x) > 0.5
    np.testing.assert_allclose(std[away], true_std[away], rtol=0.3)
    assert np.abs((y - mean) / std).std() == pytest.approx(0.6, abs=0.06)
    both = MLPRegressor("gaussian_nll", (30,), max_iter=5).fit(x[:, None], np.c_[y, -y])
    assert [part.shape for part in both.predict(x[:, None], return_std=True)] == [(4000, 2)] * 2


def test_return_std_is_refused_for_losses_that_predict_none() -> None:
    with pytest.raises(ValueError, match=r"return_std=True needs .* loss='gaussian_nll'"):
        quick("squared_error").fit(X, Y).predict(X, return_std=True)


@pytest.mark.parametrize(
    ("quantile", "error", "message"),
    [
        ([0.5, 0.5], ValueError, r"quantile=\[0.5, 0.5\] must be in ascending"),
        ([0.9, 0.1], ValueError, "sort it"),
        ([], ValueError, "must be in ascending order"),
        ([0.0, 0.5], ValueError, "above 0 and below 1"),
        ([0.5, "0.9"], TypeError, "a number or a sequence of numbers"),
        (1.0, ValueError, "'quantile' parameter of MLPRegressor"),
        ("0.5", ValueError, "'quantile' parameter of MLPRegressor"),
    ],
)
def test_invalid_quantiles_are_refused(quantile: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        quick("quantile", quantile=quantile).fit(X, Y)


def test_several_quantiles_are_refused_for_other_losses() -> None:
    with pytest.raises(ValueError, match=r"quantile=\[0.1, 0.5, 0.9\] .* loss='poisson'"):
        quick("poisson", quantile=QUANTILES).fit(X, np.exp(Y))


class Own:
    """Custom squared error of logarithms, with the inverse link exp."""

    inverse_link = "exp"

    def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> Any:
        far = logits - np.log(y)
        value, delta = 0.5 * (far**2).sum(axis=1), far
        if sample_weight is None:
            return value, delta
        return value * sample_weight, delta * sample_weight[:, np.newaxis]


@pytest.mark.parametrize("engine", LOCAL_ENGINES)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_custom_loss_trains_like_the_built_in_one(
    engine: str, solver: str, weighted: bool
) -> None:
    weight = np.linspace(0.5, 2, len(Y)) if weighted else None
    parameters = {"engine": engine, "solver": solver, "max_iter": 12, "learning_rate_init": 0.01}
    model = quick(Own(), **parameters).fit(X, np.exp(Y), weight)
    plain = quick("squared_error", **parameters).fit(X, Y, weight)
    assert model.out_activation_ == "exp"
    np.testing.assert_allclose(model.predict(X), np.exp(plain.predict(X)), rtol=1e-7)
    assert model.loss_ == pytest.approx(plain.loss_, rel=1e-9)


def test_a_custom_loss_is_measured_on_held_out_samples() -> None:
    model = quick(Own(), early_stopping=True).fit(X, np.exp(Y))
    plain = quick("squared_error", max_iter=model.n_iter_)
    plain.fit(X, Y, validation_data=(X, Y))
    model = quick(Own(), max_iter=model.n_iter_).fit(X, np.exp(Y), validation_data=(X, np.exp(Y)))
    np.testing.assert_allclose(
        model.validation_loss_curve_, plain.validation_loss_curve_, rtol=1e-7
    )


def test_an_exception_in_a_custom_loss_ends_the_fit_and_keeps_the_model() -> None:
    class Broken(Own):
        calls = 0

        def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> Any:
            self.calls += 1
            if self.calls > 20:
                raise RuntimeError("no more of this")
            return super().value_and_delta(logits, y, sample_weight)

    model = quick(Own(), warm_start=True, max_iter=2).fit(X, np.exp(Y))
    before = [part.copy() for part in model.coefs_]
    model.set_params(loss=Broken(), max_iter=50)
    with pytest.raises(RuntimeError, match="no more of this"):
        model.fit(X, np.exp(Y))
    for part, expected in zip(model.coefs_, before, strict=True):
        np.testing.assert_array_equal(part, expected)


def test_a_loss_that_is_not_a_sum_over_samples_is_refused_before_training() -> None:
    class Mean(Own):
        def value_and_delta(self, logits: Any, y: Any, sample_weight: Any) -> Any:
            value, delta = super().value_and_delta(logits, y, sample_weight)
            return value / len(y), delta / len(y)

    with pytest.raises(ValueError, match="neither sums nor means over samples"):
        quick(Mean()).fit(X, np.exp(Y))


def test_a_custom_loss_is_cloned_and_never_saved(tmp_path: Any) -> None:
    model = quick(Own(), max_iter=2).fit(X, np.exp(Y))
    assert clone(model).loss is not None
    with pytest.raises(
        TypeError, match=r"'loss' is a custom Own .* set_params\(loss='squared_error'\)"
    ):
        lamina.save(model, tmp_path / "model.lamina")
    expected = model.predict(X)
    lamina.save(model.set_params(loss="squared_error"), tmp_path / "model.lamina")
    np.testing.assert_array_equal(lamina.load(tmp_path / "model.lamina").predict(X), expected)


def test_a_transformed_target_keeps_quantiles_in_order() -> None:
    network = quick("quantile", quantile=QUANTILES)
    model = TransformedTargetRegressor(network, transformer=StandardScaler()).fit(X, 7 + 100 * Y)
    prediction = model.predict(X)
    assert prediction.shape == (len(X), 3)
    assert (np.diff(prediction, axis=1) >= 0).all()


def test_a_loss_that_is_neither_name_nor_object_is_refused() -> None:
    with pytest.raises(ValueError, match="Did you mean 'huber'"):
        quick("hubre").fit(X, Y)
    with pytest.raises(ValueError, match="'loss' parameter of MLPRegressor"):
        quick(3).fit(X, Y)
