"""Further training of fitted members on new samples, and the loss on their held-out samples.

Shapes: predictions (n_samples,) or (n_samples, n_classes); losses and weights (n_samples,).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from joblib import delayed
from numpy.typing import NDArray

from lamina.estimators.fitting.state import EPOCH_ATTRIBUTES
from lamina.formulas.table import AnyArray
from lamina.significant import significant
from lamina.tabular.encoded import EncodedTable
from lamina.tabular.fit_progress import FitProgress, MemberCallback
from lamina.tabular.members import ABSENT_WEIGHT, LEAST_SECONDS, Member
from lamina.tabular.shared_inputs import inputs_by_recipe
from lamina.tabular.side_by_side import MemberFitter, naming
from lamina.tabular.targets import Target
from lamina.training.parallel_jobs import Job

# A lower learning rate and few epochs preserve what the networks have learned. No epoch is chosen,
# so that the loss on the held-out samples is unbiased.
REFIT_EPOCHS = 20
RATE_FACTOR = 0.3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NewSample:
    """New samples of a refit.

    Attributes
    ----------
    encoded : EncodedTable
        Encoded by the encoding of the fit.
    target : Target
        For a regression, its range covers the values of the fit and the new ones.
    weight : ndarray of shape (n_samples,) or None
        All above zero.
    folds : ndarray of int64, shape (n_samples,)
        Fold of each sample; -1 if every network is trained on it.
    """

    encoded: EncodedTable
    target: Target
    weight: Floats | None
    folds: NDArray[np.int64]

    def weights(self) -> Floats:
        """Return the weight of each sample."""
        return np.ones(len(self.folds)) if self.weight is None else self.weight


class PairedLoss(NamedTuple):
    """Mean loss on held-out samples before and after a refit.

    Attributes
    ----------
    name : str
    before, after : float
    gain, standard_error : float
        Mean and standard error of the difference per sample.
    """

    name: str
    before: float
    after: float
    gain: float
    standard_error: float

    @property
    def is_better(self) -> bool:
        """True if the loss fell by more than the standard error of the difference."""
        return self.gain > max(self.standard_error, 0.0)

    def remark(self, n_samples: int) -> str:
        """Return a sentence about a refit with a number of new samples."""
        figures = (
            f"{self.name} on those held out is {significant(self.after)} after it and "
            f"{significant(self.before)} before (standard error of the difference "
            f"{significant(self.standard_error)})"
        )
        if self.is_better:
            return f"refit on {n_samples:,} new rows was taken: {figures}"
        return f"refit on {n_samples:,} new rows changed nothing: {figures}"


def fold_of_members(members: Sequence[Member], n_folds: int) -> list[int]:
    """Return the fold that each member holds out; members of one split have the same one."""
    splits = sorted({member.split for member in members})
    return [splits.index(member.split) % n_folds for member in members]


def refit_members(
    sample: NewSample,
    members: Sequence[Member],
    means: Sequence[NDArray[np.float32]],
    fitter: MemberFitter,
) -> list[Member]:
    """Return copies of the members, each trained further on the new samples without its fold.

    Parameters
    ----------
    sample : NewSample
    members : sequence of Member
    means : sequence of ndarray
        Mean of each member's inputs, used as a sample of classes that the new samples lack.
    fitter : MemberFitter
        Supplies progress, jobs and time limit.
    """
    folds = fold_of_members(members, int(sample.folds.max()) + 1)
    first = fitter.progress.begin([REFIT_EPOCHS] * len(members))
    limit = fitter.limit
    seconds_left = (lambda: limit.networks_end_at - limit.clock()) if limit.is_set else None

    def jobs(shared: NewSample) -> Iterator[Job]:
        job = delayed(_refit_one)
        for i, member in enumerate(members):
            place = first + i
            yield job(shared, member, means[i], folds[i], fitter.progress, place, seconds_left)

    places = range(first, first + len(members))
    refitted: list[Member] = fitter.run(sample, jobs, places)
    n_cut = sum(_n_epochs(member) < REFIT_EPOCHS for member in refitted)
    if n_cut:
        limit.remarks.append(f"time_limit ended the refit of {n_cut} of {len(members)} networks")
    return refitted


def _n_epochs(member: Member) -> int:
    return len(member.network.loss_curve_)


def _refit_one(
    sample: NewSample,
    member: Member,
    mean: NDArray[np.float32],
    fold: int,
    progress: FitProgress,
    place: int,
    seconds_left: Callable[[], float] | None,
) -> Member:
    rows = np.flatnonzero(sample.folds != fold)
    inputs, y = member.matrix(sample.encoded.rows(rows)), sample.target.trained[rows]
    weight = None if sample.weight is None else sample.weight[rows]
    absent = np.setdiff1d(getattr(member.network, "classes_", []), y).astype(y.dtype)
    if len(absent):
        weight = np.append(sample.weights()[rows], np.full(len(absent), ABSENT_WEIGHT))
        inputs = np.vstack([inputs, np.tile(mean, (len(absent), 1))])
        y = np.append(y, absent)
    network = copy.deepcopy(member.network)
    # Earlier losses were measured on other samples.
    for name in EPOCH_ATTRIBUTES:
        vars(network).pop(name, None)
    changed = {
        "warm_start": True,
        "max_iter": REFIT_EPOCHS,
        "learning_rate_init": RATE_FACTOR * network.learning_rate_init,
        "batch_size": min(network.batch_size, len(rows)),
        "monitor": None,
        "max_seconds": None if seconds_left is None else max(seconds_left(), LEAST_SECONDS),
        "callbacks": [MemberCallback(progress, place)],
    }
    before = {name: getattr(network, name) for name in changed}
    with naming(member.recipe, member.split):
        network.set_params(**changed).fit(inputs, y, weight)
    network.set_params(**before)
    progress.finish(place)
    return replace(member, network=network)


def compare(
    sample: NewSample,
    before: Sequence[Member],
    after: Sequence[Member],
    weights: Floats,
    finish: Callable[[Floats], Floats],
) -> PairedLoss:
    """Compare members before and after on the samples that each of them held out.

    Parameters
    ----------
    sample : NewSample
    before, after : sequence of Member
    weights : ndarray of shape (n_members,)
    finish : callable
        Converts the mean of the members' predictions to the final predictions.
    """
    folds = fold_of_members(before, int(sample.folds.max()) + 1)
    sums: list[AnyArray | float] = [0.0, 0.0]
    counted = np.zeros(len(sample.folds))
    for place, inputs in inputs_by_recipe(before, sample.encoded):
        held_out = weights[place] * (sample.folds == folds[place])
        counted += held_out
        for which, members in enumerate((before, after)):
            predictions = sample.target.predict(members[place].network, inputs)
            sums[which] += held_out.reshape(-1, *[1] * (predictions.ndim - 1)) * predictions
    rows = counted > 0
    y = sample.target.rows(rows)

    def losses(sum_of_predictions: AnyArray | float) -> Floats:
        total = np.asarray(sum_of_predictions)
        mean = total[rows] / counted[rows].reshape(-1, *[1] * (total.ndim - 1))
        return y.losses(finish(mean))

    name, weight = sample.target.loss_name, sample.weights()[rows]
    return _paired(name, losses(sums[0]), losses(sums[1]), weight)


def _paired(name: str, before: Floats, after: Floats, weight: Floats) -> PairedLoss:
    weight = weight / weight.sum()
    gain = float(weight @ (before - after))
    # Standard error of a weighted mean; with equal weights, the deviation over √count.
    error = float(np.sqrt(np.sum((weight * (before - after - gain)) ** 2)))
    return PairedLoss(name, float(weight @ before), float(weight @ after), gain, error)
