"""Conversion of a fitted TabularClassifier or TabularRegressor to a program.

Members share all equal operations: the encoding, and the bins of a recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from lamina.encoding import TargetEncoding
from lamina.errors import ExportError
from lamina.export.lowering.builder import Lowering, Raw, Value, table_program
from lamina.export.lowering.fitted_network import FittedNetwork, fitted_network
from lamina.export.lowering.network_operations import (
    Dtype,
    RequireFinite,
    SignedSquare,
    Temper,
    WeightedSum,
)
from lamina.export.lowering.networks import (
    NetworkLowering,
    lower_blocks,
    lower_cast,
    lower_categories,
    lower_outputs,
)
from lamina.export.lowering.operations import dtype_of
from lamina.export.lowering.program import ModelProgram
from lamina.export.lowering.table_operations import (
    Clip,
    Lookup,
    OneHotNumber,
    Rescale,
    SmoothClip,
    Standardize,
    Take,
)
from lamina.export.lowering.tables import lower_table
from lamina.formulas.table import AnyArray
from lamina.tabular import TabularClassifier, TabularRegressor
from lamina.tabular.calibration import LEAST_PROBABILITY, Calibration
from lamina.tabular.inputs import TableInputs
from lamina.tabular.members import Member
from lamina.tabular.numeric_features import CLIP, NumericFeatures
from lamina.tabular.target_statistics import TargetStatistics
from lamina.tabular.targets import Classes, Values
from lamina.tabular.transformations import SquareRoot

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Supported fields of each part of an ensemble; all other fields must have their defaults.
KNOWN: Mapping[type, frozenset[str]] = {
    Member: frozenset({"recipe", "split", "numeric", "statistics", "uses_texts", "network"}),
    NumericFeatures: frozenset({"median", "factor", "edges"}),
    TargetStatistics: frozenset({"tables"}),
    Calibration: frozenset(field.name for field in fields(Calibration)),
    Classes: frozenset({"classes", "learned"}),
    Values: frozenset({"learned", "range", "transformation"}),
    SquareRoot: frozenset({"variance"}),
}
KNOWN_INPUTS = frozenset(
    ("column_types", "encoding_", "n_numbers_", "n_parts_", "n_texts_", "one_hot_", "coded_")
)


def is_ensemble(model: BaseEstimator) -> bool:
    """Return True if a model is an estimator for tables, not a subclass of one."""
    return type(model) in (TabularClassifier, TabularRegressor)


def lower_ensemble(model: BaseEstimator, dtype: DTypeLike | None = None) -> ModelProgram:
    """Return the program of a fitted estimator for tables.

    For classes, the prediction is the weighted mean p of the members' probabilities, and
    softmax(log(p) / T) if the temperature T is not 1. For a regression, it is the weighted mean of
    the members' values, each clipped to the range. A member that was trained on square roots
    predicts z, and its value is z |z| plus the variance of the roots.

    Parameters
    ----------
    model : TabularClassifier or TabularRegressor
    dtype : dtype, optional
        Dtype of the networks, and of input and output numbers. By default networks compute in
        float32, as they were fitted, and input and output numbers are float64.

    Raises
    ------
    ExportError
        For members that use n-grams of texts, and for parts that no export supports.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For any other estimator.
    """
    if not is_ensemble(model):
        raise TypeError(f"an export requires lamina's {type(model).__name__}, got {type(model)!r}")
    check_is_fitted(model)
    _refuse_unknown(model)
    _refuse_texts(model)
    names = list(model.inputs_.encoding_.kinds_)
    lowering = Lowering(names)
    members = _lower_members(lowering, model, dtype)
    result = _lower_mean(lowering, model, members)
    io: Dtype = np.dtype(np.float64)
    if dtype is not None:
        io = dtype_of(lowering.operations, members[0][0])
    result = lower_cast(lowering, result, io)
    inputs, operations = table_program(lowering)
    targets = _targets(model) if isinstance(model, TabularClassifier) else None
    return ModelProgram(inputs, len(names), operations, (result,), dtype=io, targets=targets)


def _lower_members(
    lowering: Lowering, model: BaseEstimator, dtype: DTypeLike | None
) -> list[tuple[int, int]]:
    """Add the networks; return the inputs of each, and its prediction in float64."""
    parts = _lower_inputs(lowering, model.inputs_)
    numeric: dict[bytes, list[int]] = {}
    members = []
    for i, member in enumerate(model.members_):
        numbers = _numeric(lowering, parts, member.numeric, numeric)
        statistics = [
            lowering.add(Lookup(code, 0, np.asarray(table, dtype=np.float64)))
            for code, table in zip(parts.codes, member.statistics.tables, strict=True)
        ]
        sources = (*numbers, *parts.flags, *parts.one_hot, *statistics)
        joined = lowering.matrix(lowering.join(sources))
        network = _network(i, member, dtype)
        _check_width(i, lowering.width(joined), network.network.spec.n_features)
        x = lower_cast(lowering, joined, network.dtype)
        x = lower_categories(lowering, network, x)
        logits = lower_blocks(NetworkLowering(lowering, None), network.network, x)
        [prediction] = lower_outputs(lowering, network, logits, None)
        value = lower_cast(lowering, prediction, np.dtype(np.float64))
        if isinstance(model, TabularRegressor):
            value = _value(lowering, model, value)
        members.append((x, value))
    return members


def _lower_mean(lowering: Lowering, model: BaseEstimator, members: list[tuple[int, int]]) -> int:
    """Add the weighted mean of the members' predictions in float64, with calibration."""
    doubles = [value for _, value in members]
    width = lowering.width(doubles[0])
    weights = tuple(model.member_weights_.tolist())
    mean = lowering.add(WeightedSum(tuple(doubles), weights, width))
    if not isinstance(model, TabularClassifier) or model.calibration_.temperature == 1:
        return mean
    temperature = float(model.calibration_.temperature)
    return lowering.add(Temper(mean, temperature, LEAST_PROBABILITY, width))


