"""Dense data that are mostly zeros: skipping the zeros does not change the result."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.engines import Objective, OptimizerSettings, OptimizerState, Rows
from lamina.engines.reference import ReferenceEngine
from lamina.formulas import LOSSES
from lamina.network import Network, NetworkSpec, draw_parameters

NativeEngine = pytest.importorskip("lamina.engines.native").NativeEngine

ADAM = OptimizerSettings("adam", {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8})
TOLERANCE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}


def mostly_zeros(rng, n_samples, n_features, dtype):
    """Return data of which nine in ten elements are zero, some minus zero, and one column all."""
    X = rng.normal(size=(n_samples, n_features))
    X[rng.uniform(size=X.shape) < 0.9] = 0
    X[rng.uniform(size=X.shape) < 0.02] = -0.0
    X[:, 0] = 0
    return X.astype(dtype)


def trained(engine, widths, batch, dtype, n_samples=150):
    rng = np.random.RandomState(3)
    spec = NetworkSpec.perceptron(widths, "tanh", LOSSES["log_loss"].inverse_link)
    X = mostly_zeros(rng, n_samples, widths[0], dtype)
    y = rng.randint(widths[-1], size=n_samples).astype(np.int32)
    parameters = draw_parameters(spec, rng, dtype, 6.0)
    state = OptimizerState.fresh("adam", parameters)
    trainer = engine.trainer(
        spec, Objective("log_loss", 0.1), ADAM, Rows(X, y, None), parameters, state
    )
    rates = np.full(-(-n_samples // batch), 1e-2)
    losses = [trainer.epoch(rng.permutation(n_samples), batch, rates).loss for _ in range(3)]
    return [parameters, np.array(losses), engine.predict(Network(spec, parameters), X)]


@settings(max_examples=40, deadline=None)
@given(
    n_features=st.integers(32, 300),
    hidden=st.integers(1, 70),
    batch=st.integers(1, 150),
    dtype=st.sampled_from([np.float64, np.float32]),
)
def test_skipping_zeros_gives_the_numbers_of_the_reference(n_features, hidden, batch, dtype):
    widths = (n_features, hidden, 5)
    ours = trained(NativeEngine(1), widths, batch, dtype)
    theirs = trained(ReferenceEngine(), widths, batch, dtype)
    for one, other in zip(ours, theirs, strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one, other, rtol=0, atol=30 * TOLERANCE[np.dtype(dtype)] * scale)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("widths", [(784, 128, 64, 10), (33, 7, 3), (700, 1, 2)])
def test_every_number_of_threads_gives_the_same_bits(widths, dtype):
    alone = trained(NativeEngine(1), widths, 64, dtype)
    for n_threads in (2, 3, 7, 16):
        for one, many in zip(
            alone, trained(NativeEngine(n_threads), widths, 64, dtype), strict=True
        ):
            np.testing.assert_array_equal(one, many)


def test_a_batch_larger_than_one_list_of_nonzeros_is_complete():
    widths = (40, 9, 4)
    ours = trained(NativeEngine(2), widths, 1300, np.float64, n_samples=1300)
    theirs = trained(ReferenceEngine(), widths, 1300, np.float64, n_samples=1300)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-11 * np.abs(other).max())
