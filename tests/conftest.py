"""Shared fixtures: the available engines, small problems, and hypothesis settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from scipy import sparse
from tests.engines.distant_engine import DistantEngine
from tests.engines.local_engines import LOCAL_ENGINES

from lamina.engines import (
    Engine,
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
    Trainer,
    choose,
    choose_engine,
)
from lamina.formulas import ACTIVATIONS, LOSSES
from lamina.network import Network, NetworkSpec, ParameterLayout, draw_parameters

ROOT = Path(__file__).parents[1]

settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if (ROOT / "src" / "lamina").is_dir() and (ROOT / "pyproject.toml").is_file():
        return
    for item in items:
        if item.get_closest_marker("repository"):
            item.add_marker(pytest.mark.skip(reason="needs a checkout: there is no source tree"))


@dataclass(frozen=True)
class Problem:
    """Training problem for an engine: a network, an objective, data, initial parameters."""

    spec: NetworkSpec
    objective: Objective
    rows: Rows
    parameters: np.ndarray

    @property
    def network(self) -> Network:
        return Network(self.spec, self.parameters)

    def copy(self) -> Problem:
        """Return the same problem with its own copy of the parameters."""
        return replace(self, parameters=self.parameters.copy())

    def trainer(
        self, engine: Engine, optimizer: OptimizerSettings
    ) -> tuple[Trainer, np.ndarray, OptimizerState]:
        """Return a trainer, and the parameters and state that it will change."""
        parameters = self.parameters.copy()
        state = OptimizerState.fresh(optimizer, parameters)
        trainer = engine.trainer(self.spec, self.objective, optimizer, self.rows, parameters, state)
        return trainer, parameters, state


# Losses that every test uses; contracts/test_losses.py has more.
LOSS_HYPERPARAMETERS: dict[str, dict[str, Any]] = {
    "huber": {"huber_threshold": 0.7},
    "quantile": {"quantile": 0.3},
    "tweedie": {"tweedie_power": 1.4},
    "binary_focal": {"focal_gamma": 2.0},
    "smoothed_log_loss": {"label_smoothing": 0.1},
    "focal": {"focal_gamma": 2.0, "label_smoothing": 0.1},
}


def _make_objective(
    loss: str, alpha: float = 0.0, penalty: str = "l2", params: dict[str, Any] | None = None
) -> Objective:
    return Objective(
        loss, alpha, penalty, LOSS_HYPERPARAMETERS.get(loss, {}) if params is None else params
    )


def _draw_targets(
    objective: Objective,
    random_state: np.random.RandomState,
    n_samples: int,
    n_targets: int,
    heads: tuple[int, ...] = (),
) -> np.ndarray:
    loss, params = LOSSES[str(objective.loss)], objective.hyperparameters
    if loss.targets == "codes":
        codes = [random_state.randint(n, size=n_samples) for n in heads or (n_targets,)]
        return (np.stack(codes, axis=1) if heads else codes[0]).astype(np.int32)
    draw = {
        "identity": random_state.standard_normal,
        "mean_and_std": random_state.standard_normal,
        "exp": lambda size: random_state.poisson(1.5, size),
        "logistic": lambda size: random_state.randint(2, size=size),
    }[loss.inverse_link]
    y = np.asarray(draw(size=(n_samples, n_targets)))
    prediction = np.ones((n_samples, n_targets * loss.outputs_per_target(params)))
    with np.errstate(all="ignore"):
        is_defined = not np.isnan(loss.value(prediction, y, params)).any()
    return y if is_defined else y + 1


def _draw_problem(
    widths: tuple[int, ...] = (5, 7, 3),
    *,
    n_samples: int = 11,
    activation: str = "tanh",
    loss: str = "squared_error",
    penalty: str = "l2",
    alpha: float = 0.1,
    dtype: str = "float64",
    layout: str = "dense",
    weighted: bool = False,
    seed: int = 0,
    params: dict[str, Any] | None = None,
    heads: tuple[int, ...] = (),
    **architecture: Any,
) -> Problem:
    random_state, objective = (
        np.random.RandomState(seed),
        _make_objective(loss, alpha, penalty, params),
    )
    n_targets = widths[-1]
    outputs = LOSSES[loss].outputs_per_target(objective.hyperparameters)
    if LOSSES[loss].targets == "values":
        widths = (*widths[:-1], n_targets * outputs)
    X = random_state.standard_normal((n_samples, widths[0])).astype(dtype)
    if layout == "csr":
        X = sparse.csr_array(np.where(random_state.uniform(size=X.shape) < 0.5, X, 0).astype(dtype))
    y = _draw_targets(objective, random_state, n_samples, n_targets, heads)
    if LOSSES[loss].targets == "values":
        y = y.astype(dtype)
    weight = random_state.uniform(0.5, 2.0, n_samples).astype(dtype) if weighted else None
    inverse_link = LOSSES[loss].inverse_link
    spec = NetworkSpec.perceptron(widths, activation, inverse_link, heads=heads, **architecture)
    parameters = draw_parameters(spec, random_state, dtype, ACTIVATIONS[activation].gain)
    views = ParameterLayout.from_spec(spec).views(parameters)
    for part in (*views.unit_parameters, *views.statistics):
        # Targets away from zeros and ones, which hide mistakes; a variance stays positive.
        part += random_state.uniform(-0.2, 0.2, part.shape)
    if inverse_link == "mean_and_std":
        # With a std far below the residuals, steps are too long for engines to stay close.
        views.weights[-1][...] *= np.asarray(0.1, dtype)
    return Problem(spec, objective, Rows(X, y, weight), parameters)


@pytest.fixture(scope="session", params=LOCAL_ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine that is available on this machine."""
    return choose_engine(request.param)


