"""The page's vocabulary covers the library without manual entries."""

import json

import pytest

from lamina import MLPClassifier, MLPRegressor, formulas
from lamina.formulas.table import RecordTable
from lamina.workbench.experiment import Experiment, first_experiment
from lamina.workbench.makers import MAKERS
from lamina.workbench.models import DEFAULTS, NOT_FOR_PAGES
from lamina.workbench.vocabulary import vocabulary

WORDS = vocabulary(first_experiment())
TABLES = {name: table for name, table in vars(formulas).items() if isinstance(table, RecordTable)}


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_of_every_table_is_told_with_its_equation(name):
    answer = WORDS["tables"][name.lower()]
    assert [entry["name"] for entry in answer] == list(TABLES[name])
    for entry in answer:
        record = TABLES[name][entry["name"]]
        assert entry["equation"] == record.equation


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_every_parameter_is_told_but_those_that_are_for_python(estimator):
    kind = estimator.__name__.removeprefix("MLP").lower()
    answer = {p["name"]: p for p in WORDS["parameters"] if kind in p["of"]}
    parameters = estimator().get_params()
    assert set(answer) == set(parameters) - NOT_FOR_PAGES
    for name, parameter in answer.items():
        default = DEFAULTS.get(name, parameters[name])
        assert parameter["default"] == (list(default) if isinstance(default, tuple) else default)
        assert parameter["help"]
        assert parameter["takes"] or name == "monitor"


def test_an_activation_that_the_library_gains_is_on_the_page(monkeypatch):
    from dataclasses import replace

    new = replace(formulas.ACTIVATIONS["relu"], name="hinge")
    monkeypatch.setitem(formulas.ACTIVATIONS._records, "hinge", new)
    words = vocabulary(first_experiment())
    assert "hinge" in [entry["name"] for entry in words["tables"]["activations"]]


def test_the_names_of_a_choice_come_in_the_order_of_their_table():
    [activation] = [p for p in WORDS["parameters"] if p["name"] == "activation"]
    assert activation["takes"][0] == {"kind": "choice", "names": list(formulas.ACTIVATIONS)}


def test_bounds_are_those_of_the_constraints():
    [momentum] = [p for p in WORDS["parameters"] if p["name"] == "beta_1"]
    [number] = momentum["takes"]
    assert (number["low"], number["low_included"]) == (0, True)
    assert (number["high"], number["high_included"]) == (1, False)


def test_all_of_it_is_plain_json():
    assert json.loads(json.dumps(WORDS, allow_nan=False)) == WORDS


def test_every_made_data_has_its_options_within_their_bounds():
    answer = {entry["name"]: entry for entry in WORDS["data"] if entry["kind"] == "made"}
    assert list(answer) == list(MAKERS)
    for entry in answer.values():
        assert {"n_samples", "noise", "seed"} <= {option["name"] for option in entry["options"]}
        for option in entry["options"]:
            assert option["low"] <= option["default"] <= option["high"]


def test_the_first_experiment_is_one():
    assert Experiment.from_json(WORDS["default"]) == first_experiment()
