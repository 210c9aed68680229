"""Every activation with a learned blend: gradients, the reference's numbers, code, threads."""

import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, ndtr

import lamina
from lamina import _native
from lamina.engines import Objective, OptimizerSettings, Rows
from lamina.engines.native import NativeEngine
from lamina.estimators.fitting.fitted_network import get_network
from lamina.formulas import ACTIVATIONS
from lamina.formulas.blending import blended

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WIDTHS, N_SAMPLES = (9, 17, 17, 3), 53
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
SGD = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
every_option = pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalization": "batch", "residual": True, "dropout": 0.3},
        {"normalization": "layer", "ntk": True},
    ],
    ids=["alone", "with all", "ntk"],
)


def assert_close(actual, expected, dtype):
    scale = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=2 * TOLERANCE[dtype] * scale)


def trained(engine, problem):
    trainer, parameters, state = problem.trainer(engine, SGD)
    state.seed = 7
    for _ in range(3):
        trainer.epoch(np.arange(N_SAMPLES), 10, np.full(6, 0.001))
    return parameters


@every_activation
@pytest.mark.parametrize("options", [{}, {"normalization": "layer", "residual": True}], ids=str)
def test_the_gradient_equals_finite_differences(engine, draw_problem, activation, options):
    problem = draw_problem(
        (4, 5, 5, 1), n_samples=7, activation=activation, blend=True, loss="gamma", **options
    )

    def value(parameters):
        asked = (problem.spec, problem.objective, problem.rows, parameters)
        return engine.loss_and_gradient(*asked)

    steps = 1e-5 * np.eye(problem.parameters.size)
    differences = [
        (value(problem.parameters + h)[0] - value(problem.parameters - h)[0]) / 2e-5 for h in steps
    ]
    gradient = value(problem.parameters)[1]
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-8)


@every_activation
@every_option
@every_dtype
@pytest.mark.parametrize("layout", ["dense", "csr"])
def test_passes_and_gradient_equal_the_references(
    engine, reference, draw_problem, activation, options, dtype, layout
):
    problem = draw_problem(
        WIDTHS,
        n_samples=N_SAMPLES,
        activation=activation,
        dtype=dtype,
        layout=layout,
        blend=True,
        **options,
    )
    asked = (problem.spec, problem.objective, problem.rows, problem.parameters)
    loss, gradient = engine.loss_and_gradient(*asked)
    expected_loss, expected = reference.loss_and_gradient(*asked)
    assert loss == pytest.approx(expected_loss, rel=TOLERANCE[dtype])
    assert_close(gradient, expected, dtype)
    predicted = engine.predict(problem.network, problem.rows.X)
    assert_close(predicted, reference.predict(problem.network, problem.rows.X), dtype)
    few = engine.predict(problem.network, problem.rows.X[:3])
    assert_close(few, predicted[:3], dtype)
    if isinstance(engine, NativeEngine):
        np.testing.assert_array_equal(few, predicted[:3])


@every_activation
@every_dtype
def test_some_epochs_equal_the_references(engine, reference, draw_problem, activation, dtype):
    problem = draw_problem(
        WIDTHS, n_samples=N_SAMPLES, activation=activation, dtype=dtype, blend=True, dropout=0.2
    )
    actual, expected = (trained(each, problem) for each in (engine, reference))
    np.testing.assert_allclose(
        actual, expected, rtol=0, atol=10 * TOLERANCE[dtype] * np.abs(expected).max()
    )


@every_dtype
@every_option
def test_the_number_of_threads_changes_no_bit(draw_problem, dtype, options):
    problem = draw_problem(
        WIDTHS, n_samples=N_SAMPLES, activation="mish", dtype=dtype, blend=True, **options
    )
    alone = trained(NativeEngine(1), problem)
    for n_threads in (2, 3, 7, 16):
        np.testing.assert_array_equal(trained(NativeEngine(n_threads), problem), alone)


def test_every_instruction_set_with_multiply_adds_gives_the_same_bits():
    script = """
import pickle, sys
sys.path[:0] = sys.argv[1:]
import numpy as np
from tests.conftest import _draw_problem
from tests.contracts.test_blended_activations import (
    ACTIVATIONS, N_SAMPLES, WIDTHS, NativeEngine, trained
)
results = [
    trained(NativeEngine(2), _draw_problem(
        WIDTHS, n_samples=N_SAMPLES, activation=name, dtype=dtype, blend=True, ntk=ntk
    ))
    for name in ACTIVATIONS for dtype in ("float64", "float32") for ntk in (False, True)
]
sys.stdout.buffer.write(pickle.dumps(results))
"""
    results, root = [], Path(__file__).parents[2]
    for name in _native.instruction_sets():
        if name == "baseline":
            continue
        environment = {**os.environ, "LAMINA_INSTRUCTION_SET": name}
        command = [sys.executable, "-W", "ignore", "-c", script, root]
        run = subprocess.run(command, env=environment, check=True, capture_output=True)
        results.append(pickle.loads(run.stdout))
    for other in results[1:]:
        for one, another in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, another)


