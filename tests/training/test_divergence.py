"""The error for a network that became infinite or NaN names the place, the time and the cures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lamina.errors import NonFiniteError
from lamina.network import NetworkSpec, first_non_finite_block
from lamina.training.divergence import non_finite_error

SPEC = NetworkSpec.perceptron([2, 3, 1], "relu", "identity")
N_WEIGHTS = 9


def test_a_layer_is_named_with_its_index() -> None:
    message = str(non_finite_error(SPEC, 0, "in epoch 3", rate=0.5))
    assert "in epoch 3; layer 'hidden_1' (coefs_[0]) was the first." in message
    assert "StandardScaler" in message
    assert "learning_rate_init below 0.5." in message


def test_an_overflow_of_the_loss_alone_points_at_the_target() -> None:
    message = str(non_finite_error(SPEC, None, "in epoch 1"))
    assert "the loss itself overflowed while every layer stayed finite" in message
    assert "Try to scale the target" in message
    assert "learning_rate_init" not in message


def test_the_error_is_a_value_error_that_starts_as_scikit_learns() -> None:
    error = non_finite_error(SPEC, 1, "in epoch 1")
    assert isinstance(error, NonFiniteError)
    assert isinstance(error, ValueError)
    assert str(error).startswith("Solver produced non-finite parameter weights.")


@pytest.mark.parametrize(("position", "block"), [(0, 0), (5, 0), (6, 1), (9, 0), (12, 1)])
def test_the_first_block_is_found_by_weights_and_by_biases(position: int, block: int) -> None:
    vector = np.zeros(N_WEIGHTS + 4)
    assert first_non_finite_block(SPEC, vector) is None
    vector[position] = math.nan
    assert first_non_finite_block(SPEC, vector) == block
