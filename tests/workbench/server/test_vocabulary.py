"""The page's vocabulary covers the library without manual entries."""

import json

import pytest

from lamina import MLPClassifier, MLPRegressor, formulas
from lamina.engines.device import Device, Devices
from lamina.formulas.table import RecordTable
from lamina.workbench.data.makers import MAKERS
from lamina.workbench.runs.experiment import Experiment, first_experiment
from lamina.workbench.runs.models import DEFAULTS, NOT_FOR_PAGES
from lamina.workbench.server import vocabulary as module
from lamina.workbench.server.vocabulary import choosable_devices, vocabulary

WORDS = vocabulary(first_experiment())
TABLES = {name: table for name, table in vars(formulas).items() if isinstance(table, RecordTable)}


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_of_every_table_has_its_equation(name):
    answer = WORDS["tables"][name.lower()]
    assert [entry["name"] for entry in answer] == list(TABLES[name])
    for entry in answer:
        record = TABLES[name][entry["name"]]
        assert entry["equation"] == record.equation


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_every_parameter_is_listed_except_those_for_python(estimator):
    kind = estimator.__name__.removeprefix("MLP").lower()
    answer = {p["name"]: p for p in WORDS["parameters"] if kind in p["of"]}
    parameters = estimator().get_params()
    absent = set() if choosable_devices() else {"device"}
    assert set(answer) == set(parameters) - NOT_FOR_PAGES - absent
    for name, parameter in answer.items():
        default = DEFAULTS.get(name, parameters[name])
        assert parameter["default"] == (list(default) if isinstance(default, tuple) else default)
        assert parameter["help"]
        assert parameter["takes"] or name == "monitor"


@pytest.mark.parametrize("names", [[], ["cuda:0", "cuda:1"]])
def test_devices_can_be_chosen_where_there_is_a_gpu(names, monkeypatch):
    present = Devices([Device(name, "GPU") for name in [*names, "cpu"]])
    monkeypatch.setattr(module, "devices", lambda: present)
    monkeypatch.setattr(module, "may_have_gpu", lambda: True)
    choosable_devices.cache_clear()
    try:
        entries = vocabulary(first_experiment())["parameters"]
    finally:
        choosable_devices.cache_clear()
    takes = [p["takes"][0]["names"] for p in entries if p["name"] == "device"]
    assert takes == ([["auto", *names, "cpu"]] if names else [])
    precisions = next(p["takes"][0]["names"] for p in entries if p["name"] == "precision")
    assert ("tf32" in precisions) == bool(names)


def test_a_new_activation_appears_in_the_vocabulary(monkeypatch):
    from dataclasses import replace

    new = replace(formulas.ACTIVATIONS["relu"], name="hinge")
    monkeypatch.setitem(formulas.ACTIVATIONS._records, "hinge", new)
    words = vocabulary(first_experiment())
    assert "hinge" in [entry["name"] for entry in words["tables"]["activations"]]


def test_names_of_formulas_list_their_hyperparameters():
    [loss] = [p for p in WORDS["parameters"] if p["name"] == "loss" and p["of"] == ["regressor"]]
    [takes] = [each for each in loss["takes"] if each["kind"] == "choice"]
    assert [h["name"] for h in takes["hyperparameters"]["huber"]] == ["delta"]
    assert takes["hyperparameters"]["huber"][0]["allowed"] == "a finite number > 0"
    assert "focal" not in takes["hyperparameters"]


def test_names_are_in_the_order_of_their_table():
    [activation] = [p for p in WORDS["parameters"] if p["name"] == "activation"]
    assert activation["takes"][0]["kind"] == "choice"
    assert activation["takes"][0]["names"] == list(formulas.ACTIVATIONS)


def test_bounds_are_those_of_the_constraints():
    [momentum] = [p for p in WORDS["parameters"] if p["name"] == "beta_1"]
    [number] = momentum["takes"]
    assert (number["low"], number["low_included"]) == (0, True)
    assert (number["high"], number["high_included"]) == (1, False)


def test_the_vocabulary_is_plain_json():
    assert json.loads(json.dumps(WORDS, allow_nan=False)) == WORDS


def test_defaults_of_generated_data_are_within_bounds():
    answer = {entry["name"]: entry for entry in WORDS["data"] if entry["kind"] == "made"}
    assert list(answer) == list(MAKERS)
    for entry in answer.values():
        assert {"n_samples", "noise", "seed"} <= {option["name"] for option in entry["options"]}
        for option in entry["options"]:
            assert option["low"] <= option["default"] <= option["high"]


def test_the_default_is_a_valid_experiment():
    assert Experiment.from_json(WORDS["default"]) == first_experiment()
