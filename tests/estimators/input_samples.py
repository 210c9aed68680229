"""Samples and an estimator for the tests of `inputs=`: numbers and categories in one table."""

import numpy as np
import pandas as pd

from lamina import MLPRegressor
from lamina.inputs import Categorical, OneHot, Periodic, PiecewiseLinear

random_state = np.random.RandomState(0)
NUMBERS = random_state.uniform(-1, 1, (120, 3))
CODES = random_state.choice([2.0, 5.0, 7.0, 100.0], (120, 2))
MIXED = np.column_stack([NUMBERS, CODES])
Y = np.sin(9 * NUMBERS[:, 0]) + (CODES[:, 0] == 5)
FRAME = pd.DataFrame(MIXED, columns=["hour", "age", "rain", "city", "kind"])
EVERY_KIND = [
    Periodic(columns=["hour"], n_frequencies=4, n_outputs=2),
    PiecewiseLinear(columns=["age"], n_bins=6, n_outputs=3),
    Categorical(columns=["city"], n_outputs=2, scaled=True),
    OneHot(columns="kind", scaled=True),
]


def regressor(inputs, **parameters):
    """Return a small network, which a few epochs fit."""
    common = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, "engine": "reference"}
    return MLPRegressor(inputs=inputs, **{**common, **parameters})


def edges(model):
    """Return the edges of the bins of a fitted network's piecewise linear inputs."""
    return model.running_statistics_[0]
