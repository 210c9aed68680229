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
from lamina.tabular.calibration import LEAST_PROBABILITY, tempered
from lamina.tabular.integration import Ways, integrate

if TYPE_CHECKING:
    import pandas as pd

    from lamina.tabular.fitted import FittedTabular
    from lamina.tabular.targets import Values

Floats = NDArray[np.float64]

ROWS_AT_ONCE = 32
# Largest deviation of a sum of contributions, as a fraction of 1 for probabilities, and of the
# target's range for values; the predictions themselves, in float32, are less exact.
TOLERANCE = 2e-7


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
        Fewest points on each way.
    """
    from lamina.tabular.importances import column_names

    places = {name: place for place, name in enumerate(column_names(model))}
    origins = [
        np.array([places[str(name)] for name in model.columns_of_inputs(member)])
        for member in model.members_
    ]
    every = [*range(len(origins))]
    # A sum of members' predictions has the sum of their contributions, and each of them breaks at
    # its own edges alone.
    groups = [[place] for place in every] if model._is_sum else [every]
    tolerance = TOLERANCE * model._target.width / len(groups)
    total = np.zeros((len(outputs), len(places)))
    for start in range(0, len(outputs), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        for group in groups:
            ways = Ways(model, group, [matrices[place][rows] for place in group], outputs[rows])
            for place, part in zip(group, integrate(ways, n_steps, tolerance), strict=True):
                np.add.at(total[rows].T, origins[place], part.T)
    return total


def class_directions(
    predictions: Sequence[Floats], weights: Floats, temperature: float, outputs: NDArray[np.int64]
) -> list[Floats]:
    """Return the derivative of a class's probability with respect to each member's logits.

    With the mean m = Σ w p and F_c = m_c^(1/T) / Σ_k m_k^(1/T):
    ∂F_c/∂m_k = F_c (δ_ck - F_k) / (T m_k), and ∂p_k/∂z_j = p_k (δ_kj - p_j) for a softmax. With
    T = 1, F_c = m_c is a sum over the members, and some of them may be passed alone. A network for
    two classes has one logit, that of the second. The p of a network whose members share weights is
    the mean of theirs: its predictions are (n_samples, n_members, n_classes), and its directions
    are those of the members' logits, member by member.
    """
    of_members = [p if p.ndim == 3 else p[:, np.newaxis] for p in predictions]
    pairs = list(zip(weights, of_members, strict=True))
    mean = np.asarray(sum(w * p.mean(axis=1) for w, p in pairs))
    by_mean = _by_mean(mean, temperature, outputs)[:, np.newaxis]
    directions = []
    for weight, p in pairs:
        through = by_mean - (by_mean * p).sum(axis=2, keepdims=True)
        by_logits = weight / p.shape[1] * p * through
        # Two classes have one logit, that of the second: only its derivative is needed.
        learned = by_logits[..., 1:] if p.shape[2] == 2 else by_logits
        directions.append(learned.reshape(len(p), -1))
    return directions


def _by_mean(mean: Floats, temperature: float, outputs: NDArray[np.int64]) -> Floats:
    """Return ∂F_c/∂m of the explained classes."""
    chosen = np.eye(mean.shape[1])[outputs]
    if temperature == 1:
        return chosen
    final = tempered(mean, temperature)
    explained = final[np.arange(len(outputs)), outputs][:, np.newaxis]
    least = np.maximum(mean, LEAST_PROBABILITY)
    return np.asarray(explained * (chosen - final) / (temperature * least))


def explained_probability(
    predictions: Sequence[Floats], weights: Floats, temperature: float, outputs: NDArray[np.int64]
) -> Floats:
    """Return F_c of `class_directions`; with T = 1 the members' part of it."""
    pairs = zip(weights, predictions, strict=True)
    mean = np.asarray(sum(w * (p.mean(axis=1) if p.ndim == 3 else p) for w, p in pairs))
    final = mean if temperature == 1 else tempered(mean, temperature)
    return np.asarray(final[np.arange(len(outputs)), outputs])


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
