"""Generated data sets: points in the plane, in classes that no straight line separates."""

from __future__ import annotations

import numpy as np

from lamina.datasets.dataset import Dataset, DatasetRecord
from lamina.datasets.quadrants import make_quadrants
from lamina.formulas.table import AnyArray


def _moons() -> Dataset:
    from sklearn.datasets import make_moons

    return _plane("moons", *make_moons(n_samples=1000, noise=0.2, random_state=0))


def _circles() -> Dataset:
    from sklearn.datasets import make_circles

    return _plane("circles", *make_circles(n_samples=1000, noise=0.1, factor=0.5, random_state=0))


def _quadrants() -> Dataset:
    return _plane("quadrants", *make_quadrants(1000, random_state=0))


def _plane(name: str, X: AnyArray, y: AnyArray) -> Dataset:
    return Dataset(
        name=name,
        X=X,
        y=y.astype(np.int64, copy=False),
        feature_names=("x", "y"),
        target_names=(),
        task="classification",
    )


MADE = (
    DatasetRecord("moons", "classification", "1,000 points on two interleaved half-moons", _moons),
    DatasetRecord("circles", "classification", "1,000 points on two nested circles", _circles),
    DatasetRecord(
        "quadrants", "classification", "1,000 points in a cluster for each quadrant", _quadrants
    ),
)
