"""Every kind of block: its declared tensors, its gradients, its JSON, and the engines."""

import json

import numpy as np
import pytest

from lamina.blocks import BLOCKS, Dense, InputStage, MemberHeads, Mode, Role, SharedDense
from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.native import NativeEngine
from lamina.engines.reference import ReferenceEngine
from lamina.errors import UnknownNameError, UnsupportedBlockError
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import complete
from lamina.formulas.noise import Draws
from lamina.network import (
    Network,
    NetworkSpec,
    ParameterLayout,
    draw_parameters,
)

N_SAMPLES = 7
EXAMPLES = {
    f"{kind}-{block.name}": block for kind in BLOCKS for block in BLOCKS[kind].block.examples()
}
every_block = pytest.mark.parametrize("block", EXAMPLES.values(), ids=EXAMPLES)


def network_with(block):
    """Return a network of the block before one of the outputs, with parameters above zero.

    A dense block is before it as well, unless it is an input stage.
    """
    before = Dense("hidden_1", 3, block.fan_in, "tanh")
    if block.width_in != block.fan_in:
        before = SharedDense(before, block.n_members, repeats=True)
    after = Dense("output", block.fan_out, 2, "identity")
    if block.n_members > 1:
        after = MemberHeads(after, block.n_members)
    inner = () if isinstance(block, InputStage) else (before,)
    spec = NetworkSpec((*inner, block, after), "identity")
    layout = ParameterLayout.from_spec(spec)
    # Above zero and ascending, because a statistic may be a variance or the edges of bins.
    parameters = np.random.RandomState(0).uniform(0.1, 1, layout.n_parameters)
    for statistics in layout.views(parameters).statistics:
        statistics.sort(axis=-1)
    return Network(spec, parameters)


def parameters_of(block, network):
    """Return the views of the block's tensors."""
    return network.blocks[network.spec.blocks.index(block)]


def samples_for(block, random_state):
    """Return inputs of a block: normal numbers, and codes in columns of codes."""
    X = random_state.standard_normal((N_SAMPLES, block.width_in))
    for column, n_codes in codes_of(block).items():
        X[:, column] = random_state.randint(n_codes, size=N_SAMPLES)
    return X


def codes_of(block):
    """Return the number of codes of each column of codes."""
    groups = block.groups if isinstance(block, InputStage) else ()
    return {
        column: n_codes
        for group in groups
        for column, n_codes in zip(group.columns, group.n_codes, strict=False)
    }


def rows_for(spec):
    random_state = np.random.RandomState(1)
    X = samples_for(spec.blocks[0], random_state)
    return Rows(X, random_state.standard_normal((N_SAMPLES, 2)), None)


def test_every_kind_has_examples():
    assert {name.split("-")[0] for name in EXAMPLES} == set(BLOCKS)
    assert all(type(block) is BLOCKS[block.kind].block for block in EXAMPLES.values())


@every_block
def test_the_tensors_are_the_fields_of_the_parameters(block):
    names = tuple(tensor.name for tensor in block.tensors)
    assert len(set(names)) == len(names)
    # The arrays of an input stage depend on its groups, and have no names of their own.
    assert getattr(block.Parameters, "_fields", names) == names


@every_block
def test_the_layout_has_every_tensor_once_ordered_by_role(block):
    network = network_with(block)
    layout, vector = network.layout, np.arange(float(network.parameters.size))
    views = layout.views(vector)
    parts = [part for of_role in views for part in of_role]
    np.testing.assert_array_equal(np.concatenate([part.ravel() for part in parts]), vector)
    declared = [tensor for each in network.spec.blocks for tensor in each.tensors]
    for role, of_role in zip(Role, views, strict=True):
        shapes = [tensor.shape for tensor in declared if tensor.role is role]
        assert [part.shape for part in of_role] == shapes
    n_statistics = sum(part.size for part in views.statistics)
    assert layout.n_weights == sum(part.size for part in views.weights)
    assert layout.n_trained == len(vector) - n_statistics
    assert layout.n_trained == sum(each.n_trained for each in network.spec.blocks)


@every_block
def test_the_views_of_a_block_are_those_of_its_tensors(block):
    network = network_with(block)
    parameters = parameters_of(block, network)
    assert [part.shape for part in parameters] == [tensor.shape for tensor in block.tensors]
    for part in parameters:
        part[...] = -1
    n_elements = sum(part.size for part in parameters)
    assert np.count_nonzero(network.parameters == -1) == n_elements


