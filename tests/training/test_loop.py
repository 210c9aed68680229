"""The epoch loop, with an engine that plays back prescribed losses and scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from sklearn.utils import shuffle

from lamina.engines import (
    EpochReport,
    LocalTrainer,
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
)
from lamina.errors import NonFiniteError
from lamina.network import Network, NetworkSpec
from lamina.training import (
    Ending,
    EpochRecord,
    History,
    Memory,
    TrainingPlan,
    Validation,
    observe_fits,
    train,
)
from lamina.training.rates import RateState

SPEC = NetworkSpec.perceptron([1, 1], "identity", "identity")
SGD = OptimizerSettings("sgd", {"momentum": 0.0, "nesterovs_momentum": 0.0})
N_SAMPLES = 7


@dataclass
class Playback(LocalTrainer):
    """Engine with prescribed losses; its only parameter counts the epochs."""

    losses: Sequence[float]
    orders: list[np.ndarray] = field(default_factory=list)
    rates: list[np.ndarray] = field(default_factory=list)
    name: str = "playback"

    def trainer(self, *args: Any) -> Playback:
        self._parameters, self._state = args[4:]
        return self

    def epoch(
        self, order: np.ndarray, batch_size: int, rates: np.ndarray, multipliers: Any = None
    ) -> EpochReport:
        self.orders.append(order.copy())
        self.rates.append(rates.copy())
        self._parameters += 1
        return EpochReport(self.losses[len(self.orders) - 1], len(rates), None)

    def predict(self, network: Network, X: Any) -> np.ndarray:
        return network.parameters


def memory(history: History | None = None) -> Memory:
    parameters = np.zeros(2)
    state = OptimizerState.fresh("sgd", parameters)
    return Memory(parameters, state, RateState(0.5, 0.5), history or History())


def run(engine: Any, start: Memory, seed: int = 0, **settings: Any) -> Ending:
    """Train on seven samples in batches of three, with settings of the plan or of `train`."""
    for_train = {
        name: settings.pop(name) for name in ("order", "validation", "fallback") if name in settings
    }
    defaults = {"objective": Objective("squared_error"), "optimizer": SGD, "batch_size": 3}
    defaults |= {"max_epochs": 10, "initial_rate": 0.5, "tol": 0.0, "patience": 1}
    rows = Rows(np.zeros((N_SAMPLES, 1)), np.zeros((N_SAMPLES, 1)), None)
    plan = TrainingPlan(**(defaults | settings))
    random_state = np.random.RandomState(seed)
    return train(engine, SPEC, plan, rows, start, random_state, **for_train)


def scores(values: Sequence[float]) -> Validation:
    """Return a validation that plays back scores, by the epoch that the parameter counts."""
    return Validation(np.zeros((1, 1)), lambda _, parameters: (values[int(parameters[0]) - 1],))


def test_every_epoch_permutes_the_previous_order_like_scikit_learns_shuffle() -> None:
    engine = Playback([3.0, 2.0, 1.0])
    run(engine, memory(), seed=5, max_epochs=3)
    random_state, expected = np.random.RandomState(5), np.arange(N_SAMPLES)
    for order in engine.orders:
        expected = shuffle(expected, random_state=random_state)
        np.testing.assert_array_equal(order, expected)


def test_the_training_samples_are_permuted_in_their_own_order() -> None:
    engine, rows = Playback([3.0, 2.0]), np.array([6, 1, 4])
    run(engine, memory(), seed=5, max_epochs=2, order=rows)
    expected = shuffle(rows, random_state=np.random.RandomState(5))
    np.testing.assert_array_equal(engine.orders[0], expected)
    np.testing.assert_array_equal(rows, [6, 1, 4])
    assert len(engine.rates[0]) == 1


def test_without_shuffle_the_order_stays_and_nothing_is_drawn() -> None:
    engine = Playback([3.0, 2.0])
    run(engine, memory(), max_epochs=2, shuffle=False)
    np.testing.assert_array_equal(engine.orders, [np.arange(N_SAMPLES)] * 2)


def test_every_step_has_a_learning_rate() -> None:
    engine = Playback([1.0])
    run(engine, memory(), max_epochs=1)
    np.testing.assert_array_equal(engine.rates[0], [0.5, 0.5, 0.5])


def test_the_plan_ends_the_training() -> None:
    start = memory()
    assert run(Playback([3.0, 2.0, 1.0]), start, max_epochs=3) is Ending.EXHAUSTED
    assert start.history.losses == [3.0, 2.0, 1.0]
    assert start.history.best_loss == 1.0
    assert (start.history.epochs, start.history.rows_seen) == (3, 3 * N_SAMPLES)


def test_a_lack_of_progress_ends_the_training() -> None:
    start = memory()
    assert run(Playback([1.0, 2.0, 2.0, 0.0]), start, patience=1) is Ending.CONVERGED
    assert start.history.epochs == 3
    assert start.history.stalled == 2


def test_a_stall_in_the_last_epoch_counts_as_convergence() -> None:
    assert run(Playback([1.0, 2.0, 2.0]), memory(), max_epochs=3) is Ending.CONVERGED


def test_the_stalled_epochs_of_an_earlier_fit_count() -> None:
    start = memory(History(losses=[1.0], best_loss=1.0, stalled=1, rows_seen=N_SAMPLES))
    assert run(Playback([2.0]), start) is Ending.CONVERGED
    assert start.history.losses == [1.0, 2.0]
    assert start.history.rows_seen == 2 * N_SAMPLES


def test_inverse_scaling_lowers_the_rate_after_every_epoch_by_the_samples_seen() -> None:
    engine, start = Playback([3.0, 2.0, 1.0]), memory()
    run(engine, start, max_epochs=3, schedule="invscaling", power_t=1.0)
    assert [rates[0] for rates in engine.rates] == [0.5, 0.5 / 8, 0.5 / 15]
    assert start.rate.learning_rate == 0.5 / 22


def test_an_adaptive_rate_falls_to_a_fifth_at_every_stall_until_it_is_too_small() -> None:
    engine, start = Playback([1.0] + [2.0] * 99), memory()
    ending = run(engine, start, max_epochs=100, schedule="adaptive", patience=1, tol=0.0)
    seen = [rates[0] for rates in engine.rates]
    assert ending is Ending.CONVERGED
    assert seen[:3] == [0.5, 0.5, 0.5]
    assert seen[3:5] == [0.1, 0.1]
    assert start.rate.learning_rate == seen[-1] <= 1e-6 < seen[-3]


@pytest.mark.parametrize(
    ("schedule", "rate", "line"),
    [
        ("constant", 0.5, "tol=0.000000 for 1 consecutive epochs. Stopping."),
        ("adaptive", 0.5, "1 consecutive epochs. Setting learning rate to 0.100000"),
        ("adaptive", 1e-6, "1 consecutive epochs. Learning rate too small. Stopping."),
    ],
)
def test_a_verbose_loop_prints_the_consequence_of_a_stall(
    capsys: pytest.CaptureFixture[str], schedule: str, rate: float, line: str
) -> None:
    start = memory()
    start.rate.learning_rate = rate
    run(Playback([1.0, 1.5, 1.5]), start, max_epochs=3, schedule=schedule, verbose=True)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Iteration 1, loss = 1.00000000"
    assert printed[-1].startswith("Training loss did not improve more than")
    assert printed[-1].endswith(line)


def test_a_silent_loop_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run(Playback([1.0, 2.0, 2.0]), memory(), validation=scores([0.3, 0.2, 0.1]))
    assert capsys.readouterr().out == ""


def test_the_score_decides_and_the_best_epochs_parameters_are_restored() -> None:
    start = memory()
    ending = run(Playback([5.0] * 10), start, validation=scores([0.1, 0.9, 0.3, 0.2, 0.95]))
    assert ending is Ending.CONVERGED
    assert start.history.scores == [0.1, 0.9, 0.3, 0.2]
    assert (start.history.best_score, start.history.best_loss) == (0.9, None)
    np.testing.assert_array_equal(start.parameters, [2.0, 2.0])


def test_without_a_better_epoch_the_fallback_is_restored_or_the_last_stays() -> None:
    for fallback, expected in ((np.full(2, -1.0), -1.0), (None, 3.0)):
        start = memory(History(scores=[0.99], best_score=0.99))
        validation = scores([0.1, 0.2, 0.3])
        ways = {"patience": 9, "validation": validation, "fallback": fallback}
        run(Playback([5.0] * 3), start, max_epochs=3, **ways)
        np.testing.assert_array_equal(start.parameters, [expected] * 2)
        assert start.history.best_score == 0.99


@pytest.mark.parametrize("loss", [math.inf, math.nan])
def test_a_loss_that_is_not_finite_ends_the_fit_in_its_epoch(loss: float) -> None:
    engine = Playback([1.0, loss, 0.5])
    with pytest.raises(NonFiniteError, match="in epoch 2"):
        run(engine, memory())
    assert len(engine.orders) == 2


def test_divergence_after_a_better_epoch_restores_the_best_parameters() -> None:
    start = memory()
    validation = scores([0.5, 0.7, 0.6])
    ending = run(Playback([3.0, 2.0, 1.0, math.nan]), start, patience=9, validation=validation)
    assert ending is Ending.DIVERGED
    assert start.history.scores is not None
    assert start.history.scores[:3] == [0.5, 0.7, 0.6]
    assert math.isnan(start.history.scores[3])
    assert start.history.best_score == 0.7
    np.testing.assert_array_equal(start.parameters, [2.0, 2.0])


def test_divergence_in_the_first_epoch_is_an_error_even_with_validation() -> None:
    with pytest.raises(NonFiniteError, match="in epoch 1"):
        run(Playback([math.inf]), memory(), validation=scores([0.5]))


def interrupt_after(epochs: int) -> Callable[[EpochRecord], None]:
    def observer(record: EpochRecord) -> None:
        if record.epoch == epochs:
            raise KeyboardInterrupt

    return observer


def test_an_interrupt_ends_the_fit_with_the_epochs_so_far() -> None:
    start = memory()
    with observe_fits(interrupt_after(2)):
        assert run(Playback([3.0, 2.0, 1.0]), start) is Ending.INTERRUPTED
    assert start.history.losses == [3.0, 2.0]
    assert (start.history.epochs, start.history.rows_seen) == (2, 2 * N_SAMPLES)
    assert start.history.best_loss == 2.0


def test_an_interrupt_restores_the_best_parameters() -> None:
    start = memory()
    with observe_fits(interrupt_after(3)):
        run(Playback([3.0] * 5), start, patience=9, validation=scores([0.9, 0.3, 0.2]))
    np.testing.assert_array_equal(start.parameters, [1.0, 1.0])
    assert start.history.scores == [0.9, 0.3, 0.2]


def test_an_interrupt_inside_the_first_epoch_leaves_an_empty_history() -> None:
    class Interrupted(Playback):
        def epoch(self, *args: Any) -> EpochReport:
            raise KeyboardInterrupt

    start = memory()
    assert run(Interrupted([]), start) is Ending.INTERRUPTED
    assert (start.history.epochs, start.history.losses) == (0, [])
    assert start.history.best_loss == math.inf


class Ahead(Playback):
    """Playback that records how many epochs are requested at once, and can be interrupted."""

    interrupted_after = math.inf

    def epochs(
        self, order: Any, size: int, rates: Any, reports: Any, state: Any, multipliers: Any
    ) -> None:
        self.asked = [*getattr(self, "asked", ()), len(rates)]
        for each in rates:
            if len(self.orders) == self.interrupted_after:
                raise KeyboardInterrupt
            super().epochs(order, size, each[np.newaxis], reports, state)


def test_as_many_epochs_run_in_one_call_as_patience_allows() -> None:
    engine = Ahead([3.0, 2.0, 2.5, 1.0, 1.5, 1.5, 1.5, 0.5])
    assert run(engine, memory(), patience=2) is Ending.CONVERGED
    assert engine.asked == [3, 2, 2]
    assert len(engine.orders) == 7


@pytest.mark.parametrize(("schedule", "epochs"), [("invscaling", 10), ("adaptive", 30)])
def test_epochs_in_one_call_have_the_rates_of_separate_epochs(schedule: str, epochs: int) -> None:
    losses = [1 / n for n in range(1, 8)] + [1.0] * 99
    engines = Ahead(losses), Playback(losses)
    for engine in engines:
        with observe_fits(print) if engine is engines[1] else nullcontext():
            run(engine, memory(), max_epochs=epochs, schedule=schedule, patience=4)
    together, alone = engines
    assert max(together.asked) == 5
    np.testing.assert_array_equal(together.rates, alone.rates)
    np.testing.assert_array_equal(together.orders, alone.orders)


def test_an_observer_receives_every_epoch_before_the_next() -> None:
    ways: list[dict[str, Any]] = [{"verbose": True}, {"validation": scores([0.5] * 3)}]
    for way in ways:
        engine = Ahead([3.0, 2.0, 1.0])
        run(engine, memory(), max_epochs=3, patience=9, **way)
        assert engine.asked == [1, 1, 1]
    watched = Ahead([3.0, 2.0, 1.0])
    with observe_fits(lambda record: watched.orders[record.epoch - 1]):
        run(watched, memory(), max_epochs=3, patience=9)
    assert watched.asked == [1, 1, 1]


def test_an_interrupt_during_epochs_in_one_call_keeps_the_finished_ones() -> None:
    engine, start = Ahead([3.0, 2.0, 1.0, 0.5]), memory()
    engine.interrupted_after = 3
    assert run(engine, start, patience=9) is Ending.INTERRUPTED
    assert start.history.losses == [3.0, 2.0, 1.0]
    assert start.history.best_loss == 1.0
    np.testing.assert_array_equal(start.parameters, [3.0, 3.0])
