"""Ensembling: try all recipes, fit the best on all splits, and weight them out of fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.files.model_file import Json
from lamina.tabular.folds import NO_FOLD, number_folds
from lamina.tabular.members import (
    Member,
    MemberPlan,
    Sample,
    plan_members,
    predict_validation,
)
from lamina.tabular.recipes import Quality
from lamina.tabular.recipes.binned import BINNED
from lamina.tabular.selection import N_STEPS, select_weights
from lamina.tabular.side_by_side import MemberFitter
from lamina.tabular.targets import Target
from lamina.tabular.time_limits import TimeLimit
from lamina.tabular.transformation_choice import choose_transformation, needs_choice
from lamina.tabular.validation_scores import (
    N_RESAMPLES,
    ValidationScore,
    cross_validated_score,
    later_score,
    measured_or_nan,
    score_with_error,
)

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Number of splits on which each recipe is tried before the best ones are fitted on all.
N_TRIALS = 2

Predictions = NDArray[np.float64]


@dataclass(frozen=True)
class Ensemble:
    """Fitted members and their weights.

    Attributes
    ----------
    members : list of Member
        Without members of recipes with weight 0.
    weights : ndarray of shape (n_members,)
    predictions : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Out-of-fold predictions; NaN for samples in no validation set.
    score : ValidationScore
    target : Target
        With the transformation that the members learned.
    """

    members: list[Member]
    weights: NDArray[np.float64]
    predictions: Predictions
    score: ValidationScore
    target: Target

    @property
    def validated(self) -> NDArray[np.bool_]:
        """Mask of the samples with an out-of-fold prediction, shape (n_samples,)."""
        return _validated(self.predictions)


def fit_ensemble(
    sample: Sample,
    quality: Quality,
    build: Callable[[dict[str, Json]], BaseEstimator],
    random_state: np.random.RandomState,
    fitter: MemberFitter,
) -> Ensemble:
    """Fit the recipes of a quality: all on the first two splits, then the best on the others.

    If members are fitted again on all samples, the score is that of the members before.
    """
    if fitter.limit.is_set:
        fitter.limit.reserve(_seconds_of_scores(sample, quality, fitter.limit))
    plans = plan_members(sample, quality.recipes, build, random_state)
    if len(quality.recipes) == 1:
        members = fitter.fit(sample, plans, sample.refits * len(plans))
    else:
        sample, members = _fit_best_recipes(sample, quality, plans, fitter)
    ensemble = _weigh(sample, members, fitter.limit)
    if not sample.refits:
        return ensemble
    return replace(ensemble, members=fitter.refit(sample, ensemble.members))


def _seconds_of_scores(sample: Sample, quality: Quality, limit: TimeLimit) -> float:
    """Estimate the time for scoring after the networks, by scoring all samples once."""
    trivial = sample.target.trivial_predictions(sample.weight)
    # Use distinct values, because equal predictions are sorted faster than a network's.
    predictions = trivial * np.random.RandomState(0).uniform(0.9, 1.0, trivial.shape)
    y, measure = sample.target.learned, sample.scoring.measure
    of_tries = min(N_TRIALS / len(sample.splits), 1.0) * len(quality.recipes)
    # The weights are chosen once with all folds, and once without each of them.
    n_choices = 1 + (len(sample.splits) if len(quality.recipes) > 1 else 0)
    n_scores = N_RESAMPLES + N_STEPS * (of_tries + n_choices * quality.most_recipes)
    return n_scores * limit.measure(lambda: measure(y, predictions))


def _fit_best_recipes(
    sample: Sample, quality: Quality, plans: Sequence[MemberPlan], fitter: MemberFitter
) -> tuple[Sample, list[Member]]:
    """Try all recipes on the first splits, and fit the best on the others."""
    first = [plan for plan in plans if plan.split < N_TRIALS]
    n_later = min(quality.most_recipes, len(quality.recipes)) * len(sample.splits[N_TRIALS:])
    n_refits = sample.refits * (len(first) + n_later)
    tried: list[Member] = []
    if needs_choice(sample):
        binned = [plan for plan in first if plan.recipe.name == BINNED.name]
        first = [plan for plan in first if plan.recipe.name != BINNED.name]
        n_others = len(first) + n_later + n_refits
        sample, tried = choose_transformation(sample, binned, fitter, n_others)
    tried += fitter.fit(sample, first, n_later + n_refits)
    chosen = _best_recipes(sample, tried, quality.most_recipes)
    rest = [plan for plan in plans if plan.split >= N_TRIALS and plan.recipe.name in chosen]
    members = [*tried, *fitter.fit(sample, rest, n_refits)]
    return sample, [each for each in members if each.recipe in chosen]


def _best_recipes(sample: Sample, members: Sequence[Member], most: int) -> set[str]:
    """Return the names of the recipes with the largest weights in an ensemble of all."""
    names, weights = _weigh_recipes(sample, members)[:2]
    order = np.argsort(-weights, kind="stable")[:most]
    return {names[i] for i in order if weights[i] > 0}


def _weigh(sample: Sample, members: Sequence[Member], limit: TimeLimit) -> Ensemble:
    names, weights, candidates = _weigh_recipes(sample, members)
    predictions = _weighted(weights, candidates)
    sizes = {name: sum(member.recipe == name for member in members) for name in names}
    member_weights = {
        name: weight / sizes[name] for name, weight in zip(names, weights, strict=True)
    }
    used = [member for member in members if member_weights[member.recipe] > 0]
    validated = _validated(predictions)
    score = _score(sample, _cross_weighted(sample, weights, candidates), validated, limit)
    weights = np.array([member_weights[each.recipe] for each in used])
    return Ensemble(used, weights, predictions, score, sample.target)


def _weigh_recipes(
    sample: Sample, members: Sequence[Member]
) -> tuple[list[str], NDArray[np.float64], list[Predictions]]:
    """Return the recipes' names, their weights, and their out-of-fold predictions."""
    names = list(dict.fromkeys(member.recipe for member in members))
    candidates = [
        predict_validation(sample, [member for member in members if member.recipe == name])
        for name in names
    ]
    # Because of a time limit, some recipes may lack members.
    validated = np.all([_validated(each) for each in candidates], axis=0)
    y, measure = sample.target.learned[validated], sample.scoring.measure
    weights = select_weights([each[validated] for each in candidates], lambda p: measure(y, p))
    return names, weights, candidates


