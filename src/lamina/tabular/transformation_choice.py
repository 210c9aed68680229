"""The choice between values and their square roots, by held-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.base import clone

from lamina.tabular.members import (
    Member,
    MemberPlan,
    Sample,
    average_validation,
    predict_validation,
    validation_outputs,
)
from lamina.tabular.side_by_side import MemberFitter
from lamina.tabular.targets import Values
from lamina.tabular.transformations import Floats, SquareRoot, has_heavy_tail


def needs_choice(sample: Sample) -> bool:
    """Return True for values with a heavy tail."""
    return isinstance(sample.target, Values) and has_heavy_tail(sample.target.learned)


def choose_transformation(
    sample: Sample, plans: Sequence[MemberPlan], fitter: MemberFitter, n_later: int
) -> tuple[Sample, list[Member]]:
    """Fit members to the values and to their roots; return the better sample and its members.

    Parameters
    ----------
    sample : Sample
        Samples of a regression.
    plans : sequence of MemberPlan
        Members of one recipe.
    fitter : MemberFitter
    n_later : int
        The members that later calls are expected to fit.

    Returns
    -------
    sample : Sample
        With `target.transformation` set where the roots have the better score.
    members : list of Member
    """
    roots = _with(sample, SquareRoot())
    copies = [replace(plan, network=clone(plan.network)) for plan in plans]
    members = fitter.fit(sample, plans, len(copies) + n_later)
    root_members = fitter.fit(roots, copies, n_later)
    if len(members) < len(plans) or len(root_members) < len(plans):
        return sample, members
    outputs = validation_outputs(roots, root_members)
    predictions = average_validation(roots, root_members, outputs)
    rows = np.isfinite(predictions)
    weight = None if sample.weight is None else sample.weight[rows]
    variance = np.average(sample.target.learned[rows] - predictions[rows], weights=weight)
    roots = _with(sample, SquareRoot(max(float(variance), 0.0)))
    root_score = _score(roots, average_validation(roots, root_members, outputs))
    if root_score > _score(sample, predict_validation(sample, members)):
        return roots, root_members
    return sample, members


def _with(sample: Sample, transformation: SquareRoot) -> Sample:
    """Return the sample with values that networks learn by a transformation."""
    assert isinstance(sample.target, Values)
    return replace(
        sample,
        target=replace(sample.target, transformation=transformation),
        scoring=replace(sample.scoring, transformation=transformation),
    )


def _score(sample: Sample, predictions: Floats) -> float:
    rows = np.isfinite(predictions)
    return sample.scoring.measure(sample.target.learned[rows], predictions[rows])
