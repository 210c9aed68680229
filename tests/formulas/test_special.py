"""Formulas work where SciPy dispatches arrays of other libraries."""

import os
import subprocess
import sys

import pytest

DERIVED = """
from lamina.formulas import ACTIVATIONS
print(ACTIVATIONS["silu"].equation)
"""
FITTED = """
import warnings
import numpy as np
from lamina import MLPRegressor
warnings.simplefilter("ignore")
X = np.arange(12.0).reshape(6, 2)
params = {"activation": "gelu", "max_iter": 2, "random_state": 0}
a, b = (MLPRegressor(engine=e, **params).fit(X, X[:, 0]).loss_ for e in ("pytorch", "reference"))
print(abs(a - b) < 1e-12 * b)
"""


def run(code):
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def test_equations_derive_where_scipy_dispatches():
    assert run(DERIVED) == "f(z) = z / (1 + exp(-z))"


def test_networks_run_on_tensors_where_scipy_dispatches():
    pytest.importorskip("torch")
    assert run(FITTED) == "True"
