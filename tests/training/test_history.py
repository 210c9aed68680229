"""History of consecutive fits."""

from __future__ import annotations

import math

import pytest

from lamina.training import History, Monitor


def test_epochs_are_added_to_those_of_earlier_fits() -> None:
    history = History(losses=[3.0], best_loss=3.0, rows_seen=7)
    history.add([2.0, 1.0], None, rows=100, best_cost=1.0, stalled=0)
    assert history.losses == [3.0, 2.0, 1.0]
    assert (history.epochs, history.rows_seen, history.best_loss) == (2, 207, 1.0)
    assert history.scores is None
    assert history.best_score is None


def test_with_validation_the_best_score_replaces_the_best_loss() -> None:
    history = History()
    history.add([2.0, 1.0], [0.5, 0.7], rows=100, best_cost=-0.7, stalled=1, monitor=Monitor.SCORE)
    assert history.scores == [0.5, 0.7]
    assert (history.best_score, history.best_loss, history.stalled) == (0.7, None, 1)


def test_a_fit_without_an_epoch_does_not_change_the_samples_seen() -> None:
    history = History(rows_seen=7)
    history.add([], None, rows=100, best_cost=math.inf, stalled=0)
    assert (history.epochs, history.rows_seen, history.losses) == (0, 7, [])


def test_the_list_of_losses_stays_the_same_and_grows() -> None:
    losses = [3.0]
    history = History(losses=losses)
    history.add([2.0], None, rows=100, best_cost=2.0, stalled=0)
    assert history.losses is losses
    assert losses == [3.0, 2.0]


@pytest.mark.parametrize(
    ("history", "monitor", "cost"),
    [
        *((History(), monitor, math.inf) for monitor in Monitor),
        (History(best_loss=0.25), Monitor.LOSS, 0.25),
        (History(best_score=0.75), Monitor.SCORE, -0.75),
        (History(best_validation_loss=0.5), Monitor.VALIDATION_LOSS, 0.5),
        (History(best_loss=0.25), Monitor.SCORE, math.inf),
        (History(best_loss=0.25), Monitor.VALIDATION_LOSS, math.inf),
        (History(best_score=0.75), Monitor.LOSS, math.inf),
    ],
)
def test_the_best_cost_is_that_of_the_monitored_quantity(
    history: History, monitor: Monitor, cost: float
) -> None:
    assert history.best_cost(monitor) == cost


def test_columns_that_only_some_fits_have_are_filled_with_nan() -> None:
    history = History()
    history.add([3.0], None, 10, 3.0, 0, columns={"seconds": [0.5]})
    history.add([2.0, 1.0], None, 10, 1.0, 0, columns={"r2": [0.1, 0.2], "seconds": [0.4, 0.3]})
    history.add([0.5], None, 10, 0.5, 0, columns={"seconds": [0.2]})
    assert history.columns["seconds"] == [0.5, 0.4, 0.3, 0.2]
    assert math.isnan(history.columns["r2"][0])
    assert history.columns["r2"][1:3] == [0.1, 0.2]
    assert math.isnan(history.columns["r2"][3])
