"""Counting epochs without progress."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from lamina.training.stopping import Stopping


def test_a_gain_of_less_than_tol_is_no_progress_but_still_the_best() -> None:
    stopping = Stopping(tol=0.1, patience=5, best=1.0)
    assert stopping.improves(0.95)
    assert stopping.stalled == 1
    assert stopping.best == 0.95


def test_a_gain_of_exactly_tol_is_progress() -> None:
    stopping = Stopping(tol=0.5, patience=5, best=1.0, stalled=3)
    stopping.improves(0.5)
    assert stopping.stalled == 0


def test_patience_ends_only_when_the_stalled_epochs_exceed_it() -> None:
    stopping = Stopping(tol=0.0, patience=2, best=1.0)
    spent = []
    for _ in range(3):
        stopping.improves(2.0)
        spent.append(stopping.out_of_patience)
    assert spent == [False, False, True]


def test_infinite_patience_never_ends() -> None:
    stopping = Stopping(tol=1e9, patience=math.inf, best=0.0)
    for _ in range(1000):
        stopping.improves(1.0)
    assert stopping.stalled == 1000
    assert not stopping.out_of_patience


def test_nan_is_neither_the_best_nor_a_stalled_epoch() -> None:
    stopping = Stopping(tol=0.0, patience=2, best=1.0, stalled=2)
    assert not stopping.improves(math.nan)
    assert (stopping.best, stopping.stalled) == (1.0, 0)


@given(st.integers(0, 5), st.integers(0, 9), st.floats(-1, 1))
def test_patience_runs_out_no_sooner_than_announced(
    patience: int, stalled: int, cost: float
) -> None:
    stopping = Stopping(tol=0.0, patience=patience, best=cost - 1, stalled=stalled)
    soonest = stopping.soonest
    ends = []
    for _ in range(int(soonest)):
        stopping.improves(cost)
        ends.append(stopping.out_of_patience)
    assert ends == [False] * (len(ends) - 1) + [True]


def test_infinite_patience_announces_no_end() -> None:
    assert Stopping(tol=0.0, patience=math.inf, best=1.0, stalled=7).soonest == math.inf


@given(st.lists(st.floats(-1, 1), max_size=30), st.floats(0, 0.5))
def test_the_best_is_the_lowest_and_improvements_are_new_records(
    costs: list[float], tol: float
) -> None:
    stopping = Stopping(tol=tol, patience=3, best=math.inf)
    records = [cost for cost in costs if stopping.improves(cost)]
    assert stopping.best == min(costs, default=math.inf)
    assert records == sorted(set(records), reverse=True)


def test_the_last_of_equally_good_epochs_is_the_best_on_request() -> None:
    costs = (1.0, 0.5, 0.7, 0.5, 0.5, 0.6)
    first = Stopping(tol=0.0, patience=9, best=math.inf)
    last = Stopping(tol=0.0, patience=9, best=math.inf, restores_last=True)
    assert [first.improves(cost) for cost in costs] == [True, True, False, False, False, False]
    assert [last.improves(cost) for cost in costs] == [True, True, False, True, True, False]


def test_an_infinite_cost_is_never_the_best_of_ties() -> None:
    stopping = Stopping(tol=0.0, patience=9, best=math.inf, restores_last=True)
    assert not stopping.improves(math.inf)
    assert not stopping.improves(math.nan)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.integers(0, 4), st.floats(1, 4))
def test_a_fit_ends_behind_the_factor_times_the_best_epoch_plus_patience(
    costs: list[int], patience: int, factor: float
) -> None:
    stopping = Stopping(0.5, patience, math.inf, patience_factor=factor)
    for epoch in range(1, len(costs) + 1):
        cost = costs[epoch - 1]
        stopping.improves(cost)
        # With whole costs and tol=0.5, the latest progress is the first of the best epochs.
        best_epoch = costs.index(min(costs[:epoch])) + 1
        margin = epoch - (best_epoch * factor + patience)
        if abs(margin) > 1e-9:
            assert stopping.out_of_patience == (margin > 0)


@given(st.integers(0, 5), st.integers(0, 9), st.integers(0, 30), st.floats(1, 3))
def test_patience_with_a_factor_runs_out_no_sooner_than_announced(
    patience: int, stalled: int, epochs: int, factor: float
) -> None:
    stopping = Stopping(0.0, patience, 0.0, stalled, patience_factor=factor, epochs=epochs)
    soonest, ends = int(stopping.soonest), []
    for _ in range(soonest):
        stopping.improves(1.0)
        ends.append(stopping.out_of_patience)
    assert ends == [False] * (len(ends) - 1) + [True]
