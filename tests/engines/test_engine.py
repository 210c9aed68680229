"""Behaviour of every engine's trainer: whole steps, exact repeats, Ctrl-C, and refusals."""

import _thread
import signal
import threading

import numpy as np
import pytest

from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.errors import UnknownNameError
from lamina.formulas import OPTIMIZERS
from lamina.formulas.hyperparameters import complete
from lamina.network import ParameterLayout

ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
SETTINGS = {
    "sgd": OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0}),
    "adam": OptimizerSettings("adam", ADAM),
    "adamw": OptimizerSettings("adamw", ADAM, amsgrad=True, weight_decay=0.01),
    "nadam": OptimizerSettings("nadam", ADAM, average_decay=0.9),
    "rmsprop": OptimizerSettings("rmsprop", {"decay_rate": 0.9, "epsilon": 1e-8}),
    "adagrad": OptimizerSettings("adagrad", {"epsilon": 1e-10}, max_gradient_norm=0.1),
    "lion": OptimizerSettings("lion", {"beta_1": 0.9, "beta_2": 0.99}),
    "muon": OptimizerSettings(
        "muon",
        complete("muon", OPTIMIZERS["muon"].hyperparameters, {"nesterovs_momentum": False}),
    ),
}
# Others are tested with their defaults.
SETTINGS |= {
    name: OptimizerSettings(name, complete(name, optimizer.hyperparameters, {}))
    for name, optimizer in OPTIMIZERS.items()
    if name not in SETTINGS
}
every_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])
every_layout = pytest.mark.parametrize("layout", ["dense", "csr"])
every_optimizer = pytest.mark.parametrize("optimizer", SETTINGS.values(), ids=SETTINGS)


def test_every_optimizer_is_tested():
    assert SETTINGS.keys() == OPTIMIZERS.keys()


def rates(n_steps, rate=1e-3):
    return np.full(n_steps, rate)


@every_dtype
@every_layout
@every_optimizer
def test_the_same_run_gives_the_same_bits(engine, draw_problem, dtype, layout, optimizer):
    problem = draw_problem((9, 17, 4), n_samples=50, dtype=dtype, layout=layout, loss="log_loss")
    runs = []
    for _ in range(2):
        trainer, parameters, state = problem.trainer(engine, optimizer)
        reports = [trainer.epoch(np.arange(50), 8, rates(7)) for _ in range(5)]
        runs.append((reports, parameters.tobytes(), state.slots.tobytes()))
    assert runs[0] == runs[1]


@every_dtype
@every_optimizer
def test_one_epoch_of_twelve_steps_equals_two_of_six(engine, draw_problem, dtype, optimizer):
    problem = draw_problem((9, 17, 4), n_samples=48, dtype=dtype, weighted=True)
    order = np.random.RandomState(3).permutation(48)
    whole, parameters, state = problem.trainer(engine, optimizer)
    report = whole.epoch(order, 4, rates(12))
    halves, parameters_of_halves, state_of_halves = problem.trainer(engine, optimizer)
    reports = [halves.epoch(half, 4, rates(6)) for half in (order[:24], order[24:])]
    np.testing.assert_array_equal(parameters, parameters_of_halves)
    np.testing.assert_array_equal(state.slots, state_of_halves.slots)
    assert state.step == state_of_halves.step == 12
    assert report.loss == pytest.approx(np.mean([half.loss for half in reports]), rel=1e-12)


def test_a_trainer_continues_from_another_trainers_state(engine, draw_problem):
    problem, optimizer = draw_problem(n_samples=20), SETTINGS["adam"]
    first, expected, state = problem.trainer(engine, optimizer)
    first.epoch(np.arange(20), 5, rates(4))
    resumed, resumed_state = expected.copy(), OptimizerState(state.slots.copy(), state.step)
    first.epoch(np.arange(20), 5, rates(4))
    second = engine.trainer(
        problem.spec, problem.objective, optimizer, problem.rows, resumed, resumed_state
    )
    second.epoch(np.arange(20), 5, rates(4))
    np.testing.assert_array_equal(resumed, expected)
    assert resumed_state.step == state.step == 8


def test_each_step_has_its_own_learning_rate(engine, draw_problem):
    problem, optimizer = draw_problem(n_samples=9), SETTINGS["sgd"]
    together, expected, _ = problem.trainer(engine, optimizer)
    together.epoch(np.arange(9), 3, np.array([0.01, 0.0, 0.03]))
    one_by_one, parameters, _ = problem.trainer(engine, optimizer)
    for start, rate in zip((0, 3, 6), (0.01, 0.0, 0.03), strict=True):
        one_by_one.epoch(np.arange(start, start + 3), 3, np.array([rate]))
    np.testing.assert_array_equal(parameters, expected)


