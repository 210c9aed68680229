"""Experiments: conversion to and from plain JSON, patches, and invalid values."""

import json

import pytest

from lamina.errors import ExperimentError
from lamina.workbench.data.inputs import INPUTS
from lamina.workbench.data.makers import MAKERS
from lamina.workbench.runs.experiment import Experiment, first_experiment, merge

DATA = [
    *({"kind": "made", "name": name} for name in MAKERS),
    {"kind": "known", "name": "wine"},
    {"kind": "drawn", "points": [[0, 0, 0], [1, 1, 1], [0.5, 1, 0], [1, 0, 1]]},
    {"kind": "given", "hash": "abc"},
    {"kind": "upload", "hash": "abc", "target": "y", "columns": ["x"], "task": "regression"},
]


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.get("name", data["kind"]))
def test_json_round_trips(data):
    experiment = Experiment.from_json({"data": data, "inputs": ["y", "x"], "test_fraction": 0.3})
    plain = json.loads(json.dumps(experiment.to_json()))
    assert Experiment.from_json(plain) == experiment
    assert plain["data"].items() >= data.items()


def test_inputs_are_sorted_in_the_order_of_their_table():
    patch = {"inputs": [*INPUTS][::-1]}
    assert first_experiment().merged(patch).inputs == tuple(INPUTS)


def test_a_parameter_set_to_null_returns_to_its_default():
    changed = first_experiment().merged({"model": {"alpha": 0.5, "batch_size": None}})
    assert changed.model["alpha"] == 0.5
    assert "batch_size" not in changed.model
    assert "alpha" not in changed.merged({"model": {"alpha": None}}).model


def test_other_data_resets_options_and_plane():
    before = first_experiment().merged({"data": {"noise": 0.4}, "inputs": ["x", "xy"]})
    after = before.merged({"data": {"name": "circles"}})
    assert after.data.settings["noise"] == MAKERS["circles"].settings({})["noise"]
    assert after.inputs is None
    assert after.model == before.model


def test_a_patch_of_the_same_data_keeps_other_options():
    before = first_experiment().merged({"data": {"noise": 0.4}})
    after = before.merged({"data": {"name": "moons", "seed": 3}})
    assert (after.data.settings["noise"], after.data.settings["seed"]) == (0.4, 3)
    assert after.inputs == ("x", "y")


def test_parameters_of_the_other_task_are_dropped():
    regression = first_experiment().merged({"model": {"loss": "huber", "huber_threshold": 2.0}})
    kept = regression.for_task("classification").model
    assert "loss" not in kept
    assert "huber_threshold" not in kept
    assert regression.for_task("regression") == regression
    balanced = first_experiment().merged({"model": {"class_weight": "balanced"}})
    assert "class_weight" not in balanced.for_task("regression").model
    assert balanced.for_task("classification") == balanced


@pytest.mark.parametrize(
    ("patch", "message", "parameter"),
    [
        ([], "must be a JSON object", "experiment"),
        ({"inptus": ["x"]}, "Did you mean 'inputs'?", "inptus"),
        ({"data": {"kind": "made", "name": "spirl"}}, "Did you mean 'spiral'?", "name"),
        ({"data": {"kind": "known", "name": "irsi"}}, "Did you mean 'iris'?", "name"),
        (
            {"data": {"kind": "file", "path": "/etc/passwd"}},
            "data.kind='file' must be one of",
            "kind",
        ),
        ({"data": {"kind": "made", "name": ["moons"]}}, "must be a text", "name"),
        ({"data": {"noise": 7}}, "from 0 to 1", "noise"),
        ({"data": {"noise": "loud"}}, "must be a number", "noise"),
        ({"data": {"noise": True}}, "must be a number", "noise"),
        ({"data": {"n_samples": 10**9}}, "from 20 to 10000", "n_samples"),
        ({"data": {"n_arms": 3}}, "has no option 'n_arms'", "n_arms"),
        ({"data": {"kind": "drawn", "points": [[0, 0, 0]]}}, "draw 4 to", "points"),
        ({"data": {"kind": "drawn", "points": [[0, 0]] * 9}}, "a point is", "points"),
        ({"data": {"kind": "drawn", "points": [[0, 1e999, 0]] * 9}}, "a point is", "points"),
        ({"inputs": []}, "different names of inputs", "inputs"),
        ({"inputs": ["x", "x"]}, "different names of inputs", "inputs"),
        ({"inputs": ["z"]}, "unknown input", "inputs"),
        ({"inputs": [["x"]]}, "unknown input", "inputs"),
        ({"plane": {"kind": "sphere"}}, "must be one of columns", "plane"),
        ({"plane": {"kind": ["columns"]}}, "must be one of columns", "plane"),
        ({"scaled": 1}, "must be true or false", "scaled"),
        ({"test_fraction": 1}, "from 0.05 to 0.9", "test_fraction"),
        ({"split_seed": -1}, "whole number", "split_seed"),
        ({"model": [1]}, "must be a JSON object", "model"),
    ],
)
def test_an_invalid_experiment_is_rejected_with_the_invalid_part(patch, message, parameter):
    with pytest.raises(ExperimentError) as refused:
        first_experiment().merged(patch)
    assert message in str(refused.value)
    assert refused.value.parameter == parameter


def test_merge_follows_rfc_7396():
    target = {"a": "b", "c": {"d": "e", "f": "g"}, "l": [1, 2]}
    patch = {"a": "z", "c": {"f": None}, "l": [3], "n": {"m": {"o": None, "p": 1}}}
    assert merge(target, patch) == {"a": "z", "c": {"d": "e"}, "l": [3], "n": {"m": {"p": 1}}}
