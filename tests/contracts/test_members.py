"""Networks with members in the engines: equal to the reference, for every thread and option."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lamina import _native, formulas
from lamina.blocks import Dense, MemberHeads, Mode, SharedDense
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.native import NativeEngine
from lamina.engines.reference import ReferenceEngine
from lamina.formulas.hyperparameters import complete
from lamina.formulas.noise import Draws
from lamina.network import Network, NetworkSpec, ParameterLayout, draw_parameters

N_SAMPLES, FEATURES = 37, 5


def shared(name, fan_in, fan_out, k, kind, activation="tanh", **options):
    own = kind == "tabm"
    first = name == "hidden_1"
    dense = Dense(name, fan_in, fan_out, activation, **options)
    scales = (first, own or first, own, own, "random_signs" if first else "ones")
    return SharedDense(dense, k, *scales)


def spec_of(kind="tabm", k=3, width=20, heads=(), n_outputs=3, link="softmax", **options):
    residual = {**options, "residual": True}
    blocks = (
        shared("hidden_1", FEATURES, width, k, kind, **options),
        shared("hidden_2", width, width, k, kind, "silu", **residual),
        shared("hidden_3", width, 7, k, kind, "prelu"),
        MemberHeads(Dense("output", 7, sum(heads) or n_outputs, "identity"), k),
    )
    return NetworkSpec(blocks, link, heads=tuple(heads))


def linear(k=4):
    heads = MemberHeads(Dense("output", FEATURES, 2, "tanh"), k, repeats=True)
    return NetworkSpec((heads,), "identity")


CODES = Objective("log_loss", alpha=0.1)
NUMBERS = Objective("squared_error", alpha=0.1)
SPECS = {
    "tabm": (spec_of(), CODES),
    "tabm of 32": (spec_of(k=32, width=64), CODES),
    "tabm_mini": (spec_of("tabm_mini"), CODES),
    "heads": (spec_of(heads=(2, 3)), CODES),
    "layer norm": (spec_of(normalization="layer"), CODES),
    "ntk": (spec_of(ntk=True), CODES),
    "blend": (spec_of(blend=True), CODES),
    "one member": (spec_of(k=1), CODES),
    "binary": (spec_of(n_outputs=1, link="logistic"), Objective("binary_log_loss", 0.1)),
    "numbers": (spec_of(n_outputs=2, link="identity"), NUMBERS),
    "linear": (linear(), NUMBERS),
}
every_spec = pytest.mark.parametrize(("spec", "objective"), SPECS.values(), ids=SPECS)


def rows_of(spec, dtype, weight=None):
    random_state = np.random.RandomState(0)
    X = random_state.standard_normal((N_SAMPLES, FEATURES)).astype(dtype)
    if spec.inverse_link == "softmax":
        shape = (N_SAMPLES, len(spec.heads)) if spec.heads else N_SAMPLES
        y = random_state.randint(0, 2, shape).astype(np.int32)
    else:
        y = random_state.randint(0, 2, (N_SAMPLES, spec.n_outputs)).astype(dtype)
    if weight == "samples":
        weight = random_state.uniform(0.5, 2, N_SAMPLES).astype(dtype)
    elif weight == "targets":
        weight = random_state.randint(0, 3, (N_SAMPLES, np.atleast_2d(y.T).shape[0])).astype(dtype)
    return Rows(X, y, weight)


def parameters_of(spec, dtype):
    drawn = draw_parameters(spec, np.random.RandomState(1), "float64", 6.0)
    return (drawn + np.random.RandomState(2).normal(0, 0.1, drawn.size)).astype(dtype)


def close(found, expected, dtype):
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max(), rtol=0)


@every_spec
@pytest.mark.parametrize("weight", [None, "samples", "targets"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_native_loss_and_gradient_are_those_of_the_reference(spec, objective, dtype, weight):
    if weight == "targets" and spec.inverse_link == "softmax" and not spec.heads:
        pytest.skip("the targets are the samples")
    asked = spec, objective, rows_of(spec, dtype, weight), parameters_of(spec, dtype)
    loss, gradient = NativeEngine(1).loss_and_gradient(*asked)
    expected_loss, expected = ReferenceEngine().loss_and_gradient(*asked)
    assert loss == pytest.approx(expected_loss, rel=1e-12 if dtype == "float64" else 1e-5)
    layout, pieces = ParameterLayout.from_spec(spec), (gradient, expected)
    for role in zip(*map(layout.views, pieces), strict=True):
        for found, wanted in zip(*role, strict=True):
            if found.size:
                close(found, wanted, dtype)
    for n_threads in (2, 3, 7, 16):
        np.testing.assert_array_equal(
            NativeEngine(n_threads).loss_and_gradient(*asked)[1], gradient
        )


@every_spec
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_predictions_and_activations_are_those_of_the_reference(spec, objective, dtype):
    network = Network(spec, parameters_of(spec, dtype))
    X = np.tile(rows_of(spec, dtype).X, (20, 1))
    for rows in (X[:1], X):
        expected = ReferenceEngine().predict(network, rows)
        close(NativeEngine(1).predict(network, rows), expected, dtype)
        found = NativeEngine(2).activations(network, rows)
        for a, other in zip(found, ReferenceEngine().activations(network, rows), strict=True):
            close(a, other, dtype)
        np.testing.assert_array_equal(found[-1], NativeEngine(1).predict(network, rows))


def trained(engine, spec, objective, optimizer, batch_size, dtype="float64"):
    rows, parameters = rows_of(spec, dtype, "samples"), parameters_of(spec, dtype)
    state = OptimizerState.fresh(optimizer, parameters)
    state.seed = 5
    trainer = engine.trainer(spec, objective, optimizer, rows, parameters, state)
    order = np.arange(N_SAMPLES)[::-1].copy()
    n_steps = -(-N_SAMPLES // batch_size)
    losses = [trainer.epoch(order, batch_size, np.full(n_steps, 0.01)).loss for _ in range(2)]
    return np.append(trainer.parameters(), losses)


ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
OPTIMIZERS = {
    "sgd": OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0}),
    "clipped": OptimizerSettings("adam", ADAM, max_gradient_norm=0.1, average_decay=0.9),
    "adamw": OptimizerSettings("adamw", ADAM, weight_decay=0.1),
    "muon": OptimizerSettings(
        "muon", complete("muon", formulas.OPTIMIZERS["muon"].hyperparameters, ADAM)
    ),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("options", [{}, {"dropout": 0.3}], ids=["plain", "dropout"])
@pytest.mark.parametrize("kind", ["tabm", "tabm_mini"])
def test_epochs_are_those_of_the_reference(kind, options, optimizer):
    spec = spec_of(kind, **options)
    expected = trained(ReferenceEngine(), spec, CODES, optimizer, 8)
    found = trained(NativeEngine(1), spec, CODES, optimizer, 8)
    np.testing.assert_allclose(found, expected, atol=1e-10, rtol=0)
    for n_threads in (2, 3, 7, 16):
        np.testing.assert_array_equal(
            trained(NativeEngine(n_threads), spec, CODES, optimizer, 8), found
        )


def bits_of_fits():
    """Return the bits of short fits of both kinds in both dtypes."""
    fits = [
        trained(NativeEngine(2), spec_of(kind, 5, 70, dropout=0.2), CODES, optimizer, 8, dtype)
        for kind in ("tabm", "tabm_mini")
        for optimizer in (OPTIMIZERS["sgd"], OPTIMIZERS["adamw"])
        for dtype in ("float64", "float32")
    ]
    return b"".join(fit.tobytes() for fit in fits)


def test_every_instruction_set_gives_the_same_bits():
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_members; "
        "sys.stdout.buffer.write(test_members.bits_of_fits())"
    )
    results = []
    for name in _native.instruction_sets():
        if name == "baseline":
            continue
        environment = {**os.environ, "LAMINA_INSTRUCTION_SET": name}
        command = [sys.executable, "-W", "ignore", "-c", script, Path(__file__).parent]
        run = subprocess.run(command, env=environment, check=True, capture_output=True)
        results.append(run.stdout)
    assert results[0]
    assert all(other == results[0] for other in results)


def test_every_member_of_a_sample_draws_a_mask_of_its_own():
    block = SharedDense(Dense("a", FEATURES, 50, "relu", dropout=0.5), 4, repeats=True)
    parameters = block.Parameters(*(np.ones(tensor.shape) for tensor in block.tensors))
    mode = Mode(uses_batch=True, draws=Draws(3, 0, np.arange(6)))
    a = block.forward(parameters, np.ones((6, FEATURES)), mode, stream=1).a
    masks = a.reshape(6, 4, 50) > 0
    assert not (masks[:, 0] == masks[:, 1]).all(axis=1).any()
    assert 0.4 < masks.mean() < 0.6
