"""Early ending of fits that overfit."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from lamina import TabularClassifier
from lamina.tabular.members import MemberPlan, best_epoch
from lamina.tabular.overfitting import OverfittingStop, window
from lamina.tabular.recipes.recipe import Recipe
from lamina.tabular.side_by_side import longest_first

N_EPOCHS = 100


class SimulatedFit:
    """Fit whose validation losses are given."""

    def __init__(self, losses, monitor="validation_loss", learning_rate="one_cycle"):
        self.losses, self.max_epochs, self.epoch = losses, len(losses), 0
        self.model = SimpleNamespace(monitor=monitor, learning_rate=learning_rate)
        self.is_stopped = False

    def stop(self):
        self.is_stopped = True

    def run(self):
        callback = OverfittingStop()
        while self.epoch < self.max_epochs and not self.is_stopped:
            self.row = {"validation_loss": self.losses[self.epoch]}
            self.epoch += 1
            callback.on_epoch_end(self)
        return self.epoch


def losses_after(best, ratio):
    """Return a loss that is 1 at an epoch, and then larger by a ratio."""
    return [2.0] * (best - 1) + [1.0] + [ratio] * (N_EPOCHS - best)


def test_a_fit_ends_when_all_recent_losses_are_far_above_the_smallest():
    assert SimulatedFit(losses_after(30, 1.06)).run() == 30 + window(N_EPOCHS)


@pytest.mark.parametrize(
    "losses",
    [
        losses_after(30, 1.04),
        losses_after(95, 2.0),
        list(np.linspace(2, 1, N_EPOCHS)),
        [0.0] * N_EPOCHS,
        [float("nan")] * N_EPOCHS,
        [1.0 if epoch % 10 == 0 else 9.0 for epoch in range(N_EPOCHS)],
    ],
    ids=["near the smallest", "few epochs left", "falling", "zero", "NaN", "alternating"],
)
def test_other_fits_run_to_their_last_epoch(losses):
    assert SimulatedFit(losses).run() == N_EPOCHS


def test_a_scorer_that_chooses_the_epoch_keeps_all_epochs():
    assert SimulatedFit(losses_after(30, 9.0), monitor=len).run() == N_EPOCHS


def test_a_learning_rate_that_rises_again_keeps_all_epochs():
    assert SimulatedFit(losses_after(30, 9.0), learning_rate="coslog4").run() == N_EPOCHS


@pytest.mark.filterwarnings("ignore::lamina.errors.NoBetterThanTrivialWarning")
def test_members_that_overfit_end_early_and_keep_their_best_epoch():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(300, 20)), columns=[f"x{i}" for i in range(20)])
    model = TabularClassifier(quality="fast", random_state=0).fit(table, rng.integers(0, 2, 300))
    for member in model.members_:
        network = member.network
        n_epochs = len(network.loss_curve_)
        assert best_epoch(network) + window(network.max_iter) <= n_epochs < network.max_iter


def test_the_longest_fits_begin_first_and_equal_ones_keep_their_order():
    plans = [
        MemberPlan(Recipe("any", 1, n, {}), 0, None, SimpleNamespace(max_iter=n))
        for n in (60, 150, 60, 120)
    ]
    assert longest_first(plans) == [1, 3, 0, 2]
