"""Weights and biases that initializer='data' fits to a sample of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import lamina
from lamina import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.fitted_network import get_network
from lamina.network import initial_values
from lamina.network.passes import forward

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.RandomState(0).standard_normal((300, 4)) * [1, 100, 1e-3, 1] + [0, 5, 0, -20]
Y = X[:, 0] - X[:, 3] ** 2
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "ntk": {"parametrization": "ntk"},
    "residual": {"residual": True},
    "layer": {"normalization": "layer"},
    "batch": {"normalization": "batch"},
    "blended": {"blended_activation": True, "activation": "prelu"},
    "float32": {"dtype": "float32"},
    "no hidden layer": {"hidden_layer_sizes": ()},
}
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


def begun(X: Any = X, **options: Any) -> MLPRegressor:
    """Return a model after a step that is too small to change anything."""
    defaults: dict[str, Any] = {"hidden_layer_sizes": (16, 16), "activation": "silu"}
    still = {"solver": "sgd", "learning_rate_init": 1e-300, "max_iter": 1, "random_state": 0}
    return MLPRegressor(**defaults | still | {"initializer": "data"} | options).fit(
        X, Y[: X.shape[0]]
    )


def products(model: MLPRegressor, X: Any = X) -> list[np.ndarray]:
    """Return z - b of every layer, in training mode."""
    network = get_network(model)
    passed = forward(network, X, initial_values.Mode(uses_batch=True))
    pairs = zip(passed.blocks, network.biases, strict=True)
    return [np.asarray(block.affine - b) for block, b in pairs]


@every_option
def test_every_z_has_a_standard_deviation_of_one(options: dict[str, Any]) -> None:
    tolerance = 1e-4 if "dtype" in options else 1e-9
    model = begun(**options)
    for product in products(model):
        np.testing.assert_allclose(product.std(axis=0), 1, rtol=tolerance)


@every_option
def test_every_hyperplane_passes_between_rows(options: dict[str, Any]) -> None:
    model = begun(**options)
    for product, b in zip(products(model), model.intercepts_, strict=True):
        assert (product.min(axis=0) < -b).all()
        assert (product.max(axis=0) > -b).all()
        assert b.any()


@every_option
def test_every_engine_starts_from_the_same_bits(options: dict[str, Any]) -> None:
    one, other = (begun(engine=engine, **options) for engine in ("native", "reference"))
    for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-200)


@pytest.mark.parametrize("kind", ["tabm", "tabm_mini"])
def test_every_member_starts_with_a_standard_deviation_of_one(kind: str) -> None:
    model = begun(members=lamina.members.Shared(3, kind))
    network = get_network(model)
    mode = initial_values.Mode(uses_batch=True)
    for block, passed in zip(network.spec.blocks, forward(network, X, mode).blocks, strict=True):
        z = passed.dense.affine.reshape(-1, 3, block.fan_out)
        variances = z.var(axis=0)
        if kind == "tabm_mini" and block.kind == "shared_dense":
            variances = variances.mean(axis=0)
        np.testing.assert_allclose(variances, 1, rtol=1e-9)
        # Some samples lie on either side of every unit's hyperplane.
        assert (z.min(axis=(0, 1)) < 0).all()
        assert (z.max(axis=(0, 1)) > 0).all()


def test_members_start_alike_in_every_engine() -> None:
    members = lamina.members.Shared(3)
    one, other = (begun(engine=engine, members=members) for engine in ("native", "reference"))
    assert np.isfinite(one.predict(X)).all()
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-9, atol=1e-9)


def test_a_sparse_matrix_starts_as_its_dense_one() -> None:
    rows = np.where(np.random.RandomState(1).uniform(size=X.shape) < 0.5, X, 0)
    dense, csr = begun(rows), begun(sparse.csr_array(rows))
    for a, b in zip(dense.coefs_ + dense.intercepts_, csr.coefs_ + csr.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_sample_of_many_rows_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initial_values, "ROWS_TO_FIT", 100)
    deviations = products(begun())[0].std(axis=0)
    assert (deviations != 1).any()
    np.testing.assert_allclose(deviations, 1, rtol=0.3)


@pytest.mark.parametrize(
    "inputs", [lamina.inputs.Periodic(), lamina.inputs.PiecewiseLinear(n_bins=6)], ids=repr
)
def test_an_input_stage_comes_first(inputs: Any) -> None:
    model = begun((X - X.mean(axis=0)) / X.std(axis=0), inputs=inputs)
    network = get_network(model)
    rows = (X - X.mean(axis=0)) / X.std(axis=0)
    _, *blocks = forward(network, rows, initial_values.Mode(uses_batch=True)).blocks
    for block, b in zip(blocks, network.biases, strict=True):
        np.testing.assert_allclose((block.affine - b).std(axis=0), 1, rtol=1e-9)


def test_early_stopping_fits_to_the_training_samples_alone() -> None:
    outlier = X.copy()
    outlier[0] = 1e6
    deviations = {}
    for seed in range(8):
        model = begun(outlier, early_stopping=True, validation_fraction=0.5, random_state=seed)
        deviations[seed] = products(model, outlier[1:])[0].std(axis=0)
    # If the outlier is held out, the others have a standard deviation of about one.
    assert any(np.abs(each - 1).max() < 0.3 for each in deviations.values())
    assert any(each.max() < 0.3 for each in deviations.values())


def test_constant_columns_and_a_single_row_keep_finite_numbers() -> None:
    for rows in (np.full((50, 4), 3.0), np.zeros((50, 4)), X[:1]):
        model = begun(rows)
        assert all(np.isfinite(part).all() for part in (*model.coefs_, *model.intercepts_))
        assert any(W.any() for W in model.coefs_)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    one, again, other = (begun(random_state=seed).intercepts_[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).all()


def test_a_traced_step_of_an_unfitted_model_starts_there() -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(5,), initializer="data", max_iter=1, solver="sgd", random_state=0
    )
    trace = lamina.trace_step(model, X[:20], Y[:20])
    fitted = model.fit(X[:20], Y[:20])
    assert trace.loss == pytest.approx(fitted.loss_, rel=1e-12)
    product = trace.layers[0].z - trace.layers[0].b
    np.testing.assert_allclose(product.std(axis=0), 1, rtol=1e-9)


def test_partial_fit_and_classes_start_there_and_resume_bit_for_bit(tmp_path: Any) -> None:
    labels = (np.median(Y) < Y).astype(int)
    settings = {"initializer": "data", "random_state": 0, "max_iter": 6}
    whole = MLPClassifier((8,), **settings).fit(X, labels)
    path = tmp_path / "fit.checkpoint"
    MLPClassifier((8,), **settings, checkpoint=path).set_params(max_iter=3).fit(X, labels)
    resumed = MLPClassifier((8,), **settings, checkpoint=path).fit(X, labels, resume=path)
    np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
    assert np.isfinite(MLPClassifier((8,), **settings).partial_fit(X, labels, classes=[0, 1]).loss_)