def _value(lowering: Lowering, model: TabularRegressor, value: int) -> int:
    """Add the value of a regression's member from what its network predicts."""
    target, width = model._target, lowering.width(value)
    if target.transformation is not None:
        variance = float(target.transformation.variance)
        value = lowering.add(SignedSquare(value, variance, width))
    if target.range is not None:
        low, high = map(float, target.range)
        value = lowering.add(Clip(value, low, high, width))
    return value


class InputParts(NamedTuple):
    """Operations on a table's inputs that all members share, one matrix each.

    Attributes
    ----------
    numbers : int or None
        Standardised numbers, from which bins and scaled numbers are computed.
    flags, one_hot : list of int
    codes : list of int
        One for each column encoded by target statistics.
    """

    numbers: int | None
    flags: list[int]
    one_hot: list[int]
    codes: list[int]


def _lower_inputs(lowering: Lowering, inputs: TableInputs) -> InputParts:
    raw: Value = Raw(tuple(range(len(lowering.names))))
    parts = lower_table(lowering, inputs.encoding_, raw)
    numbers = [lowering.matrix(value) for value in parts.numbers]
    flags = [lowering.matrix(value) for value in parts.flags]
    one_hot, codes = [], []
    coded = {start for start, _ in inputs.coded_}
    start = inputs.n_numbers_ + inputs.n_parts_ + inputs.n_texts_
    for column in parts.categories:
        end = start + len(column.categories)
        kept = inputs.one_hot_[(inputs.one_hot_ >= start) & (inputs.one_hot_ < end)] - start
        if start in coded:
            codes.append(lowering.add(column))
            one_hot.append(lowering.add(OneHotNumber(codes[-1], 0, (kept + 1).astype(np.float64))))
        elif len(kept) == len(column.categories):
            one_hot.append(lowering.add(column.one_hot))
        else:
            one_hot.append(lowering.add(Take(lowering.add(column.one_hot), tuple(kept.tolist()))))
        start = end
    return InputParts(numbers[0] if numbers else None, flags, one_hot, codes)