@every_block
def test_all_initial_values_are_drawn_or_declared(block):
    spec = network_with(block).spec
    first, again = (draw_parameters(spec, np.random.RandomState(2), "float64", 6.0) for _ in "12")
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)
    parameters = parameters_of(block, Network(spec, first))
    for tensor, part in zip(block.tensors, parameters, strict=True):
        if tensor.initial is not None:
            rows = np.reshape(tensor.initial, (-1, *(1 for _ in tensor.shape[1:])))
            np.testing.assert_array_equal(part, np.broadcast_to(rows, tensor.shape))


@every_block
@pytest.mark.parametrize("draws", [None, Draws(5, 2, np.arange(N_SAMPLES))], ids=["still", "drawn"])
@pytest.mark.parametrize("uses_batch", [False, True], ids=["predicting", "training"])
def test_gradients_of_parameters_and_inputs_equal_finite_differences(block, draws, uses_batch):
    random_state, mode = np.random.RandomState(3), Mode(uses_batch, draws)
    shapes = [tensor.shape for tensor in block.tensors]
    parameters = block.Parameters(*(random_state.uniform(0.5, 1.5, shape) for shape in shapes))
    for tensor, part in zip(block.tensors, parameters, strict=True):
        if tensor.role is Role.STATISTICS:
            part.sort(axis=-1)  # Edges of bins ascend; other statistics may have any order.
    a_prev = samples_for(block, random_state)
    d_a = random_state.standard_normal((N_SAMPLES, block.width_out))

    def value():
        return float((d_a * block.forward(parameters, a_prev, mode, stream=4).a).sum())

    def differences(array, places=None):
        result = np.zeros_like(array)
        for place in np.ndindex(*array.shape) if places is None else places:
            before = array[place]
            array[place] = before + 1e-6
            above = value()
            array[place] = before - 1e-6
            result[place] = (above - value()) / 2e-6
            array[place] = before
        return result

    passed = block.forward(parameters, a_prev, mode, stream=4)
    deltas = block.backward(parameters, passed, d_a)
    gradient = block.Parameters(*(np.full(shape, np.nan) for shape in shapes))
    block.write_gradient(passed, deltas, gradient, np.matmul)
    for tensor, found, array in zip(block.tensors, gradient, parameters, strict=True):
        if tensor.role is not Role.STATISTICS:
            np.testing.assert_allclose(found, differences(array), rtol=1e-6, atol=1e-7)
    of_inputs = block.input_gradient(parameters, deltas, np.matmul)
    # A code has no derivative, and its gradient is zero.
    places = [place for place in np.ndindex(*a_prev.shape) if place[1] not in codes_of(block)]
    np.testing.assert_allclose(of_inputs, differences(a_prev, places), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("heads", [(), (2, 3)], ids=["one", "heads"])
def test_the_gradient_of_members_equals_finite_differences_of_their_mean_loss(weighted, heads):
    random_state = np.random.RandomState(0)
    n_outputs = sum(heads) or 3
    blocks = (
        SharedDense(Dense("hidden_1", 3, 4, "tanh"), 3, repeats=True, first="normal"),
        SharedDense(Dense("hidden_2", 4, 4, "silu", "layer", residual=True), 3),
        MemberHeads(Dense("output", 4, n_outputs, "identity"), 3),
    )
    spec = NetworkSpec(blocks, "softmax", heads=heads)
    parameters = draw_parameters(spec, random_state, "float64", 6.0)
    codes = random_state.randint(0, 2, (N_SAMPLES, 2) if heads else N_SAMPLES).astype(np.int32)
    weight = np.linspace(0.5, 2, N_SAMPLES) if weighted else None
    asked = (
        spec,
        Objective("log_loss", alpha=0.1),
        Rows(random_state.standard_normal((N_SAMPLES, 3)), codes, weight),
    )
    engine, differences = ReferenceEngine(), np.empty_like(parameters)
    _, gradient = engine.loss_and_gradient(*asked, parameters)
    for i in range(parameters.size):
        step = np.eye(1, parameters.size, i)[0] * 1e-6
        above, below = (engine.loss_and_gradient(*asked, parameters + d)[0] for d in (step, -step))
        differences[i] = (above - below) / 2e-6
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-8)


@every_block
def test_a_block_survives_json(block):
    spec = network_with(block).spec
    assert NetworkSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_an_unknown_kind_is_refused_with_the_nearest():
    plain = network_with(next(iter(EXAMPLES.values()))).spec.to_json()
    plain["blocks"][1]["kind"] = "desne"
    with pytest.raises(UnknownNameError, match=r"'desne' is not a known kind of block\. Did you"):
        NetworkSpec.from_json(plain)


