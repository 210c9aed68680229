"""Members with orders of samples of their own: gradients, and engines with the same numbers."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.contracts.test_members import CODES, NUMBERS, close, parameters_of, spec_of

from lamina import _native
from lamina.blocks import Dense, InputStage, MemberHeads, SharedDense
from lamina.blocks.inputs import CategoricalInputs, IdentityInputs, PeriodicInputs, ScaledInputs
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows, choose_engine
from lamina.engines.native import NativeEngine
from lamina.engines.reference import ReferenceEngine
from lamina.engines.trainer import shuffle_order
from lamina.formulas import LOSSES
from lamina.network import Network, NetworkSpec
from lamina.network.members import member_networks

N_SAMPLES, K, BATCH = 37, 3, 8
STAGE = InputStage(
    "inputs",
    4,
    (
        PeriodicInputs((0,), 4, 2, scaled=True),
        ScaledInputs((1,)),
        CategoricalInputs((2,), (5,), 2),
        IdentityInputs((3,)),
    ),
)


def behind_stage():
    """Return members behind an input stage, which each of them reads with rows of its own."""
    first = SharedDense(
        Dense("hidden_1", STAGE.fan_out, 6, "tanh", dropout=0.2),
        K,
        repeats=True,
        first="random_signs",
    )
    heads = MemberHeads(Dense("output", 6, 2, "identity"), K)
    return NetworkSpec((STAGE, first, heads), "identity")


def unscaled_first():
    """Return members whose first block has no scales of the inputs."""
    first = SharedDense(Dense("hidden_1", 5, 6, "tanh"), K, True, False, True, True)
    return NetworkSpec((first, MemberHeads(Dense("output", 6, 2, "identity"), K)), "identity")


def linear():
    heads = MemberHeads(Dense("output", 5, 2, "tanh"), K, repeats=True)
    return NetworkSpec((heads,), "identity")


def disturbed():
    spec = spec_of("tabm", K, dropout=0.3)
    return NetworkSpec(spec.blocks, spec.inverse_link, input_dropout=0.1, input_noise=0.2)


SPECS = {
    "tabm": (spec_of("tabm", K), CODES),
    "tabm_mini": (spec_of("tabm_mini", K), CODES),
    "tabm of 32": (spec_of("tabm", 32, 64), CODES),
    "heads": (spec_of("tabm", K, heads=(2, 3)), CODES),
    "one member": (spec_of("tabm", 1), CODES),
    "noise": (disturbed(), CODES),
    "unscaled": (unscaled_first(), NUMBERS),
    "linear": (linear(), NUMBERS),
    "inputs": (behind_stage(), NUMBERS),
}
every_spec = pytest.mark.parametrize(("spec", "objective"), SPECS.values(), ids=SPECS)
PLAIN = {"momentum": 0.0, "nesterovs_momentum": 0.0}
OPTIMIZERS = {
    "sgd": OptimizerSettings("sgd", PLAIN),
    "clipped": OptimizerSettings("sgd", PLAIN, max_gradient_norm=0.1),
    "adam": OptimizerSettings("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}),
}


def rows_of(spec, dtype="float64", weighs=True):
    random_state = np.random.RandomState(0)
    X = random_state.standard_normal((N_SAMPLES, spec.n_features)).astype(dtype)
    if spec.input_stage is not None:
        X[:, 2] = random_state.randint(5, size=N_SAMPLES)
    if spec.inverse_link == "softmax":
        shape = (N_SAMPLES, len(spec.heads)) if spec.heads else N_SAMPLES
        y = random_state.randint(0, 2, shape).astype(np.int32)
    else:
        y = random_state.randint(0, 2, (N_SAMPLES, spec.n_outputs)).astype(dtype)
    weight = random_state.uniform(0.5, 2, N_SAMPLES).astype(dtype) if weighs else None
    return Rows(X, y, weight)


def order_of(spec):
    order = np.repeat(np.arange(N_SAMPLES)[:, np.newaxis], spec.n_members, axis=1)
    shuffle_order(order, np.random.RandomState(4))
    return order


def trained(engine, spec, objective, optimizer, dtype="float64", weighs=True):
    rows, parameters = rows_of(spec, dtype, weighs), parameters_of(spec, dtype)
    state = OptimizerState.fresh(optimizer, parameters)
    state.seed = 5
    trainer = engine.trainer(spec, objective, optimizer, rows, parameters, state)
    reports = []
    rates = np.full((2, -(-N_SAMPLES // BATCH)), 0.01)
    trainer.epochs(order_of(spec), BATCH, rates, reports, np.random.RandomState(7))
    return np.concatenate([trainer.parameters(), [report.loss for report in reports]])


def loss_of_orders(spec, objective, rows, order, parameters):
    """Return the loss of a batch, member by member, without the formulas of own rows."""
    total = 0.0
    for i in range(spec.n_members):
        network, chosen = member_networks(Network(spec, parameters))[i], order[:, i]
        p = ReferenceEngine().predict(network, rows.X[chosen])
        loss = LOSSES[objective.loss].value(p, rows.y[chosen], objective.hyperparameters)
        total += (loss * rows.weight[chosen]).sum()
    return total / rows.weight[order].sum()


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize("name", ["tabm", "unscaled", "linear"])
def test_a_step_follows_the_gradient_of_the_members_on_their_own_rows(name, engine):
    spec, objective = SPECS[name]
    objective = Objective(objective.loss)
    rows, parameters, order = rows_of(spec), parameters_of(spec, "float64"), order_of(spec)[:BATCH]
    state = OptimizerState.fresh(OPTIMIZERS["sgd"], parameters)
    trainer = choose_engine(engine).trainer(
        spec, objective, OPTIMIZERS["sgd"], rows, parameters.copy(), state
    )
    report = trainer.epoch(order, BATCH, np.array([1e-3]))
    # The gradient of a value's loss is that of the sum over the outputs, the loss their mean.
    times = spec.n_outputs if spec.inverse_link == "identity" else 1
    assert report.loss == pytest.approx(loss_of_orders(spec, objective, rows, order, parameters))
    gradient = (parameters - trainer.parameters()) / 1e-3
    for k in range(0, len(parameters), 1 + len(parameters) // 60):
        moved = parameters.copy()
        moved[k] += 1e-6
        above = loss_of_orders(spec, objective, rows, order, moved)
        moved[k] -= 2e-6
        difference = (above - loss_of_orders(spec, objective, rows, order, moved)) / 2e-6
        assert gradient[k] == pytest.approx(times * difference, rel=1e-5, abs=1e-7)


@every_spec
@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_epochs_are_those_of_the_reference(spec, objective, optimizer, dtype):
    if dtype == "float32" and optimizer.name == "adam":
        optimizer = OPTIMIZERS["sgd"]  # Adam's first steps have the sign of a rounding error.
    expected = trained(ReferenceEngine(), spec, objective, optimizer, dtype)
    found = trained(NativeEngine(1), spec, objective, optimizer, dtype)
    if dtype == "float64":
        np.testing.assert_allclose(found, expected, atol=1e-10, rtol=0)
    else:
        close(found, expected, dtype)
    for n_threads in (2, 3, 7, 16):
        many = trained(NativeEngine(n_threads), spec, objective, optimizer, dtype)
        np.testing.assert_array_equal(many, found)


@every_spec
def test_epochs_without_weights_are_those_of_the_reference(spec, objective):
    asked = (spec, objective, OPTIMIZERS["sgd"], "float64", False)
    found, expected = (trained(engine, *asked) for engine in (NativeEngine(2), ReferenceEngine()))
    np.testing.assert_allclose(found, expected, atol=1e-10, rtol=0)


@every_spec
@pytest.mark.parametrize("engine", ["reference", "native"])
def test_equal_orders_give_the_numbers_of_one_order(spec, objective, engine):
    spec = NetworkSpec(spec.blocks, spec.inverse_link, heads=spec.heads)
    results = []
    for own in (False, True):
        rows, parameters = rows_of(spec), parameters_of(spec, "float64")
        state = OptimizerState.fresh(OPTIMIZERS["adam"], parameters)
        state.seed = 5
        order = np.arange(N_SAMPLES)[::-1].copy()
        order = np.repeat(order[:, np.newaxis], spec.n_members, axis=1) if own else order
        trainer = choose_engine(engine).trainer(
            spec, objective, OPTIMIZERS["adam"], rows, parameters, state
        )
        loss = trainer.epoch(order, BATCH, np.full(5, 0.01)).loss
        results.append(np.append(trainer.parameters(), loss))
    np.testing.assert_allclose(results[1], results[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_a_network_takes_one_order_after_orders_of_members_and_the_reverse(engine):
    spec, objective = SPECS["inputs"]
    results = []
    for widths in ((1, 2, 1), (1, 2)):
        rows, parameters = rows_of(spec), parameters_of(spec, "float64")
        state = OptimizerState.fresh(OPTIMIZERS["sgd"], parameters)
        trainer = choose_engine(engine).trainer(
            spec, objective, OPTIMIZERS["sgd"], rows, parameters, state
        )
        for width in widths:
            order = order_of(spec)
            order = order[:, 0].copy() if width == 1 else order
            trainer.epoch(order, BATCH, np.full(5, 0.01))
        results.append(trainer.parameters().copy())
    assert np.isfinite(results).all()
    assert (results[0] != results[1]).any()


def test_the_native_order_is_drawn_like_that_of_the_reference():
    spec, objective = SPECS["tabm"]
    orders = []
    for engine in (ReferenceEngine(), NativeEngine(1)):
        rows, parameters = rows_of(spec), parameters_of(spec, "float64")
        state = OptimizerState.fresh(OPTIMIZERS["sgd"], parameters)
        trainer = engine.trainer(spec, objective, OPTIMIZERS["sgd"], rows, parameters, state)
        order = order_of(spec)
        trainer.epochs(order, BATCH, np.full((3, 5), 0.01), [], np.random.RandomState(7))
        orders.append(order)
    np.testing.assert_array_equal(*orders)
    assert all(sorted(column) == list(range(N_SAMPLES)) for column in orders[0].T)
    assert (orders[0][:, 0] != orders[0][:, 1]).any()


def bits_of_fits():
    """Return the bits of short fits in both dtypes."""
    fits = [
        trained(NativeEngine(2), spec, objective, OPTIMIZERS["adam"], dtype)
        for spec, objective in SPECS.values()
        for dtype in ("float64", "float32")
    ]
    return b"".join(fit.tobytes() for fit in fits)


def test_every_instruction_set_gives_the_same_bits():
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]; from tests.contracts import test_own_rows; "
        "sys.stdout.buffer.write(test_own_rows.bits_of_fits())"
    )
    results = []
    for name in _native.instruction_sets():
        if name == "baseline":
            continue
        environment = {**os.environ, "LAMINA_INSTRUCTION_SET": name}
        command = [sys.executable, "-W", "ignore", "-c", script, Path(__file__).parents[2]]
        run = subprocess.run(command, env=environment, check=True, capture_output=True)
        results.append(run.stdout)
    assert results[0]
    assert all(other == results[0] for other in results)
