"""Networks with members in bfloat16: the reference's numbers, equal for every number of threads.

A number that an engine computes itself may round to the other neighbour, as test_precisions.py
explains, and all gradients of a deeper network depend on it: most numbers agree within a small part
of the precision's unit, and all within two units of the largest.
"""

import numpy as np
import pytest
from tests.contracts.test_members import OPTIMIZERS, every_spec, parameters_of, rows_of, trained

from lamina import MLPClassifier
from lamina.engines.native import NativeEngine
from lamina.engines.reference import ReferenceEngine
from lamina.members import Shared
from lamina.network import Network, ParameterLayout

UNIT = 2.0**-8
NATIVE, REFERENCE = NativeEngine(1, "bfloat16"), ReferenceEngine("bfloat16")


def assert_alike(found, expected):
    off = np.abs(found - expected) / np.abs(expected).max()
    assert np.median(off) <= UNIT / 40
    assert off.max() <= 2 * UNIT


@every_spec
def test_loss_gradient_and_predictions_are_those_of_the_reference(spec, objective):
    rows, parameters = rows_of(spec, "float32", "samples"), parameters_of(spec, "float32")
    asked = spec, objective, rows, parameters
    loss, gradient = NATIVE.loss_and_gradient(*asked)
    expected_loss, expected = REFERENCE.loss_and_gradient(*asked)
    assert loss == pytest.approx(expected_loss, rel=UNIT)
    layout = ParameterLayout.from_spec(spec)
    for role in zip(*map(layout.views, (gradient, expected)), strict=True):
        for part, other in zip(*role, strict=True):
            if part.size:
                assert_alike(part, other)
    network, X = Network(spec, parameters), np.tile(rows.X, (20, 1))
    predicted = NATIVE.predict(network, X)
    assert_alike(predicted, REFERENCE.predict(network, X))
    # Unrounded operands would show.
    full = NativeEngine(1).loss_and_gradient(*asked)[1]
    assert np.median(np.abs(full - gradient)) > 10 * np.median(np.abs(expected - gradient))
    for n_threads in (2, 3, 7, 16):
        engine = NativeEngine(n_threads, "bfloat16")
        np.testing.assert_array_equal(engine.loss_and_gradient(*asked)[1], gradient)
        np.testing.assert_array_equal(engine.predict(network, X), predicted)


@every_spec
def test_every_number_of_threads_gives_the_same_bits_of_epochs(spec, objective):
    alone = trained(NATIVE, spec, objective, OPTIMIZERS["adamw"], 8, "float32")
    for n_threads in (2, 3, 7):
        engine = NativeEngine(n_threads, "bfloat16")
        many = trained(engine, spec, objective, OPTIMIZERS["adamw"], 8, "float32")
        np.testing.assert_array_equal(many, alone)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimators_with_shared_members_take_a_precision():
    random_state = np.random.RandomState(0)
    X = random_state.standard_normal((200, 6))
    y = (X[:, 0] > X[:, 1]).astype(int)
    common = {"hidden_layer_sizes": 16, "members": Shared(4), "max_iter": 5, "random_state": 0}
    rounded = MLPClassifier(precision="bfloat16", **common).fit(X, y)
    full = MLPClassifier(dtype="float32", **common).fit(X, y)
    assert rounded.loss_curve_ != full.loss_curve_
    np.testing.assert_allclose(rounded.loss_curve_, full.loss_curve_, rtol=0.02)
    np.testing.assert_allclose(rounded.predict_proba(X), full.predict_proba(X), atol=0.02)
