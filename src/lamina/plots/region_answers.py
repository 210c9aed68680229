"""Data for decision regions: a model's predictions, their colours, and the classes of samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from lamina.encoding.frames import ArrayOrTable
from lamina.formulas.table import AnyArray
from lamina.plots.colours import CYCLE, background

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Opacity of a class's colour at equal probabilities of all classes, and at probability 1.
FAINTEST, FULLEST = 0.06, 0.62


def shades(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the likeliest class's colour, more opaque for higher probability: (…, n) to (…, 3)."""
    from matplotlib.colors import to_rgb

    n_classes = probabilities.shape[-1]
    palette = np.array([to_rgb(CYCLE[k % len(CYCLE)]) for k in range(n_classes)])
    by_chance = 1 / n_classes
    sureness = (probabilities.max(axis=-1) - by_chance) / max(1 - by_chance, by_chance)
    strength = (FAINTEST + (FULLEST - FAINTEST) * np.clip(sureness, 0, 1))[..., np.newaxis]
    colours = palette[probabilities.argmax(axis=-1)]
    return np.asarray(strength * colours + (1 - strength) * np.array(to_rgb(background())))


def build_answers(
    estimator: BaseEstimator, model: BaseEstimator
) -> Callable[[ArrayOrTable], AnyArray]:
    """Return a function that predicts samples: probabilities of classes, or else values."""
    if not is_classifier(model):
        if model.n_outputs_ > 1 and np.ndim(model.predict(np.zeros((1, model.n_features_in_)))) > 1:
            raise ValueError(
                f"the model predicts {model.n_outputs_} numbers per sample, but a plane shows one: "
                "fit a model for one target"
            )
        return lambda rows: np.asarray(estimator.predict(rows), dtype=np.float64).reshape(len(rows))
    if vars(model).get("_target_kind") in ("multilabel", "multioutput"):
        raise ValueError(
            "the model predicts several labels per sample, but a region shows one: use "
            "UnitsDisplay, which shows every output, or fit a model for one column of labels"
        )
    # predict_proba has two columns even if the fit saw only one class.
    n_classes = len(model.classes_)
    return lambda rows: np.asarray(estimator.predict_proba(rows))[:, :n_classes]


def targets_as_drawn(model: BaseEstimator, targets: ArrayOrTable, n_samples: int) -> AnyArray:
    """Return the codes of the classes, or the targets of a regression."""
    y: AnyArray = np.asarray(targets)
    if y.shape != (n_samples,):
        raise ValueError(f"y of shape {y.shape} does not match X of {n_samples} rows")
    if not is_classifier(model):
        return y
    unknown = sorted({*y.tolist()} - {*model.classes_.tolist()}, key=str)
    if unknown:
        raise ValueError(f"y holds {unknown}, which are not among the classes {model.classes_}")
    return np.asarray(np.searchsorted(model.classes_, y))
