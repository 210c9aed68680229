"""What fits leave behind, one after the other."""

from __future__ import annotations

import math

import pytest

from lamina.training import History


def test_epochs_are_added_to_those_of_earlier_fits() -> None:
    history = History(losses=[3.0], best_loss=3.0, rows_seen=7)
    history.add([2.0, 1.0], None, rows=100, best_cost=1.0, stalled=0)
    assert history.losses == [3.0, 2.0, 1.0]
    assert (history.epochs, history.rows_seen, history.best_loss) == (2, 207, 1.0)
    assert history.scores is None
    assert history.best_score is None


def test_with_a_validation_the_best_score_takes_the_place_of_the_best_loss() -> None:
    history = History()
    history.add([2.0, 1.0], [0.5, 0.7], rows=100, best_cost=-0.7, stalled=1)
    assert history.scores == [0.5, 0.7]
    assert (history.best_score, history.best_loss, history.stalled) == (0.7, None, 1)


def test_a_fit_without_an_epoch_leaves_the_rows_seen_as_they_were() -> None:
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
    ("history", "validated", "cost"),
    [
        (History(), False, math.inf),
        (History(), True, math.inf),
        (History(best_loss=0.25), False, 0.25),
        (History(best_score=0.75), True, -0.75),
        (History(best_loss=0.25), True, math.inf),
        (History(best_score=0.75), False, math.inf),
    ],
)
def test_the_best_cost_is_that_of_the_quantity_that_decides(
    history: History, validated: bool, cost: float
) -> None:
    assert history.best_cost(validated) == cost
