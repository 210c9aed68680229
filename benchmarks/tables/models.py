"""The compared models: each fits a training part and predicts a test part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import boosters, perceptrons
from benchmarks.tables.tables import BenchmarkTable


@dataclass(frozen=True)
class Model:
    """One competitor.

    Attributes
    ----------
    name : str
    predict : callable
        `predict(table)` fits the training part and returns predictions for the test part: values,
        or probabilities of shape (n_samples, n_classes) with the classes in sorted order. lamina's
        models return their score by validation as well.
    settings : str
        The model's settings in words; kept in the record.
    package : str
        The distribution that must be installed.
    is_slow : bool
        True if it takes minutes per table; such a model runs only if it is named.
    in_time : bool
        True if it runs only on tables whose test rows are later than their training rows.
    """

    name: str
    predict: Callable[[BenchmarkTable], NDArray[np.float64] | perceptrons.Validated]
    settings: str
    package: str
    is_slow: bool = field(default=False)
    in_time: bool = field(default=False)

    @property
    def is_installed(self) -> bool:
        """True if the package can be imported."""
        return find_spec(_MODULES.get(self.package, self.package)) is not None


_MODULES: Mapping[str, str] = {"scikit-learn": "sklearn"}
_ALL: tuple[Model, ...] = (
    Model("balanced", perceptrons.balanced, "TabularClassifier and TabularRegressor", "lamina"),
    Model(
        "balanced in time",
        perceptrons.balanced_in_time,
        "the same, with the column of times as time=",
        "lamina",
        in_time=True,
    ),
    Model("fast", perceptrons.fast, "the same with quality='fast'", "lamina"),
    Model("best", perceptrons.best, "the same with quality='best'", "lamina", is_slow=True),
    Model(
        "lamina train", perceptrons.command_line, "what `lamina train --model mlp` fits", "lamina"
    ),
    Model("catboost", boosters.catboost, "defaults, text as native categories", "catboost"),
    Model(
        "catboost bag",
        boosters.catboost_bag,
        "8 folds, early stopping after 100 rounds, at most 5,000",
        "catboost",
        is_slow=True,
    ),
    Model("lightgbm", boosters.lightgbm, "defaults, text as native categories", "lightgbm"),
    Model(
        "hist gradient boosting",
        boosters.hist_gradient_boosting,
        "defaults, categorical_features='from_dtype'",
        "scikit-learn",
    ),
    Model(
        "realmlp bag",
        perceptrons.realmlp_bag,
        "RealMLP-TD of pytabkit, 5 folds, no label smoothing",
        "pytabkit",
        is_slow=True,
    ),
    Model("tabm", perceptrons.tabm, "TabM-D of pytabkit", "pytabkit", is_slow=True),
)
MODELS: Mapping[str, Model] = {model.name: model for model in _ALL}


def versions(model: Model) -> dict[str, Any]:
    """Return the version of the model's package and the settings."""
    from importlib.metadata import version

    return {"package": model.package, "version": version(model.package), "settings": model.settings}