@every_activation
def test_the_code_equals_the_functions(activation):
    record = blended(ACTIVATIONS[activation])
    z = np.concatenate([np.linspace(-700, 700, 57), np.linspace(-4, 4, 60)]).reshape(-1, 3)
    learned = {each.name: np.array([-0.5, 0.3, 0.7]) for each in record.parameters}
    a = record.value(z, *learned.values())
    names = {"np": np, "math": math, "expit": expit, "ndtr": ndtr, "z": z, "a": a, **learned}
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(eval(record.code.numpy, names), a, rtol=1e-11, atol=1e-11)
        derivative = eval(record.derivative_code, names)
    expected = record.derivative(z, a, *learned.values())
    np.testing.assert_allclose(derivative + 0 * z, expected, rtol=1e-11, atol=1e-14)
    for parameter in record.parameters:
        others = [learned[name] for name, _ in parameter.reads]
        step = {**learned, parameter.name: learned[parameter.name] + 1e-6}
        difference = (record.value(z, *step.values()) - a) / 1e-6
        actual = parameter.derivative(z, *others)
        np.testing.assert_allclose(actual, difference, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(eval(parameter.derivative_code, names) + 0 * z, actual)


X = np.random.RandomState(0).standard_normal((60, 3))
y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def made(**parameters):
    return lamina.MLPRegressor(
        hidden_layer_sizes=(8, 8), **{"max_iter": 5, "random_state": 0, **parameters}
    )


@every_activation
def test_a_fit_starts_as_without_blend_and_learns_it(activation):
    plain = made(activation=activation, max_iter=1).fit(X, y)
    model = made(activation=activation, max_iter=1, blended_activation=True).fit(X, y)
    # The loss of the one batch is that before its step.
    assert model.loss_ == pytest.approx(plain.loss_, rel=1e-12)
    blends = [rows[-1] for rows in model.unit_parameters_[:-1]]
    assert all(each.shape == (8,) for each in blends)
    assert model.unit_parameters_[-1].shape == (0, 1)
    learns = activation != "identity"
    assert all((each != 1).any() == learns for each in blends)


def test_the_rate_of_blends_is_that_of_activations():
    factors = {"activation": 0}
    model = made(blended_activation=True, rate_factors=factors).fit(X, y)
    assert all((rows[-1] == 1).all() for rows in model.unit_parameters_[:-1])
    plain = made().fit(X, y)
    np.testing.assert_allclose(model.predict(X), plain.predict(X), rtol=1e-9)


@every_activation
@pytest.mark.parametrize("parametrization", ["standard", "ntk"])
def test_gradients_equal_those_of_pytorchs_modules(activation, parametrization):
    torch = pytest.importorskip("torch")
    model = made(
        activation=activation, blended_activation=True, parametrization=parametrization
    ).fit(X, y)
    for rows in model.unit_parameters_:
        rows += np.linspace(-0.2, 0.2, rows.size).reshape(rows.shape)
    module, network = lamina.to_torch(model), get_network(model)
    error = module(torch.from_numpy(X))[:, 0] - torch.from_numpy(y)
    (error.square().mean() / 2).backward()
    rows = Rows(X, y[:, np.newaxis], None)
    _, gradient = NativeEngine(1).loss_and_gradient(
        network.spec, Objective("squared_error"), rows, network.parameters
    )
    ours = network.with_parameters(gradient).blocks
    for block, parts in zip(network.spec.blocks, ours, strict=True):
        linear = getattr(module, block.name)
        # The module's weights are W / √fan_in in NTK parametrisation.
        theirs = linear.weight.grad.numpy().T * block.product_scale
        np.testing.assert_allclose(parts.W, theirs, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(parts.b, linear.bias.grad.numpy(), rtol=1e-9, atol=1e-12)
        if block.blend:
            of_module = getattr(module, f"{block.name}_activation").blend.grad.numpy()
            np.testing.assert_allclose(parts.unit_parameters[-1], of_module, rtol=1e-9, atol=1e-12)
