"""Cures that errors about data name: they help."""

import re

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from lamina import MLPRegressor

X = np.random.RandomState(0).standard_normal((20, 3))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_the_cure_for_values_that_are_not_finite_helps(value):
    rows, model = X.copy(), MLPRegressor(max_iter=2, hidden_layer_sizes=3)
    rows[3, 1] = value
    with pytest.raises(ValueError, match=r"X\[3, 1\] is") as refusal:
        model.fit(rows, X[:, 0])
    text = str(refusal.value)
    names = {"np": np, "X": rows, "make_pipeline": make_pipeline, "SimpleImputer": SimpleImputer}
    names["model"] = model
    if written := re.search(r"X = (np\.where\(.*?\)), and", text):
        rows = eval(written[1], names)
    [cure] = re.findall(r"make_pipeline\(SimpleImputer\(\), model\)", text)
    assert eval(cure, names).fit(rows, X[:, 0]).predict(rows).shape == (20,)