def _cross_weighted(
    sample: Sample, weights: NDArray[np.float64], candidates: Sequence[Predictions]
) -> Predictions:
    """Return out-of-fold predictions with weights that each fold's samples did not choose.

    Weights chosen on the samples that they predict make the score too good: for each fold, they are
    chosen on the other folds. A fold without which the metric is undefined keeps the weights of
    all.
    """
    validated = np.all([_validated(each) for each in candidates], axis=0)
    folds = np.where(validated, number_folds(sample.splits, len(validated)), NO_FOLD)
    y, measure = sample.target.learned, sample.scoring.measure
    crossed = _weighted(weights, candidates)
    for fold in range(len(sample.splits) if len(candidates) > 1 else 0):
        others = validated & (folds != fold)
        if not others.any() or np.isnan(measured_or_nan(measure, y[others], crossed[others])):
            continue
        chosen = select_weights(
            [each[others] for each in candidates], partial(measured_or_nan, measure, y[others])
        )
        rows = folds == fold
        crossed[rows] = _weighted(chosen, [each[rows] for each in candidates])
    return crossed


def _weighted(weights: NDArray[np.float64], candidates: Sequence[Predictions]) -> Predictions:
    """Return the weighted mean of the candidates with a weight, added up in their order."""
    pairs = zip(weights, candidates, strict=True)
    return np.asarray(sum(weight * each for weight, each in pairs if weight > 0))


def _score(
    sample: Sample, predictions: Predictions, validated: NDArray[np.bool_], limit: TimeLimit
) -> ValidationScore:
    y, predictions = sample.target.learned[validated], predictions[validated]
    scoring, measure = sample.scoring, sample.scoring.measure
    groups = None if sample.groups is None else sample.groups[validated]
    score = score_with_error(scoring.name, y, predictions, measure, limit, groups)
    if not sample.refits:
        return cross_validated_score(score, sample.splits, len(y))
    periods = number_folds(sample.splits, len(validated))[validated]
    return later_score(score, y, predictions, measure, periods)


def _validated(predictions: Predictions) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(predictions.reshape(len(predictions), -1)).all(axis=1))
