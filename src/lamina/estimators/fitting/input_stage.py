"""The input stage of a fit: resolved from `inputs=` and the data, and read from a fitted model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import groupby
from time import perf_counter
from typing import Any

import numpy as np
from scipy import sparse

from lamina.blocks import InputStage
from lamina.blocks.inputs import INPUT_KINDS, InputGroup, PiecewiseLinearInputs
from lamina.choices import Input
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.fitting.input_bins import (
    count_inner_bins,
    distinct_edges,
    quantile_edges,
    tree_edges,
    tree_targets,
    with_outer_bins,
)
from lamina.estimators.fitting.input_codes import (
    NONE,
    Categories,
    encode_categories,
    learn_categories,
    require_numbers,
)
from lamina.estimators.settings.input_columns import (
    ColumnInputs,
    Names,
    assign_columns,
    names_in,
    reads_categories,
)
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas.table import AnyArray, Array, Matrix
from lamina.network import Network

NAME = "inputs"
# Fitted attributes: the stage as plain values, and the categories of each column.
STAGE, CATEGORIES = "_input_stage", "input_categories_"
MOST_AUTOMATIC_OUTPUTS = 8


@dataclass(frozen=True)
class ResolvedInputs:
    """Input stage of a fit, and what its columns hold.

    Attributes
    ----------
    stage : InputStage
    groups : tuple of Input
        Object that each group of the stage comes from.
    categories : list of ndarray
        Categories of each column of X, empty for a column of numbers.
    names : Names
    """

    stage: InputStage
    groups: tuple[Input, ...]
    categories: Categories
    names: Names

    def encode(self, X: Array) -> Array:
        """Return X with codes in place of categories; raise ValueError for missing numbers."""
        return encode(X, self.categories, self.names)

    def attributes(self) -> Attributes:
        """Return the fitted attributes, besides those of the network."""
        return {CATEGORIES: self.categories} if any(map(len, self.categories)) else {}


def resolve_inputs(
    inputs: Sequence[Input], model: Parametrized, X: Array, categories: Categories | None = None
) -> ResolvedInputs:
    """Return the stage for validated X, whose names the model has.

    Parameters
    ----------
    inputs : sequence of Input
    model : estimator
    X : ndarray of shape (n_samples, n_features)
        With NaN only if an object reads categories.
    categories : list of ndarray, optional
        Categories of an earlier fit; by default those in X.

    Raises
    ------
    ValueError
        For columns that X does not have or that are named twice, for missing numbers, and for
        numbers that no category may have.
    """
    names = names_in(vars(model).get("feature_names_in_"), X.shape[1])
    assigned = assign_columns(inputs, names)
    coded = [c for each in assigned if each.reads_categories for c in each.columns]
    if categories is None:
        categories = learn_categories(X, coded, names)
    groups = [pair for each in assigned for pair in _groups(each, categories)]
    stage = InputStage(NAME, X.shape[1], tuple(group for group, _ in groups))
    return ResolvedInputs(stage, tuple(each for _, each in groups), categories, names)


def _groups(assigned: ColumnInputs, categories: Categories) -> Iterator[tuple[InputGroup, Input]]:
    """Yield the groups of an object: one, or one for each width of embeddings."""
    chosen, columns = assigned
    values = {name: value for name, value in chosen.values.items() if name != "columns"}
    if not assigned.reads_categories:
        yield _group(chosen, columns, values), chosen
        return
    if values.get("n_outputs") != "auto":
        yield _group(chosen, columns, values | _codes(columns, categories)), chosen
        return
    width = {c: max(1, min(MOST_AUTOMATIC_OUTPUTS, len(categories[c]))) for c in columns}
    for n_outputs, alike in groupby(sorted(columns, key=width.__getitem__), width.__getitem__):
        part = tuple(alike)
        sizes = {"n_outputs": n_outputs, **_codes(part, categories)}
        yield _group(chosen, part, values | sizes), chosen


def _codes(columns: Sequence[int], categories: Categories) -> dict[str, object]:
    return {"n_codes": tuple(len(categories[column]) + 1 for column in columns)}


def _group(chosen: Input, columns: tuple[int, ...], values: dict[str, Any]) -> InputGroup:
    kind: Any = INPUT_KINDS[chosen.name].group
    sizes = {field.name for field in fields(kind)}
    group: InputGroup = kind(columns=columns, **{k: v for k, v in values.items() if k in sizes})
    return group


def write_edges(
    resolved: ResolvedInputs,
    network: Network,
    X: Array,
    targets: AnyArray,
    weight: Array | None,
    deadline: float = math.inf,
) -> None:
    """Write the bins of piecewise linear columns into a network's parameters, in place.

    Parameters
    ----------
    resolved : ResolvedInputs
    network : Network
        Its first block is the stage.
    X, targets, weight
        Samples that the fit trains on, targets as engines receive them; samples of weight 0 or
        less are left out.
    deadline : float
        `perf_counter` value after which the remaining columns keep the bins that they have.
    """
    stage = resolved.stage
    parts_of_groups = stage.parts_of_groups(network.blocks[0])
    for group, chosen, parts in zip(stage.groups, resolved.groups, parts_of_groups, strict=True):
        if not isinstance(group, PiecewiseLinearInputs):
            continue
        by_tree = chosen.values["bins"] == "tree"
        x, y, w = _weighing(X[:, group.columns], targets, weight)
        y = tree_targets(y) if by_tree else y
        n_inner = count_inner_bins(group.n_bins)
        for i, column in enumerate(x.T):
            if perf_counter() >= deadline:
                return
            numbers = column.astype(np.float64)
            edges = (
                tree_edges(numbers, w, n_inner, y)
                if by_tree
                else quantile_edges(numbers, w, n_inner)
            )
            distinct = distinct_edges(edges, network.dtype)
            group.write_edges_of(parts, i, with_outer_bins(distinct, group.n_bins))


def _weighing(
    X: Array, targets: AnyArray, weight: Array | None
) -> tuple[Array, AnyArray, Array | None]:
    """Return the samples of positive weight, with their weights in float64."""
    if weight is None:
        return X, targets, None
    if weight.ndim == 2 and weight.shape == targets.shape:
        # A target of weight 0 is missing, and its number a filler.
        targets = np.where(weight > 0, targets, np.nan)
    weight = weight.reshape(len(X), -1).sum(axis=1).astype(np.float64)
    counts = weight > 0
    if not counts.any():
        return X, targets, None
    return X[counts], targets[counts], weight[counts]


def stage_attributes(stage: InputStage) -> Attributes:
    """Return the fitted attribute of a stage: its description as plain values."""
    return {STAGE: stage.to_json()}


def fitted_stage(fitted: Mapping[str, Any]) -> InputStage | None:
    """Return the input stage of fitted attributes, or None.

    Raises
    ------
    ValueError
        For a description that is not that of a stage.
    """
    plain = fitted.get(STAGE)
    return None if plain is None else _stage_of(_Plain(plain))


class _Plain:
    """A description of a stage as a key: two are equal if they are the same object."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self.plain = plain

    def __hash__(self) -> int:
        return id(self.plain)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Plain) and other.plain is self.plain


