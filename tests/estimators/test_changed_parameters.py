"""Parameters that become invalid after a fit are refused by name where they are used."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

import lamina
from lamina import MLPRegressor
from lamina.activations import ELU, LeakyReLU

X = np.random.RandomState(0).standard_normal((200, 3))
y = X[:, 0]

# A crash would end the process, so every combination runs in a child process.
PROGRAM = """
import json, sys, warnings
import numpy as np
from copy import copy
from sklearn.utils._param_validation import InvalidParameterError
from lamina import MLPClassifier, MLPRegressor
from lamina.activations import LeakyReLU, Tanh
from lamina.losses import Huber
from lamina.schedules import Cosine
from lamina.solvers import LBFGS, AdamW
warnings.simplefilter("ignore")
sys.set_int_max_str_digits(0)

X = np.random.RandomState(0).standard_normal((200, 3))
y = (X[:, 0] > 0).astype(int)
VALUES = [0, -1, -2**31, 2**40, 2**63, 10**400, 1.5, -0.5, float("nan"), float("inf"), "nonsense",
    None, True, [], {}, [1, "a"], (), object(), np.array([1, 2]), np.array(["relu"]), b"x", 1j,
    ["nonsense"], [2.0], lambda *rows: 0, np.float32(3), np.int64(-5), AdamW, LBFGS(),
    AdamW(beta_2=3), LeakyReLU(negative_slope="x"), [Tanh(), Tanh], Huber(delta=-1), Cosine()]
METHODS = {
    "predict": lambda model: model.predict(X),
    "a row": lambda model: model.predict(X[:1]),
    "score": lambda model: model.score(X, y),
    "transform": lambda model: model.transform(X),
    "input_gradients": lambda model: model.input_gradients(X),
    "describe": lambda model: repr(model.describe(X)),
    "check_gradients": lambda model: model.check_gradients(X[:5], y[:5], max_parameters=2),
    "partial_fit": lambda model: model.partial_fit(X, y),
}
ENDLESS = {"max_iter", "max_fun"}
wrong, n_refused = [], 0
make = MLPClassifier if sys.argv[1] == "classifier" else MLPRegressor
fitted = make(hidden_layer_sizes=(4, 4), max_iter=1, random_state=0).fit(X, y)
for name in fitted.get_params():
    for value in VALUES:
        for method, call in METHODS.items():
            if name in ENDLESS and method == "check_gradients":
                continue
            model = copy(fitted)
            setattr(model, name, value)
            try:
                call(model)
            except (ValueError, MemoryError) as error:
                n_refused += 1
            except TypeError as error:
                if name not in str(error):
                    wrong.append([name, repr(value)[:50], method, repr(error)[:200]])
            except Exception as error:
                if (name, method, type(error)) == ("solver", "partial_fit", AttributeError):
                    continue  # scikit-learn's way to say that another solver is needed
                wrong.append([name, repr(value)[:50], method, repr(error)[:200]])
print(json.dumps([n_refused, wrong]))
"""


@pytest.mark.parametrize("kind", ["regressor", "classifier"])
def test_every_invalid_value_of_every_parameter_is_refused_with_a_message(kind: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stderr[-2000:]
    n_refused, wrong = json.loads(child.stdout.splitlines()[-1])
    assert wrong == []
    assert n_refused > 1000


@pytest.mark.parametrize("n_threads", [0, -1, -(2**31), 2**63, 1.5, "two"])
@pytest.mark.parametrize("n_samples", [1, 200])
def test_an_invalid_number_of_threads_is_named(
    n_threads: Any, n_samples: int, tmp_path: Path
) -> None:
    model = MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=5000).fit(X, y)
    model.predict(X[:1])
    model.n_threads = n_threads
    loaded = pickle.loads(pickle.dumps(model))
    for each in (model, loaded):
        with pytest.raises(InvalidParameterError, match="'n_threads' parameter of MLPRegressor"):
            each.predict(X[:n_samples])
    with pytest.raises((ValueError, TypeError), match="n_threads"):
        lamina.save(model, tmp_path / "model.lamina")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("n_threads", [64, 100_000, 2**31 - 1, 2**31, 2**40, 2**63 - 1])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_more_threads_than_there_is_work_change_nothing(
    n_threads: int, solver: str, tmp_path: Path
) -> None:
    models = [
        MLPRegressor(
            hidden_layer_sizes=(5,), solver=solver, max_iter=2, random_state=0, n_threads=each
        ).fit(X, y)
        for each in (1, n_threads)
    ]
    lamina.save(models[1], tmp_path / "model.lamina")
    models.append(lamina.load(tmp_path / "model.lamina"))
    assert models[2].n_threads == n_threads
    for each in models[1:]:
        np.testing.assert_array_equal(each.predict(X), models[0].predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("parameter", "listed"),
    [("activation", False), ("activation", True), ("output_activation", False)],
)
@pytest.mark.parametrize("slope", [0.5, 0.01, "x"])
def test_an_object_that_changes_after_the_fit_leaves_the_estimator_as_fitted(
    parameter: str, listed: bool, slope: Any, tmp_path: Path
) -> None:
    shared = LeakyReLU(negative_slope=0.3)
    common: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
    common[parameter] = [shared] if listed else shared
    model = MLPRegressor(**common).fit(X, y)
    before, source = model.predict(X), lamina.to_python(model)
    other = MLPRegressor(**common | {parameter: shared})
    other.set_params(**{f"{parameter}__negative_slope": slope})
    assert shared.negative_slope == slope
    np.testing.assert_array_equal(model.predict(X), before)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(X), before)
    assert lamina.to_python(model) == source
    if slope == "x":
        with pytest.raises(ValueError, match="negative_slope"):
            lamina.save(model, tmp_path / "model.lamina")
        return
    lamina.save(model, tmp_path / "model.lamina")
    np.testing.assert_array_equal(lamina.load(tmp_path / "model.lamina").predict(X), before)
    # A further fit takes the value of now.
    refitted = clone(other).fit(X, y)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), refitted.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_with_names_forgets_the_values_of_an_earlier_fit() -> None:
    model = MLPRegressor("squared_error", (4,), "elu", max_iter=2).fit(X, y)
    model.set_params(activation="relu").fit(X, y)
    assert "_activations" not in vars(model)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_of_an_earlier_version_predicts_with_the_values_of_its_parameters() -> None:
    model = MLPRegressor("squared_error", (4,), LeakyReLU(negative_slope=0.3), max_iter=2)
    before = model.fit(X, y).predict(X)
    model.__dict__.pop("_activations")
    for each in (model, pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(each.predict(X), before)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_another_name_after_the_fit_takes_its_values_of_now() -> None:
    common: dict[str, Any] = {"hidden_layer_sizes": (4, 4), "max_iter": 2, "random_state": 0}
    slope = LeakyReLU(negative_slope=0.3)
    model = MLPRegressor(**common, activation=[slope, ELU(alpha=0.5)]).fit(X, y)
    before = model.predict(X)
    model.set_params(activation=[LeakyReLU(), "elu"])
    np.testing.assert_array_equal(model.predict(X), before)
    model.set_params(activation=["tanh", ELU(alpha=0.9)])
    changed = model.predict(X)
    model.__dict__.pop("_activations")
    model.set_params(activation=["tanh", ELU(alpha=0.5)])
    np.testing.assert_array_equal(model.predict(X), changed)
