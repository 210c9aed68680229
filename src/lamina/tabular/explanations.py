"""Contributions of columns to a prediction: integrated gradients over an ensemble.

Shapes: inputs of member m (n_samples, n_inputs_m); contributions (n_samples, n_columns).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import AnyArray
from lamina.significant import significant

if TYPE_CHECKING:
    import pandas as pd

    from lamina.tabular.fitted import FittedTabular
    from lamina.tabular.targets import Values

Floats = NDArray[np.float64]

ROWS_AT_ONCE = 256
MOST_DOUBLINGS = 4
# Largest deviation of a sum of contributions, as a fraction of 1 for probabilities, and of the
# target's range for values.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Explanation:
    """Contributions of columns to predictions.

    Row by row, `baseline_predictions + contributions.sum(axis=1)` is `predictions`.

    Attributes
    ----------
    columns : list of str
    values : ndarray of object, shape (n_samples, n_columns)
        Values of the explained rows.
    contributions : ndarray of shape (n_samples, n_columns)
    predictions, baseline_predictions : ndarray of shape (n_samples,)
        Predicted values, or probabilities of the explained class.
    classes : ndarray of shape (n_samples,) or None
        Explained class of each row.
    """

    columns: list[str]
    values: AnyArray
    contributions: Floats
    predictions: Floats
    baseline_predictions: Floats
    classes: AnyArray | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return the contributions as a pandas data frame, one row per explained row."""
        from pandas import DataFrame

        return DataFrame(self.contributions, columns=self.columns)

    def __str__(self) -> str:
        return "\n\n".join(self._row(row) for row in range(len(self.predictions)))

    def _row(self, row: int) -> str:
        what = "prediction"
        if self.classes is not None:
            what = f"probability of {self.classes[row]!s}"
        order = np.argsort(-np.abs(self.contributions[row]), kind="stable")
        lines = [
            (f"{self.columns[j]} = {self.values[row, j]!s}", self.contributions[row, j])
            for j in order
            if self.contributions[row, j]
        ]
        pairs = [
            ("baseline", significant(float(self.baseline_predictions[row]))),
            *((text, f"{'+' if value > 0 else ''}{float(value):.4g}") for text, value in lines),
            (what, significant(float(self.predictions[row]))),
        ]
        width = max(len(text) for text, _ in pairs)
        return "\n".join(f"{text:<{width}}  {value}" for text, value in pairs)


def contributions_that_add_up(
    model: FittedTabular,
    matrices: Sequence[NDArray[np.float32]],
    outputs: NDArray[np.int64],
    n_steps: int,
    differences: Floats,
    tolerance: float,
) -> Floats:
    """Return contributions whose sums match the differences from the baseline's prediction.

    Gradients jump at the edges of bins and at the kinks of activations, where the rule converges
    slowly: the rows whose sum deviates by more than the tolerance are integrated again with twice
    as many points, up to 16 times as many. A row whose way crosses very narrow bins may still
    deviate.

    Parameters
    ----------
    model, matrices, outputs, n_steps
        As in `compute_contributions`.
    differences : ndarray of shape (n_samples,)
        Prediction minus the baseline's.
    tolerance : float
    """
    contributions = compute_contributions(model, matrices, outputs, n_steps)
    for doubling in range(1, MOST_DOUBLINGS + 1):
        errors = np.abs(contributions.sum(axis=1) - differences)
        rows = np.flatnonzero(errors > tolerance)
        if not len(rows):
            break
        parts = [matrix[rows] for matrix in matrices]
        contributions[rows] = compute_contributions(
            model, parts, outputs[rows], n_steps * 2**doubling
        )
    return contributions


