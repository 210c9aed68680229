"""Recipes whose networks learn embeddings of numbers: 'embedded', 'shared' and 'realmlp'."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lamina
from lamina import TabularClassifier, TabularRegressor
from lamina.inputs import Scaled
from lamina.tabular.recipes import QUALITIES, Quality, Recipe
from lamina.tabular.recipes.embedded import EMBEDDED
from lamina.tabular.recipes.realmlp import REALMLP
from lamina.tabular.recipes.shared import SHARED

pytestmark = pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")

N_SAMPLES = 90
SHORT = {
    recipe.name: replace(recipe, epochs=24, batch_sizes={0: 32})
    for recipe in (EMBEDDED, SHARED, REALMLP)
}
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(size=N_SAMPLES),
        "day": pd.date_range("2024-01-01", periods=N_SAMPLES),
        "gaps": np.where(np.arange(N_SAMPLES) % 5, RNG.exponential(size=N_SAMPLES), np.nan),
        "shop": RNG.choice([f"s{i}" for i in range(14)], N_SAMPLES),
    }
)
VALUES = (np.abs(TABLE["size"]) + 0.1 * RNG.normal(size=N_SAMPLES)).to_numpy()


@pytest.fixture(autouse=True, params=SHORT)
def recipe(request, monkeypatch):
    chosen = SHORT[request.param]
    monkeypatch.setitem(QUALITIES, "fast", Quality("fast", 3, 3, recipes=(chosen,)))
    return chosen


def fitted(cls, table=TABLE, **parameters):
    y = VALUES if cls is TabularRegressor else np.digitize(VALUES, [0.4, 1.0])
    return cls(**{"quality": "fast", "random_state": 0, **parameters}).fit(table, y)


def outputs(model, table=TABLE):
    return model.predict_proba(table) if hasattr(model, "classes_") else model.predict(table)


both = pytest.mark.parametrize("cls", [TabularClassifier, TabularRegressor])


def test_numbers_that_are_no_dates_are_embedded(recipe):
    model = fitted(TabularRegressor)
    kinds = model.inputs_.encoding_.kinds_
    names = model.inputs_.columns_of_parts().numbers
    numbers = [place for place, name in enumerate(names) if kinds[name] == "number"]
    assert "date" in {kinds[name] for name in names}
    for member in model.members_:
        inputs, *others = member.network.inputs
        assert inputs == type(inputs)(**{**recipe.embedding.values, "columns": numbers})
        rest = [i for i in range(member.network.n_features_in_) if i not in numbers]
        assert others == ([Scaled(columns=rest)] if recipe.name == "realmlp" else [])


@pytest.mark.parametrize("columns", [["shop"], ["day", "shop"]])
def test_a_table_without_numbers_leaves_a_recipe_out_that_needs_them(columns, monkeypatch, recipe):
    other = Recipe("plain", 8, 24, EMBEDDED.network)
    quality = Quality("fast", 3, 3, recipes=(recipe, other), most_recipes=2)
    monkeypatch.setitem(QUALITIES, "fast", quality)
    model = fitted(TabularRegressor, TABLE[columns])
    assert np.isfinite(model.predict(TABLE[columns])).all()
    used = {each.recipe for each in model.members_}
    assert used <= ({"plain"} if recipe.needs_numbers else {"plain", recipe.name})


@both
def test_jobs_change_no_bit(cls):
    one, three = fitted(cls, n_jobs=1), fitted(cls, n_jobs=3)
    np.testing.assert_array_equal(outputs(one), outputs(three))
    np.testing.assert_array_equal(one.oof_predictions_, three.oof_predictions_)


@both
def test_copies_and_files_give_the_same_bits(cls, tmp_path):
    model = fitted(cls)
    lamina.save(model, tmp_path / "model.lamina")
    copies = [
        lamina.load(tmp_path / "model.lamina"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ]
    for each in copies:
        np.testing.assert_array_equal(outputs(each), outputs(model))


@both
def test_contributions_add_up_to_the_predictions(cls, recipe):
    model = fitted(cls)
    explanation = model.explain(TABLE[:4])
    sums = explanation.baseline_predictions + explanation.contributions.sum(axis=1)
    width = 1.0 if cls is TabularClassifier else np.ptp(model.target_range_)
    # The places where SELU and ReLU jump are not known before.
    atol = {"embedded": 1e-6, "realmlp": 1e-4, "shared": 1e-3}[recipe.name]
    np.testing.assert_allclose(sums, explanation.predictions, atol=atol * width)
    assert np.abs(explanation.contributions[:, 0]).max() > 0


def test_a_refit_trains_the_embeddings_further():
    model = fitted(TabularRegressor)
    old = model.members_
    model.refit(TABLE, VALUES + 5)
    assert "was taken" in model.remarks_[-1]
    for new, before in zip(model.members_, old, strict=True):
        assert new.network.inputs == before.network.inputs
    assert np.corrcoef(model.predict(TABLE), VALUES)[0, 1] > 0


def test_the_embedding_learns_a_function_of_a_number_that_is_not_monotonic():
    model = fitted(TabularRegressor)
    assert stats.spearmanr(model.predict(TABLE), VALUES).statistic > 0.5