# Cached, because for a single sample building a stage takes longer than using it.
@lru_cache(maxsize=64)
def _stage_of(key: _Plain) -> InputStage:
    plain = dict(key.plain)
    if plain.pop("kind", None) != InputStage.kind:
        raise ValueError(f"{STAGE} does not describe an input stage: fit the estimator again.")
    return InputStage(**plain)


def encode_rows(model: Parametrized, X: Matrix) -> Matrix:
    """Return validated X as the network of a fitted model expects it: with codes of categories.

    Raises
    ------
    ValueError
        For a sparse X, a missing number, or a number that no category may have.
    """
    fitted = vars(model)
    if STAGE not in fitted:
        return X
    refuse_sparse(model, X)
    if (categories := fitted.get(CATEGORIES)) is None:
        return X
    names = names_in(fitted.get("feature_names_in_"), X.shape[1])
    return encode(X, categories, names)


def encode(X: Array, categories: Categories, names: Names) -> Array:
    """Return X with codes in place of categories; raise ValueError for missing numbers."""
    numbers = [column for column, of_column in enumerate(categories) if not len(of_column)]
    if len(numbers) == len(categories):
        return X
    require_numbers(X, numbers, names)
    return encode_categories(X, categories, names)


def refuse_sparse(model: Parametrized, X: Matrix) -> None:
    """Reject a sparse X for an input stage.

    Raises
    ------
    ValueError
        Names the parameter and the cure.
    """
    if sparse.issparse(X):
        raise ValueError(
            f"inputs={model.inputs!r} computes with every number of X, and X is sparse: sparse "
            "data is not supported with inputs=. Pass X.toarray(), or set inputs=None."
        )


def fitted_categories(model: Parametrized) -> Categories:
    """Return the categories of each column of a fitted model, all empty if it has none."""
    return vars(model).get(CATEGORIES) or [NONE] * model.n_features_in_


def may_have_missing(inputs: Sequence[Input]) -> bool:
    """Return True if a column may have missing values, because it holds categories."""
    return any(map(reads_categories, inputs))
