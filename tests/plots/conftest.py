"""Fixtures for tests of pictures: small models, and how each display is drawn on one.

A new display needs an entry in CASES; test_every_display.py then checks it like all displays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_moons
from sklearn.neural_network import MLPClassifier as ScikitMLPClassifier
from sklearn.neural_network import MLPRegressor as ScikitMLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lamina
from lamina import plots
from lamina.studies import gradient_descent_path

KINDS = ("lamina", "pipeline", "scikit-learn")
# A large learning rate separates the classes within a few epochs, so that boundaries are visible.
BRIEF = {
    "max_iter": 20,
    "learning_rate_init": 0.05,
    "tol": 10,
    "n_iter_no_change": 100,
    "random_state": 0,
}


@dataclass(frozen=True)
class Case:
    """Recipe for drawing one display.

    Attributes
    ----------
    draw : callable
        `draw(model, X, y, ax)` returns the display, drawn on `ax`, or on a new figure if it is
        None.
    problem : {'plane', 'line', 'images'}
        Problem of the model: two classes of points, a curve, or digits of 8 × 8 pixels.
    kinds : tuple of str
        Kinds of models in KINDS that the display supports; empty if it needs no model.
    takes_ax : bool
    """

    draw: Callable[[Any, Any, Any, Any], Any]
    problem: str = "plane"
    kinds: tuple[str, ...] = KINDS
    takes_ax: bool = True


CASES = {
    "ActivationsDisplay": Case(
        lambda model, X, y, ax: plots.ActivationsDisplay.from_estimator(model, X, ax=ax)
    ),
    "DecisionRegionDisplay": Case(
        lambda model, X, y, ax: plots.DecisionRegionDisplay.from_estimator(
            model, X, y, grid_resolution=20, ax=ax
        )
    ),
    "DescentDisplay": Case(
        lambda model, X, y, ax: plots.DescentDisplay.from_paths(descents(), ax=ax), kinds=()
    ),
    "FitDisplay": Case(
        lambda model, X, y, ax: plots.FitDisplay.from_estimator(model, X, y, ax=ax), "line"
    ),
    "GradientFlowDisplay": Case(
        lambda model, X, y, ax: plots.GradientFlowDisplay.from_estimator(model, X, y, ax=ax)
    ),
    "ImagesDisplay": Case(
        lambda model, X, y, ax: plots.ImagesDisplay.from_estimator(model, X, y, n_images=5, ax=ax),
        "images",
    ),
    "LossCurveDisplay": Case(
        lambda model, X, y, ax: plots.LossCurveDisplay.from_estimator(model, ax=ax)
    ),
    "LossLandscapeDisplay": Case(
        lambda model, X, y, ax: plots.LossLandscapeDisplay.from_estimator(
            model, X, y, ax=ax, n_points=5
        )
    ),
    "NetworkDisplay": Case(
        lambda model, X, y, ax: plots.NetworkDisplay.from_estimator(model, X[:1], ax=ax)
    ),
    "SweepDisplay": Case(
        lambda model, X, y, ax: plots.SweepDisplay.from_estimator(
            lamina.MLPClassifier((3,), **BRIEF), X, y, "alpha", [0.01, 1.0, 100.0], cv=2, ax=ax
        ),
        kinds=(),
    ),
    "UnitsDisplay": Case(
        lambda model, X, y, ax: plots.UnitsDisplay.from_estimator(
            model, X, grid_resolution=10, ax=ax
        )
    ),
    "WeightsDisplay": Case(
        lambda model, X, y, ax: plots.WeightsDisplay.from_estimator(model, ax=ax)
    ),
}


@cache
def descents() -> list[Any]:
    """Return two descents for comparison."""
    return [gradient_descent_path("ravine", momentum=m, n_steps=9) for m in (0, 0.9)]


@cache
def rows_of(problem: str) -> tuple[Any, Any]:
    """Return a few training samples."""
    if problem == "plane":
        return make_moons(40, noise=0.1, random_state=0)
    if problem == "line":
        X = np.linspace(-2, 2, 40).reshape(-1, 1)
        return X, np.sin(2 * X[:, 0])
    X, y = load_digits(n_class=3, return_X_y=True)
    return X[:60] / 16, y[:60]


def unfitted(problem: str, kind: str) -> Any:
    """Return an unfitted model of the kind."""
    classes = {
        True: (ScikitMLPRegressor, lamina.MLPRegressor),
        False: (ScikitMLPClassifier, lamina.MLPClassifier),
    }
    theirs, ours = classes[problem == "line"]
    network = (theirs if kind == "scikit-learn" else ours)(hidden_layer_sizes=(4, 3), **BRIEF)
    return make_pipeline(StandardScaler(), network) if kind == "pipeline" else network


@cache
def fitted(problem: str, kind: str) -> Any:
    """Return a model of the kind after a few epochs."""
    return unfitted(problem, kind).fit(*rows_of(problem))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if pyplot := pytest.importorskip("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(autouse=True)
def _no_window(monkeypatch):
    pytest.importorskip("matplotlib").use("agg")


@pytest.fixture(scope="session")
def cases() -> dict[str, Case]:
    """Return how each display is drawn, by its name."""
    return CASES


@pytest.fixture
def draw() -> Callable[..., Any]:
    """Return a function that draws a display of a fitted model: `draw(name, kind, ax=None)`."""

    def draw(name: str, kind: str | None, ax: Any = None) -> Any:
        case = CASES[name]
        model = None if kind is None else fitted(case.problem, kind)
        return case.draw(model, *rows_of(case.problem), ax)

    return draw


@pytest.fixture
def draw_unfitted() -> Callable[..., Any]:
    """Return a function that tries to draw a display of an unfitted model."""

    def draw(name: str, kind: str) -> Any:
        case = CASES[name]
        return case.draw(unfitted(case.problem, kind), *rows_of(case.problem), None)

    return draw


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "display_name" in metafunc.fixturenames and "kind" in metafunc.fixturenames:
        pairs = [(name, kind) for name, case in CASES.items() for kind in case.kinds or (None,)]
        ids = [f"{name}-{kind}" if kind else name for name, kind in pairs]
        metafunc.parametrize(("display_name", "kind"), pairs, ids=ids)
    elif "display_name" in metafunc.fixturenames:
        metafunc.parametrize("display_name", list(CASES))
