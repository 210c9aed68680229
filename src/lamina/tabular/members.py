"""Members of an ensemble: networks, each with the inputs that its recipe computes from a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray
from lamina.tabular.encoded import EncodedTable
from lamina.tabular.folds import Split
from lamina.tabular.numeric_features import NumericFeatures
from lamina.tabular.recipes import Recipe
from lamina.tabular.scoring import Scoring
from lamina.tabular.target_statistics import TargetStatistics
from lamina.tabular.targets import Target

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Not 0, because the weights of a batch must not sum to 0.
ABSENT_WEIGHT = 1e-6
# A network's time limit must be above 0 seconds.
LEAST_SECONDS = 1e-3


@dataclass(frozen=True)
class Member:
    """Fitted network of an ensemble.

    Attributes
    ----------
    recipe : str
    split : int
        Index of the split whose validation samples chose its epoch.
    numeric : NumericFeatures
    statistics : TargetStatistics
        Fitted on the network's training samples.
    uses_texts : bool
        True if the directions of short texts are inputs.
    network : MLPClassifier or MLPRegressor
    """

    recipe: str
    split: int
    numeric: NumericFeatures
    statistics: TargetStatistics
    uses_texts: bool
    network: BaseEstimator

    def __repr__(self) -> str:
        """Return a line without arrays, for a list of members in a notebook."""
        network = self.network
        size = f"n_inputs={network.n_features_in_}, n_parameters={network.n_parameters_}"
        return f"Member(recipe={self.recipe!r}, split={self.split}, {size})"

    def matrix(self, encoded: EncodedTable) -> NDArray[np.float32]:
        """Return the network's inputs, shape (n_samples, n_inputs)."""
        return self.joined(encoded, self.statistics.transform(encoded.codes))

    def joined(self, encoded: EncodedTable, statistics: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's inputs with other statistics."""
        blocks = [self.numeric.transform(encoded.numbers), encoded.parts]
        blocks += [encoded.texts] if self.uses_texts else []
        return np.hstack([*blocks, encoded.categories, statistics])

    def shares_inputs_with(self, other: Member) -> bool:
        """Return True if both members' inputs are equal except for the statistics by category."""
        return self.uses_texts == other.uses_texts and self.numeric.equals(other.numeric)


@dataclass(frozen=True)
class Sample:
    """Training samples of an ensemble.

    Attributes
    ----------
    encoded : EncodedTable
    sizes : tuple of int
        Number of codes of each coded column.
    target : Target
    weight : ndarray of shape (n_samples,) or None
    splits : sequence of Split
    scoring : Scoring
    refits : bool
        True if each member is finally fitted on all samples, for as many epochs as its validation
        samples chose.
        The splits are then consecutive periods.
    groups : ndarray of int64, shape (n_samples,), or None
        The standard error of the score draws whole groups.
    """

    encoded: EncodedTable
    sizes: tuple[int, ...]
    target: Target
    weight: NDArray[np.float64] | None
    splits: Sequence[Split]
    scoring: Scoring
    refits: bool = False
    groups: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class MemberPlan:
    """Member to be fitted.

    Attributes
    ----------
    recipe : Recipe
    split : int
    numeric : NumericFeatures
    network : MLPClassifier or MLPRegressor
        Unfitted, with the seed of the member.
    """

    recipe: Recipe
    split: int
    numeric: NumericFeatures
    network: BaseEstimator


def plan_members(
    sample: Sample,
    recipes: Sequence[Recipe],
    build: Callable[[dict[str, Json]], BaseEstimator],
    random_state: np.random.RandomState,
) -> list[MemberPlan]:
    """Return one member per recipe and split, with the recipes in turn within each split."""
    if not sample.encoded.texts.shape[1]:
        recipes = [recipe for recipe in recipes if not recipe.uses_texts]
    fewest = min(len(split.train) for split in sample.splits)
    # With bins of dates, networks memorise each period and do not generalise to later ones.
    numbers, binned = sample.encoded.numbers, ~sample.encoded.dates
    if not binned.any():
        recipes = [recipe for recipe in recipes if not recipe.needs_numbers]
    features = {
        recipe.name: NumericFeatures.fit(numbers, recipe.n_bins, binned) for recipe in recipes
    }
    plans = []
    for split in range(len(sample.splits)):
        for recipe in recipes:
            settings = recipe.settings(len(sample.encoded), sample.target.kind)
            settings["batch_size"] = min(settings["batch_size"], fewest)
            # Numbers are the first inputs.
            embedded = np.flatnonzero(binned).tolist()
            n_inputs = _count_inputs(sample, recipe, features[recipe.name])
            others = sorted(set(range(n_inputs)).difference(embedded))
            inputs = recipe.inputs(embedded, others)
            settings |= {"inputs": inputs} if inputs else {}
            network = build({**settings, "random_state": int(random_state.randint(2**31 - 1))})
            plans.append(MemberPlan(recipe, split, features[recipe.name], network))
    return plans


def _count_inputs(sample: Sample, recipe: Recipe, numeric: NumericFeatures) -> int:
    encoded = sample.encoded
    blocks = [encoded.parts, encoded.categories, *([encoded.texts] if recipe.uses_texts else [])]
    n_statistics = len(sample.sizes) * (sample.target.described.shape[1] + 1)
    n_encoded: int = sum(block.shape[1] for block in blocks)
    return int(numeric.n_features_out + n_encoded + n_statistics)


def fit_member(
    sample: Sample, plan: MemberPlan, seconds_left: Callable[[], float] | None = None
) -> Member:
    """Fit a member on its split's training samples; the validation samples choose the epoch.

    Parameters
    ----------
    sample : Sample
    plan : MemberPlan
    seconds_left : callable, optional
        Called after the inputs have been computed; returns the time limit of the training.
    """
    split, trained = sample.splits[plan.split], sample.target.trained
    encoded = sample.encoded.rows(split.train)
    statistics, inputs = _fit_statistics(sample, split.train, plan.network)
    member = Member(
        plan.recipe.name,
        plan.split,
        plan.numeric,
        statistics,
        plan.recipe.uses_texts,
        plan.network,
    )
    matrix = member.matrix(sample.encoded.rows(split.validation))
    validation: tuple[AnyArray, ...] = (matrix, trained[split.validation])
    weight = None if sample.weight is None else sample.weight[split.train]
    if sample.weight is not None and sample.weight[split.validation].sum() > 0:
        validation = (*validation, sample.weight[split.validation])
    inputs, y = member.joined(encoded, inputs), trained[split.train]
    absent = _absent_classes(sample, split)
    if len(absent):
        weight = np.ones(len(y)) if weight is None else weight
        weight = np.append(weight, np.full(len(absent), ABSENT_WEIGHT))
        inputs = np.vstack([inputs, member.matrix(sample.encoded.rows(absent))])
        y = np.append(y, trained[absent])
    weights = {} if weight is None else {"sample_weight": weight}
    # Set here, because the scoring changes with the transformation of the target.
    plan.network.set_params(monitor=sample.scoring.monitor)
    _limit_seconds(plan.network, seconds_left)
    plan.network.fit(inputs, y, validation_data=validation, **weights)
    return member


def _limit_seconds(network: BaseEstimator, seconds_left: Callable[[], float] | None) -> None:
    if seconds_left is not None:
        network.set_params(max_seconds=max(seconds_left(), LEAST_SECONDS))


def best_epoch(network: BaseEstimator) -> int:
    """Return the epoch of a fitted network's weights; 0 if a time limit ended the first epoch.

    The network's attributes say whether the loss or a scorer chose the epoch: its `monitor` has
    been reset, because a scorer is code.
    """
    by_score = network.best_validation_score_ is not None
    curve = network.validation_scores_ if by_score else network.validation_loss_curve_
    costs = np.asarray(curve, dtype=np.float64) * (-1 if by_score else 1)
    if not len(costs):
        return 0
    if network.restore_best == "last_of_ties":
        return len(costs) - int(np.nanargmin(costs[::-1]))
    return int(np.nanargmin(costs)) + 1


def fit_on_all(
    sample: Sample,
    member: Member,
    network: BaseEstimator,
    seconds_left: Callable[[], float] | None = None,
) -> Member:
    """Fit an unfitted network of a member's kind on all samples with a positive weight."""
    rows = np.arange(len(sample.encoded)) if sample.weight is None else sample.weight.nonzero()[0]
    encoded = sample.encoded.rows(rows)
    statistics, inputs = _fit_statistics(sample, rows, network)
    weight = None if sample.weight is None else sample.weight[rows]
    matrix = member.joined(encoded, inputs)
    _limit_seconds(network, seconds_left)
    network.fit(matrix, sample.target.trained[rows], weight)
    return replace(member, statistics=statistics, network=network)


def _fit_statistics(
    sample: Sample, rows: NDArray[np.int64], network: BaseEstimator
) -> tuple[TargetStatistics, NDArray[np.float32]]:
    """Fit the statistics on some samples, with parts drawn from the network's seed."""
    return TargetStatistics.fit(
        sample.encoded.codes[rows],
        sample.target.described[rows],
        sample.sizes,
        np.random.RandomState(network.random_state),
    )


def _absent_classes(sample: Sample, split: Split) -> NDArray[np.int64]:
    """Return a sample of each class that a split's training samples lack.

    These samples get almost no weight; they make all networks predict all classes.
    """
    if sample.target.kind == "regression":
        return np.empty(0, dtype=np.int64)
    classes, places = np.unique(sample.target.learned, return_index=True)
    absent = np.isin(classes, sample.target.learned[split.train], invert=True)
    return np.asarray(places[absent], dtype=np.int64)


def predict_validation(sample: Sample, members: Sequence[Member]) -> NDArray[np.float64]:
    """Return the mean prediction for each sample by the members it validated; NaN if none."""
    return average_validation(sample, members, validation_outputs(sample, members))


def validation_outputs(sample: Sample, members: Sequence[Member]) -> list[NDArray[np.float64]]:
    """Return each member's outputs for its validation samples, as `Target.outputs` does."""
    rows = (sample.splits[member.split].validation for member in members)
    pairs = zip(members, rows, strict=True)
    encoded = sample.encoded.rows
    return [sample.target.outputs(m.network, m.matrix(encoded(chosen))) for m, chosen in pairs]


def average_validation(
    sample: Sample, members: Sequence[Member], outputs: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the mean prediction of `predict_validation` from the members' outputs."""
    total = np.array(np.nan)
    counts = np.zeros(len(sample.encoded), dtype=np.int64)
    for member, output in zip(members, outputs, strict=True):
        rows, part = sample.splits[member.split].validation, sample.target.finish(output)
        if counts.sum() == 0:
            total = np.zeros((len(counts), *part.shape[1:]))
        total[rows] += part
        counts[rows] += 1
    total[counts == 0] = np.nan
    return np.asarray(total / np.maximum(counts, 1).reshape(-1, *[1] * (total.ndim - 1)))
