"""The real data sets that are included in scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lamina.datasets.dataset import Dataset, DatasetRecord, Task

if TYPE_CHECKING:
    from sklearn.utils import Bunch


def _record(name: str, task: Task, about: str) -> DatasetRecord:
    return DatasetRecord(name, task, about, lambda: _load(name, task))


def _load(name: str, task: Task) -> Dataset:
    # This import takes a third of a second, so do it only on use.
    from sklearn import datasets

    loader: Callable[[], Bunch] = getattr(datasets, f"load_{name}")
    bunch = loader()
    y_dtype = np.int64 if task == "classification" else np.float64
    return Dataset(
        name=name,
        X=np.asarray(bunch.data),
        y=np.asarray(bunch.target).astype(y_dtype, copy=False),
        feature_names=tuple(map(str, bunch.feature_names)),
        target_names=_class_names(bunch) if task == "classification" else (),
        task=task,
    )


def _class_names(bunch: Bunch) -> tuple[str, ...]:
    names = tuple(map(str, bunch.target_names))
    return () if names == tuple(map(str, range(len(names)))) else names


BUNDLED = (
    _record("digits", "classification", "1,797 handwritten digits of 8 × 8 pixels"),
    _record("iris", "classification", "150 irises of three species, four measurements"),
    _record("wine", "classification", "178 wines of three growers, 13 chemical measurements"),
    _record("breast_cancer", "classification", "569 tumours, benign or malignant, 30 measurements"),
    _record("diabetes", "regression", "442 patients, the disease's progress after a year"),
)
