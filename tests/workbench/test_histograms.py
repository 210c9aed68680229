"""Histograms hold every number of a layer, and the slopes are those of the loss."""

import numpy as np
import pytest

from lamina.engines import choose_engine
from lamina.network import ParameterLayout
from lamina.workbench.frames import decode
from lamina.workbench.histograms import BINS, MOST_ROWS, counted, histograms
from lamina.workbench.views import Watch


@pytest.fixture
def learned(session, until):
    """A session that has learned for three epochs."""
    made = session({"model": {"hidden_layer_sizes": [5, 3], "alpha": 0.5}})
    made.do({"do": "step", "epochs": 3})
    until(lambda: made.run.gate.latest.epoch == 3)
    return made


def test_every_weight_and_every_activation_is_counted_in_its_layer(learned):
    learned.watch = Watch(histograms=True)
    _, arrays = decode(learned.frame(learned.moment))
    n_rows = min(MOST_ROWS, len(learned.run.problem.X_train))
    assert arrays["histogram_weights"].sum(axis=1).tolist() == [10, 15, 3]
    assert arrays["histogram_gradients"].sum(axis=1).tolist() == [10, 15, 3]
    assert arrays["histogram_activations"].sum(axis=1).tolist() == [n_rows * n for n in (5, 3, 1)]
    for kind in ("weights", "gradients", "activations"):
        assert arrays[f"histogram_{kind}"].shape == (3, BINS)
        assert arrays[f"histogram_{kind}_span"].shape == (3, 2)


def test_the_spans_are_those_of_weights_slopes_and_activations(learned):
    run, moment = learned.run, learned.moment
    engine = choose_engine(None, 1)
    found = histograms(run, engine, moment)
    layout = ParameterLayout.of(run.spec)
    _, gradient = engine.loss_and_gradient(run.spec, run.objective, run.rows, moment.parameters)
    activations = run.model_at(moment).activations(run.problem.X_train)[1:]
    for kind, layers in (
        ("weights", layout.views(moment.parameters).weights),
        ("gradients", layout.views(gradient).weights),
        ("activations", activations),
    ):
        expected = [(layer.min(), layer.max()) for layer in layers]
        np.testing.assert_allclose(found[f"histogram_{kind}_span"], expected)


def test_what_is_not_finite_is_left_out():
    counts, _ = counted([np.array([0.0, np.nan, np.inf, 1.0]), np.array([np.nan])])
    assert counts.sum(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("numbers", [[3.0, 3.0], [1.0, 1 + 2e-16], [0.0], [-1e300, 1e300]])
def test_numbers_that_are_nearly_alike_or_far_apart_are_counted_too(numbers):
    counts, spans = counted([np.array(numbers)])
    assert counts.sum() == len(numbers)
    assert spans[0, 0] < spans[0, 1]