@pytest.fixture(params=[*LOCAL_ENGINES, "distant"])
def fits_by_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Engine of all fits in a test: each available one, and one that shares no parameters."""
    name = str(request.param)
    if name == "distant":
        monkeypatch.setattr(choose, "ReferenceEngine", DistantEngine)
    monkeypatch.setenv("LAMINA_ENGINE", "reference" if name == "distant" else name)
    return name


@pytest.fixture(scope="session")
def reference() -> Engine:
    """Engine with which the others are compared."""
    return choose_engine("reference")


@pytest.fixture(scope="session")
def draw_problem() -> Callable[..., Problem]:
    """`draw_problem(widths, n_samples=…, activation=…, …)`: a small problem, the same for a seed.

    The last of the widths counts targets: a loss may need several outputs for each.
    """
    return _draw_problem


@pytest.fixture(scope="session")
def draw_targets() -> Callable[..., np.ndarray]:
    """`draw_targets(objective, random_state, n_samples, n_targets, heads=())`: valid targets y."""
    return _draw_targets


@pytest.fixture(scope="session")
def loss_hyperparameters() -> dict[str, dict[str, Any]]:
    """Hyperparameters with which losses are tested, by name."""
    return LOSS_HYPERPARAMETERS


@pytest.fixture(scope="session")
def root() -> Path:
    """Root folder of the repository."""
    return ROOT


def _same(found: Any, expected: Any) -> bool:
    """Return True for equal type, structure and bits, including NaN and signed zeros."""
    if type(found) is not type(expected):
        return False
    if isinstance(expected, np.ndarray):
        if found.shape != expected.shape or found.dtype != expected.dtype.newbyteorder("="):
            return False
        if expected.dtype == object:
            return all(map(_same, found.flat, expected.flat))
        return found.tobytes() == expected.astype(found.dtype).tobytes()
    if isinstance(expected, np.generic):
        return found.dtype == expected.dtype and found.tobytes() == expected.tobytes()
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(_same, found, expected))
    if isinstance(expected, dict):
        pairs = zip(found.items(), expected.items(), strict=True)
        return len(found) == len(expected) and all(_same(f, e) for f, e in pairs)
    if isinstance(expected, float):
        return found.hex() == expected.hex()
    if isinstance(expected, np.random.RandomState):
        return _same(found.get_state(legacy=False), expected.get_state(legacy=False))
    if hasattr(expected, "to_plain") and hasattr(expected, "kinds_"):
        return _same(found.to_plain(), expected.to_plain())
    if hasattr(expected, "get_params"):
        # The order of attributes is irrelevant, because one may be set later in one model.
        return _same(_timeless(found), _timeless(expected))
    if type(expected).__module__.startswith("sklearn."):
        return repr(found) == repr(expected)
    return bool(found == expected)


def _timeless(model: Any) -> dict[str, Any]:
    """Return the attributes of a model, except for the seconds of its epochs."""
    attributes = dict(sorted(vars(model).items()))
    if "_history" in attributes:
        columns = attributes["_history"]
        attributes["_history"] = {**columns, "seconds": len(columns.get("seconds", ()))}
    return attributes


@pytest.fixture(scope="session")
def same() -> Callable[[Any, Any], bool]:
    """`same(found, expected)`: True for equal type, structure and every bit."""
    return _same
