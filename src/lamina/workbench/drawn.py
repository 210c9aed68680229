"""Data that a hand has drawn: points in the plane, of classes, with numbers, or on a curve.

Shapes: points (n, 3), or (n, 2) on a curve; limits (3, 2) where points have numbers, else (2, 2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.datasets import Dataset
from lamina.datasets.dataset import Task
from lamina.errors import ExperimentError, suggestion

FEWEST_POINTS, MOST_POINTS = 4, 5_000
MOST_CLASSES, LONGEST_NAME = 8, 40
# 0.29 · 100 is 28.999999999999996, and is to be 29.
ROUNDING = 1e-9


class Target(NamedTuple):
    """What is learned of a point.

    Attributes
    ----------
    task : {'classification', 'regression'}
    numbers : str
        What a point is, for messages.
    n_numbers, n_features, n_limits : int
        How many numbers that is, how many of them the network is given, and how many have limits.
    name : str
        What the target is called.
    """

    task: Task
    numbers: str
    n_numbers: int
    n_features: int
    n_limits: int
    name: str


TARGETS = {
    "class": Target("classification", "[x, y, class]", 3, 2, 2, "target"),
    "value": Target("regression", "[x, y, value]", 3, 2, 3, "value"),
    "height": Target("regression", "[x, y]", 2, 1, 2, "y"),
}
PARTS = ("points", "target", "classes", "limits")


@dataclass(frozen=True)
class DrawnData:
    """Points that were put into the plane.

    Attributes
    ----------
    points : tuple of tuple
        Of x, y and what `target` adds.
    target : {'class', 'value', 'height'}
        What is learned: the class, from 0 on, or the number of each point; or its y from its x.
    classes : tuple of str or None
        A name for each class; None numbers them.
    limits : tuple of (float, float) or None
        Of x, of y, and of the value where there is one; None goes by the points.
    """

    kind: ClassVar[str] = "drawn"
    points: tuple[tuple[float, ...], ...]
    target: str = "class"
    classes: tuple[str, ...] | None = None
    limits: tuple[tuple[float, float], ...] | None = None

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> DrawnData:
        """What `to_json` gave: `points`, and all else that is not at its default."""
        for name in plain:
            if name not in ("kind", *PARTS):
                raise ExperimentError(
                    f"data of kind {cls.kind!r} has no {name!r}.{suggestion(name, PARTS)}", name
                )
        target = plain.get("target", "class")
        if not isinstance(target, str) or target not in TARGETS:
            raise ExperimentError(
                f"data.target={target!r} is none of {', '.join(TARGETS)}", "target"
            )
        points = plain.get("points")
        if not isinstance(points, list) or not FEWEST_POINTS <= len(points) <= MOST_POINTS:
            raise ExperimentError(
                f"draw from {FEWEST_POINTS} to {MOST_POINTS:,} points: these are "
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

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "kind": self.kind,
            "target": self.target,
            "points": [list(point) for point in self.points],
            "classes": None if self.classes is None else list(self.classes),
            "limits": None if self.limits is None else [list(pair) for pair in self.limits],
        }

    def load(self, shelf: object = None) -> Dataset:
        """The data, its classes in their order."""
        of, table = TARGETS[self.target], np.array(self.points, dtype=np.float64)
        y: NDArray[Any] = table[:, -1].copy()
        names: tuple[str, ...] = ()
        if of.task == "classification":
            labels, y = np.unique(y.astype(np.int64), return_inverse=True)
            _require_enough(np.bincount(y))
            names = tuple(self.classes[k] if self.classes else str(k) for k in labels)
        return Dataset(
            name="drawn points",
            X=np.ascontiguousarray(table[:, : of.n_features]),
            y=y,
            feature_names=("x", "y")[: of.n_features],
            target_names=names,
            task=of.task,
            target=of.name,
        )

    def held_out(self, share: float) -> NDArray[np.int64]:
        """Which points are tested on: of each class one in so many, in the order of drawing.

        So a point that is added moves none of those before it.

        Examples
        --------
        >>> points = tuple((0.1 * k, 0.0, k % 2) for k in range(20))
        >>> DrawnData(points).held_out(0.2)
        array([ 8,  9, 18, 19])
        """
        is_class = TARGETS[self.target].task == "classification"
        kinds = np.array([point[-1] if is_class else 0 for point in self.points])
        groups = [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]
        chosen = [_one_in_so_many(group, share) for group in groups]
        if not any(map(len, chosen)):
            return max(groups, key=len)[-1:]
        return np.sort(np.concatenate(chosen))


def _require_enough(counts: NDArray[np.int64]) -> None:
    if len(counts) < 2:
        raise ExperimentError("draw points of two classes or more", "points")
    if counts.max() < 2:
        raise ExperimentError(
            "draw two points of a class or more: one of them is held out to test on", "points"
        )


def _one_in_so_many(group: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """Those at which another whole number is full; never the first, as a share is below 1."""
    full = np.floor(share * np.arange(len(group) + 1) + ROUNDING)
    return np.asarray(group[np.diff(full) > 0])


def _point(given: Any, target: str, n_classes: int) -> tuple[float, ...]:
    of = TARGETS[target]
    is_point = isinstance(given, list) and len(given) == of.n_numbers
    numbers = (
        [number for each in given if (number := _number(each)) is not None] if is_point else []
    )
    if len(numbers) < of.n_numbers:
        raise ExperimentError(f"a point is {of.numbers}, got {given!r}", "points")
    if of.task == "regression":
        return tuple(numbers)
    label = given[2]
    if not isinstance(label, int) or not 0 <= label < n_classes:
        raise ExperimentError(
            f"a point is {of.numbers} with a class from 0 to {n_classes - 1}, got {given!r}",
            "points",
        )
    return (numbers[0], numbers[1], label)


def _names(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    are_names = isinstance(given, list) and all(
        isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in given
    )
    if not are_names or not 2 <= len(given) <= MOST_CLASSES or len(set(given)) < len(given):
        raise ExperimentError(
            f"data.classes={given!r} must be from 2 to {MOST_CLASSES} different names of at most "
            f"{LONGEST_NAME} letters",
            "classes",
        )
    return tuple(given)


def _limits(given: Any, of: Target) -> tuple[tuple[float, float], ...] | None:
    if given is None:
        return None
    pairs = [_pair(each) for each in given] if isinstance(given, list) else []
    found = tuple(pair for pair in pairs if pair is not None)
    if not len(found) == len(pairs) == of.n_limits:
        raise ExperimentError(
            f"data.limits={given!r} must be {of.n_limits} pairs [low, high] of numbers", "limits"
        )
    return found


def _pair(given: Any) -> tuple[float, float] | None:
    if not isinstance(given, list) or len(given) != 2:
        return None
    low, high = map(_number, given)
    return None if low is None or high is None or not low < high else (low, high)


def _number(value: Any) -> float | None:
    """The value as a float; None for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
