"""The input stage in the native engine: the reference's numbers, for every kind of inputs."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from lamina.blocks import Dense, InputStage
from lamina.blocks.inputs import CategoricalInputs, OneHotInputs, PeriodicInputs, ScaledInputs
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.reference import ReferenceEngine
from lamina.network import Network, NetworkSpec, ParameterLayout, draw_parameters

native = pytest.importorskip("lamina.engines.native")
_native = pytest.importorskip("lamina._native")
NativeEngine = native.NativeEngine

STAGES = {stage.name: stage for stage in InputStage.examples()}
# Columns of many codes, which the next block reads as codes, first, in between and last.
STAGES["one-hot inputs of many codes"] = InputStage(
    "one-hot inputs of many codes",
    9,
    (
        OneHotInputs((3, 0), (40, 11)),
        ScaledInputs((1,)),
        OneHotInputs((2, 8, 4), (2, 70, 10)),
        PeriodicInputs((5,), 18, 5),
        OneHotInputs((7, 6), (12, 1)),
    ),
)
STAGES["one-hot inputs alone"] = InputStage(
    "one-hot inputs alone", 2, (OneHotInputs((0, 1), (30, 20)),)
)
# A batch touches few of its rows; of the other columns some batch touches all.
STAGES["embeddings of many codes"] = InputStage(
    "embeddings of many codes",
    4,
    (
        CategoricalInputs((2, 0), (9000, 5), 3),
        CategoricalInputs((1, 3), (20, 12000), 2, scaled=True),
    ),
)
every_stage = pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
OPTIMIZERS = {
    "sgd": ("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0}),
    "plain sgd": ("sgd", {"momentum": 0.0, "nesterovs_momentum": 0.0}),
    "adagrad": ("adagrad", {"epsilon": 1e-8}),
    "adam": ("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
}
OPTIONS = {
    "alone": {},
    "decay": {"weight_decay": 0.1},
    "clipped": {"max_gradient_norm": 0.5},
    "averaged": {"average_decay": 0.9},
}
N_SAMPLES = 101


def problem(stage, dtype, **options):
    """Return a network that begins with the stage, and samples for it."""
    random_state = np.random.RandomState(0)
    hidden = Dense("hidden_1", stage.fan_out, 7, "tanh", **options)
    spec = NetworkSpec((stage, hidden, Dense("output", 7, 2, "identity")), "identity")
    parameters = draw_parameters(spec, random_state, dtype, 6.0)
    n_trained = ParameterLayout.from_spec(spec).n_trained
    parameters[:n_trained] += random_state.normal(0, 0.1, n_trained).astype(dtype)
    X = random_state.standard_normal((N_SAMPLES, stage.fan_in)).astype(dtype)
    for group in stage.groups:
        for column, n_codes in zip(group.columns, group.n_codes, strict=False):
            X[:, column] = random_state.randint(n_codes, size=N_SAMPLES)
    y = random_state.standard_normal((N_SAMPLES, 2)).astype(dtype)
    weight = random_state.uniform(0.5, 2, N_SAMPLES).astype(dtype)
    return Network(spec, parameters), Rows(X, y, weight)


def fit(engine, network, rows, optimizer="adam", n_epochs=3, **options):
    """Return parameters, slots and losses after some epochs."""
    name, hyperparameters = OPTIMIZERS[optimizer]
    settings = OptimizerSettings(name, hyperparameters, **options)
    parameters = network.parameters.copy()
    state = OptimizerState.fresh(settings, parameters)
    objective = Objective("squared_error", alpha=0.01)
    trainer = engine.trainer(network.spec, objective, settings, rows, parameters, state)
    random_state = np.random.RandomState(1)
    losses = [
        trainer.epoch(random_state.permutation(N_SAMPLES), 37, np.full(3, 0.02)).loss
        for _ in range(n_epochs)
    ]
    return [parameters, state.slots, np.array(losses)]


def all_results(engine, network, rows):
    """Return the results of every pass of an engine."""
    objective = Objective("squared_error", alpha=0.01)
    loss, gradient = engine.loss_and_gradient(network.spec, objective, rows, network.parameters)
    few, many = engine.predict(network, rows.X[:3]), engine.predict(network, rows.X)
    activations = engine.activations(network, rows.X)
    return [np.array(loss), gradient, few, many, *activations, *fit(engine, network, rows)]


def assert_close(found, expected, dtype):
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        atol = tolerance * max(np.abs(other).max(initial=0), 1e-3)
        np.testing.assert_allclose(one, other, rtol=0, atol=atol)


@every_stage
@every_dtype
def test_every_pass_equals_the_references(stage, dtype):
    network, rows = problem(stage, dtype)
    found = all_results(NativeEngine(2), network, rows)
    assert_close(found, all_results(ReferenceEngine(), network, rows), dtype)


@every_stage
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_steps_of_every_kind_equal_the_references(stage, optimizer, options):
    network, rows = problem(stage, "float64")
    found = fit(NativeEngine(2), network, rows, optimizer, **options)
    assert_close(found, fit(ReferenceEngine(), network, rows, optimizer, **options), "float64")


@every_stage
@pytest.mark.parametrize(
    "options", [{"normalization": "batch"}, {"normalization": "layer"}, {"dropout": 0.3}], ids=str
)
def test_the_first_dense_block_has_its_options_behind_a_stage(stage, options):
    if "residual" in options:
        options = {}
    network, rows = problem(stage, "float64", **options)
    # By sgd, because batch normalization cancels parameters that shift its inputs, and Adam would
    # divide the rounding of their gradient by itself.
    found, _, losses = fit(NativeEngine(2), network, rows, "sgd")
    expected, _, expected_losses = fit(ReferenceEngine(), network, rows, "sgd")
    assert_close([found, losses], [expected, expected_losses], "float64")


@every_stage
@every_dtype
def test_every_number_of_threads_gives_the_same_bits(stage, dtype):
    network, rows = problem(stage, dtype)
    alone = all_results(NativeEngine(1), network, rows)
    for n_threads in (2, 3, 7, 16):
        many = all_results(NativeEngine(n_threads), network, rows)
        for one, other in zip(alone, many, strict=True):
            np.testing.assert_array_equal(one, other)


@every_stage
@every_dtype
def test_a_sample_is_predicted_alike_alone_and_among_many(stage, dtype):
    network, rows = problem(stage, dtype)
    engine = NativeEngine(1)
    alone = [engine.predict(network, rows.X[i : i + 1])[0] for i in range(N_SAMPLES)]
    np.testing.assert_array_equal(alone, engine.predict(network, rows.X))


def test_every_instruction_set_with_multiply_adds_gives_the_same_bits():
    script = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
from test_native_inputs import STAGES, NativeEngine, all_results, problem
results = [
    all_results(NativeEngine(2), *problem(stage, dtype))
    for stage in STAGES.values() for dtype in ("float64", "float32")
]
sys.stdout.buffer.write(pickle.dumps(results))
"""
    results = []
    sets = [name for name in _native.instruction_sets() if name != "baseline"]
    for name in sets:
        environment = {**os.environ, "LAMINA_INSTRUCTION_SET": name}
        command = [sys.executable, "-W", "ignore", "-c", script, os.path.dirname(__file__)]
        run = subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
        results.append(pickle.loads(run.stdout))
    for other in results[1:]:
        for one, another in zip(results[0], other, strict=True):
            for a, b in zip(one, another, strict=True):
                np.testing.assert_array_equal(a, b)