def _numeric(
    lowering: Lowering,
    parts: InputParts,
    features: NumericFeatures,
    added: dict[bytes, list[int]],
) -> list[int]:
    """Add the operations of a recipe's numbers and bins, unless another member has the same."""
    if parts.numbers is None:
        return []
    key = _bytes(features.median, features.factor, *features.edges)
    if key not in added:
        centred = Standardize(parts.numbers, features.median, np.ones_like(features.median))
        scaled = Rescale(lowering.add(centred), features.factor, np.zeros_like(features.factor))
        clipped = SmoothClip(lowering.add(scaled), CLIP, scaled.width)
        finite = lowering.add(RequireFinite(lowering.add(clipped), scaled.width))
        added[key] = [finite, *_bins(lowering, parts.numbers, features)]
    return added[key]


def _bins(lowering: Lowering, numbers: int, features: NumericFeatures) -> list[int]:
    """Add each bin's filled fraction, 0 to 1, for a number."""
    edges = [each if len(each) > 1 else each[:0] for each in features.edges]
    columns = [i for i, each in enumerate(edges) for _ in each[1:]]
    if not columns:
        return []
    starts = np.concatenate([each[:-1] for each in edges])
    widths = np.concatenate([np.diff(each) for each in edges])
    spread = Standardize(lowering.add(Take(numbers, tuple(columns))), starts, widths)
    return [lowering.add(Clip(lowering.add(spread), 0.0, 1.0, len(columns)))]


def _bytes(*arrays: AnyArray) -> bytes:
    return b"".join(len(each).to_bytes(8, "little") + each.tobytes() for each in arrays)


def _network(i: int, member: Member, dtype: DTypeLike | None) -> FittedNetwork:
    network = fitted_network(member.network, dtype)
    if network.precision is not None or network.has_std or network.n_quantiles > 1:
        raise ExportError(
            f"no export supports members_[{i}], which rounds the operands of products or predicts "
            "more than a mean: fit with the recipes of a quality"
        )
    return network


def _targets(model: TabularClassifier) -> TargetEncoding:
    classes = np.asarray(model.classes_)
    return TargetEncoding(classes, "binary" if len(classes) == 2 else "multiclass")


def _check_width(member: int, width: int, n_features: int) -> None:
    if width != n_features:
        raise ExportError(
            f"the inputs of members_[{member}] have {width} columns, but its network takes "
            f"{n_features}: fit the ensemble as a whole"
        )


def _refuse_texts(model: BaseEstimator) -> None:
    """Raise ExportError if members use n-grams of texts, naming the columns."""
    if not any(member.uses_texts for member in model.members_):
        return
    names = list(model.inputs_.encoding_.texts_)
    types = ", ".join(f"{name!r}: 'category'" for name in names)
    noun = "column" if len(names) == 1 else "columns"
    raise ExportError(
        f"members of the ensemble use the n-grams of the texts in {noun} "
        f"{', '.join(map(repr, names))}, which no export supports: fit with "
        f"column_types={{{types}}} (lamina train --categorical), or leave the {noun} out"
    )


def _refuse_unknown(model: BaseEstimator) -> None:
    """Raise ExportError for parts that this export does not support."""
    if type(model.inputs_) is not TableInputs or set(vars(model.inputs_)) - KNOWN_INPUTS:
        extra = sorted(set(vars(model.inputs_)) - KNOWN_INPUTS)
        raise ExportError(f"no export supports these inputs of the ensemble: {extra}")
    for i, member in enumerate(model.members_):
        for part in (member, member.numeric, member.statistics):
            _refuse_fields(part, f"members_[{i}]")
    _refuse_fields(model._target, "the target")
    if isinstance(model, TabularClassifier):
        _refuse_fields(model.calibration_, "calibration_")
    elif model._target.transformation is not None:
        _refuse_fields(model._target.transformation, "the target")


def _refuse_fields(part: DataclassInstance, where: str) -> None:
    if type(part) not in KNOWN:
        raise ExportError(f"no export supports the {type(part).__name__} of {where}")
    for each in fields(part):
        value = getattr(part, each.name)
        is_default = each.default is not MISSING and bool(value == each.default)
        if each.name not in KNOWN[type(part)] and not is_default:
            raise ExportError(f"no export supports {each.name}={value!r} of {where}")
