"""Slices of a space of many features: one or two vary, the rest stay where half the rows lie.

Shapes: X (n_samples, n_features), an array or a data frame; coordinates (n_points, n_axes), one
column for each axis of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.errors import suggestion
from lamina.plots.choices import chosen
from lamina.plots.names import checked_names, subscripted

Points: TypeAlias = NDArray[np.float64]

DIRECTIONS = ("features", "principal components")
NUMBER_WORDS = {1: "one", 2: "two"}
# Around the outermost rows, as a part of what they span.
BORDER = 0.08


@dataclass(frozen=True)
class Slice:
    """A line or a plane through the rows of a table.

    Attributes
    ----------
    names : tuple of str
        What each axis is.
    positions : ndarray of shape (n_samples, n_axes)
        Where the table's own rows lie.
    table : array or data frame
        Of one row, which holds what does not vary.
    columns : tuple of int
        The features that vary; none along principal components.
    directions : ndarray of shape (n_axes, n_features) or None
        Along which the rows move, where these are no single features.
    """

    names: tuple[str, ...]
    positions: Points
    table: Any
    columns: tuple[int, ...] = ()
    directions: Points | None = None

    def rows(self, coordinates: Points) -> Any:
        """A row for each point of the picture, of the kind that X has."""
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
        """From where to where the rows reach along an axis, and a little further."""
        low, high = self.positions[:, axis].min(), self.positions[:, axis].max()
        border = BORDER * (high - low) or 0.5
        return float(low - border), float(high + border)

    def grid(self, resolution: int) -> tuple[list[Points], Points]:
        """The points along each axis, and all of the grid, the last axis slowest."""
        axes = [np.linspace(*self.limits(k), resolution) for k in range(len(self.names))]
        meshes = np.meshgrid(*axes)
        return axes, np.column_stack([mesh.ravel() for mesh in meshes])


def slice_through(
    X: Any,
    n_axes: int,
    features: Sequence[int | str] | int | str | None = None,
    along: str = "features",
    feature_names: Sequence[str] | None = None,
) -> Slice:
    """The slice in which chosen features vary.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
    n_axes : {1, 2}
    features : sequence of int or str, optional
        Which features vary, by number or by name; by default all, where there are so few. The
        others stay at their median, what is no number at its commonest value.
    along : {'features', 'principal components'}
        The latter varies all features at once, along the directions in which the standardised rows
        differ most, through their mean.
    feature_names : sequence of str, optional
        What the axes are called.

    Raises
    ------
    ValueError
        For more features than the picture has axes where none are chosen, for a wrong number of
        them, and for one that holds no numbers.
    """
    table = _table(X)
    names = _names(table, feature_names)
    if chosen("along", along, DIRECTIONS) != DIRECTIONS[0]:
        return _along_components(table, n_axes)
    columns = _columns(features, names, n_axes)
    positions = np.column_stack([_numbers(table, j, names[j]) for j in columns])
    return Slice(tuple(names[j] for j in columns), positions, _middle(table), columns)


def _table(X: Any) -> Any:
    if hasattr(X, "iloc"):
        return X
    table = np.asarray(X.toarray() if sparse.issparse(X) else X)
    if table.ndim != 2:
        raise ValueError(f"X of shape {table.shape} is no table: give (n_samples, n_features)")
    return table


def _names(table: Any, given: Sequence[str] | None) -> list[str]:
    n_features = table.shape[1]
    if given is not None:
        return checked_names("feature_names", given, n_features, "features")
    if hasattr(table, "columns"):
        return [*map(str, table.columns)]
    return [subscripted("x", i + 1) for i in range(n_features)]


def _columns(features: Any, names: list[str], n_axes: int) -> tuple[int, ...]:
    """The numbers of the chosen features."""
    wanted = "feature" if n_axes == 1 else "features"
    if features is None:
        if len(names) != n_axes:
            raise ValueError(_too_many(len(names), n_axes))
        return tuple(range(n_axes))
    listed: list[Any] = [features] if np.ndim(features) == 0 else list(features)
    if len(listed) != n_axes:
        raise ValueError(
            f"features={features!r} must be {NUMBER_WORDS[n_axes]} {wanted}, by number or by name"
        )
    return tuple(_column(feature, names) for feature in listed)


def _too_many(n_features: int, n_axes: int) -> str:
    if n_features < n_axes:
        return f"X has {n_features} feature, and a plane needs two: draw a FitDisplay for one"
    if n_axes == 1:
        return (
            f"X has {n_features} features, and a curve shows one: choose it with features=0, by "
            "number or by name; the others stay at their median"
        )
    return (
        f"X has {n_features} features, and a plane shows two: choose them with features=(0, 1), by "
        "number or by name; the others stay at their median. Or vary all of them with "
        "along='principal components'."
    )


def _column(feature: int | str, names: list[str]) -> int:
    if isinstance(feature, str):
        if feature not in names:
            raise ValueError(
                f"features: {feature!r} is none of {', '.join(map(repr, names[:20]))}."
                f"{suggestion(feature, names)}"
            )
        return names.index(feature)
    if not -len(names) <= feature < len(names):
        raise ValueError(
            f"features: {feature} is none of the {len(names)} features: the first is 0, the last "
            f"{len(names) - 1} or -1"
        )
    return int(feature) % len(names)


def _numbers(table: Any, column: int, name: str) -> Points:
    values = table.iloc[:, column] if hasattr(table, "iloc") else table[:, column]
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"features: {name!r} holds no numbers, and an axis needs some") from None


def _middle(table: Any) -> Any:
    """One row: the median of numbers, the commonest of all else."""
    if not hasattr(table, "iloc"):
        return np.median(table, axis=0, keepdims=True)
    row = {}
    for name, values in table.items():
        is_number = values.dtype.kind in "iuf"
        row[name] = [values.median() if is_number else values.mode().iloc[0]]
    middle = type(table)(row)
    kept = {name: table[name].dtype for name in table if table[name].dtype.kind not in "iuf"}
    return middle.astype(kept)


def _along_components(table: Any, n_axes: int) -> Slice:
    """The slice through the mean along which the standardised rows differ most."""
    X = np.asarray(table, dtype=np.float64)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    standardised = (X - mean) / np.where(scale == 0, 1, scale)
    _, lengths, components = np.linalg.svd(standardised, full_matrices=False)
    if len(components) < n_axes:
        raise ValueError(f"X of shape {X.shape} has fewer than {n_axes} principal components")
    components = components[:n_axes]
    # Either sign would do; with the largest part positive, a picture stays the same.
    largest = components[np.arange(n_axes), np.abs(components).argmax(axis=1)]
    components = components * np.sign(largest)[:, np.newaxis]
    fractions = lengths[:n_axes] ** 2 / (lengths**2).sum()
    names = tuple(
        f"principal component {k} ({100 * fraction:.0f} % of variance)"
        for k, fraction in enumerate(fractions, start=1)
    )
    middle: Any = mean[np.newaxis]
    if hasattr(table, "iloc"):
        middle = type(table)(middle, columns=table.columns)
    return Slice(names, standardised @ components.T, middle, directions=components * scale)
