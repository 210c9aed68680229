"""Inputs of codes: embeddings, one-hot columns, and codes that are refused."""

import numpy as np
import pytest

from lamina.blocks import InputStage
from lamina.blocks.inputs import CategoricalInputs, IdentityInputs, OneHotInputs
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.reference import ReferenceEngine
from lamina.errors import NonFiniteError
from lamina.network import Network, NetworkSpec, draw_parameters

GROUPS = {
    "categorical": CategoricalInputs((2, 0), (5, 3), 2),
    "one_hot": OneHotInputs((2, 0), (5, 3)),
}
every_group = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)


def spec_with(group):
    stage = InputStage("inputs", 3, (group, IdentityInputs((1,))))
    return NetworkSpec.perceptron([3, 4, 1], "tanh", "identity", inputs=stage)


def test_an_embedding_gives_the_row_of_each_code_column_by_column():
    group = GROUPS["categorical"]
    parts = [np.arange(10.0).reshape(5, 2), 100 + np.arange(6.0).reshape(3, 2)]
    a = group.forward(parts, np.array([[4.0, 1.0], [0.0, 2.0]]))
    np.testing.assert_array_equal(a, [[8, 9, 102, 103], [0, 1, 104, 105]])


def test_the_row_of_unknown_categories_starts_as_zeros():
    group = GROUPS["categorical"]
    parts = [np.empty(tensor.shape) for tensor in group.tensors]
    group.draw(parts, np.random.RandomState(0))
    for E in parts:
        assert not E[0].any()
        assert E[1:].all()


def test_the_gradient_of_a_row_is_the_sum_over_the_samples_with_its_code():
    group = CategoricalInputs((0,), (4,), 1)
    gradient = [np.full((4, 1), np.nan)]
    x, d_a = np.array([[1.0], [3.0], [1.0]]), np.array([[1.0], [10.0], [100.0]])
    group.write_gradient([np.zeros((4, 1))], x, d_a, gradient)
    np.testing.assert_array_equal(gradient[0].ravel(), [0, 101, 0, 10])


def test_a_one_hot_column_is_zeros_for_code_0():
    a = GROUPS["one_hot"].forward((), np.array([[0.0, 0.0], [1.0, 2.0], [4.0, 1.0]]))
    np.testing.assert_array_equal(a, [[0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 1], [0, 0, 0, 1, 1, 0]])


def test_one_hot_columns_of_one_code_have_no_outputs():
    group = OneHotInputs((0, 1), (1, 3))
    assert group.widths == (0, 2)
    np.testing.assert_array_equal(group.forward((), np.array([[0.0, 2.0]])), [[0, 1]])


@every_group
@pytest.mark.parametrize("code", [5.0, -1.0, 0.5, 1e30, -np.inf])
@pytest.mark.parametrize("call", ["predict", "evaluator", "trainer"])
def test_a_number_that_is_no_code_is_refused_with_its_place(group, code, call):
    spec, X = spec_with(group), np.ones((4, 3))
    parameters = draw_parameters(spec, np.random.RandomState(0), "float64", 1.0)
    X[3, 2] = code
    rows, engine = Rows(X, np.ones((4, 1)), None), ReferenceEngine()
    objective, optimizer = Objective("squared_error"), OptimizerSettings("adagrad", {"epsilon": 1})
    calls = {
        "predict": lambda: engine.predict(Network(spec, parameters), X),
        "evaluator": lambda: engine.evaluator(spec, objective, rows),
        "trainer": lambda: engine.trainer(
            spec, objective, optimizer, rows, parameters, OptimizerState(np.zeros((1, 1)))
        ),
    }
    error = NonFiniteError if call == "predict" and np.isinf(code) else ValueError
    message = (
        r"infinity"
        if error is NonFiniteError
        else r"X\[3, 2\] is .* no code of column 2: its codes are the whole numbers from 1 to 4"
    )
    with pytest.raises(error, match=message):
        calls[call]()


@every_group
def test_nan_in_a_column_of_codes_is_refused(group):
    X = np.full((2, 3), np.nan)
    with pytest.raises(ValueError, match=r"X\[0, 2\] is nan"):
        spec_with(group).require_inputs(X)


@pytest.mark.parametrize("n_codes", [(), (3,), (3, 0), (3, 2**24 + 1)])
@pytest.mark.parametrize("kind", [CategoricalInputs, OneHotInputs])
def test_every_column_needs_a_number_of_codes(kind, n_codes):
    with pytest.raises(ValueError, match="n_codes needs a number from 1 to 16,777,216 for each"):
        kind((0, 1), n_codes)


@every_group
@pytest.mark.parametrize("name", ["input_noise", "input_dropout"])
def test_noise_and_dropout_of_inputs_are_refused_for_codes(group, name):
    stage = InputStage("inputs", 3, (group, IdentityInputs((1,))))
    with pytest.raises(ValueError, match=rf"{name} changes X, and columns \[2, 0\] have codes"):
        NetworkSpec.perceptron([3, 1], "tanh", "identity", inputs=stage, **{name: 0.1})
