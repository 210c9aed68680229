"""Explanations, calibration and intervals of fitted estimators for tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from lamina import TabularClassifier, TabularRegressor
from lamina.tabular.calibration import Calibration
from lamina.tabular.validation_scores import METRICS


def table_of(n_samples=400, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": rng.normal(size=n_samples),
            "city": rng.choice(["Oslo", "Rome", "Lima"], n_samples),
            "noise": rng.normal(size=n_samples),
            "unit": "kg",
        }
    )
    signal = 2 * table["size"] + 3 * (table["city"] == "Rome")
    return table, (signal + rng.normal(size=n_samples) * (0.2 + (signal > 1))).to_numpy()


@pytest.fixture(scope="module")
def regressor():
    return TabularRegressor(quality="fast", random_state=0).fit(*table_of())


@pytest.fixture(scope="module", params=[2, 3])
def classifier(request):
    table, y = table_of()
    labels = np.array(["a", "b", "c"])[np.digitize(y, [0, 2][: request.param - 1])]
    return TabularClassifier(quality="fast", random_state=0).fit(table, labels)


def test_contributions_and_the_baseline_sum_up_to_the_value(regressor):
    table, _ = table_of(30, seed=1)
    explanation = regressor.explain(table)
    total = explanation.baseline_predictions + explanation.contributions.sum(axis=1)
    width = np.ptp(regressor.target_range_)
    np.testing.assert_allclose(total, regressor.predict(table), atol=1e-6 * width)
    assert not explanation.contributions[:, 3].any()
    assert "city = " in str(explanation)


def test_contributions_and_the_baseline_sum_up_to_the_probability(classifier):
    table, _ = table_of(30, seed=1)
    for temperature in (1.0, 2.0):
        model = tempered_copy(classifier, temperature)
        explanation = model.explain(table)
        total = explanation.baseline_predictions + explanation.contributions.sum(axis=1)
        # A temperature enlarges the rounding errors of float32 probabilities near 0.
        atol = 1e-6 if temperature == 1 else 1e-5
        np.testing.assert_allclose(total, model.predict_proba(table).max(axis=1), atol=atol)
        assert (explanation.classes == model.predict(table)).all()


def tempered_copy(model, temperature):
    from copy import copy
    from dataclasses import replace

    other = copy(model)
    other.calibration_ = replace(model.calibration_, temperature=temperature)
    return other


def test_a_shuffled_encoding_is_that_of_a_shuffled_column(regressor):
    table, y = table_of(60, seed=2)
    found = regressor.feature_importances(table, y, n_repeats=2, random_state=3)
    draws, measure = np.random.RandomState(3), METRICS["neg_root_mean_squared_error"]
    for place, name in enumerate(["size", "city", "noise"]):
        for repeat in range(2):
            rows = draws.permutation(60)
            shuffled = table.assign(**{name: table[name].to_numpy()[rows]})
            fall = found.score - measure(y, regressor.predict(shuffled))
            assert found.importances[place, repeat] == pytest.approx(fall, abs=1e-6)
    assert found.table["column"].tolist()[:2] != ["noise", "unit"]
    assert found.importances_mean[3] == 0


def test_quantiles_never_cross_and_cover(regressor):
    table, y = table_of(2000, seed=3)
    quantiles = regressor.predict(table, quantiles=[0.05, 0.25, 0.5, 0.75, 0.95])
    assert (np.diff(quantiles, axis=1) >= 0).all()
    for coverage in (0.5, 0.9):
        low, high = regressor.predict_interval(table, coverage).T
        assert abs(np.mean((low <= y) & (y <= high)) - coverage) < 0.08
    low, high = regressor.predict_interval(table).T
    wide = regressor.predict(table) > 2
    assert (high - low)[wide].mean() > 1.5 * (high - low)[~wide].mean()


@pytest.mark.parametrize("coverage", [0, 1, 90, "much"])
def test_a_coverage_outside_of_0_to_1_is_refused(regressor, coverage):
    with pytest.raises(ValueError, match="coverage="):
        regressor.predict_interval(table_of(5)[0], coverage)


def test_a_temperature_is_used_only_beyond_noise():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.05, 0.95, 3000)
    classes, folds = (rng.random(3000) < p).astype(int), np.arange(3000) % 5
    assert Calibration.fit(np.column_stack([1 - p, p]), classes, folds).temperature == 1
    sharp = p**3 / (p**3 + (1 - p) ** 3)
    found = Calibration.fit(np.column_stack([1 - sharp, sharp]), classes, folds)
    assert found.temperature == pytest.approx(3, rel=0.15)
    assert found.log_loss_after < found.log_loss_before
    assert found.error_after < found.error_before


def test_partial_dependence_takes_text(regressor):
    table, _ = table_of(50, seed=4)
    found = regressor.partial_dependence(table, "city")
    assert found.grid_values[int(np.argmax(found.average))] == "Rome"
    with pytest.raises(ValueError, match="column='cty'"):
        regressor.partial_dependence(table, "cty")


@pytest.mark.parametrize("cls", [TabularClassifier, TabularRegressor])
def test_an_unknown_parameter_is_refused_with_the_nearest_name(cls):
    with pytest.raises(TypeError, match=r"'qualty'.*[Dd]id you mean 'quality'"):
        cls(qualty="fast")
    assert clone(cls(quality="best")).quality == "best"
