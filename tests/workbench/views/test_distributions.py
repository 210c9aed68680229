"""Distributions are quantiles of the engine's own numbers, computed once and bounded in size."""

import numpy as np
import pytest

from lamina.engines import choose_engine
from lamina.errors import ExperimentError
from lamina.network import ParameterLayout
from lamina.workbench.views.distributions import (
    LEVELS,
    QUANTITIES,
    compute_quantiles,
    distributions,
)
from lamina.workbench.views.frames import decode
from lamina.workbench.views.over_time import MOST_COLUMNS


@pytest.fixture
def learned(session, until):
    """Return `learned(patch, epochs)`, a session trained for that many epochs."""

    def make(model=None, epochs=3):
        made = session({"model": {"hidden_layer_sizes": [5, 3], "alpha": 0.5, **(model or {})}})
        made.do({"do": "step", "epochs": epochs})
        until(lambda: made.run.controller.latest.epoch == epochs)
        return made

    return make


def ask(session, quantity):
    return decode(
        distributions(session.views.distributions, session.snapshot, {"quantity": quantity})
    )


def layers_of(session, quantity):
    """Compute the expected values with NumPy, layer by layer."""
    run, snapshot = session.run, session.snapshot
    if quantity == "activations":
        return run.get_model(snapshot).activations(run.prepared.X_train)[1:]
    layout, engine = ParameterLayout.from_spec(run.spec), choose_engine(None, 1)
    if quantity == "weights":
        return layout.views(snapshot.parameters).weights
    _, gradients = engine.loss_and_gradient(run.spec, run.objective, run.rows, snapshot.parameters)
    return [np.abs(W) for W in layout.views(gradients).weights]


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_quantiles_equal_numpys_for_every_layer_and_epoch(quantity, learned):
    made = learned()
    header, arrays = ask(made, quantity)
    assert arrays["epochs"].tolist() == [0, 1, 2, 3]
    assert arrays["quantiles"].shape == (4, 3, LEVELS.size)
    expected = [np.quantile(layer, LEVELS) for layer in layers_of(made, quantity)]
    np.testing.assert_allclose(arrays["quantiles"][-1], expected, rtol=1e-12, atol=1e-15)
    assert header["missing"] == 0
    assert header["quantity"] == quantity
    assert np.isfinite(arrays["flat"][:, :-1]).all() == (quantity == "activations")


def test_dead_units_are_counted_in_their_layer(learned, until):
    made = learned({"activation": "relu"})
    for column in range(2):
        made.do({"do": "edit", "block": 0, "row": None, "column": column, "value": -1e5})
    until(lambda: np.count_nonzero(made.snapshot.parameters == -1e5) == 2)
    header, arrays = ask(made, "activations")
    a = made.run.get_model(made.snapshot).activations(made.run.prepared.X_train)[1]
    assert arrays["idle"][-1, 0] == np.count_nonzero((a == 0).all(axis=0)) >= 2
    assert arrays["flat"][-1, 0] == arrays["zeros"][-1, 0] == np.mean(a == 0)
    assert header["saturates"] == [False, False]
    assert np.isnan(arrays["flat"][-1, -1])


def test_the_displayed_epoch_is_among_the_columns(learned):
    made = learned(epochs=150)
    made.do({"do": "seek", "epoch": 77})
    _, arrays = ask(made, "weights")
    assert made.snapshot.epoch == 77
    assert {0, 77, 150} <= set(arrays["epochs"].tolist())
    assert len(arrays["epochs"]) <= MOST_COLUMNS + 2


def test_columns_are_computed_once(learned, monkeypatch):
    made = learned()
    ask(made, "weights")
    monkeypatch.setitem(QUANTITIES, "weights", None)
    _, arrays = ask(made, "weights")
    assert arrays["epochs"].tolist() == [0, 1, 2, 3]


def test_columns_are_recomputed_after_an_edit(learned, until):
    made = learned()
    ask(made, "weights")
    made.do({"do": "edit", "block": 0, "row": 0, "column": 0, "value": 77.0})
    until(lambda: made.snapshot.parameters.max() == 77.0)
    _, arrays = ask(made, "weights")
    assert arrays["quantiles"][-1, 0, -1] == 77.0


def test_slow_columns_arrive_in_parts_from_coarse_to_fine(learned, monkeypatch):
    monkeypatch.setattr("lamina.workbench.views.over_time.SECONDS", -1.0)
    made, seen = learned(), []
    for _ in range(4):
        header, arrays = ask(made, "activations")
        seen.append((arrays["epochs"].tolist(), header["missing"]))
    assert seen == [([3], 3), ([0, 3], 2), ([0, 2, 3], 1), ([0, 1, 2, 3], 0)]


def test_a_new_run_starts_without_columns(learned, until):
    made = learned()
    ask(made, "weights")
    made.do({"do": "reset", "seed": "same"})
    _, arrays = ask(made, "weights")
    assert arrays["epochs"].tolist() == [0]


def test_an_unknown_quantity_is_rejected(learned):
    with pytest.raises(ExperimentError, match=r"quantity='weight'.*'weights'"):
        ask(learned(epochs=1), "weight")


def test_infinite_values_are_ignored():
    assert compute_quantiles(np.array([0.0, np.nan, np.inf, 1.0]))[[0, -1]].tolist() == [0, 1]
    assert np.isnan(compute_quantiles(np.array([np.nan]))).all()
    assert compute_quantiles(np.array([3.0])).tolist() == [3.0] * LEVELS.size
