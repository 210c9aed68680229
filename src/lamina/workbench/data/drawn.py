"""Data drawn by hand on the page: points in the plane, with classes, with values, or on a curve.

Shapes: points (n, 3), or (n, 2) on a curve; limits (3, 2) if points have values, else (2, 2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.datasets import Dataset
from lamina.datasets.dataset import Task
from lamina.errors import ExperimentError, suggestion
from lamina.formulas.table import AnyArray
from lamina.workbench.data.plain import Message, Plain

FEWEST_POINTS, MOST_POINTS = 4, 5_000
MOST_CLASSES, LONGEST_NAME = 8, 40
# 0.29 · 100 is 28.999999999999996 and must count as 29.
ROUNDING = 1e-9


class PointTarget(NamedTuple):
    """Quantity that the network predicts for a point.

    Attributes
    ----------
    task : {'classification', 'regression'}
    numbers : str
        Form of a point, for messages.
    n_numbers, n_features, n_limits : int
        Numbers in a point, how many of these are features, and how many have limits.
    name : str
        Name of the target.
    """

    task: Task
    numbers: str
    n_numbers: int
    n_features: int
    n_limits: int
    name: str


TARGETS = {
    "class": PointTarget("classification", "[x, y, class]", 3, 2, 2, "target"),
    "value": PointTarget("regression", "[x, y, value]", 3, 2, 3, "value"),
    "height": PointTarget("regression", "[x, y]", 2, 1, 2, "y"),
}
PARTS = ("points", "target", "classes", "limits")


@dataclass(frozen=True)
class DrawnData:
    """Points drawn in the plane.

    Attributes
    ----------
    points : tuple of tuple
        x, y and, depending on `target`, a class or a value.
    target : {'class', 'value', 'height'}
        Predicted quantity: the class of each point, counted from 0; its value; or its y from its x.
    classes : tuple of str or None
        A name for each class; None uses numbers.
    limits : tuple of (float, float) or None
        Limits of x, of y, and of the value if there is one; None takes them from the points.
    """

    kind: ClassVar[str] = "drawn"
    points: tuple[tuple[float, ...], ...]
    target: str = "class"
    classes: tuple[str, ...] | None = None
    limits: tuple[tuple[float, float], ...] | None = None

    @classmethod
    def from_json(cls, plain: Plain) -> DrawnData:
        """Return the data that `to_json` described; parts left out have their defaults."""
        for name in plain:
            if name not in ("kind", *PARTS):
                raise ExperimentError(
                    f"data of kind {cls.kind!r} has no part {name!r}.{suggestion(name, PARTS)}",
                    name,
                )
        target = plain.get("target", "class")
        if not isinstance(target, str) or target not in TARGETS:
            raise ExperimentError(
                f"data.target={target!r} must be one of {', '.join(TARGETS)}", "target"
            )
        points = plain.get("points")
        if not isinstance(points, list) or not FEWEST_POINTS <= len(points) <= MOST_POINTS:
            raise ExperimentError(
                f"draw {FEWEST_POINTS} to {MOST_POINTS:,} points, not "
                f"{len(points) if isinstance(points, list) else repr(points)}",
                "points",
            )
        classes = _names(plain.get("classes")) if target == "class" else None
        n_classes = MOST_CLASSES if classes is None else len(classes)
        return cls(
            tuple(_point(each, target, n_classes) for each in points),
            target,
            classes,
            _limits(plain.get("limits"), TARGETS[target]),
        )

    def to_json(self) -> Message:
        """Return the data as plain JSON."""
        return {
            "kind": self.kind,
            "target": self.target,
            "points": [list(point) for point in self.points],
            "classes": None if self.classes is None else list(self.classes),
            "limits": None if self.limits is None else [list(pair) for pair in self.limits],
        }

    def load(self, data_store: object = None) -> Dataset:
        """Return the points as a data set, with classes in sorted order."""
        kind, table = TARGETS[self.target], np.array(self.points, dtype=np.float64)
        y: AnyArray = table[:, -1].copy()
        names: tuple[str, ...] = ()
        if kind.task == "classification":
            labels, y = np.unique(y.astype(np.int64), return_inverse=True)
            _require_enough(np.bincount(y))
            names = tuple(self.classes[k] if self.classes else str(k) for k in labels)
        return Dataset(
            name="drawn points",
            X=np.ascontiguousarray(table[:, : kind.n_features]),
            y=y,
            feature_names=("x", "y")[: kind.n_features],
            target_names=names,
            task=kind.task,
            target=kind.name,
        )

    def held_out(self, fraction: float) -> NDArray[np.int64]:
        """Return the indices of the test set: every k-th point of each class, in drawing order.

        So adding a point never moves an earlier one between training and test set.

        Examples
        --------
        >>> points = tuple((0.1 * k, 0.0, k % 2) for k in range(20))
        >>> DrawnData(points).held_out(0.2)
        array([ 8,  9, 18, 19])
        """
        is_class = TARGETS[self.target].task == "classification"
        kinds = np.array([point[-1] if is_class else 0 for point in self.points])
        groups = [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]
        chosen = [_one_in_so_many(group, fraction) for group in groups]
        if not any(map(len, chosen)):
            return max(groups, key=len)[-1:]
        return np.sort(np.concatenate(chosen))


def _require_enough(counts: NDArray[np.int64]) -> None:
    if len(counts) < 2:
        raise ExperimentError("draw points of at least two classes", "points")
    if counts.max() < 2:
        raise ExperimentError(
            "draw at least two points of one class: one of them becomes the test set", "points"
        )


def _one_in_so_many(group: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    """Return the elements at which fraction · count reaches a new whole number; never the first."""
    full = np.floor(fraction * np.arange(len(group) + 1) + ROUNDING)
    return np.asarray(group[np.diff(full) > 0])


def _point(value: object, target: str, n_classes: int) -> tuple[float, ...]:
    kind = TARGETS[target]
    parts = value if isinstance(value, list) and len(value) == kind.n_numbers else []
    numbers = [number for each in parts if (number := _number(each)) is not None]
    if len(numbers) < kind.n_numbers:
        raise ExperimentError(f"a point is {kind.numbers}, got {value!r}", "points")
    if kind.task == "regression":
        return tuple(numbers)
    label = parts[2]
    if not isinstance(label, int) or not 0 <= label < n_classes:
        raise ExperimentError(
            f"a point is {kind.numbers} with a class from 0 to {n_classes - 1}, got {value!r}",
            "points",
        )
    return (numbers[0], numbers[1], label)


def _names(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = value if isinstance(value, list) else []
    are_names = all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in names)
    if not are_names or not 2 <= len(names) <= MOST_CLASSES or len(set(names)) < len(names):
        raise ExperimentError(
            f"data.classes={value!r} must be 2 to {MOST_CLASSES} different names of at most "
            f"{LONGEST_NAME} characters",
            "classes",
        )
    return tuple(names)


def _limits(value: object, kind: PointTarget) -> tuple[tuple[float, float], ...] | None:
    if value is None:
        return None
    pairs = [_pair(each) for each in value] if isinstance(value, list) else []
    found = tuple(pair for pair in pairs if pair is not None)
    if not len(found) == len(pairs) == kind.n_limits:
        raise ExperimentError(
            f"data.limits={value!r} must be {kind.n_limits} pairs [low, high] of numbers", "limits"
        )
    return found


def _pair(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    low, high = map(_number, value)
    return None if low is None or high is None or not low < high else (low, high)


def _number(value: object) -> float | None:
    """Return the value as a float, or None if it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
