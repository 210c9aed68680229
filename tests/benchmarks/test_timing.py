"""The fastest configuration of a peer counts, and ratios are computed by round."""

import itertools
from contextlib import nullcontext

import pytest
from benchmarks.speed.peers import Training
from benchmarks.speed.timing import Entry, Patience, Run, Timing, best_ways, measure, ratio, timed

pytestmark = pytest.mark.repository


def entry(peer, way, seconds, trial=None):
    turns = itertools.cycle(seconds)
    return Entry(peer, way, lambda: Run(next(turns)), lambda: Run(trial or seconds[0]))


def test_a_ratio_is_the_median_of_the_rounds_ratios_and_not_a_ratio_of_medians():
    slower, faster = Timing("a", "", [3.0, 80.0, 5.0]), Timing("b", "", [1.0, 40.0, 2.0])
    assert ratio(slower, faster) == 2.5


def test_the_configuration_with_the_smallest_median_counts():
    ways = [
        Timing("a", "slow", [2.0, 2.0, 2.0]),
        Timing("b", "only", [9.0, 9.0, 9.0]),
        Timing("a", "fast but for once", [1.0, 99.0, 1.0]),
    ]
    assert [timing.way for timing in best_ways(ways)] == ["fast but for once", "only"]


def test_entries_alternate_and_slow_ones_drop_out_after_the_trial():
    turns = []
    entries = [entry("a", "x", [1.0]), entry("a", "y", [1.0], trial=3.0), entry("b", "x", [5.0])]
    timings = measure(entries, Patience(2, 0.0, 2), turns.append)
    assert [(timing.peer, timing.seconds) for timing in timings] == [
        ("a", [1.0, 1.0]),
        ("b", [5.0, 5.0]),
    ]
    assert turns == [
        *("a, x: trial", "a, y: trial", "b, x: trial"),
        *("a, x: round 1", "b, x: round 1", "a, x: round 2", "b, x: round 2"),
    ]


def test_a_configuration_with_a_misleading_trial_drops_out_after_a_round():
    entries = [entry("a", "x", [1.0]), entry("a", "y", [7.0], trial=0.9)]
    (timing,) = measure(entries, Patience(3, 0.0, 3), lambda what: None)
    assert (timing.way, timing.seconds) == ("x", [1.0, 1.0, 1.0])


def test_the_minimum_number_of_rounds_runs_even_if_the_time_is_up():
    assert Patience(least_rounds=3, seconds=0.0).allows(2, since=0.0)
    assert not Patience(least_rounds=3, seconds=0.0).allows(3, since=0.0)


@pytest.mark.parametrize("is_repeatable", [True, False])
def test_a_short_training_is_repeated_after_new_preparation(is_repeatable, monkeypatch):
    clock = itertools.count(step=0.02)
    monkeypatch.setattr("benchmarks.speed.timing.perf_counter", lambda: next(clock))
    prepared = []

    def prepare():
        prepared.append(1)
        return Training(lambda: 7.0, compile_seconds=4.0, is_repeatable=is_repeatable)

    run = timed(prepare, nullcontext)
    assert run == (pytest.approx(0.02), 7.0, 4.0)
    assert len(prepared) == (1 if is_repeatable else 3)
