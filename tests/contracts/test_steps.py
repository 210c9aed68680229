"""Every engine: its steps, with clipping, decay and averages, equal the reference's."""

from dataclasses import replace

import numpy as np
import pytest

from lamina.engines import OptimizerSettings
from lamina.formulas import OPTIMIZERS, PENALTIES
from lamina.network import ParameterLayout

TOLERANCE = {"float64": 1e-10, "float32": 3e-5}
N_SAMPLES = 150
# Engines may differ if a sum of pure rounding errors decides a sign, which these data avoid.
WIDTHS = {"small": (9, 13, 6, 3), "large": (40, 50, 31, 3), "wide": (3, 70, 2), "one": (5, 1)}
VALUES = {
    "momentum": 0.9,
    "nesterovs_momentum": 1.0,
    "beta_1": 0.9,
    "beta_2": 0.99,
    "epsilon": 1e-8,
    "decay_rate": 0.9,
}
SURROUNDINGS = {
    "alone": {},
    "amsgrad": {"amsgrad": True},
    "decaying": {"weight_decay": 0.5},
    "clipped": {"max_gradient_norm": 0.05},
    "averaged": {"average_decay": 0.9},
    "all": {"weight_decay": 0.5, "max_gradient_norm": 0.05, "average_decay": 0.0},
}

every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
every_surrounding = pytest.mark.parametrize("around", SURROUNDINGS.values(), ids=SURROUNDINGS)
every_size = pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


def describe_settings(name, **around):
    if around.get("amsgrad") and not OPTIMIZERS[name].amsgrad:
        pytest.skip(f"{name} has no AMSGrad variant")
    values = {h.name: VALUES.get(h.name, h.default) for h in OPTIMIZERS[name].hyperparameters}
    return OptimizerSettings(name, values, **around)


