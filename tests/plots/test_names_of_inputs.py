"""Displays of networks whose first layer receives an input stage's outputs."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from tests.plots.conftest import BRIEF, CASES, rows_of

from lamina import MLPClassifier, MLPRegressor
from lamina.inputs import OneHot, Periodic, PiecewiseLinear
from lamina.plots import NetworkDisplay, WeightsDisplay

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
OF_MODELS = [name for name, case in CASES.items() if case.kinds and case.problem != "images"]


@pytest.mark.parametrize("name", OF_MODELS)
@pytest.mark.parametrize("inputs", [Periodic(n_outputs=2), PiecewiseLinear(n_bins=3)], ids=repr)
def test_every_display_draws_a_network_with_inputs(name, inputs):
    case = CASES[name]
    X, y = rows_of(case.problem)
    cls = MLPRegressor if case.problem == "line" else MLPClassifier
    model = cls(hidden_layer_sizes=(4, 3), inputs=inputs, **BRIEF).fit(X, y)
    assert case.draw(model, X, y, None).figure_ is not None
    plt.close("all")


def test_the_rows_of_the_first_weights_have_the_names_of_their_columns():
    table = pd.DataFrame({"age": np.linspace(0, 1, 20), "city": np.arange(20) % 2, "rain": 0.5})
    inputs = [Periodic(columns="age", n_outputs=1), OneHot(columns="city")]
    model = MLPRegressor(hidden_layer_sizes=(4,), inputs=inputs, **BRIEF).fit(table, table["age"])
    names = ["age 1", "age 2", "city 1", "city 2", "rain"]
    assert WeightsDisplay.from_estimator(model).input_names == names
    display = NetworkDisplay.from_estimator(model, table[:1])
    assert display.input_names == names
    assert display.captions[0] == "inputs\n5 of 3 columns"
    assert display.activations[0].shape == (5,)
    plt.close("all")
