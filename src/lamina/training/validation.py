"""Validation: samples held out of a fit, and measuring the network on them after each epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from lamina.engines import Engine, Objective, Rows
from lamina.engines.batch_loss import row_losses, weight_sum
from lamina.files.chunks import CHUNK, IN_MEMORY, Workspace, are_finite, slices, total
from lamina.formulas.table import AnyArray, Array, Matrix
from lamina.network import Network, NetworkSpec
from lamina.network.passes import compute_logits
from lamina.training.history import Monitor
from lamina.training.splits_on_disk import split_on_disk

# A chunk of fewer rows is joined with the one before.
FEWEST_ROWS = 64


@dataclass(frozen=True)
class Validation:
    """Held-out samples, and the metrics on them.

    Attributes
    ----------
    X : ndarray or csr matrix of shape (n_held_out, n_features)
    measure : callable
        `measure(prediction, parameters)` returns the value of each metric; the higher, the better.
        The first of them is the score.
    metrics : tuple of str
        Names of the metrics.
    loss : callable
        `loss(prediction)` returns the mean loss, without the penalty.
    monitor : Monitor
        Quantity that decides when to stop.
    requires_numbers : bool
        If True, an epoch whose monitored value is NaN brings no progress. The task's own score
        counts such an epoch as scikit-learn does.
    requires_finite : bool
        If True, `measure` supports only finite predictions; an epoch with others has diverged.
    workspace : Workspace
        Place of the predictions.
    """

    X: Matrix
    measure: Callable[[Array, Array], Sequence[float]]
    metrics: tuple[str, ...] = ("score",)
    loss: Callable[[Array], float] = lambda prediction: math.nan
    monitor: Monitor = Monitor.SCORE
    requires_numbers: bool = False
    requires_finite: bool = False
    workspace: Workspace = IN_MEMORY

    def predict(self, engine: Engine, network: Network) -> Array:
        """Return the network's prediction for the samples; by chunks if they are on disk."""
        X, workspace = self.X, self.workspace
        if not workspace.on_disk or len(pieces := list(slices(X.shape[0]))) == 1:
            return engine.predict(network, X)
        if pieces[-1].stop - pieces[-1].start < FEWEST_ROWS:
            # An engine may have another way for a few rows, which rounds differently.
            pieces[-2:] = [slice(pieces[-2].start, pieces[-1].stop)]
        prediction = workspace.empty((X.shape[0], network.spec.n_outputs), network.dtype)
        for rows in pieces:
            prediction[rows] = engine.predict(network, X[rows])
        return prediction

    def can_measure(self, prediction: Array) -> bool:
        """Return True if `measure` supports this prediction."""
        return not self.requires_finite or are_finite(prediction)

    def measured(self, prediction: Array | None, parameters: Array) -> dict[str, float]:
        """Return the loss and each metric by name, NaN without a prediction.

        The parameters are those that made the prediction.
        """
        names = ("validation_loss", *self.metrics)
        if prediction is None:
            return dict.fromkeys(names, math.nan)
        values = self.loss(prediction), *self.measure(prediction, parameters)
        return dict(zip(names, values, strict=True))

    def refuse_undefined(self, cost: float) -> None:
        """Raise the error for a monitor that is NaN after the first epoch.

        Raises
        ------
        ValueError
            If a number is required and the value is NaN.
        """
        if not self.requires_numbers or not math.isnan(cost):
            return
        n_samples = self.X.shape[0]
        if self.monitor is Monitor.VALIDATION_LOSS:
            raise ValueError(
                f"monitor='validation_loss': the loss on the {n_samples} validation samples is NaN "
                "after the first epoch, so there would be no best epoch. Look for targets and "
                "features of a far larger size than in the training data, or set monitor='loss'."
            )
        name = self.metrics[0]
        raise ValueError(
            f"monitor={name!r}: the scorer {name!r} returned NaN for the {n_samples} validation "
            "samples after the first epoch, so there would be no best epoch. Some scores are "
            "undefined for some samples: 'roc_auc' for samples of one class, 'r2' for a single "
            "sample. Pass validation_data for which the score is defined, or choose another "
            "monitor, such as 'validation_loss'."
        )


def loss_on(spec: NetworkSpec, rows: Rows, objective: Objective) -> Callable[[Array], float]:
    """Return the function from a prediction to its weighted mean loss, without the penalty."""

    def losses(prediction: Array, part: slice) -> Array:
        logits, weight = compute_logits(spec, prediction[part]), rows.weight
        some = Rows(rows.X[part], rows.y[part], None if weight is None else weight[part])
        return row_losses(spec, objective, logits, prediction[part], some)[0]

    def loss(prediction: Array) -> float:
        with np.errstate(all="ignore"):
            summed = total(len(prediction), lambda part: losses(prediction, part))
            return float(summed) / weight_sum(rows)

    return loss


def hold_out(
    n_samples: int,
    fraction: float,
    random_state: np.random.RandomState,
    strata: AnyArray | None = None,
    workspace: Workspace = IN_MEMORY,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices of the training samples, and of the held-out ones.

    Parameters
    ----------
    n_samples : int
    fraction : float
        Fraction of the samples to hold out, between 0 and 1.
    random_state : RandomState
        Drawn from as in scikit-learn's train_test_split.
    strata : ndarray of shape (n_samples, ...), optional
        Classes that are divided evenly between both parts.
    workspace : Workspace, optional
        Place of the indices, in memory by default.

    Raises
    ------
    ValueError
        If fewer than two samples would be held out, or a class has a single sample.
    """
    if not fraction > 0:
        raise ValueError(
            f"validation_fraction={fraction} holds out no samples for early stopping. Set it above "
            "0, such as 0.1, or set early_stopping=False."
        )
    try:
        if workspace.on_disk and n_samples > CHUNK:
            learned, held_out = split_on_disk(n_samples, fraction, random_state, strata, workspace)
        else:
            learned, held_out = train_test_split(
                np.arange(n_samples), test_size=fraction, random_state=random_state, stratify=strata
            )
    except ValueError as error:
        raise ValueError(
            f"{error}. early_stopping=True holds out validation_fraction={fraction} of the "
            f"{n_samples} samples, some of each class: add samples, pass validation_data, or set "
            "early_stopping=False."
        ) from None
    if len(held_out) < 2:
        raise ValueError(
            f"The validation set is too small: validation_fraction={fraction} of {n_samples} "
            f"samples holds out {len(held_out)}, and at least 2 are needed. Raise "
            "'validation_fraction', add samples, or set early_stopping=False."
        )
    return learned, held_out
