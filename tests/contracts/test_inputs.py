"""Every kind of inputs in every engine: gradients, updates, and data at the edge of what it takes.

A stage is tested in the engines that have its kinds; tests/contracts/test_blocks.py tests that the
others refuse it.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.local_engines import LOCAL_ENGINES

from lamina.blocks import INPUT_KINDS, InputStage
from lamina.blocks.inputs import PeriodicInputs, PiecewiseLinearInputs
from lamina.engines import (
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
    choose_engine,
)
from lamina.engines.native import NativeEngine
from lamina.errors import NonFiniteError
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import complete
from lamina.network import Network, NetworkSpec, ParameterLayout, block_parameters

N_SAMPLES = 11
STAGES = {stage.name: stage for stage in InputStage.examples()}
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}


def has_kinds(engine, stage):
    """Return True if an engine has the kinds of a stage."""
    return engine == "reference" or stage.kinds <= NativeEngine.kinds


def each_stage(stages, engines=None):
    """Parametrize a test by engine and stage, with the engines that have the kinds of the stage."""
    pairs = [
        pytest.param(engine, stage, id=f"{engine}-{name}")
        for engine in engines or LOCAL_ENGINES
        for name, stage in stages.items()
        if has_kinds(engine, stage)
    ]
    return pytest.mark.parametrize(("engine", "stage"), pairs)


def network_of(stage, dtype="float64", seed=0):
    """Return a network after the stage, with edges that ascend, and other parameters at random."""
    spec = NetworkSpec.perceptron([stage.fan_in, 4, 2], "tanh", "identity", inputs=stage)
    random_state = np.random.RandomState(seed)
    vector = random_state.uniform(-1, 1, ParameterLayout.from_spec(spec).n_parameters)
    for edges in ParameterLayout.from_spec(spec).views(vector).statistics:
        edges.sort(axis=-1)
    return Network(spec, vector.astype(dtype))


def samples_of(stage, n_samples=N_SAMPLES, dtype="float64", seed=1):
    random_state = np.random.RandomState(seed)
    X = random_state.standard_normal((n_samples, stage.fan_in))
    for group in stage.groups:
        for column, n_codes in zip(group.columns, group.n_codes, strict=False):
            X[:, column] = random_state.randint(n_codes, size=n_samples)
    y = random_state.standard_normal((n_samples, 2))
    return Rows(X.astype(dtype), y.astype(dtype), None)


OBJECTIVE = Objective("squared_error", alpha=0.1)


@each_stage(STAGES)
def test_the_gradient_of_every_tensor_equals_finite_differences(engine, stage):
    network, rows = network_of(stage), samples_of(stage)
    _, gradient = choose_engine(engine).loss_and_gradient(
        network.spec, OBJECTIVE, rows, network.parameters
    )
    # The loss is a mean over the outputs, and the gradient that of their sum.
    evaluate = choose_engine(engine).evaluator(
        network.spec, Objective("squared_error", alpha=0.1 / 2), rows
    )
    for k in range(network.layout.n_trained):
        moved = network.parameters.copy()
        moved[k] += 1e-6
        above = evaluate(moved)[0]
        moved[k] -= 2e-6
        difference = 2 * (above - evaluate(moved)[0]) / 2e-6
        assert gradient[k] == pytest.approx(difference, rel=1e-6, abs=1e-7)
    assert not gradient[network.layout.n_trained :].any()


@each_stage(STAGES, [name for name in LOCAL_ENGINES if name != "reference"])
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_loss_gradient_and_values_equal_those_of_the_reference(engine, stage, dtype):
    network, rows = network_of(stage, dtype), samples_of(stage, dtype=dtype)
    found, expected = choose_engine(engine), choose_engine("reference")
    asked = (network.spec, OBJECTIVE, rows, network.parameters)
    loss, gradient = found.loss_and_gradient(*asked)
    loss_expected, gradient_expected = expected.loss_and_gradient(*asked)
    assert loss == pytest.approx(loss_expected, rel=TOLERANCES[dtype])
    pairs = zip(
        found.activations(network, rows.X), expected.activations(network, rows.X), strict=True
    )
    for one, other in [(gradient, gradient_expected), *pairs]:
        np.testing.assert_allclose(
            one, other, rtol=0, atol=TOLERANCES[dtype] * max(1e-3, np.abs(other).max())
        )
    for n_samples in (1, 2, N_SAMPLES):
        X = rows.X[:n_samples]
        np.testing.assert_allclose(
            found.predict(network, X), expected.predict(network, X), rtol=0, atol=TOLERANCES[dtype]
        )


def settings_of(name, **others):
    return OptimizerSettings(name, complete(name, OPTIMIZERS[name].hyperparameters, {}), **others)


SETTINGS = {
    **{name: settings_of(name) for name in OPTIMIZERS},
    "decay": settings_of("adamw", weight_decay=0.3),
    "clipped": settings_of("sgd", max_gradient_norm=0.05),
    "averaged": settings_of("adam", average_decay=0.8),
    "factors": settings_of("adam", rate_factors=(("scale", 6.0), ("embedding", 0.25))),
    "all": settings_of(
        "adam",
        weight_decay=0.3,
        max_gradient_norm=0.05,
        average_decay=0.8,
        rate_factors=(("scale", 6.0), ("embedding", 0.25)),
    ),
}


def steps(engine, stage, settings, n_epochs, dtype="float64", batch_size=4):
    """Return parameters and optimizer state after some epochs over all samples."""
    network, rows = network_of(stage, dtype), samples_of(stage, dtype=dtype)
    parameters = network.parameters.copy()
    state = OptimizerState.fresh(settings, parameters)
    trainer = choose_engine(engine).trainer(
        network.spec, OBJECTIVE, settings, rows, parameters, state
    )
    n_steps = -(-N_SAMPLES // batch_size)
    for _ in range(n_epochs):
        report = trainer.epoch(np.arange(N_SAMPLES), batch_size, np.full(n_steps, 0.01))
        assert report.is_finite
    return trainer.parameters(), trainer.optimizer_state()


@each_stage(STAGES)
@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "clipped"])
def test_a_step_is_the_optimizer_s_with_decay_and_rate_of_each_tensor(engine, stage, name):
    settings, network = SETTINGS[name], network_of(stage)
    record, layout = OPTIMIZERS[settings.name], network.layout
    found, state = steps(engine, stage, settings, 1, batch_size=N_SAMPLES)
    _, gradient = choose_engine("reference").loss_and_gradient(
        network.spec, OBJECTIVE, samples_of(stage), network.parameters
    )
    most = settings.max_gradient_norm
    norm = np.sqrt((gradient**2).sum())
    gradient *= 1 if most is None or norm <= most else most / norm
    views = [layout.views(vector).input_parameters for vector in (network.parameters, gradient)]
    of_inputs = layout.views(found).input_parameters
    for tensor, w, of_w, stepped in zip(inputs_of(stage), *views, of_inputs, strict=True):
        rate = 0.01 * dict(settings.rate_factors).get(tensor.rate_group, 1.0)
        expected = w * (1 - rate * settings.weight_decay * tensor.decay_factor)
        slots = np.zeros((len(record.slots), w.size))
        flat = expected.ravel()
        record.update(flat, of_w.ravel(), slots, 1, rate, settings.hyperparameters)
        np.testing.assert_allclose(stepped.ravel(), flat, rtol=1e-9, atol=1e-12)
    statistics = zip(layout.views(found).statistics, network.statistics, strict=True)
    for after, before in statistics:
        np.testing.assert_array_equal(after, before)
    if settings.average_decay is not None:
        np.testing.assert_array_equal(
            state.predicting(found)[layout.n_trained :], network.parameters[layout.n_trained :]
        )


def inputs_of(stage):
    return [tensor for tensor in stage.tensors if tensor.role.value == "input_parameters"]


@each_stage(STAGES)
def test_the_gradients_of_inputs_count_in_the_clipped_norm(engine, stage):
    network = network_of(stage)
    _, gradient = choose_engine("reference").loss_and_gradient(
        network.spec, OBJECTIVE, samples_of(stage), network.parameters
    )
    assert np.linalg.norm(gradient) > 0.05
    hyperparameters = {"momentum": 0.0, "nesterovs_momentum": 0.0}
    sgd = OptimizerSettings("sgd", hyperparameters, max_gradient_norm=0.05)
    found, _ = steps(engine, stage, sgd, 1, batch_size=N_SAMPLES)
    moved = np.linalg.norm(found - network.parameters)
    assert moved == pytest.approx(0.01 * 0.05, rel=1e-9)


@each_stage(STAGES, [name for name in LOCAL_ENGINES if name != "reference"])
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_epochs_end_at_the_parameters_of_the_reference(engine, stage, name, dtype):
    found, of_found = steps(engine, stage, SETTINGS[name], 3, dtype)
    expected, of_expected = steps("reference", stage, SETTINGS[name], 3, dtype)
    # Steps of 'lion' and the first of Adam have the sign of a gradient, which rounding may change.
    atol = {"float64": 1e-9, "float32": 2e-3}[dtype]
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
    np.testing.assert_allclose(
        of_found.predicting(found), of_expected.predicting(expected), rtol=0, atol=atol
    )


@each_stage(STAGES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(engine, stage, value):
    network = network_of(stage)
    for n_samples in (1, 40):
        X = samples_of(stage, n_samples).X
        X[-1, 0] = value
        with pytest.raises((NonFiniteError, ValueError), match=r"X contains infinity|X\[.*no code"):
            choose_engine(engine).predict(network, X)


COLUMN = st.sampled_from(["constant", "narrow", "huge", "tiny", "normal"])


def column_of(kind, random_state, n_samples, dtype):
    one = np.ones((), dtype)
    return {
        "constant": np.full(n_samples, 3.0),
        "narrow": np.where(random_state.uniform(size=n_samples) < 0.5, one, np.nextafter(one, 2)),
        "huge": random_state.standard_normal(n_samples) * 1e30,
        "tiny": random_state.standard_normal(n_samples) * 1e-30,
        "normal": random_state.standard_normal(n_samples),
    }[kind].astype(dtype)


def groups_of_numbers(columns):
    return [
        group
        for kind in INPUT_KINDS.values()
        for group in kind.group.examples(columns)
        if not group.n_codes
    ]


@pytest.mark.parametrize("engine", LOCAL_ENGINES)
@pytest.mark.parametrize("dtype", TOLERANCES)
@given(columns=st.lists(COLUMN, min_size=1, max_size=3), n_samples=st.integers(1, 9))
def test_any_column_of_finite_numbers_gives_finite_values(engine, dtype, columns, n_samples):
    random_state = np.random.RandomState(0)
    X = np.stack([column_of(kind, random_state, n_samples, dtype) for kind in columns], axis=1)
    for group in groups_of_numbers(tuple(range(len(columns)))):
        stage = InputStage("inputs", len(columns), (group,))
        if not has_kinds(engine, stage):
            continue
        network = network_of(stage, dtype)
        if isinstance(group, PiecewiseLinearInputs):
            quantiles = np.linspace(0, 1, group.n_bins + 1)
            parts = stage.parts_of_groups(block_parameters(network.spec, network.parameters)[0])
            group.write_edges(parts[0], [np.quantile(x.astype(float), quantiles) for x in X.T])
        a_0, *_ = choose_engine(engine).activations(network, X)
        assert a_0.shape == (n_samples, stage.fan_out)
        assert np.isfinite(a_0).all()
        if isinstance(group, PeriodicInputs) and "huge" in columns:
            # The cosine of a huge number depends on its last bit.
            continue
        np.testing.assert_allclose(
            a_0,
            choose_engine("reference").activations(network, X)[0],
            rtol=1e-4 if dtype == "float32" else 1e-11,
            atol=1e-4 if dtype == "float32" else 1e-11,
        )
