"""Compute the loss landscape: losses over a plane through a model, and the path of its fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from lamina.encoding.frames import ArrayOrTable
from lamina.errors import suggestion
from lamina.formulas.table import Array
from lamina.network import Network
from lamina.studies.checks import integer, number
from lamina.studies.loss_of_parameters import LossOfParameters, find_snapshots, loss_of_parameters
from lamina.training.callbacks import Snapshots

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

FEWEST = 3
WAYS = ("random", "path")
# Default extent: for random directions in norms of the weights, for a path beyond its ends.
SPANS = {"random": 1.0, "path": 0.25}


@dataclass(frozen=True)
class LandscapePath:
    """The path of a fit over a landscape.

    Attributes
    ----------
    epochs : tuple of int
    positions : ndarray of shape (n_epochs, 2)
        Nearest points in the plane.
    losses : ndarray of shape (n_epochs,)
        Losses at the parameters themselves, which may lie outside the plane.
    fraction : float
        Fraction of the path's squared distances from the model that lies in the plane, from 0 to 1.
    """

    epochs: tuple[int, ...]
    positions: NDArray[np.float64]
    losses: NDArray[np.float64]
    fraction: float


@dataclass(frozen=True)
class LossSlice:
    """A plane through a model's parameters, whose losses are computed row by row.

    Attributes
    ----------
    loss_function : LossOfParameters
    kind, first, second, directions, loss, path, fractions
        As in `LossLandscape`.
    """

    loss_function: LossOfParameters
    kind: str
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    directions: NDArray[np.float64]
    loss: float
    path: LandscapePath | None
    fractions: tuple[float, float] | None

    def losses_in(self, row: int) -> NDArray[np.float64]:
        """Return the losses at one position along the second direction, shape (n_points,)."""
        aside = self.loss_function.parameters + self.second[row] * self.directions[1]
        moved = (aside + step * self.directions[0] for step in self.first)
        return np.array([self.loss_function.evaluate(each)[0] for each in moved], dtype=np.float64)

    def projection(self) -> NDArray[np.float64]:
        """Return the matrix from differences to the model to positions, (2, n_parameters)."""
        return _projection(self.directions)


@dataclass(frozen=True)
class LossLandscape:
    """Result of `loss_landscape`.

    Attributes
    ----------
    kind : {'random', 'path', 'given'}
        Kind of the directions.
    first, second : ndarray of shape (n_points,)
        Positions along both directions; the model is at (0, 0).
    losses : ndarray of shape (n_points, n_points)
        One row for each position along the second direction.
    directions : ndarray of shape (2, n_parameters)
    loss : float
        Loss of the model itself.
    path : LandscapePath or None
    fractions : tuple of float or None
        Fractions of the path's squared distances along its two principal directions.
    """

    kind: str
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    losses: NDArray[np.float64]
    directions: NDArray[np.float64]
    loss: float
    path: LandscapePath | None
    fractions: tuple[float, float] | None


def loss_landscape(
    estimator: BaseEstimator,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayOrTable = None,
    *,
    directions: str | ArrayLike = "auto",
    snapshots: Snapshots | None = None,
    span: float | None = None,
    n_points: int = 25,
    random_state: int | np.random.RandomState | None = 0,
) -> LossLandscape:
    """Compute the loss, including the penalty, over a plane through a model's parameters.

    Parameters
    ----------
    estimator : estimator
        A fitted perceptron of lamina or scikit-learn, or an estimator that contains one.
    X, y : array-like
        Samples and targets as for the estimator's `fit`.
    sample_weight : array-like of shape (n_samples,), optional
    directions : {'auto', 'random', 'path'} or array-like of shape (2, n_parameters), default='auto'
        - 'random': two normally distributed directions, scaled so that the part of each unit has
          the norm of the unit's weights; biases do not change;
        - 'path': the two principal directions of the fit's path to the model, from snapshots;
        - 'auto': 'path' if there are snapshots, else 'random'.
    snapshots : Snapshots, optional
        Path of the fit; by default that of a `Snapshots` among the model's callbacks.
    span : float, optional
        Extent of the plane from the model in norms of the weights, by default 1. Along a path it is
        the margin beyond the path, as a fraction of its extent, by default 0.25.
    n_points : int, default=25
        Number of points along each direction; the loss is computed n_points² times.
    random_state : int, RandomState or None, default=0
        Seed of random directions.

    Returns
    -------
    LossLandscape

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the estimator contains no perceptron.
    ValueError
        For unknown directions, and for a path of fewer than three snapshots.

    References
    ----------
    Li, Xu, Taylor, Studer, Goldstein 2018, Visualizing the loss landscape of neural nets, sections
    4 and 7.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.studies import loss_landscape
    >>> from lamina.training.callbacks import Snapshots
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((5,), max_iter=20, learning_rate="one_cycle", callbacks=Snapshots())
    >>> model = model.set_params(n_iter_no_change=20, random_state=0).fit(X, y)
    >>> landscape = loss_landscape(model, X, y, n_points=7)
    >>> landscape.kind, landscape.losses.shape, landscape.path.positions.shape
    ('path', (7, 7), (21, 2))
    """
    cut = loss_slice(
        estimator,
        X,
        y,
        sample_weight,
        directions=directions,
        snapshots=snapshots,
        span=span,
        n_points=n_points,
        random_state=random_state,
    )
    losses = np.array([cut.losses_in(row) for row in range(len(cut.second))])
    return LossLandscape(
        cut.kind, cut.first, cut.second, losses, cut.directions, cut.loss, cut.path, cut.fractions
    )


def loss_slice(
    estimator: BaseEstimator,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayOrTable = None,
    *,
    directions: str | ArrayLike = "auto",
    snapshots: Snapshots | None = None,
    span: float | None = None,
    n_points: int = 25,
    random_state: int | np.random.RandomState | None = 0,
    penalised: bool = True,
) -> LossSlice:
    """Return the plane of `loss_landscape` before its losses are computed.

    Parameters
    ----------
    estimator, X, y, sample_weight, directions, snapshots, span, n_points, random_state
        As in `loss_landscape`, with the same errors.
    penalised : bool, default=True
        If True, the loss includes the penalty of `alpha`.
    """
    loss = loss_of_parameters(estimator, X, y, sample_weight, penalised=penalised)
    if snapshots is None:
        snapshots = find_snapshots(estimator)
    kind = _kind(directions, snapshots)
    points = None if snapshots is None else np.array(snapshots.parameters, dtype=np.float64)
    fractions = None
    if kind == "random":
        plane = random_directions(loss.network, check_random_state(random_state))
    elif kind == "path":
        plane, fractions = principal_directions(points, loss.parameters)
    else:
        plane = _given(directions, loss.parameters.size)
    path = None
    if snapshots is not None and points is not None:
        path = _path_over(loss, plane, snapshots.epochs, points)
    beyond = SPANS.get(kind, 1.0) if span is None else number("span", span, above=0)
    extent, n_points = _extent(kind, beyond, path), integer("n_points", n_points, at_least=2)
    first, second = (np.linspace(*ends, n_points) for ends in extent)
    here = float(loss.evaluate(loss.parameters)[0])
    return LossSlice(loss, kind, first, second, plane, here, path, fractions)


def _kind(directions: str | ArrayLike, snapshots: Snapshots | None) -> str:
    if not isinstance(directions, str):
        return "given"
    if directions == "auto":
        return "random" if snapshots is None or len(snapshots) < FEWEST else "path"
    if directions not in WAYS:
        raise ValueError(
            f"directions={directions!r} must be 'auto', {', '.join(map(repr, WAYS))}, or an array "
            f"of shape (2, n_parameters).{suggestion(directions, ('auto', *WAYS))}"
        )
    return directions


def random_directions(network: Network, random_state: np.random.RandomState) -> NDArray[np.float64]:
    """Return two random directions, (2, n_parameters), scaled to each unit's weights."""
    layout = network.layout
    plane = np.zeros((2, layout.n_parameters))
    for direction in plane:
        direction[: layout.n_weights] = random_state.standard_normal(layout.n_weights)
        for drawn, weights in zip(layout.views(direction).weights, network.weights, strict=True):
            drawn *= np.linalg.norm(weights, axis=0) / np.linalg.norm(drawn, axis=0)
    return plane


