"""The networks of an ensemble, each fitted without the rows of one fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import NDArray

from lamina.tabular.targets import Target


@dataclass(frozen=True)
class Sample:
    """What all networks of an ensemble learn from.

    Attributes
    ----------
    inputs : ndarray of shape (n_samples, n_inputs)
    targets : ndarray of shape (n_samples,)
    weight : ndarray of shape (n_samples,) or None
    folds : ndarray of shape (n_samples,)
        The fold of each sample; -1 for those that all networks learn from.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[Any]
    weight: NDArray[np.float64] | None
    folds: NDArray[np.int64]

    @property
    def n_folds(self) -> int:
        """The number of folds."""
        return int(self.folds.max()) + 1


def fit_members(sample: Sample, networks: Sequence[Any], n_jobs: int | None) -> list[Any]:
    """Fit one network a fold, side by side, and return them.

    Parameters
    ----------
    sample : Sample
    networks : sequence of MLPClassifier or MLPRegressor
        Unfitted, one for each fold.
    n_jobs : int or None
        As joblib takes it: threads, unless the user's `parallel_config` says otherwise. None is one
        job for each core; the networks do not depend on it.
    """
    run = Parallel(n_jobs=effective_n_jobs(-1 if n_jobs is None else n_jobs), prefer="threads")
    fitted: list[Any] = run(
        delayed(_fit_member)(network, sample, fold) for fold, network in enumerate(networks)
    )
    return fitted


def predict_out_of_fold(
    sample: Sample, members: Sequence[Any], target: Target
) -> NDArray[np.float64]:
    """Return each sample's prediction by the network that did not learn from it.

    A sample that every network learned from has NaN.
    """
    rows = [sample.folds == fold for fold in range(len(members))]
    parts = [
        target.predict(member, sample.inputs[chosen])
        for member, chosen in zip(members, rows, strict=True)
    ]
    predictions = np.full((len(sample.targets), *parts[0].shape[1:]), np.nan)
    for chosen, part in zip(rows, parts, strict=True):
        predictions[chosen] = part
    return predictions


def _fit_member(member: Any, sample: Sample, fold: int) -> Any:
    held_out = sample.folds == fold
    learned, weight = ~held_out, sample.weight
    validation: tuple[Any, ...] = (sample.inputs[held_out], sample.targets[held_out])
    given = {} if weight is None else {"sample_weight": weight[learned]}
    if weight is not None and weight[held_out].sum() > 0:
        validation = (*validation, weight[held_out])
    return member.fit(
        sample.inputs[learned], sample.targets[learned], validation_data=validation, **given
    )
