"""Descriptions of ensembles, in text and in notebooks."""

import numpy as np
import pandas as pd
import pytest

import lamina
from lamina import MLPRegressor, TabularClassifier, TabularRegressor

pytestmark = pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")


def table_of(n_samples=60):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=n_samples),
            "<city>": rng.choice(["Oslo", "Rome", "Lima"], n_samples),
            "shop": rng.choice([f"s{i}" for i in range(14)], n_samples),
            "unit": "kg",
        }
    )


@pytest.fixture(scope="module", params=["a frame", "an array", "a wide array"])
def model(request):
    table, rng = table_of(), np.random.default_rng(0)
    y = table["size"] + rng.normal(size=60)
    if request.param == "a frame":
        return TabularClassifier(quality="fast", random_state=0).fit(table, y > 0)
    X = rng.normal(size=(60, 3 if request.param == "an array" else 40))
    return TabularRegressor(quality="fast", random_state=0).fit(X, y)


def test_networks_inputs_and_parameters_are_counted(model):
    description = lamina.describe(model)
    members, weights = model.members_, model.member_weights_
    assert [each.weight for each in description.networks] == weights.tolist()
    assert [each.n_inputs for each in description.networks] == [
        len(model.columns_of_inputs(member)) for member in members
    ]
    n_parameters = sum(
        part.size for m in members for part in (*m.network.coefs_, *m.network.intercepts_)
    )
    assert description.n_parameters == n_parameters
    assert f"{n_parameters:,} parameters in {len(members)} networks." in str(description)
    for recipe in {member.recipe for member in members}:
        inputs = sum(column.n_inputs[recipe] for column in description.columns)
        assert {each.n_inputs for each in description.networks if each.recipe == recipe} == {inputs}
    assert len(description.columns) == model.n_features_in_
    assert len(description.to_frame()) == len(members)


def test_every_column_is_named_unless_they_are_too_many(model):
    text = str(lamina.describe(model))
    names = list(
        getattr(model, "feature_names_in_", [f"x{i}" for i in range(model.n_features_in_)])
    )
    assert all(f"\n{name} " in text for name in names[:30])
    assert ("… and 10 more" in text) == (len(names) == 40)


def test_a_column_that_is_left_out_has_no_input():
    table = table_of()
    model = TabularClassifier(quality="fast", random_state=0).fit(table, table["size"] > -0.1)
    unit = lamina.describe(model).columns[3]
    assert (unit.column, unit.n_inputs) == ("unit", {"fast": 0})
    assert unit.action == "left out: it is 'kg' in every row"


def test_a_notebook_shows_tables_and_escapes_names(model):
    shown = lamina.describe(model)._repr_html_()
    assert shown.count("<table") == shown.count("</table>") == 2
    if hasattr(model, "feature_names_in_"):
        assert "<td>&lt;city&gt;</td>" in shown
        assert "<city>" not in shown


def test_an_unfitted_ensemble_names_the_recipes_that_it_tries():
    text = str(lamina.describe(TabularClassifier()))
    assert text.startswith(
        "TabularClassifier, not fitted\nquality='balanced' tries the recipes 'deep'"
    )
    assert lamina.describe(TabularClassifier())._repr_html_().count("<p>") == 2


def test_a_network_is_described_by_its_layers():
    assert str(lamina.describe(MLPRegressor())) == str(MLPRegressor().describe())


@pytest.mark.parametrize("wrong", [3, "model", TabularClassifier, table_of()], ids=str)
def test_anything_else_is_refused(wrong):
    with pytest.raises(TypeError, match="describe takes a TabularClassifier"):
        lamina.describe(wrong)


def test_estimators_show_as_scikit_learns_do(model):
    name = type(model).__name__
    assert repr(model) == f"{name}(quality='fast', random_state=0)"
    shown = model._repr_html_()
    assert name in shown
    assert "Parameters" in shown
    assert "sk-top-container" in shown


def test_a_list_of_members_takes_a_line_each(model):
    assert all(len(repr(member)) < 100 for member in model.members_)
