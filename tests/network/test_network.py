"""A network as a value: views of one vector, and other numbers for the same specification."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from lamina import MLPRegressor
from lamina.estimators.fitting.fitted_network import (
    get_network,
    network_attributes,
    read_network,
)
from lamina.inputs import Periodic, PiecewiseLinear
from lamina.network import Network, NetworkSpec

SPEC = NetworkSpec.perceptron([2, 3, 1], "prelu", "identity", normalization="batch")


@pytest.fixture
def network():
    n_parameters = Network(SPEC, np.empty(0)).layout.n_parameters
    return Network(SPEC, np.arange(float(n_parameters)))


def test_the_views_by_role_and_by_block_are_the_same_numbers(network):
    by_role = (network.weights, network.biases, network.unit_parameters, network.statistics)
    for of_role, of_blocks in zip(by_role, zip(*network.blocks, strict=True), strict=True):
        for one, other in zip(of_role, of_blocks, strict=True):
            assert one.base is other.base is network.parameters
            np.testing.assert_array_equal(one, other)


def test_a_change_of_the_vector_shows_in_the_views(network):
    first = network.weights[0]
    network.parameters[:] = 7
    assert (first == 7).all()
    assert (network.blocks[1].b == 7).all()


def test_other_parameters_leave_the_network_as_it_is(network):
    other = network.with_parameters(np.zeros_like(network.parameters))
    assert other.spec is network.spec
    assert not other.weights[0].any()
    assert network.weights[0].any()


def test_a_copy_shares_no_memory_and_a_dtype_is_converted_only_if_it_differs(network):
    assert not np.shares_memory(network.copy().parameters, network.parameters)
    single = network.in_dtype(np.dtype(np.float32))
    assert single.dtype == single.weights[0].dtype == np.float32
    assert network.in_dtype(network.dtype).parameters is network.parameters


def test_a_network_cannot_be_changed_to_another(network):
    with pytest.raises(FrozenInstanceError):
        network.spec = SPEC


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(ValueError, match="expected 28 parameters, got shape"):
        _ = Network(SPEC, np.zeros(5)).weights


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalization": "batch"},
        {"activation": "prelu"},
        {"inputs": [Periodic(columns=[0]), PiecewiseLinear(columns=[2], n_bins=3)]},
    ],
    ids=["plain", "normalized", "learned activation", "inputs"],
)
def test_the_fitted_attributes_hold_the_network_and_return_it(options):
    X = np.random.RandomState(0).standard_normal((30, 3))
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0, **options)
    network = get_network(model.fit(X, X[:, 0]))
    assert model.coefs_[0].base is network.parameters
    again = read_network(network.spec, network_attributes(network.copy()))
    np.testing.assert_array_equal(again.parameters, network.parameters)