def compute_contributions(
    model: FittedTabular,
    matrices: Sequence[NDArray[np.float32]],
    outputs: NDArray[np.int64],
    n_steps: int,
) -> Floats:
    """Integrate gradients from the baseline to each row, and sum them over each column's inputs.

    (x - x') ∫₀¹ ∂F/∂x (x' + t (x - x')) dt (Sundararajan, Taly, Yan 2017), with F the prediction of
    the whole ensemble, calibration and clipping included, and x all members' inputs together.

    Parameters
    ----------
    model : TabularClassifier or TabularRegressor
    matrices : sequence of ndarray
        Inputs of each member.
    outputs : ndarray of int, shape (n_samples,)
        Index of the explained class; 0 for a regression.
    n_steps : int
        Points of the Gauss-Legendre rule.
    """
    from lamina.tabular.importances import column_names

    places = {name: place for place, name in enumerate(column_names(model))}
    origins = [
        np.array([places[str(name)] for name in model.columns_of_inputs(member)])
        for member in model.members_
    ]
    total = np.zeros((len(outputs), len(places)))
    for start in range(0, len(outputs), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        parts = _integrate(model, [matrix[rows] for matrix in matrices], outputs[rows], n_steps)
        for part, origin in zip(parts, origins, strict=True):
            np.add.at(total[rows].T, origin, part.T)
    return total


def _integrate(
    model: FittedTabular,
    matrices: Sequence[NDArray[np.float32]],
    outputs: NDArray[np.int64],
    n_steps: int,
) -> list[Floats]:
    points, weights = np.polynomial.legendre.leggauss(n_steps)
    baselines = model.input_means_
    ways = [matrix - start for matrix, start in zip(matrices, baselines, strict=True)]
    sums = [np.zeros(way.shape) for way in ways]
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        inputs = [
            (start + np.float32(point) * way).astype(np.float32)
            for start, way in zip(baselines, ways, strict=True)
        ]
        for gradient, total in zip(_gradients(model, inputs, outputs), sums, strict=True):
            total += weight * gradient
    return [way * total for way, total in zip(ways, sums, strict=True)]


def _gradients(
    model: FittedTabular, inputs: Sequence[NDArray[np.float32]], outputs: NDArray[np.int64]
) -> list[Floats]:
    """Return ∂F/∂x for each member's inputs."""
    networks = [member.network for member in model.members_]
    pairs = zip(networks, inputs, strict=True)
    predictions = [model._target.predict_each(network, x) for network, x in pairs]
    directions = model._directions(predictions, outputs)
    return [
        np.asarray(passes.gradients(direction.astype(passes.network.dtype)), dtype=np.float64)
        for passes, direction in zip(
            (network._passes(x) for network, x in zip(networks, inputs, strict=True)),
            directions,
            strict=True,
        )
    ]


def class_directions(
    predictions: Sequence[Floats], weights: Floats, temperature: float, outputs: NDArray[np.int64]
) -> list[Floats]:
    """Return the derivative of a class's probability with respect to each member's logits.

    With the mean m = Σ w p and F_c = m_c^(1/T) / Σ_k m_k^(1/T):
    ∂F_c/∂m_k = F_c (δ_ck - F_k) / (T m_k), and ∂p_k/∂z_j = p_k (δ_kj - p_j) for a softmax. A
    network for two classes has one logit, that of the second. The p of a network whose members
    share weights is the mean of theirs: its predictions are (n_samples, n_members, n_classes), and
    its directions are those of the members' logits, member by member.
    """
    from lamina.tabular.calibration import LEAST_PROBABILITY, tempered

    of_members = [p if p.ndim == 3 else p[:, np.newaxis] for p in predictions]
    pairs = list(zip(weights, of_members, strict=True))
    mean = np.asarray(sum(w * p.mean(axis=1) for w, p in pairs))
    final = tempered(mean, temperature)
    chosen = np.eye(mean.shape[1])[outputs]
    explained = final[np.arange(len(outputs)), outputs][:, np.newaxis]
    by_mean = explained * (chosen - final) / (temperature * np.maximum(mean, LEAST_PROBABILITY))
    by_mean = by_mean[:, np.newaxis]
    directions = []
    for weight, p in pairs:
        through = by_mean - (by_mean * p).sum(axis=2, keepdims=True)
        by_logits = weight / p.shape[1] * p * through
        # Two classes have one logit, that of the second: only its derivative is needed.
        learned = by_logits[..., 1:] if p.shape[2] == 2 else by_logits
        directions.append(learned.reshape(len(p), -1))
    return directions


def value_directions(
    predictions: Sequence[Floats], weights: Floats, target: Values
) -> list[Floats]:
    """Return the prediction's derivative by each member's output: 0 where it is clipped."""
    low, high = target.range
    directions = []
    for weight, p in zip(weights, predictions, strict=True):
        factor = 1.0 if target.transformation is None else target.transformation.derivative(p)
        directions.append((weight * factor * ((p > low) & (p < high)))[:, np.newaxis])
    return directions
