"""Slices of a feature space: one or two features vary, and the others stay at their median.

Shapes: X (n_samples, n_features), an array or a data frame; coordinates (n_points, n_axes), one
column for each axis of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.encoding.frames import ArrayOrTable
from lamina.errors import suggestion
from lamina.plots.choices import chosen
from lamina.plots.names import checked_names, subscripted

if TYPE_CHECKING:
    import pandas as pd

Points: TypeAlias = NDArray[np.float64]
# Chosen features, by number or by name.
Features: TypeAlias = int | str | Sequence[int | str] | None

DIRECTIONS = ("features", "principal components")
NUMBER_WORDS = {1: "one", 2: "two"}
# Margin around the samples, as a fraction of their range.
BORDER = 0.08


@dataclass(frozen=True)
class Slice:
    """A line or a plane through the feature space of a table.

    Attributes
    ----------
    names : tuple of str
        Names of the axes.
    positions : ndarray of shape (n_samples, n_axes)
        Positions of the table's own samples.
    table : array or data frame
        A single row with the values that do not vary.
    columns : tuple of int
        Features that vary; empty for principal components.
    directions : ndarray of shape (n_axes, n_features) or None
        Directions of the axes in feature space, if these are not single features.
    """

    names: tuple[str, ...]
    positions: Points
    table: pd.DataFrame
    columns: tuple[int, ...] = ()
    directions: Points | None = None

    def rows(self, coordinates: Points) -> ArrayOrTable:
        """Return a sample for each point of the picture, of the same type as X."""
        if self.directions is not None:
            rows = np.asarray(self.table) + coordinates @ self.directions
            is_frame = hasattr(self.table, "iloc")
            return type(self.table)(rows, columns=self.table.columns) if is_frame else rows
        if hasattr(self.table, "iloc"):
            rows = self.table.iloc[np.zeros(len(coordinates), int)].reset_index(drop=True)
            return rows.assign(
                **{self.table.columns[j]: coordinates[:, k] for k, j in enumerate(self.columns)}
            )
        rows = np.repeat(self.table, len(coordinates), axis=0)
        rows[:, self.columns] = coordinates
        return rows

    def limits(self, axis: int) -> tuple[float, float]:
        """Return the range of the samples along an axis, with a margin."""
        low, high = self.positions[:, axis].min(), self.positions[:, axis].max()
        border = BORDER * (high - low) or 0.5
        return float(low - border), float(high + border)

    def grid(self, resolution: int) -> tuple[list[Points], Points]:
        """Return the points along each axis, and all grid points, the last axis varying slowest."""
        axes = [np.linspace(*self.limits(k), resolution) for k in range(len(self.names))]
        meshes = np.meshgrid(*axes)
        return axes, np.column_stack([mesh.ravel() for mesh in meshes])


def slice_through(
    X: ArrayOrTable,
    n_axes: int,
    features: Sequence[int | str] | int | str | None = None,
    along: str = "features",
    feature_names: Sequence[str] | None = None,
) -> Slice:
    """Return the slice in which the chosen features vary.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
    n_axes : {1, 2}
    features : sequence of int or str, optional
        Features that vary, by number or by name; by default all if there are `n_axes` of them. The
        others stay at their median, or at the most frequent value if they are not numeric.
    along : {'features', 'principal components'}
        'principal components' varies all features at once, along the first principal components of
        the standardised samples, through their mean.
    feature_names : sequence of str, optional
        Names of the axes.

    Raises
    ------
    ValueError
        If there are more features than axes and none are chosen, if the number of chosen ones is
        wrong, or if one is not numeric.
    """
    table = _table(X)
    names = _names(table, feature_names)
    if chosen("along", along, DIRECTIONS) != DIRECTIONS[0]:
        return _along_components(table, n_axes)
    columns = _columns(features, names, n_axes)
    positions = np.column_stack([_numbers(table, j, names[j]) for j in columns])
    return Slice(tuple(names[j] for j in columns), positions, _middle(table), columns)


def _table(X: ArrayOrTable) -> pd.DataFrame:
    if hasattr(X, "iloc"):
        return X
    table = np.asarray(X.toarray() if sparse.issparse(X) else X)
    if table.ndim != 2:
        raise ValueError(f"X of shape {table.shape} must have the shape (n_samples, n_features)")
    return table


def _names(table: pd.DataFrame, names: Sequence[str] | None) -> list[str]:
    n_features = table.shape[1]
    if names is not None:
        return checked_names("feature_names", names, n_features, "features")
    if hasattr(table, "columns"):
        return [*map(str, table.columns)]
    return [subscripted("x", i + 1) for i in range(n_features)]


def _columns(features: Features, names: list[str], n_axes: int) -> tuple[int, ...]:
    """Return the numbers of the chosen features."""
    noun = "feature" if n_axes == 1 else "features"
    if features is None:
        if len(names) != n_axes:
            raise ValueError(_too_many(len(names), n_axes))
        return tuple(range(n_axes))
    listed: list[int | str] = [features] if isinstance(features, int | str) else list(features)
    if len(listed) != n_axes:
        raise ValueError(
            f"features={features!r} must be {NUMBER_WORDS[n_axes]} {noun}, by number or by name"
        )
    return tuple(_column(feature, names) for feature in listed)


def _too_many(n_features: int, n_axes: int) -> str:
    if n_features < n_axes:
        return f"X has {n_features} feature, but a plane needs two: use FitDisplay for one"
    if n_axes == 1:
        return (
            f"X has {n_features} features, but a curve shows one: choose it with features=0, by "
            "number or by name; the others stay at their median"
        )
    return (
        f"X has {n_features} features, but a plane shows two: choose them with features=(0, 1), by "
        "number or by name; the others stay at their median. Or vary all of them with "
        "along='principal components'."
    )


def _column(feature: int | str, names: list[str]) -> int:
    if isinstance(feature, str):
        if feature not in names:
            raise ValueError(
                f"features: {feature!r} is not among {', '.join(map(repr, names[:20]))}."
                f"{suggestion(feature, names)}"
            )
        return names.index(feature)
    if not -len(names) <= feature < len(names):
        raise ValueError(
            f"features: {feature} is not among the {len(names)} features: the first is 0, the last "
            f"{len(names) - 1} or -1"
        )
    return int(feature) % len(names)


def _numbers(table: pd.DataFrame, column: int, name: str) -> Points:
    values = table.iloc[:, column] if hasattr(table, "iloc") else table[:, column]
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"features: {name!r} is not numeric, but an axis needs numbers") from None


def _middle(table: pd.DataFrame) -> pd.DataFrame:
    """Return one sample: the median of numbers, the most frequent value of other columns."""
    if not hasattr(table, "iloc"):
        return np.median(table, axis=0, keepdims=True)
    row = {}
    for name, values in table.items():
        is_number = values.dtype.kind in "iuf"
        row[name] = [values.median() if is_number else values.mode().iloc[0]]
    middle = type(table)(row)
    kept = {name: table[name].dtype for name in table if table[name].dtype.kind not in "iuf"}
    return middle.astype(kept)


def _along_components(table: pd.DataFrame, n_axes: int) -> Slice:
    """Return the slice through the mean along the first principal components."""
    X = np.asarray(table, dtype=np.float64)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    standardised = (X - mean) / np.where(scale == 0, 1, scale)
    _, lengths, components = np.linalg.svd(standardised, full_matrices=False)
    if len(components) < n_axes:
        raise ValueError(f"X of shape {X.shape} has fewer than {n_axes} principal components")
    components = components[:n_axes]
    # The sign is arbitrary; make the largest element positive, so that pictures are reproducible.
    largest = components[np.arange(n_axes), np.abs(components).argmax(axis=1)]
    components = components * np.sign(largest)[:, np.newaxis]
    fractions = lengths[:n_axes] ** 2 / (lengths**2).sum()
    names = tuple(
        f"principal component {k} ({100 * fraction:.0f} % of variance)"
        for k, fraction in enumerate(fractions, start=1)
    )
    middle: ArrayOrTable = mean[np.newaxis]
    if hasattr(table, "iloc"):
        middle = type(table)(middle, columns=table.columns)
    return Slice(names, standardised @ components.T, middle, directions=components * scale)