def run(problem, engine, settings, batch_sizes=(16, 64, 150), measures=False, rate=1e-3):
    trainer, parameters, state = problem.trainer(engine, settings)
    trainer.measures_gradient = measures
    random_state, reports = np.random.RandomState(1), []
    for size in batch_sizes:
        order = random_state.permutation(N_SAMPLES)
        reports.append(trainer.epoch(order, size, np.full(-(-N_SAMPLES // size), rate)))
    return reports, parameters, state


def assert_close(actual, expected, tolerance):
    largest = np.abs(expected).max(initial=0)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * largest)


def assert_alike(ours, theirs, tolerance):
    for report, expected in zip(ours[0], theirs[0], strict=True):
        assert report.loss == pytest.approx(expected.loss, rel=tolerance)
        assert report.gradient_norm == pytest.approx(expected.gradient_norm, rel=tolerance)
        assert report.steps == expected.steps
        assert report.non_finite_block is None
    assert_close(ours[1], theirs[1], tolerance)
    for slot, expected in zip(ours[2].slots, theirs[2].slots, strict=True):
        assert_close(slot, expected, tolerance)
    assert ours[2].step == theirs[2].step


@every_optimizer
@every_surrounding
@every_size
@every_dtype
def test_epochs_equal_the_references(engine, reference, draw_problem, name, around, widths, dtype):
    settings = describe_settings(name, **around)
    problem = draw_problem(
        widths, n_samples=N_SAMPLES, dtype=dtype, alpha=0.3, loss="binary_log_loss"
    )
    ours, theirs = (run(problem, each, settings, measures=True) for each in (engine, reference))
    assert_alike(ours, theirs, TOLERANCE[dtype])


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("layout", ["dense", "csr"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("name", ["sgd", "adam", "muon"])
@pytest.mark.parametrize("activation", ["tanh", "prelu"])
@every_size
def test_penalised_epochs_equal_the_references(
    engine, reference, draw_problem, penalty, layout, weighted, name, activation, widths
):
    problem = draw_problem(
        widths,
        n_samples=N_SAMPLES,
        activation=activation,
        penalty=penalty,
        layout=layout,
        weighted=weighted,
        alpha=0.3,
    )
    problem = replace(problem, objective=replace(problem.objective, l1_ratio=0.3))
    settings = describe_settings(name, weight_decay=0.1, max_gradient_norm=0.5, average_decay=0.9)
    ours, theirs = (run(problem, each, settings, measures=True) for each in (engine, reference))
    assert_alike(ours, theirs, 1e-10)


@every_optimizer
@every_size
@every_dtype
def test_measuring_the_gradient_changes_no_bit(engine, draw_problem, name, widths, dtype):
    problem = draw_problem(widths, n_samples=N_SAMPLES, dtype=dtype)
    plain, measured = (
        run(problem, engine, describe_settings(name), measures=m) for m in (False, True)
    )
    np.testing.assert_array_equal(plain[1], measured[1])
    np.testing.assert_array_equal(plain[2].slots, measured[2].slots)
    assert [report.gradient_norm for report in plain[0]] == [None] * 3
    assert all(report.gradient_norm > 0 for report in measured[0])


@every_size
def test_the_norm_of_one_step_is_that_of_its_gradient(engine, draw_problem, widths):
    problem = draw_problem(
        widths, n_samples=N_SAMPLES, weighted=True, penalty="l1", activation="prelu"
    )
    reports, *_ = run(problem, engine, describe_settings("sgd"), (N_SAMPLES,), measures=True)
    _, gradient = engine.loss_and_gradient(
        problem.spec, problem.objective, problem.rows, problem.parameters
    )
    assert reports[0].gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-12)


@every_size
@pytest.mark.parametrize("most", [1e-3, 1e3])
def test_a_plain_gradient_step_is_no_longer_than_the_clipped_gradient(
    engine, draw_problem, widths, most
):
    problem = draw_problem(widths, n_samples=N_SAMPLES)
    descent = OptimizerSettings(
        "sgd", {"momentum": 0.0, "nesterovs_momentum": 0.0}, max_gradient_norm=most
    )
    reports, parameters, _ = run(problem, engine, descent, (N_SAMPLES,), measures=True, rate=1.0)
    length = np.linalg.norm(parameters - problem.parameters)
    assert length == pytest.approx(min(most, reports[0].gradient_norm), rel=1e-9)


@every_size
def test_weights_decay_and_biases_do_not(engine, draw_problem, widths):
    problem = draw_problem(widths, n_samples=N_SAMPLES, alpha=0.0)
    plain, decaying = (
        run(
            problem, engine, describe_settings("adamw", weight_decay=decay), (N_SAMPLES,), rate=0.01
        )
        for decay in (0.0, 0.5)
    )
    n_weights = sum(block.fan_in * block.fan_out for block in problem.spec.blocks)
    lost = plain[1] - decaying[1]
    np.testing.assert_allclose(
        lost[:n_weights], 0.01 * 0.5 * problem.parameters[:n_weights], rtol=1e-9
    )
    assert not lost[n_weights:].any()


@every_size
@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_the_average_weights_all_steps_so_far_and_nothing_before(
    engine, draw_problem, widths, decay
):
    problem = draw_problem(widths, n_samples=N_SAMPLES)
    settings = describe_settings("adam", average_decay=decay)
    trainer, parameters, state = problem.trainer(engine, settings)
    np.testing.assert_array_equal(state.predicting(parameters), parameters)
    path = []
    for start in range(0, N_SAMPLES, 15):
        trainer.epoch(np.arange(start, start + 15), 15, np.full(1, 0.05))
        path.append(parameters.copy())
    age = np.arange(len(path))[::-1]
    weight = decay**age / (decay**age).sum()
    average = np.einsum("t,tp->p", weight, path)
    np.testing.assert_allclose(state.predicting(parameters), average, rtol=0, atol=1e-12)


@every_optimizer
@every_surrounding
def test_every_number_of_threads_gives_the_same_bits(draw_problem, name, around):
    native = pytest.importorskip("lamina.engines.native").NativeEngine
    problem = draw_problem(
        (70, 150, 60, 3), n_samples=N_SAMPLES, dtype="float32", penalty="elasticnet"
    )
    settings = describe_settings(name, **around)
    reports, parameters, state = run(problem, native(1), settings, measures=True)
    for n_threads in (2, 3, 7):
        also = run(problem, native(n_threads), settings, measures=True)
        assert also[0] == reports
        np.testing.assert_array_equal(also[1], parameters)
        np.testing.assert_array_equal(also[2].slots, state.slots)


@every_optimizer
def test_a_batch_of_several_chunks_equals_the_references(engine, reference, draw_problem, name):
    # So wide that only some hundred samples are processed at a time.
    problem = draw_problem((40_000, 2), n_samples=N_SAMPLES)
    settings = describe_settings(name, max_gradient_norm=0.5)
    ours, theirs = (run(problem, each, settings, (150, 150)) for each in (engine, reference))
    assert_close(ours[1], theirs[1], 1e-10)


@every_optimizer
@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_normalized_epochs_equal_the_references(engine, reference, draw_problem, name, kind):
    architecture = {"normalization": kind, "residual": True, "dropout": 0.2, "input_dropout": 0.1}
    problem = draw_problem((9, 13, 13, 3), n_samples=N_SAMPLES, activation="prelu", **architecture)
    settings = describe_settings(name, weight_decay=0.1, max_gradient_norm=0.05, average_decay=0.9)
    ours, theirs = (run(problem, each, settings, measures=True) for each in (engine, reference))
    assert_alike(ours, theirs, 1e-10)
    # An average predicts with the running statistics of the network itself.
    statistics = slice(ParameterLayout.from_spec(problem.spec).n_trained, None)
    _, parameters, state = ours
    np.testing.assert_array_equal(state.predicting(parameters)[statistics], parameters[statistics])
