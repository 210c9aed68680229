"""Every traced step: its numbers are consistent, and equal the engines'."""

from dataclasses import replace

import numpy as np
import pytest

from lamina.formulas import ACTIVATIONS, LOSSES, NORMALIZATIONS
from lamina.formulas.noise import Draws
from lamina.studies.layer_trace import layer_traces
from lamina.studies.step import take_step
from lamina.studies.trace_formulas import traced_numbers
from lamina.studies.weight_paths import weight_paths

WIDTHS = (4, 5, 5, 3)
BLOCKS = {
    "plain": {},
    **{name: {"normalization": name} for name in NORMALIZATIONS},
    "residual": {"residual": True},
    "ntk": {"ntk": True},
    "blended": {"blend": True, "dropout": 0.3},
    "dropout": {"dropout": 0.4, "input_dropout": 0.2, "input_noise": 0.3},
    "output activation": {"output_activation": "tanh"},
    **{
        f"all with {name}": {"normalization": name, "residual": True, "dropout": 0.3}
        for name in NORMALIZATIONS
    },
}
every_block = pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS)
every_way = pytest.mark.parametrize("activation", ["tanh", "gelu", "prelu"])


def step_of(problem, draws=False):
    drawn = Draws(12345, 7, np.arange(len(problem.rows.y))) if draws else None
    return take_step(problem.network, problem.objective, problem.rows, drawn)


def assert_close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(
        actual, expected, rtol=0, atol=tolerance * max(np.abs(expected).max(initial=0), 1e-300)
    )


def finite_differences(problem, draws):
    # If the loss is a mean over outputs, the gradient is that of their sum, but not the penalty's.
    outputs = problem.spec.n_outputs if LOSSES[problem.objective.loss].mean_over_outputs else 1
    objective = replace(problem.objective, alpha=problem.objective.alpha / outputs)

    def value(parameters):
        return step_of(replace(problem, objective=objective, parameters=parameters), draws).loss

    return [
        outputs * (value(problem.parameters + h) - value(problem.parameters - h)) / 2e-5
        for h in 1e-5 * np.eye(problem.parameters.size)
    ]


def assert_numbers_fit_together(step):
    layers = layer_traces(step, None)
    scales = [block.product_scale for block in step.blocks]
    for i, layer in enumerate(layers):
        assert_close(layer.a_prev @ layer.W * scales[i] + layer.b, layer.z)
        assert_close(layer.a_prev.T @ layer.delta * scales[i] + layer.penalty, layer.dW)
        # After a batch normalization the deltas of a unit cancel.
        rounding = 1e-13 * np.abs(layer.delta).max()
        np.testing.assert_allclose(layer.delta.sum(axis=0), layer.db, rtol=0, atol=rounding)
        if i + 1 < len(layers):
            after = layers[i + 1]
            past_ = after.d_a if after.is_residual else 0
            assert_close(after.delta @ after.W.T * scales[i + 1] + past_, layer.d_a)
            np.testing.assert_array_equal(layer.a, after.a_prev)
    numbers = traced_numbers(step, layers, None)
    assert all(number.formula and number.value is not None for number in numbers)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("layout", ["dense", "csr"])
def test_a_traced_gradient_equals_every_engines_and_finite_differences(
    engine, draw_problem, formulas, weighted, layout
):
    problem = draw_problem(
        WIDTHS, n_samples=6, alpha=0.3, layout=layout, weighted=weighted, seed=1, **formulas
    )
    step = step_of(problem)
    loss, gradient = engine.loss_and_gradient(
        problem.spec, problem.objective, problem.rows, problem.parameters
    )
    assert_close(step.gradient, gradient)
    assert step.loss == pytest.approx(loss, rel=1e-12)
    assert_close(step.gradient, finite_differences(problem, draws=False), 1e-6)
    assert_numbers_fit_together(step)


@every_block
@every_way
def test_a_traced_gradient_of_every_kind_of_block_equals_finite_differences(
    engine, draw_problem, blocks, activation
):
    problem = draw_problem(WIDTHS, n_samples=6, activation=activation, weighted=True, **blocks)
    without = step_of(problem)
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    assert_close(without.gradient, engine.loss_and_gradient(*asked)[1])
    step = step_of(problem, draws=True)
    assert_close(step.gradient, finite_differences(problem, draws=True), 1e-6)
    assert_numbers_fit_together(step)


@every_block
@every_way
@pytest.mark.parametrize("output", [None, 1])
def test_the_paths_of_a_weight_add_up_to_its_backpropagated_gradient(
    draw_problem, blocks, activation, output
):
    problem = draw_problem(
        (3, 3, 3, 2), n_samples=3, activation=activation, alpha=0.2, weighted=True, **blocks
    )
    step = step_of(problem, draws=True)
    layers = layer_traces(step, None)
    for layer, i, j in [(0, 2, 1), (1, 0, 2), (2, 1, 1), (0, None, 0), (2, None, 1)]:
        paths = weight_paths(step, output, layer, i, j, None, 10_000)
        assert len(paths.paths) == paths.n_paths
        largest = max(abs(path.product) for path in paths.paths)
        assert paths.sum_of_paths == pytest.approx(paths.backpropagated, abs=1e-12 * largest)
        for path in paths.paths:
            product = np.prod([factor.value for factor in path.factors])
            assert path.product == pytest.approx(product, rel=1e-12)
        if output is None:
            expected = layers[layer].db[j] if i is None else layers[layer].dW[i, j]
            assert paths.gradient == pytest.approx(expected, rel=1e-9, abs=1e-13 * largest)


@every_block
def test_the_largest_paths_come_first_and_the_rest_is_their_difference(draw_problem, blocks):
    problem = draw_problem((3, 3, 3, 2), n_samples=3, activation="tanh", **blocks)
    step = step_of(problem, draws=True)
    every = weight_paths(step, None, 0, 0, 1, None, 10_000)
    sizes = [abs(path.product) for path in every.paths]
    assert sizes == sorted(sizes, reverse=True)
    few = weight_paths(step, None, 0, 0, 1, None, 4)
    assert few.paths == every.paths[:4]
    assert few.n_paths == every.n_paths > 4
    rest = sum(path.product for path in every.paths[4:])
    assert few.rest == pytest.approx(rest, abs=1e-12 * sizes[0])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_paths_of_one_sample_give_its_part_of_the_gradient(draw_problem, activation):
    problem = draw_problem((3, 4, 4, 2), n_samples=5, activation=activation)
    step = step_of(problem)
    layer = layer_traces(step, None)[0]
    for row in range(5):
        paths = weight_paths(step, None, "hidden_1", 1, 2, row, 100)
        part = layer.a_prev[row, 1] * layer.delta[row, 2]
        assert paths.sum_of_paths == pytest.approx(part, rel=1e-9, abs=1e-15)
        assert paths.n_paths == 4 * 2
        assert {path.row for path in paths.paths} == {row}


def test_several_heads_are_traced(engine, draw_problem):
    problem = draw_problem((4, 6, 5), n_samples=7, loss="log_loss", heads=(2, 3))
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    step = step_of(problem)
    assert_close(step.gradient, engine.loss_and_gradient(*asked)[1])
    assert_numbers_fit_together(step)
