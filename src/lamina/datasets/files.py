"""Data sets from files in a data folder, or else downloaded by scikit-learn.

The environment variable LAMINA_DATA names the folder. If it is not set, `../shared/data` is
searched for next to the current directory and next to a source checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lamina.datasets.dataset import Dataset, DatasetRecord
from lamina.formulas.table import AnyArray

SHARED_FOLDER = Path("shared", "data")
MNIST_FILE = "mnist.npz"
CALIFORNIA_FILE = "california_housing.csv.gz"
CALIFORNIA_TARGET = "MedHouseVal"


def data_file(name: str) -> Path | None:
    """Return the path of a data file; None if no folder has it.

    Parameters
    ----------
    name : str
        Name of the file in the data folder.

    Raises
    ------
    FileNotFoundError
        If LAMINA_DATA is set and its folder lacks the file; a download would be unexpected then.
    """
    chosen = os.environ.get("LAMINA_DATA")
    if chosen:
        path = Path(chosen, name)
        if not path.is_file():
            raise FileNotFoundError(
                f"LAMINA_DATA={chosen!r} has no file {name!r}: put it there, or unset LAMINA_DATA "
                "to search elsewhere"
            )
        return path
    checkout = Path(__file__).resolve().parents[3]
    candidates = (root.parent / SHARED_FOLDER / name for root in (Path.cwd(), checkout))
    return next((path for path in candidates if path.is_file()), None)


def _mnist() -> Dataset:
    path = data_file(MNIST_FILE)
    if path is None:
        from sklearn.datasets import fetch_openml

        X, y = fetch_openml("mnist_784", version=1, return_X_y=True, as_frame=False)
        X = X.astype(np.uint8)
    else:
        with np.load(path, allow_pickle=False) as arrays:
            X, y = arrays["X"], arrays["y"]
    return Dataset(
        name="mnist",
        X=X,
        y=y.astype(np.int64),
        feature_names=tuple(f"pixel_{row}_{column}" for row in range(28) for column in range(28)),
        target_names=(),
        task="classification",
    )


def _california_housing() -> Dataset:
    path = data_file(CALIFORNIA_FILE)
    if path is None:
        from sklearn.datasets import fetch_california_housing

        bunch = fetch_california_housing()
        X, y, names = bunch.data, bunch.target, tuple(map(str, bunch.feature_names))
    else:
        rows: AnyArray = np.genfromtxt(path, delimiter=",", names=True, dtype=np.float64)
        names = tuple(name for name in rows.dtype.names or () if name != CALIFORNIA_TARGET)
        X, y = np.column_stack([rows[name] for name in names]), rows[CALIFORNIA_TARGET]
    return Dataset(
        name="california_housing",
        X=np.ascontiguousarray(X),
        y=np.ascontiguousarray(y),
        feature_names=names,
        target_names=(),
        task="regression",
        target=CALIFORNIA_TARGET,
    )


FROM_FILES = (
    DatasetRecord(
        "california_housing",
        "regression",
        "20,640 districts, their median house value",
        _california_housing,
    ),
    DatasetRecord("mnist", "classification", "70,000 handwritten digits of 28 × 28 pixels", _mnist),
)
