"""Trivial predictor: the class frequencies or the mean, which every model should beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamina.significant import significant
from lamina.tabular.members import Sample
from lamina.tabular.validation_scores import ValidationScore


def remark_on_trivial(
    sample: Sample, score: ValidationScore, validated: NDArray[np.bool_]
) -> str | None:
    """Return a sentence if the score does not beat the trivial predictor by its standard error.

    Parameters
    ----------
    sample : Sample
    score : ValidationScore
    validated : ndarray of bool, shape (n_samples,)
        Mask of the scored samples.
    """
    y = sample.target.learned[validated]
    trivial = sample.scoring.measure(y, sample.target.trivial_predictions(sample.weight)[validated])
    if np.isnan(score.value):
        return (
            f"{score.metric} cannot be computed on the held-out samples, so the quality of the "
            "model is unknown. Add samples of each class, or choose another scoring="
        )
    if np.nan_to_num(score.value - trivial, nan=-np.inf) > np.nan_to_num(score.standard_error):
        return None
    trivial_name = "mean of the target" if sample.scoring.classes is None else "class frequencies"
    return (
        f"on held-out samples the model is no better than the {trivial_name}: {score.metric} is "
        f"{significant(score.value)} (standard error {significant(score.standard_error)}), and "
        f"theirs is {significant(float(trivial))}. Do not trust its predictions: look for columns "
        "that say something about the target, bring more samples, or predict the "
        f"{trivial_name}"
    )
