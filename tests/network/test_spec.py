"""Specification of a network: its parts, its checks, and its JSON."""

import json
from dataclasses import FrozenInstanceError

import pytest

from lamina.blocks import Dense
from lamina.errors import UnknownNameError
from lamina.formulas import ACTIVATIONS, INVERSE_LINKS
from lamina.network import NetworkSpec


def test_only_the_hidden_blocks_of_a_perceptron_have_an_activation():
    spec = NetworkSpec.perceptron([4, 8, 6, 3], activation="relu", inverse_link="softmax")
    assert [(b.name, b.fan_in, b.fan_out, b.activation) for b in spec.blocks] == [
        ("hidden_1", 4, 8, "relu"),
        ("hidden_2", 8, 6, "relu"),
        ("output", 6, 3, "identity"),
    ]
    assert (spec.n_features, spec.n_outputs, spec.inverse_link) == (4, 3, "softmax")


def test_a_perceptron_without_hidden_layers_is_one_output_block():
    spec = NetworkSpec.perceptron([4, 1], activation="tanh", inverse_link="identity")
    assert spec.blocks == (Dense("output", 4, 1, "identity"),)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("inverse_link", INVERSE_LINKS)
@pytest.mark.parametrize("widths", [[3, 1], [2, 8, 6, 1], [1, 1, 1]])
def test_a_spec_survives_json(activation, inverse_link, widths):
    spec = NetworkSpec.perceptron(widths, activation, inverse_link)
    assert NetworkSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"blocks": [], "inverse_link": "identity"},
        {"blocks": [{"kind": "dense"}], "inverse_link": "identity"},
        {"blocks": 3, "inverse_link": "identity"},
        {"blocks": [{"kind": "convolution"}], "inverse_link": "identity"},
        {"blocks": [{"name": "output"}], "inverse_link": "identity"},
    ],
)
def test_json_that_does_not_describe_a_network_is_refused(plain):
    with pytest.raises(ValueError, match=r"network|block"):
        NetworkSpec.from_json(plain)


def test_json_with_an_unknown_field_is_refused():
    plain = NetworkSpec.perceptron([2, 1], "relu", "identity").to_json()
    plain["blocks"][0]["drop"] = 0.5
    with pytest.raises(ValueError, match="not the description of a network"):
        NetworkSpec.from_json(plain)


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'relu'"):
        Dense("hidden_1", 2, 3, "rleu")
    with pytest.raises(UnknownNameError, match="Did you mean 'softmax'"):
        NetworkSpec.perceptron([2, 3], "relu", "sotfmax")


@pytest.mark.parametrize(("fan_in", "fan_out"), [(0, 3), (3, 0), (-1, 2)])
def test_a_block_without_inputs_or_outputs_is_refused(fan_in, fan_out):
    with pytest.raises(ValueError, match="'hidden_1' needs at least one input and one output"):
        Dense("hidden_1", fan_in, fan_out, "relu")


def test_blocks_that_do_not_fit_each_other_are_refused_by_name():
    blocks = (Dense("hidden_1", 2, 3, "relu"), Dense("output", 4, 1, "identity"))
    with pytest.raises(ValueError, match="'hidden_1' has 3 outputs, but block 'output' needs 4"):
        NetworkSpec(blocks, "identity")


def test_a_network_without_blocks_is_refused():
    with pytest.raises(ValueError, match="at least one block"):
        NetworkSpec((), "identity")


def test_a_spec_cannot_be_changed():
    spec = NetworkSpec.perceptron([2, 1], "relu", "identity")
    with pytest.raises(FrozenInstanceError):
        spec.inverse_link = "softmax"
