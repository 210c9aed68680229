"""Rules of the epochs: a last batch left out, patience that grows, and the last of ties."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from lamina import MLPClassifier, MLPRegressor
from lamina.formulas.table import AnyArray

RNG = np.random.RandomState(3)
X = RNG.standard_normal((107, 4))
Y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
LABELS = (Y > 0).astype(int)
USED = 100
SMALL: dict[str, Any] = {
    "hidden_layer_sizes": (6,),
    "batch_size": 20,
    "max_iter": 7,
    "n_iter_no_change": 50,
    "random_state": 0,
    "diagnostics": False,
}
pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


class Watch:
    """Callback that makes the loop run step by step."""

    def on_step(self, fit: Any) -> None: ...


def coefficients(model: Any) -> AnyArray:
    return np.concatenate([each.ravel() for each in (*model.coefs_, *model.intercepts_)])


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize(
    "ways",
    [
        {},
        {"hidden_layer_sizes": (60, 40)},
        {"normalization": "batch"},
        {"dropout": 0.2, "max_gradient_norm": 0.1},
        {"callbacks": [Watch()]},
        {"learning_rate": "invscaling", "solver": "sgd"},
        {"learning_rate": "cosine", "warmup": 1},
    ],
    ids=lambda ways: "-".join(ways) or "plain",
)
def test_without_shuffling_the_last_samples_have_no_part(engine: str, ways: dict[str, Any]) -> None:
    ways = SMALL | {"engine": engine, "shuffle": False} | ways
    found = MLPClassifier(**ways, drop_last=True).fit(X, LABELS)
    expected = MLPClassifier(**ways).fit(X[:USED], LABELS[:USED])
    np.testing.assert_array_equal(coefficients(found), coefficients(expected))
    assert found.loss_curve_ == expected.loss_curve_
    assert (found.t_, found._optimizer_step) == (7 * USED, 7 * 5)


def test_the_order_of_samples_is_the_same_as_with_the_last_batch() -> None:
    ways = SMALL | {"solver": "sgd", "max_iter": 1}
    found = MLPRegressor(**ways | {"max_iter": 4}, drop_last=True).fit(X, Y)
    # A fit draws the initial weights first, then an order for each epoch.
    generator = np.random.RandomState(0)
    MLPRegressor(**ways | {"random_state": generator, "shuffle": False}).fit(X, Y)
    by_hand = MLPRegressor(**ways | {"shuffle": False})
    order = np.arange(len(X))
    for _ in range(4):
        generator.shuffle(order)
        by_hand.partial_fit(X[order[:USED]], Y[order[:USED]])
    np.testing.assert_array_equal(coefficients(found), coefficients(by_hand))


def test_a_sparse_matrix_leaves_out_the_same_samples() -> None:
    found = MLPRegressor(**SMALL, drop_last=True).fit(sparse.csr_array(X), Y)
    expected = MLPRegressor(**SMALL, drop_last=True).fit(X, Y)
    np.testing.assert_allclose(coefficients(found), coefficients(expected), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:batch_size=200 is larger")
@pytest.mark.parametrize("size", [107, 1, 200])
def test_a_whole_number_of_batches_loses_nothing(size: int) -> None:
    ways = SMALL | {"batch_size": size, "max_iter": 2}
    found = MLPRegressor(**ways, drop_last=True).fit(X, Y)
    expected = MLPRegressor(**ways).fit(X, Y)
    np.testing.assert_array_equal(coefficients(found), coefficients(expected))


def plays(scores: list[float]) -> Callable[..., float]:
    """Return a scorer that gives these scores, epoch by epoch."""
    remaining = iter(scores)
    return lambda model, X, y: next(remaining)


def fit_with_scores(scores: list[float], **ways: Any) -> Any:
    ways = {**SMALL, "max_iter": 60, "tol": 0.0, "monitor": plays(scores), **ways}
    return MLPRegressor(**ways).fit(X, Y, validation_data=(X, Y))


@pytest.mark.parametrize(
    ("best", "factor", "patience", "last"),
    [(1, 1, 3, 5), (4, 1, 3, 8), (4, 2, 3, 12), (10, 3, 2, 33), (4, 1.5, 1, 8), (5, 1.5, 1, 9)],
)
def test_a_fit_ends_after_the_factor_times_the_best_epoch_plus_patience(
    best: int, factor: float, patience: int, last: int
) -> None:
    scores = [-abs(epoch - best) - 1.0 for epoch in range(1, 61)]
    model = fit_with_scores(scores, patience_factor=factor, n_iter_no_change=patience)
    assert model.n_iter_ == last == math.floor(best * factor + patience) + 1


@pytest.mark.parametrize(("restore_best", "epoch"), [(True, 2), (None, 2), ("last_of_ties", 5)])
def test_the_first_or_the_last_of_equally_good_epochs_is_restored(
    restore_best: bool | str | None, epoch: int
) -> None:
    model = fit_with_scores([0, 1, 0.5, 1, 1, 0.2, 0.3], restore_best=restore_best, max_iter=7)
    expected = MLPRegressor(**SMALL | {"max_iter": epoch}).fit(X, Y)
    np.testing.assert_array_equal(coefficients(model), coefficients(expected))


def test_the_message_of_a_stall_counts_the_epochs_that_were_allowed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scores = [-abs(epoch - 4) - 1.0 for epoch in range(1, 61)]
    fit_with_scores(scores, patience_factor=2, n_iter_no_change=3, verbose=True)
    assert "for 7 consecutive epochs. Stopping." in capsys.readouterr().out


def test_a_factor_below_one_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'patience_factor' parameter .* \[1"):
        MLPRegressor(patience_factor=0.5).fit(X, Y)


def test_a_misspelt_rule_of_ties_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="last_of_ties"):
        MLPRegressor(restore_best="last_of_tie").fit(X, Y)
