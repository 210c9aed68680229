"""Several epochs in one call: NumPy's sample orders, and the state after an interruption."""

import signal
import threading

import numpy as np
import pytest

from lamina.engines import EpochReport, OptimizerSettings

SGD = OptimizerSettings("sgd", {"momentum": 0.9, "nesterovs_momentum": 1.0})
SIZES = [*range(1, 36), 63, 64, 65, 127, 128, 129, 1000, 65535, 65536, 65537, 200_003]


class Sorted(np.random.RandomState):
    """User-defined generator whose shuffle sorts in descending order."""

    def shuffle(self, order):
        order[:] = np.sort(order)[::-1]


def same_state(one, other):
    np.testing.assert_equal(one.get_state(legacy=False), other.get_state(legacy=False))


def rates(n_epochs, n_steps, rate=1e-3):
    return np.full((n_epochs, n_steps), rate)


@pytest.fixture
def idle_trainer(engine, draw_problem):
    """`idle_trainer(n_samples)`: a trainer on zeros, so that an epoch is quick."""

    def trainer_of(n_samples):
        problem = draw_problem((1, 1), n_samples=1)
        rows = problem.rows._replace(X=np.zeros((n_samples, 1)), y=np.zeros((n_samples, 1)))
        _, parameters, state = problem.trainer(engine, SGD)
        return engine.trainer(problem.spec, problem.objective, SGD, rows, parameters, state)

    return trainer_of


@pytest.mark.parametrize("n_samples", SIZES)
def test_the_sample_orders_equal_numpys_bit_for_bit(idle_trainer, n_samples):
    trainer, order, expected = idle_trainer(n_samples), np.arange(n_samples), np.arange(n_samples)
    ours, theirs = np.random.RandomState(n_samples), np.random.RandomState(n_samples)
    for _ in range(3):
        trainer.epochs(order, n_samples, rates(2, 1), [], ours)
        theirs.shuffle(expected)
        theirs.shuffle(expected)
        np.testing.assert_array_equal(order, expected)
        same_state(ours, theirs)


@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "Philox", "SFC64"])
def test_the_sample_orders_equal_numpys_for_every_bit_generator(idle_trainer, kind):
    ours, theirs = (np.random.RandomState(getattr(np.random, kind)(7)) for _ in range(2))
    order, expected = np.arange(1000), np.arange(1000)
    ours.standard_normal(), theirs.standard_normal()
    idle_trainer(1000).epochs(order, 1000, rates(1, 1), [], ours)
    theirs.shuffle(expected)
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_array_equal(ours.standard_normal(5), theirs.standard_normal(5))


def test_the_shuffle_of_a_user_defined_generator_is_called(idle_trainer):
    order = np.arange(5)
    idle_trainer(5).epochs(order, 5, rates(1, 1), [], Sorted())
    np.testing.assert_array_equal(order, [4, 3, 2, 1, 0])


@pytest.mark.parametrize("shuffles", [True, False])
def test_several_epochs_in_one_call_equal_single_epochs(engine, draw_problem, shuffles):
    problem = draw_problem(n_samples=50)
    together, parameters, state = problem.trainer(engine, SGD)
    reports, ours = [], np.random.RandomState(3) if shuffles else None
    together.epochs(np.arange(50), 8, rates(5, 7), reports, ours)
    alone, expected, expected_state = problem.trainer(engine, SGD)
    order, theirs, one_by_one = np.arange(50), np.random.RandomState(3), []
    for _ in range(5):
        if shuffles:
            theirs.shuffle(order)
        one_by_one.append(alone.epoch(order, 8, rates(1, 7)[0]))
    assert reports == one_by_one
    assert state.step == expected_state.step == 35
    np.testing.assert_array_equal(parameters, expected)


def test_each_epoch_has_its_own_rates(engine, draw_problem):
    problem = draw_problem(n_samples=6)
    together, parameters, _ = problem.trainer(engine, SGD)
    together.epochs(np.arange(6), 3, np.array([[0.01, 0.0], [0.0, 0.03]]), [])
    alone, expected, _ = problem.trainer(engine, SGD)
    alone.epoch(np.arange(6), 3, np.array([0.01, 0.0]))
    alone.epoch(np.arange(6), 3, np.array([0.0, 0.03]))
    np.testing.assert_array_equal(parameters, expected)


def test_no_epoch_runs_and_nothing_is_drawn_after_a_non_finite_epoch(engine, draw_problem):
    trainer, _, _ = draw_problem(n_samples=8, activation="identity").trainer(engine, SGD)
    wild = np.array([[1e-3], [1e200], [1e-3], [1e-3]])
    reports, ours, theirs = [], np.random.RandomState(3), np.random.RandomState(3)
    trainer.epochs(np.arange(8), 8, wild, reports, ours)
    assert [report.is_finite for report in reports] in ([True, False], [True, True, False])
    for _ in reports:
        theirs.shuffle(np.arange(8))
    same_state(ours, theirs)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (EpochReport(1.0, 1, None), True),
        (EpochReport(np.inf, 1, None), False),
        (EpochReport(np.nan, 1, None), False),
        (EpochReport(1.0, 1, 0), False),
    ],
)
def test_an_epoch_is_finite_if_its_loss_and_layers_are(report, expected):
    assert report.is_finite is expected


def test_an_interrupt_keeps_the_finished_epochs_and_a_matching_generator(engine, draw_problem):
    problem = draw_problem((4, 8, 2), n_samples=64)
    trainer, parameters, state = problem.trainer(engine, SGD)
    reports, ours = [], np.random.RandomState(3)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            trainer.epochs(np.arange(64), 8, rates(1_000_000, 8, 1e-6), reports, ours)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    again, expected, expected_state = problem.trainer(engine, SGD)
    repeated, theirs, order = [], np.random.RandomState(3), np.arange(64)
    again.epochs(order, 8, rates(len(reports), 8, 1e-6), repeated, theirs)
    assert reports == repeated
    if state.step > expected_state.step:
        theirs.shuffle(order)
        left = state.step - expected_state.step
        again.epoch(order[: 8 * left], 8, rates(1, left, 1e-6)[0])
    assert state.step == expected_state.step
    np.testing.assert_array_equal(parameters, expected)


def test_a_generator_in_use_by_another_thread_is_waited_for(idle_trainer):
    random_state, order, ended = np.random.RandomState(0), np.arange(100), threading.Event()

    def train():
        idle_trainer(100).epochs(order, 100, rates(3, 1), [], random_state)
        ended.set()

    with random_state._bit_generator.lock:
        thread = threading.Thread(target=train)
        thread.start()
        assert not ended.wait(0.1)
        np.testing.assert_array_equal(order, np.arange(100))
    thread.join()
    assert ended.is_set()


def test_zero_weights_in_a_later_epoch_are_refused_after_the_earlier_epochs(engine, draw_problem):
    problem = draw_problem(n_samples=4)
    weight = np.array([1.0, 1.0, 0.0, 0.0])
    problem = type(problem)(
        problem.spec,
        problem.objective,
        problem.rows._replace(weight=weight),
        problem.parameters,
    )
    trainer, _, state = problem.trainer(engine, SGD)
    with pytest.raises(ZeroDivisionError):
        trainer.epochs(np.arange(4), 2, rates(2, 2), [])
    assert state.step == 1
