"""Paths of a weight are listed with their names, and the others are summed."""

import numpy as np
import pytest

import lamina

X = np.array([[1.0, 2.0], [-1.0, 0.5], [0.0, 1.0]])
y = np.array([1, 0, 2])


def trace(hidden=(2,), **parameters):
    model = lamina.MLPClassifier(hidden, "tanh", random_state=0, **parameters)
    return lamina.trace_step(model, X, y)


def test_the_product_of_a_path_is_that_of_its_factors():
    traced = trace((2, 2), alpha=0)
    paths = traced.path(output=1, layer=0, i=0, j=1, row=0)
    assert paths.n_paths == 2
    (path,) = [path for path in paths.paths if path.units[2] == "hidden_2[0]"]
    assert path.units == ("x[0]", "hidden_1[1]", "hidden_2[0]", "output[1]")
    first, second, last = traced.layers
    by_hand = [
        ("a₀[0]", X[0, 0]),
        ("f'(z₁[1])", 1 - first.a[0, 1] ** 2),
        ("W₂[1, 0]", second.W[1, 0]),
        ("f'(z₂[0])", 1 - second.a[0, 0] ** 2),
        ("W₃[0, 1]", last.W[0, 1]),
        ("f'(z₃[1])", 1.0),
        ("dL/da₃[1]", last.d_a[0, 1]),
    ]
    assert [factor.name for factor in path.factors] == [name for name, _ in by_hand]
    np.testing.assert_allclose([f.value for f in path.factors], [value for _, value in by_hand])
    assert path.product == pytest.approx(np.prod([value for _, value in by_hand]))


def test_the_sum_over_all_outputs_and_the_penalty_is_the_gradient():
    traced = trace(alpha=0.5)
    paths = traced.path(None, "hidden_1", 1, 0)
    assert paths.penalty == pytest.approx(0.5 * traced.layers[0].W[1, 0] / 3)
    assert paths.gradient == pytest.approx(traced.layers[0].dW[1, 0])
    by_output = [traced.path(output, 0, 1, 0).sum_of_paths for output in range(3)]
    assert sum(by_output) == pytest.approx(paths.sum_of_paths)


def test_a_weight_of_the_last_layer_has_one_path_per_row():
    paths = trace().path(None, -1, 0, 2)
    assert paths.n_paths == 3
    assert {path.units for path in paths.paths} == {("hidden_1[0]", "output[2]")}
    assert trace().path(1, "output", 0, 2).n_paths == 0


def test_a_bias_is_multiplied_with_one():
    traced = trace()
    paths = traced.path(None, 0, None, 1)
    assert paths.sum_of_paths == pytest.approx(traced.layers[0].db[1])
    assert paths.paths[0].units[0] == "bias"
    assert paths.weight == "b₁[1]"


def test_paths_beyond_the_limit_are_summed_quickly():
    traced = trace((40, 40, 40))
    paths = traced.path(None, 0, 0, 0, most=5)
    assert paths.n_paths == 3 * 40 * 40 * 3
    assert len(paths.paths) == 5
    assert paths.sum_of_paths == pytest.approx(paths.backpropagated)
    text = repr(paths)
    assert text.startswith("dL/dW₁[0, 0] along the largest 5 of 14,400 paths")
    assert "the other 14,395 paths" in text


def test_the_text_states_when_all_paths_are_listed():
    text = repr(trace().path(0, 0, 1, 0))
    assert text.startswith("dL/dW₁[1, 0] along all 3 paths")
    assert "row 1: x[1] → hidden_1[0] → output[0]" in text
    assert "the other" not in text


def test_paths_through_a_batch_normalization_reach_other_rows():
    paths = trace(normalization="batch").path(None, 0, 0, 0, row=1, most=100)
    assert paths.n_paths == 3 * 3
    assert any("hidden_1[0] of row 2" in path.units for path in paths.paths)


def test_paths_convert_to_a_frame():
    pytest.importorskip("pandas")
    frame = trace().path(None, 0, 0, 0).to_frame()
    assert [*frame.columns] == ["row", "path", "factors", "product"]
    assert len(frame) == 9


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((3, 0, 0, 0), r"output=3 is not among the 3 outputs: the first is 0, the last 2 or -1"),
        ((0, 2, 0, 0), r"layer=2 is not among the 2 layers"),
        ((0, "hiden_1", 0, 0), r"layer='hiden_1' is not a layer .* Did you mean 'hidden_1'\?"),
        ((0, 0, 2, 0), r"i=2 is not among the 2 inputs of hidden_1"),
        ((0, 0, 0, -3), r"j=-3 is not among the 2 units of hidden_1"),
    ],
)
def test_an_index_out_of_range_is_an_index_error(asked, message):
    with pytest.raises(IndexError, match=message):
        trace().path(*asked)


def test_a_row_out_of_range_is_an_index_error():
    with pytest.raises(IndexError, match="row=3 is not among the 3 rows"):
        trace().path(0, 0, 0, 0, row=3)
    with pytest.raises(ValueError, match="most=0 must be at least 1"):
        trace().path(0, 0, 0, 0, most=0)
