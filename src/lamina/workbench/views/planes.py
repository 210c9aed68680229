"""Displayed plane: projects rows onto it, and maps its points back to inputs.

Data with two features is its own plane, data with one feature a line. For more features, the plane
is two chosen columns, with the others at their mean, or the first two principal components of the
inputs.

Shapes: places (n, 2), or (n, 1) on a line; inputs (n, n_inputs).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from sklearn.decomposition import PCA

from lamina.errors import ExperimentError
from lamina.formulas.table import AnyArray
from lamina.workbench.data.drawn import DrawnData
from lamina.workbench.runs.prepared_data import PreparedData

MARGIN = 0.08


class Plane(ABC):
    """Plane through the inputs of a problem.

    Attributes
    ----------
    kind : str
        'plane', or 'line' for one feature, where the vertical axis is the target.
    names : tuple of str
        Names of both axes.
    limits : tuple of (float, float)
        Limits of both axes: all rows plus a margin, or the limits of drawn points.
    """

    kind: ClassVar[str] = "plane"
    names: tuple[str, str]

    def __init__(self, prepared: PreparedData) -> None:
        self.prepared = prepared
        points = [self.points(rows, y) for rows, y in self._parts()]
        self.train_points, self.test_points = points
        self.limits = _drawn_limits(prepared) or tuple(
            _limits(column) for column in np.concatenate(points).T
        )

    def _parts(self) -> list[tuple[AnyArray, AnyArray]]:
        prepared = self.prepared
        return [
            (prepared.features_train, prepared.targets_train),
            (prepared.features_test, prepared.targets_test),
        ]

    @abstractmethod
    def points(self, features: AnyArray, targets: AnyArray) -> AnyArray:
        """Return the coordinates of rows in the plane, (n, 2)."""

    @abstractmethod
    def inputs_at(self, places: AnyArray) -> AnyArray:
        """Return the network's inputs at points of the plane."""

    def cells(self, n: int) -> AnyArray:
        """Return the inputs at the centres of n × n cells, row by row from the lower edge."""
        x, y = (_middles(low, high, n) for low, high in self.limits)
        rows, columns = np.meshgrid(y, x, indexing="ij")
        places = np.column_stack([columns.ravel(), rows.ravel()])
        return np.ascontiguousarray(self.inputs_at(places), dtype=np.float64)

    def shape(self, n: int) -> tuple[int, int]:
        """Return the number of rows and columns of `cells(n)`."""
        return n, n


class FeatureTargetPlane(Plane):
    """Single feature as horizontal axis, and the target as vertical axis."""

    kind = "line"

    def __init__(self, prepared: PreparedData) -> None:
        self.names = (prepared.dataset.feature_names[0], prepared.dataset.target)
        super().__init__(prepared)

    def points(self, features: AnyArray, targets: AnyArray) -> AnyArray:
        return np.column_stack([features[:, 0], targets])

    def inputs_at(self, places: AnyArray) -> AnyArray:
        return self.prepared.inputs(places[:, :1])

    def cells(self, n: int) -> AnyArray:
        places = _middles(*self.limits[0], n)[:, np.newaxis]
        return np.ascontiguousarray(self.inputs_at(places), dtype=np.float64)

    def shape(self, n: int) -> tuple[int, int]:
        return 1, n


class TwoColumnPlane(Plane):
    """Two columns of the data, with all others at their mean."""

    def __init__(self, prepared: PreparedData, columns: object = (0, 1)) -> None:
        names = prepared.dataset.feature_names
        self.columns = _two_columns(columns, len(names))
        self.names = (names[self.columns[0]], names[self.columns[1]])
        self.middle = prepared.features_train.mean(axis=0)
        super().__init__(prepared)

    def points(self, features: AnyArray, targets: AnyArray) -> AnyArray:
        return np.asarray(features[:, self.columns])

    def inputs_at(self, places: AnyArray) -> AnyArray:
        features = np.tile(self.middle, (len(places), 1))
        features[:, self.columns] = places
        return self.prepared.inputs(features)


class Components(Plane):
    """First two principal components of the inputs."""

    names = ("first principal component", "second principal component")

    def __init__(self, prepared: PreparedData) -> None:
        self.components = PCA(2, svd_solver="full").fit(prepared.X_train)
        super().__init__(prepared)

    def points(self, features: AnyArray, targets: AnyArray) -> AnyArray:
        return np.asarray(self.components.transform(self.prepared.inputs(features)))

    def inputs_at(self, places: AnyArray) -> AnyArray:
        return np.asarray(self.components.inverse_transform(places))


def build_plane(prepared: PreparedData) -> Plane:
    """Return the plane that an experiment specifies, or the default for its data.

    Raises
    ------
    ExperimentError
        For columns that do not exist.
    """
    plane, n_features = prepared.experiment.plane, prepared.dataset.X.shape[1]
    if n_features == 1:
        return FeatureTargetPlane(prepared)
    if n_features == 2:
        return TwoColumnPlane(prepared)
    if plane is None or plane["kind"] == Components.__name__.lower():
        return Components(prepared)
    return TwoColumnPlane(prepared, plane.get("columns", (0, 1)))


def _two_columns(columns: object, n_features: int) -> list[int]:
    two = list(columns) if isinstance(columns, list | tuple) else []
    are_there = all(
        isinstance(each, int) and not isinstance(each, bool) and 0 <= each < n_features
        for each in two
    )
    if len(two) != 2 or not are_there or two[0] == two[1]:
        raise ExperimentError(
            f"plane.columns={columns!r} must be two different numbers from 0 to {n_features - 1}",
            "plane",
        )
    return two


def _drawn_limits(prepared: PreparedData) -> tuple[tuple[float, float], ...] | None:
    data = prepared.experiment.data
    return data.limits[:2] if isinstance(data, DrawnData) and data.limits else None


def _limits(column: AnyArray) -> tuple[float, float]:
    low, high = float(column.min()), float(column.max())
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def _middles(low: float, high: float, n: int) -> AnyArray:
    """Return the centres of n equal parts."""
    return np.asarray(low + (high - low) * (np.arange(n) + 0.5) / n)
