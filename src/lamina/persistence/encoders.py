"""Check the fitted attributes of scikit-learn's encoders: categories, bins, and encodings."""

from __future__ import annotations

from itertools import pairwise
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator

from lamina.files.fields import (
    Check,
    Fields,
    array,
    exactly,
    list_of,
    member,
    none_or,
    number,
    refused,
    truth,
    whole,
)
from lamina.files.model_file import Tensor
from lamina.persistence.checked_values import checked_array, checked_list
from lamina.persistence.nested import estimator_of

_NONE = np.array([-1])


def categories_fields(estimator: BaseEstimator, n: int) -> Fields:
    """Return the checks that all encoders of categories share."""
    categories = getattr(estimator, "categories_", None)
    list_of(_categories, n)(categories, "categories_")
    return {"categories_": list_of(_categories, n), "_infrequent_enabled": truth}


def _categories(value: object, place: str) -> None:
    """Require distinct categories; numbers in ascending order, NaN or None last."""
    categories = checked_array(value, place, "biufUO", (None,))
    items = categories.tolist()
    labels = [item for item in items if item is not None and item == item]
    if not items or len(set(map(_key, items))) < len(items):
        raise refused(value, place, "distinct categories")
    if not all(isinstance(item, (str, Real)) for item in labels):
        raise refused(value, place, "texts, numbers, None or NaN")
    kind = categories.dtype.kind
    rises = all(before < after for before, after in pairwise(labels) if kind != "O")
    if kind in "biuf" and (not rises or labels != items[: len(labels)]):
        raise refused(value, place, "numbers in ascending order")


def _key(item: object) -> tuple[object, ...]:
    return ("nan",) if item != item else (type(item) is str, item)


def one_hot_fields(estimator: BaseEstimator, n: int) -> Fields:
    """Return the checks of a OneHotEncoder."""
    fields = {**categories_fields(estimator, n), **_infrequent_fields(estimator, n)}
    dropped = getattr(estimator, "_drop_idx_after_grouping", None)
    drops = none_or(_drops(_n_groups(estimator)))
    drops(dropped, "_drop_idx_after_grouping")
    n_out = [
        size - (dropped is not None and dropped[i] is not None)
        for i, size in enumerate(_n_groups(estimator))
    ]

    def widths(value: object, place: str) -> None:
        list_of(whole(), n)(value, place)
        if value != n_out:
            raise refused(value, place, f"{n_out}, which follows from the categories")

    sizes = [len(each) for each in estimator.categories_]
    return {
        **fields,
        "_drop_idx_after_grouping": drops,
        "drop_idx_": none_or(_drops(sizes)),
        "_n_features_outs": widths,
    }


def _drops(sizes: list[int]) -> Check:
    """Require, for each feature, None or the index of a category."""

    def check(value: object, place: str) -> None:
        dropped_places = checked_array(value, place, "Oi", (len(sizes),)).tolist()
        for i, (dropped, size) in enumerate(zip(dropped_places, sizes, strict=True)):
            none_or(whole(0, size - 1))(dropped, f"{place}[{i}]")

    return check


def _n_groups(estimator: BaseEstimator) -> list[int]:
    """Return the number of categories of each feature, with all infrequent ones counted as one."""
    none = [None] * len(estimator.categories_)
    infrequent = getattr(estimator, "_infrequent_indices", None) or none
    return [
        len(categories) - (0 if rare is None else len(rare) - 1)
        for categories, rare in zip(estimator.categories_, infrequent, strict=True)
    ]