def test_the_loss_of_an_epoch_weights_each_batch_by_its_size(engine, draw_problem):
    problem = draw_problem(n_samples=7)
    trainer, parameters, _ = problem.trainer(engine, SETTINGS["sgd"])
    report = trainer.epoch(np.arange(7), 5, rates(2, 0.0))
    X, y, _ = problem.rows
    parts = [
        engine.loss_and_gradient(
            problem.spec, problem.objective, Rows(X[part], y[part], None), parameters
        )[0]
        for part in (slice(5), slice(5, None))
    ]
    assert report.loss == pytest.approx((5 * parts[0] + 2 * parts[1]) / 7, rel=1e-12)


@every_dtype
@every_layout
def test_equal_weights_change_only_the_rounding(engine, draw_problem, dtype, layout):
    problem = draw_problem(n_samples=20, dtype=dtype, layout=layout, alpha=0.0)
    X, y, _ = problem.rows
    weight = np.full(20, 3.0, dtype)
    unweighted = engine.loss_and_gradient(
        problem.spec, problem.objective, problem.rows, problem.parameters
    )
    weighted = engine.loss_and_gradient(
        problem.spec, problem.objective, Rows(X, y, weight), problem.parameters
    )
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    assert weighted[0] == pytest.approx(unweighted[0], rel=tolerance)
    np.testing.assert_allclose(weighted[1], unweighted[1], rtol=0, atol=tolerance)


def test_a_sample_of_weight_two_counts_as_two_samples(engine, draw_problem):
    problem = draw_problem(n_samples=6)
    X, y, _ = problem.rows
    twice = np.array([0, 1, 1, 2, 3, 4, 4, 5])
    repeated, weighted = Rows(X[twice], y[twice], None), Rows(X, y, np.array([1, 2, 1, 1, 2, 1.0]))
    of_repeated, of_weighted = (
        engine.loss_and_gradient(problem.spec, problem.objective, rows, problem.parameters)
        for rows in (repeated, weighted)
    )
    assert of_weighted[0] == pytest.approx(of_repeated[0], rel=1e-12)
    np.testing.assert_allclose(of_weighted[1], of_repeated[1], rtol=1e-12, atol=1e-14)


def test_computing_loss_or_prediction_does_not_modify_the_parameters(engine, draw_problem):
    problem = draw_problem()
    before = problem.parameters.copy()
    engine.loss_and_gradient(problem.spec, problem.objective, problem.rows, problem.parameters)
    engine.predict(problem.network, problem.rows.X)
    np.testing.assert_array_equal(problem.parameters, before)


@every_layout
def test_a_batch_whose_weights_sum_to_zero_is_refused(engine, draw_problem, layout):
    problem = draw_problem(n_samples=8, layout=layout)
    weight = np.array([1, 1, 1, 1, 0, 0, 1, 1.0])
    problem = type(problem)(
        problem.spec, problem.objective, problem.rows._replace(weight=weight), problem.parameters
    )
    trainer, parameters, state = problem.trainer(engine, SETTINGS["adam"])
    with pytest.raises(ZeroDivisionError):
        trainer.epoch(np.arange(8), 2, rates(4))
    assert state.step == 2
    assert np.isfinite(parameters).all()


@every_dtype
@pytest.mark.parametrize("block", [0, 1, 2])
@pytest.mark.parametrize("value", [np.inf, np.nan])
@pytest.mark.parametrize("part", ["weights", "biases"])
def test_the_first_block_with_a_bad_parameter_is_named(
    engine, draw_problem, dtype, block, value, part
):
    problem = draw_problem((4, 6, 5, 3), dtype=dtype, activation="relu").copy()
    views = ParameterLayout.from_spec(problem.spec).views(problem.parameters)
    getattr(views, part)[block].flat[-1] = value
    trainer, _, _ = problem.trainer(engine, SETTINGS["sgd"])
    report = trainer.epoch(np.arange(11), 11, rates(1))
    assert not np.isfinite(report.loss)
    assert report.non_finite_block == block


@every_dtype
@every_layout
def test_an_input_that_overflows_is_found_in_the_first_block(engine, draw_problem, dtype, layout):
    problem = draw_problem(
        (4, 6, 3), n_samples=10, dtype=dtype, layout=layout, activation="relu"
    ).copy()
    ParameterLayout.from_spec(problem.spec).views(problem.parameters).weights[0][...] = 8
    X = problem.rows.X.copy()
    (X.data if layout == "csr" else X)[...] = np.finfo(dtype).max / 4
    problem = type(problem)(
        problem.spec, problem.objective, problem.rows._replace(X=X), problem.parameters
    )
    report = problem.trainer(engine, SETTINGS["sgd"])[0].epoch(np.arange(10), 10, rates(1))
    assert not np.isfinite(report.loss)
    assert report.non_finite_block == 0


