"""Few and many samples are predicted bit-identically; non-finite samples are refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse

from lamina.errors import NonFiniteError
from lamina.formulas import LOSSES
from lamina.network import Network, NetworkSpec, draw_parameters

WIDTHS = [(5, 1), (1, 1), (7, 3, 2), (50, 100, 10), (9, 64, 8), (3, 129, 17, 33)]


def problem(widths, dtype, activation="tanh", loss="log_loss", n_samples=40):
    random_state = np.random.RandomState(0)
    spec = NetworkSpec.perceptron(widths, activation, LOSSES[loss].inverse_link)
    parameters = draw_parameters(spec, random_state, dtype, 6.0)
    X = random_state.standard_normal((n_samples, widths[0])).astype(dtype)
    return Network(spec, parameters), X


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_sample_is_predicted_alike_alone_and_among_many(engine, widths, dtype, loss):
    network, X = problem(widths, dtype, loss=loss)
    together = engine.predict(network, X)
    alone = np.vstack([engine.predict(network, X[i : i + 1]) for i in range(len(X))])
    if engine.name == "native":
        np.testing.assert_array_equal(alone, together)
    else:
        tolerance = (1e-12 if dtype == "float64" else 1e-5) * np.abs(together).max()
        np.testing.assert_allclose(alone, together, rtol=0, atol=tolerance)


@pytest.mark.parametrize("n_samples", [1, 2, 15, 16, 17, 500])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("place", [0, -1])
def test_non_finite_samples_are_refused(engine, n_samples, value, place):
    network, X = problem((6, 4, 3), "float64", "relu", n_samples=n_samples)
    X.flat[place] = value
    with pytest.raises(NonFiniteError, match="infinity or NaN"):
        engine.predict(network, X)
    with pytest.raises(NonFiniteError, match="infinity or NaN"):
        engine.predict(network, sparse.csr_array(X))


def test_samples_whose_sum_overflows_are_accepted(engine):
    network, X = problem((6, 4, 3), "float64", n_samples=3)
    X[...] = np.finfo(float).max
    assert engine.predict(network, X).shape == (3, 3)


def test_networks_and_dtypes_in_turn_predict_as_each_alone(engine):
    problems = [
        problem(widths, dtype) for widths in [(5, 1), (5, 3, 2)] for dtype in ["float64", "float32"]
    ]
    expected = [engine.predict(network, X)[:2] for network, X in problems]
    for _ in range(2):
        for (network, X), prediction in zip(problems, expected, strict=True):
            found = engine.predict(network, X[:2])
            assert found.dtype == prediction.dtype
            np.testing.assert_allclose(found, prediction, rtol=1e-5)


def test_few_samples_are_predicted_in_sixteen_threads_at_once(engine):
    network, X = problem((20, 30, 4), "float64", n_samples=16)
    expected = [engine.predict(network, X[i : i + 1]) for i in range(16)]
    with ThreadPoolExecutor(16) as pool:
        for _ in range(20):
            found = pool.map(lambda i: engine.predict(network, X[i : i + 1]), range(16))
            np.testing.assert_array_equal(list(found), expected)
