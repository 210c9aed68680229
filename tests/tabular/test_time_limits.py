"""Time limits, with a simulated clock."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from lamina import TabularClassifier
from lamina.tabular import base, side_by_side
from lamina.tabular.inputs import TableInputs
from lamina.tabular.members import MemberPlan
from lamina.tabular.recipes.binned import BINNED
from lamina.tabular.recipes.deep import DEEP
from lamina.tabular.side_by_side import MemberFitter
from lamina.tabular.time_limits import TimeLimit
from lamina.tabular.validation_scores import FEWEST_RESAMPLES, METRICS

EPOCHS = 60
INPUT_SECONDS = 0.2


class SimulatedClock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class SimulatedNetwork(BaseEstimator):
    best_validation_score_ = restore_best = None

    def __init__(self, max_iter=60, monitor="validation_loss", callbacks=None, max_seconds=None):
        self.max_iter, self.monitor = max_iter, monitor
        self.callbacks, self.max_seconds = callbacks, max_seconds


class SimulatedMachine:
    """Network that trains in simulated time and ends at the deadline, as the native core does."""

    def __init__(self, monkeypatch, epoch_seconds, slow_down=1.0):
        self.clock, self.epoch_seconds, self.slow_down = SimulatedClock(), epoch_seconds, slow_down
        self.seconds_left = []
        monkeypatch.setattr(side_by_side, "fit_member", self.fit_member)
        monkeypatch.setattr(side_by_side, "fit_on_all", self.fit_on_all)

    def train(self, network, seconds_left):
        self.clock.now += INPUT_SECONDS
        self.seconds_left.append(seconds_left())
        epochs = network.max_iter
        if self.seconds_left[-1] < epochs * self.epoch_seconds:
            epochs = int(max(self.seconds_left[-1], 0) / self.epoch_seconds)
            self.clock.now += max(self.seconds_left[-1], 0)
        else:
            self.clock.now += epochs * self.epoch_seconds
        network.loss_curve_ = [1.0] * epochs
        network.validation_loss_curve_ = [1.0] * epochs
        network.history_ = {"seconds": [self.epoch_seconds] * epochs}

    def fit_member(self, sample, plan, seconds_left):
        self.train(plan.network, seconds_left)
        self.epoch_seconds *= self.slow_down
        return SimpleNamespace(recipe=plan.recipe.name, split=plan.split, network=plan.network)

    def fit_on_all(self, sample, member, network, seconds_left):
        self.train(network, seconds_left)
        return SimpleNamespace(recipe=member.recipe, split=member.split, network=network)


def plans_of(n_splits):
    return [
        MemberPlan(recipe, split, None, SimulatedNetwork(EPOCHS))
        for split in range(n_splits)
        for recipe in (DEEP, BINNED)
    ]


@pytest.mark.parametrize("slow_down", [1.0, 1.3], ids=["steady machine", "machine that slows down"])
@pytest.mark.parametrize("seconds", [0.5, 2.0, 10.0, 40.0, 60.0])
def test_training_ends_before_the_time_of_the_scores(monkeypatch, seconds, slow_down):
    machine = SimulatedMachine(monkeypatch, epoch_seconds=0.1, slow_down=slow_down)
    limit = TimeLimit(seconds, machine.clock)
    fitter = MemberFitter(1, limit=limit)
    plans = plans_of(6)
    first = fitter.fit(None, plans[:4], n_later=8)
    rest = fitter.fit(None, plans[4:])
    assert len(first) >= 1
    assert any("time_limit left" in remark for remark in limit.remarks)
    # One member's inputs may still be computed when the time is over.
    assert machine.clock() <= limit.networks_end_at + INPUT_SECONDS
    assert limit.networks_end_at < limit.ends_at
    if slow_down == 1.0 and seconds >= 10:
        assert len(first + rest) >= 3
        assert machine.clock() > limit.ends_at - 0.5 * seconds


def test_each_network_ends_at_the_deadline_from_the_moment_when_its_inputs_are_there(monkeypatch):
    machine = SimulatedMachine(monkeypatch, epoch_seconds=0.1)
    limit = TimeLimit(100.0, machine.clock)
    fitter = MemberFitter(1, limit=limit)
    fitter.fit(None, plans_of(2))
    # The first call measures the speed.
    _, *seconds_left = machine.seconds_left
    assert len(seconds_left) == 4
    assert seconds_left == sorted(seconds_left, reverse=True)
    assert all(0 < seconds < 95.0 - INPUT_SECONDS for seconds in seconds_left)


def test_a_machine_that_turns_out_faster_fits_more_networks(monkeypatch):
    slow = SimulatedMachine(monkeypatch, epoch_seconds=1.0)
    n_slow = len(MemberFitter(1, limit=TimeLimit(60.0, slow.clock)).fit(None, plans_of(10)))
    machine = SimulatedMachine(monkeypatch, epoch_seconds=1.0, slow_down=0.5)
    limit = TimeLimit(60.0, machine.clock)
    members = MemberFitter(1, limit=limit).fit(None, plans_of(10))
    assert n_slow < 6
    assert len(members) == 20
    assert machine.clock() <= limit.networks_end_at


def test_enough_time_leaves_all_networks_and_epochs(monkeypatch):
    machine = SimulatedMachine(monkeypatch, epoch_seconds=0.1)
    limit = TimeLimit(1000.0, machine.clock)
    members = MemberFitter(1, limit=limit).fit(None, plans_of(4))
    assert [len(member.network.loss_curve_) for member in members] == [EPOCHS] * 8
    assert limit.remarks == []


def test_recipes_that_were_fitted_are_not_measured_again(monkeypatch):
    machine = SimulatedMachine(monkeypatch, epoch_seconds=0.1)
    fitter = MemberFitter(1, limit=TimeLimit(1000.0, machine.clock))
    plans = plans_of(3)
    fitter.fit(None, plans[:4], n_later=2)
    n_trained = len(machine.seconds_left)
    fitter.fit(None, plans[4:])
    assert len(machine.seconds_left) == n_trained + 2


def test_a_refit_that_the_deadline_ends_leaves_the_member_as_it_was(monkeypatch):
    machine = SimulatedMachine(monkeypatch, epoch_seconds=0.01)
    limit = TimeLimit(12.0, machine.clock)
    fitter = MemberFitter(1, limit=limit)
    members = fitter.fit(None, plans_of(2), n_later=4)
    machine.epoch_seconds = 2.0
    refitted = fitter.refit(None, members)
    assert [new is old for new, old in zip(refitted, members, strict=True)] == [True] * 4
    assert limit.remarks[-1] == "time_limit left 4 of 4 networks without the latest samples"
    assert machine.clock() <= limit.ends_at


@pytest.mark.parametrize(
    ("work", "reserved"), [(0.0, 1.0), (4.0, 5.0), (30.0, 10.0)], ids=["least", "some", "most"]
)
def test_the_reserve_lies_between_a_twentieth_and_half_of_the_time(work, reserved):
    limit = TimeLimit(20.0, SimulatedClock())
    limit.reserve(work)
    assert limit.ends_at - limit.networks_end_at == pytest.approx(reserved)


@pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")
def test_encoding_and_scores_are_within_the_limit(monkeypatch):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=60), "z": rng.normal(size=60)})
    clock, area, fit_encode = SimulatedClock(), METRICS["roc_auc"], TableInputs.fit_encode

    def slow_area(y, predictions):
        clock.now += 0.02
        return area(y, predictions)

    def slow_encoding(inputs, X):
        clock.now += 1.0
        return fit_encode(inputs, X)

    monkeypatch.setitem(METRICS, "roc_auc", slow_area)
    monkeypatch.setattr(TableInputs, "fit_encode", slow_encoding)
    monkeypatch.setattr(base, "TimeLimit", lambda seconds: TimeLimit(seconds, clock))
    model = TabularClassifier(quality="fast", time_limit=4.0, random_state=0)
    model.fit(table, table["x"] > 0)
    assert 1001.0 < clock() <= 1004.0
    [remark] = model.remarks_
    n_resamples = int(remark.removeprefix("time_limit left ").split()[0])
    assert FEWEST_RESAMPLES <= n_resamples < 200
    assert model.validation_score_.standard_error > 0
