"""Predictions compute the inputs that members of a recipe share once, and keep few in memory."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from lamina import TabularClassifier, TabularRegressor
from lamina.tabular import shared_inputs
from lamina.tabular.numeric_features import NumericFeatures
from lamina.tabular.recipes import QUALITIES, Quality
from lamina.tabular.recipes.binned import COARSE, FAST
from lamina.tabular.shared_inputs import inputs_by_recipe


@pytest.fixture(params=[TabularClassifier, TabularRegressor])
def two_recipes(request, monkeypatch):
    """Return a model of two recipes whose members alternate, and its table."""
    monkeypatch.setitem(
        QUALITIES, "fast", Quality("fast", 3, 3, recipes=(FAST, COARSE), most_recipes=2)
    )
    halves = np.array([0.5, 0.5])
    monkeypatch.setattr("lamina.tabular.ensembling.select_weights", lambda p, score: halves)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"x": rng.normal(size=60), "shop": rng.choice([f"s{i}" for i in range(12)], 60)}
    )
    y = (table["x"] > 0) * 1.0
    model = request.param(quality="fast", random_state=0).fit(table, y)
    assert [member.recipe for member in model.members_] == ["fast", "coarse"] * 3
    assert model.inputs_.coded_
    return model, table


def predict(model, table):
    return getattr(model, "predict_proba", model.predict)(table)


def test_inputs_are_those_of_each_member(two_recipes):
    model, table = two_recipes
    encoded = model.inputs_.encode(table)
    places = []
    for place, inputs in inputs_by_recipe(model.members_, encoded):
        np.testing.assert_array_equal(inputs, model.members_[place].matrix(encoded))
        places.append(place)
    assert places == [1, 3, 5, 0, 2, 4]


def test_the_mean_is_summed_in_the_order_of_members(two_recipes):
    model, table = two_recipes
    encoded = model.inputs_.encode(table)
    expected = sum(
        weight * model._target.predict(member.network, member.matrix(encoded))
        for weight, member in zip(model.member_weights_, model.members_, strict=True)
    )
    np.testing.assert_array_equal(predict(model, table), model._finish(expected))


def test_each_recipe_spreads_numbers_over_bins_once_for_each_block(two_recipes, monkeypatch):
    model, table = two_recipes
    expected, calls = predict(model, table), Counter()
    transform = NumericFeatures.transform

    def counted(features, x):
        calls[features.n_features_out] += len(x)
        return transform(features, x)

    monkeypatch.setattr(NumericFeatures, "transform", counted)
    monkeypatch.setattr(shared_inputs, "SAMPLES_AT_ONCE", 7)
    np.testing.assert_array_equal(predict(model, table), expected)
    assert sorted(calls.values()) == [60, 60]


def test_members_of_other_bins_share_no_inputs():
    x = np.arange(9.0)[:, np.newaxis]
    few, many = (NumericFeatures.fit(x, n_bins) for n_bins in (2, 4))
    assert few.equals(NumericFeatures.fit(x, 2))
    assert not few.equals(many)
    assert not few.equals(NumericFeatures.fit(np.hstack([x, x]), 2))
