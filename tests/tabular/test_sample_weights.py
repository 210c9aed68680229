"""Weights of samples: the parts of a fit that they reach, and those that count each row once."""

import numpy as np
import pandas as pd
import pytest

from lamina import TabularClassifier, TabularRegressor

N_SAMPLES = 80
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "x": RNG.normal(size=N_SAMPLES),
        "z": RNG.normal(size=N_SAMPLES),
        "shop": RNG.choice([f"s{i}" for i in range(12)], N_SAMPLES),
    }
)
VALUES = (TABLE["x"] + 0.3 * RNG.normal(size=N_SAMPLES)).to_numpy()
TARGETS = {TabularClassifier: np.digitize(VALUES, [-0.5, 0.5]), TabularRegressor: VALUES}


def fit(estimator, weight=None, y=None):
    y = TARGETS[estimator] if y is None else y
    return estimator(quality="fast", random_state=0).fit(TABLE, y, weight)


def predict(model):
    return getattr(model, "predict_proba", model.predict)(TABLE)


@pytest.fixture(scope="module", params=[TabularClassifier, TabularRegressor])
def unweighted(request):
    return fit(request.param)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_equal_weights_are_none(unweighted, factor):
    model = fit(type(unweighted), np.full(N_SAMPLES, factor))
    np.testing.assert_array_equal(predict(model), predict(unweighted))


def test_a_common_factor_of_weights_changes_rounding_alone(unweighted):
    weight = RNG.integers(1, 4, N_SAMPLES).astype(float)
    first, second = fit(type(unweighted), weight), fit(type(unweighted), 3 * weight)
    np.testing.assert_allclose(predict(first), predict(second), atol=1e-5)


def test_weights_reach_no_encoding_and_no_fold(unweighted):
    model = fit(type(unweighted), RNG.integers(1, 4, N_SAMPLES).astype(float))
    np.testing.assert_array_equal(model.folds_, unweighted.folds_)
    pairs = zip(model.members_, unweighted.members_, strict=True)
    for member, other in pairs:
        assert member.numeric.equals(other.numeric)
        for table, same in zip(member.statistics.tables, other.statistics.tables, strict=True):
            np.testing.assert_array_equal(table, same)
        assert not np.array_equal(member.network.coefs_[0], other.network.coefs_[0])


def test_targets_of_weight_zero_are_not_learned_from():
    weight = np.where(np.arange(N_SAMPLES) < 10, 0.0, 1.0)
    # In another order, so that the range of the values and the folds of the others stay.
    y = np.concatenate([VALUES[:10][::-1], VALUES[10:]])
    first, second = (fit(TabularRegressor, weight, target) for target in (VALUES, y))
    np.testing.assert_array_equal(predict(first), predict(second))
    assert np.isnan(first.oof_predictions_[:10]).all()


@pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")
def test_heavy_rows_are_predicted_better(unweighted):
    """The weight reaches the loss: rows whose target contradicts the others pull harder."""
    y = np.array(TARGETS[type(unweighted)])
    y[:10] = y.max()
    light = fit(type(unweighted), np.ones(N_SAMPLES), y)
    heavy = fit(type(unweighted), np.where(np.arange(N_SAMPLES) < 10, 20.0, 1.0), y)
    largest = (lambda p: p[:, -1]) if y.dtype.kind == "i" else (lambda p: p)
    assert largest(predict(heavy))[:10].mean() > largest(predict(light))[:10].mean()