@every_block
def test_every_part_of_a_block_has_a_remark(block):
    of_training, of_prediction = block.remarks(), block.remarks(training=False)
    assert set(of_prediction) <= set(of_training)
    assert all(isinstance(remark, str) and remark for remark in of_training)
    assert isinstance(block.output_function, str)


@every_block
def test_infinite_values_are_found(block):
    network = network_with(block)
    X = np.ones((2, block.width_in))
    X[:, list(codes_of(block))] = 0
    parameters, mode = parameters_of(block, network), Mode(uses_batch=True)
    assert block.is_finite(parameters, block.forward(parameters, X, mode, stream=1))
    numbers = np.setdiff1d(range(block.fan_in), list(codes_of(block)))
    if not numbers.size:
        # Codes are checked before a pass.
        with pytest.raises(ValueError, match="is inf, which is no code"):
            block.require_inputs(X + np.inf)
        return
    X[0, numbers[0]] = np.inf
    with np.errstate(all="ignore"):
        assert not block.is_finite(parameters, block.forward(parameters, X, mode, stream=1))


@every_block
def test_the_native_engine_agrees_or_refuses_the_kind(block):
    network, objective = network_with(block), Objective("squared_error", alpha=0.1)
    asked = (network.spec, objective, rows_for(network.spec), network.parameters)
    if not block.kinds <= NativeEngine.kinds:
        with pytest.raises(UnsupportedBlockError, match="is of kind"):
            NativeEngine(1).loss_and_gradient(*asked)
        return
    loss, gradient = NativeEngine(1).loss_and_gradient(*asked)
    expected_loss, expected = ReferenceEngine().loss_and_gradient(*asked)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-12)


@every_block
def test_weights_fit_to_rows_or_are_refused_by_name(block):
    parameters = parameters_of(block, network_with(block))
    random_state = np.random.RandomState(3)
    X = samples_for(block, random_state)
    if not any(tensor.role is Role.WEIGHTS for tensor in block.tensors):
        block.fit_to_rows(parameters, X, random_state)
        return
    if not isinstance(block, Dense | SharedDense | MemberHeads):
        with pytest.raises(UnsupportedBlockError, match=f"initializer='data' .* {block.name!r}"):
            block.fit_to_rows(parameters, X, random_state)
        return
    block.fit_to_rows(parameters, X, random_state)
    passed = block.forward(parameters, X, Mode(uses_batch=True), stream=1)
    dense = passed if isinstance(block, Dense) else passed.dense
    variances = dense.affine.reshape(-1, block.n_members, block.fan_out).var(axis=0)
    if isinstance(block, SharedDense) and not block.scales_outputs:
        # Members with one W and no scales have a variance of 1 on average.
        variances = variances.mean(axis=0)
    np.testing.assert_allclose(variances, 1, rtol=1e-12)


class Slower(Dense):
    """Dense block whose weights learn at half the rate and decay twice as fast."""

    @property
    def tensors(self):
        W, *others = super().tensors
        return (W._replace(rate_factor=0.5, decay_factor=2.0), *others)


@pytest.mark.parametrize("engine", [ReferenceEngine(), NativeEngine(1)], ids=lambda each: each.name)
@pytest.mark.parametrize("solver", ["sgd", "muon"])
def test_factors_multiply_the_learning_rate_and_the_decay_of_a_tensor(solver, engine):
    hyperparameters = {
        "sgd": {"momentum": 0.0, "nesterovs_momentum": 0.0},
        "muon": complete("muon", OPTIMIZERS["muon"].hyperparameters, {}),
    }[solver]
    steps = []
    for cls in (Dense, Slower):
        spec = NetworkSpec((cls("output", 3, 2, "identity"),), "identity")
        parameters = np.linspace(-1, 1, 8)
        optimizer = OptimizerSettings(solver, hyperparameters, weight_decay=0.25)
        state = OptimizerState.fresh(optimizer, parameters)
        trainer = engine.trainer(
            spec, Objective("squared_error"), optimizer, rows_for(spec), parameters, state
        )
        trainer.epoch(np.arange(N_SAMPLES), N_SAMPLES, np.array([0.125]))
        steps.append(parameters)
    start, (plain, slower) = np.linspace(-1, 1, 8), steps
    decayed = start[:6] * (1 - 0.125 * 0.25)
    expected = decayed + 0.5 * (plain[:6] - decayed)
    np.testing.assert_allclose(slower[:6], expected, rtol=1e-12)
    np.testing.assert_array_equal(slower[6:], plain[6:])