def principal_directions(
    points: NDArray[np.float64] | None, center: Array
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Return the principal directions of a path, (2, n_parameters), and their fractions of it.

    They have length one, and signs such that the path starts at the lower left.
    """
    if points is None or len(points) < FEWEST:
        n = 0 if points is None else len(points)
        raise ValueError(
            f"directions='path' needs at least {FEWEST} snapshots of the fit, and there are {n}: "
            "fit with callbacks=Snapshots() of lamina.training.callbacks, or choose "
            "directions='random'"
        )
    away = points - center
    _, lengths, axes = np.linalg.svd(away, full_matrices=False)
    if not lengths[1] > 1e-12 * lengths[0]:
        raise ValueError(
            "directions='path' needs a curved path, but the snapshots lie on one line: keep more "
            "of them, or choose directions='random'"
        )
    plane = axes[:2] * np.where(away[0] @ axes[:2].T > 0, -1, 1)[:, np.newaxis]
    fractions = lengths**2 / np.sum(lengths**2)
    return plane, (float(fractions[0]), float(fractions[1]))


def _given(directions: ArrayLike, n_parameters: int) -> NDArray[np.float64]:
    plane = np.asarray(directions, dtype=np.float64)
    if plane.shape != (2, n_parameters) or np.linalg.matrix_rank(plane) < 2:
        raise ValueError(
            f"directions of shape {plane.shape} must be linearly independent and of shape "
            f"(2, {n_parameters})"
        )
    return plane


def _path_over(
    loss: LossOfParameters,
    plane: NDArray[np.float64],
    epochs: list[int],
    points: NDArray[np.float64],
) -> LandscapePath:
    away = points - loss.parameters
    positions = np.asarray(away @ _projection(plane).T, np.float64)
    remainder = away - positions @ plane
    whole = np.sum(away**2)
    fraction = 1 - np.sum(remainder**2) / whole if whole else 1.0
    losses = np.array([loss.evaluate(parameters)[0] for parameters in points], dtype=np.float64)
    return LandscapePath(tuple(epochs), positions, losses, float(fraction))


def _extent(kind: str, span: float, path: LandscapePath | None) -> list[tuple[float, float]]:
    """Return the bounds of the plane along each direction."""
    if kind != "path" or path is None:
        return [(-span, span)] * 2
    low, high = np.minimum(path.positions.min(axis=0), 0), np.maximum(path.positions.max(axis=0), 0)
    beyond = span * (high - low)
    return [*zip(low - beyond, high + beyond, strict=True)]


def _projection(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(plane @ plane.T, plane), np.float64)