@every_dtype
def test_an_epoch_ends_before_the_update_from_an_infinite_loss(engine, draw_problem, dtype):
    problem = draw_problem(n_samples=12, dtype=dtype)
    y = problem.rows.y.copy()
    y[7] = np.finfo(dtype).max
    problem = type(problem)(
        problem.spec, problem.objective, problem.rows._replace(y=y), problem.parameters
    )
    trainer, parameters, state = problem.trainer(engine, SETTINGS["sgd"])
    report = trainer.epoch(np.arange(12), 1, rates(12))
    assert not np.isfinite(report.loss)
    assert report.steps == state.step == 7
    until_then, expected, _ = problem.trainer(engine, SETTINGS["sgd"])
    until_then.epoch(np.arange(7), 1, rates(7))
    np.testing.assert_array_equal(parameters, expected)
    assert np.isfinite(parameters).all()


def test_parameters_that_overflow_are_found_in_the_same_epoch(engine, draw_problem):
    problem = draw_problem(n_samples=12, activation="identity")
    trainer, _, state = problem.trainer(engine, SETTINGS["sgd"])
    report = trainer.epoch(np.arange(12), 1, rates(12, 1e200))
    assert not np.isfinite(report.loss)
    assert report.steps == state.step < 12
    assert report.non_finite_block is not None


def test_parameters_that_overflow_in_the_last_step_are_found(engine, draw_problem):
    problem = draw_problem(n_samples=4)
    trainer, parameters, _ = problem.trainer(engine, SETTINGS["sgd"])
    report = trainer.epoch(np.arange(4), 4, np.array([np.finfo(np.float64).max]))
    assert not np.isfinite(parameters).all()
    assert report.non_finite_block is not None


def test_a_finite_epoch_names_no_block(engine, draw_problem):
    trainer, _, _ = draw_problem(n_samples=12).trainer(engine, SETTINGS["adam"])
    report = trainer.epoch(np.arange(12), 5, rates(3))
    assert np.isfinite(report.loss)
    assert report.non_finite_block is None


@pytest.fixture
def interrupt_when_changed():
    """`interrupt_when_changed(array)`: Ctrl-C from another thread once the array changes."""
    over, watches = threading.Event(), []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def watch(array):
        first = array.copy()

        def interrupt():
            while np.array_equal(array, first) and not over.wait(0.001):
                pass
            if not over.is_set():
                _thread.interrupt_main()

        watches.append(threading.Thread(target=interrupt))
        watches[-1].start()

    yield watch
    over.set()
    for thread in watches:
        thread.join()
    signal.signal(signal.SIGINT, before)


@every_optimizer
@pytest.mark.parametrize("batch_size", [1, 600])
def test_an_interrupt_keeps_the_parameters_of_the_last_complete_step(
    engine, draw_problem, optimizer, batch_size, interrupt_when_changed
):
    problem = draw_problem((32, 128, 128, 2), n_samples=64, loss="log_loss")
    trainer, parameters, state = problem.trainer(engine, optimizer)
    n_steps = 1_000_000 // batch_size
    order = np.resize(np.arange(64), n_steps * batch_size)
    interrupt_when_changed(parameters)
    with pytest.raises(KeyboardInterrupt):
        trainer.epoch(order, batch_size, rates(n_steps, 1e-5))
    assert np.isfinite(parameters).all()
    assert 0 < state.step < n_steps
    again, expected, expected_state = problem.trainer(engine, optimizer)
    whole_steps = order[: state.step * batch_size]
    again.epoch(whole_steps, batch_size, rates(state.step, 1e-5))
    np.testing.assert_array_equal(parameters, expected)
    np.testing.assert_array_equal(state.slots, expected_state.slots)


def test_an_objective_with_an_unknown_name_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'squared_error'"):
        Objective("squared_eror")
    with pytest.raises(UnknownNameError, match="'l3' is not a known penalty"):
        Objective("squared_error", penalty="l3")


@pytest.mark.parametrize(
    "hyperparameters",
    [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterovs_momentum": 1.0, "beta_1": 0.9}],
)
def test_settings_must_name_exactly_the_optimizers_hyperparameters(hyperparameters):
    with pytest.raises(ValueError, match="sgd needs"):
        OptimizerSettings("sgd", hyperparameters)


@every_dtype
@every_optimizer
def test_a_fresh_state_has_a_row_of_zeros_for_each_slot(dtype, optimizer):
    state = OptimizerState.fresh(optimizer, np.ones(5, dtype))
    assert state.slots.shape == (len(optimizer.slots), 5)
    slots = OPTIMIZERS[optimizer.name].slots
    assert optimizer.slots[: len(slots)] == slots
    assert state.keeps_average == ("average" in optimizer.slots)
    assert state.slots.dtype == dtype
    assert not state.slots[: len(slots)].any()
    assert state.step == 0
