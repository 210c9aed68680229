"""What holds for every schedule: it gives the rates of scikit-learn's optimizer, epoch by epoch."""

import pytest
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from lamina.formulas import SCHEDULES

every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=lambda s: s.name)


@every_schedule
@pytest.mark.parametrize("power_t", [0.0, 0.5, 1.5])
def test_the_rate_after_each_epoch_is_scikit_learns(schedule, power_t):
    theirs = SGDOptimizer([], 0.3, lr_schedule=schedule.name, power_t=power_t)
    rate = 0.3
    for epoch in range(1, 40):
        rows_seen = 150 * epoch
        rate = schedule.after_epoch(rate, 0.3, rows_seen, power_t)
        theirs.iteration_ends(rows_seen)
        assert rate == theirs.learning_rate


@every_schedule
def test_a_stall_stops_or_slows_as_scikit_learns(schedule):
    theirs = SGDOptimizer([], 0.3, lr_schedule=schedule.name)
    rate = 0.3
    for _ in range(20):
        slowed = schedule.after_stall(rate)
        assert (slowed is None) == theirs.trigger_stopping("", verbose=False)
        if slowed is None:
            return
        rate = slowed
        assert rate == theirs.learning_rate
    pytest.fail("twenty stalls in a row did not end the training")


@every_schedule
def test_rates_stay_positive_and_never_rise(schedule):
    rates = [0.3]
    for epoch in range(1, 100):
        rates.append(schedule.after_epoch(rates[-1], 0.3, 10 * epoch, 0.5))
    assert min(rates) > 0
    assert rates == sorted(rates, reverse=True)