def _infrequent_fields(estimator: BaseEstimator, n: int) -> Fields:
    """Return the checks of the infrequent categories, and of the mappings derived from them."""
    if getattr(estimator, "_infrequent_enabled", False) is not True:
        return {}
    rare = getattr(estimator, "_infrequent_indices", None)
    indices = none_or(array("iu", (None,)))
    list_of(indices, n)(rare, "_infrequent_indices")
    sizes = [len(each) for each in estimator.categories_]

    def places(value: object, place: str) -> None:
        for each, size in zip(checked_list(value, place, indices, n), sizes, strict=True):
            found = [] if each is None else each.tolist()
            distinct = sorted(set(found)) == found and len(found) <= size
            if each is not None and not (found and distinct and 0 <= found[0] <= found[-1] < size):
                raise refused(each, place, f"distinct places of {size} categories")

    def mappings(value: object, place: str) -> None:
        missing = vars(estimator).get("_missing_indices", {})
        for i, each in enumerate(checked_list(value, place, indices, n)):
            expected = _mapping(found[i], sizes[i] - (i in missing))
            if not np.array_equal(_NONE if each is None else each, expected):
                raise refused(each, place, "the mapping that follows from _infrequent_indices")

    places(rare, "_infrequent_indices")
    found: list[Tensor | None] = list(rare or [])
    return {"_infrequent_indices": places, "_default_to_infrequent_mappings": mappings}


def _mapping(rare: Tensor | None, size: int) -> Tensor:
    if rare is None:
        return _NONE
    mapping = np.empty(size, dtype=np.int64)
    mapping[rare] = size - len(rare)
    mapping[np.setdiff1d(np.arange(size), rare)] = np.arange(size - len(rare))
    return mapping


def ordinal_fields(estimator: BaseEstimator, n: int) -> Fields:
    """Return the checks of an OrdinalEncoder."""
    fields = {**categories_fields(estimator, n), **_infrequent_fields(estimator, n)}
    expected = {
        i: place
        for i, categories in enumerate(estimator.categories_)
        for place, item in enumerate(categories.tolist())
        if item is None or item != item
    }

    def missing(value: object, place: str) -> None:
        if value != expected:
            raise refused(value, place, f"{expected}, the places of missing categories")

    return {**fields, "_missing_indices": missing}


def target_fields(estimator: BaseEstimator, n: int) -> Fields:
    """Return the checks of a TargetEncoder."""
    fields = categories_fields(estimator, n)
    kinds = member(["continuous", "binary", "multiclass"])
    kind = getattr(estimator, "target_type_", None)
    kinds(kind, "target_type_")
    classes = array("biufUO", (None,))
    several = 1
    if kind == "multiclass":
        classes(estimator.classes_, "classes_")
        several = len(estimator.classes_)
    mean = array("f", (several,)) if kind == "multiclass" else number()

    def encodings(value: object, place: str) -> None:
        for i, each in enumerate(checked_list(value, place, array("f", (None,)), n * several)):
            array("f", (len(estimator.categories_[i // several]),))(each, f"{place}[{i}]")

    return {
        **fields,
        # `transform` would read infrequent categories, which this encoder never has.
        "_infrequent_enabled": exactly(False),
        "target_type_": kinds,
        "classes_": none_or(classes),
        "target_mean_": mean,
        "encodings_": encodings,
    }


def bin_fields(estimator: BaseEstimator, n: int) -> Fields:
    """Return the checks of a KBinsDiscretizer."""
    n_bins = checked_array(getattr(estimator, "n_bins_", None), "n_bins_", "iu", (n,))

    def edges(value: object, place: str) -> None:
        for i, each in enumerate(checked_array(value, place, "O", (n,))):
            array("f", (int(n_bins[i]) + 1,))(each, f"{place}[{i}]")
            if not (each[:-1] <= each[1:]).all():
                raise refused(each, place, "edges in ascending order")

    def encoder(value: object, place: str) -> None:
        estimator_of("OneHotEncoder", n)(value, place)
        expected = [list(range(int(each))) for each in n_bins]
        if [each.tolist() for each in vars(value)["categories_"]] != expected:
            raise refused(value, place, "an encoder of the bins")

    fields: dict[str, Check] = {"n_bins_": array("iu", (n,)), "bin_edges_": edges}
    return fields if estimator.encode == "ordinal" else {**fields, "_encoder": encoder}
