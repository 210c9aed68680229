"""The command line with losses that predict several numbers per row, and with class weights."""

import numpy as np
import pandas as pd
import pytest

from lamina import load
from lamina.cli.recipe import get_network
from lamina.losses import Quantile
from lamina.solvers import Adam

pytestmark = pytest.mark.usefixtures("houses")


def trained(train, *settings):
    chosen = (part for each in settings for part in ("--set", each))
    return train("houses.csv", "-t", "price", "-o", "m.lamina", *chosen).out


def test_quantiles_are_measured_by_coverage_and_have_a_column_each(train, lamina):
    out = trained(train, "loss=quantile", "quantile=0.1,0.5,0.9")
    assert "pinball" in out
    assert "coverage" in out
    ran = lamina("predict", "m.lamina", "houses.csv", "-o", "p.csv")
    assert ran.code == 0, ran.err
    found = pd.read_csv("p.csv")
    assert list(found.columns) == ["quantile_0.1", "quantile_0.5", "quantile_0.9"]
    assert (np.diff(found, axis=1) >= 0).all()
    ran = lamina("evaluate", "m.lamina", "houses.csv")
    assert ran.code == 0, ran.err
    assert "0.9" in ran.out


def test_hyperparameters_of_formulas_are_set_behind_a_dot(train, lamina):
    trained(train, "loss=quantile", "loss.quantile=0.1,0.9", "solver.beta_2=0.95")
    network = get_network(load("m.lamina"))
    assert network.loss == Quantile(quantile=(0.1, 0.9))
    assert network.solver == Adam(beta_2=0.95)
    ran = lamina("predict", "m.lamina", "houses.csv", "-o", "p.csv")
    assert ran.code == 0, ran.err
    assert list(pd.read_csv("p.csv").columns) == ["quantile_0.1", "quantile_0.9"]


def test_the_standard_deviation_is_in_units_of_the_target(train, lamina):
    trained(train, "loss=gaussian_nll")
    ran = lamina("predict", "m.lamina", "houses.csv", "-o", "p.csv")
    assert ran.code == 0, ran.err
    found = pd.read_csv("p.csv")
    assert list(found.columns) == ["prediction", "std"]
    # Prices are around 100,000; a standard deviation of the standardised target would be around 1.
    assert (found["std"] > 100).all()


def test_class_weights_are_set_by_name_and_by_number(train):
    for weight in ("balanced", "{true: 5, false: 1}"):
        ran = train(
            "houses.csv",
            "-t",
            "garden",
            "-o",
            f"{len(weight)}.lamina",
            f"--set=class_weight={weight}",
        )
        assert "accuracy" in ran.out
