"""Conversion of a fitted TabularClassifier or TabularRegressor to a program.

Members share all equal operations: the encoding, and the bins of a recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils.validation import check_is_fitted

from lamina.encoding import TargetEncoding
from lamina.errors import ExportError
from lamina.export.lowering.builder import Lowering, Raw, Value, table_program
from lamina.export.lowering.ensemble_program import EnsembleProgram, MemberProgram
from lamina.export.lowering.fitted_network import FittedNetwork, fitted_network
from lamina.export.lowering.models import lower
from lamina.export.lowering.program import (
    Affine,
    Clip,
    Lookup,
    OneHotNumber,
    Program,
    SmoothClip,
    Standardize,
    Take,
)
from lamina.export.lowering.tables import lower_table
from lamina.tabular import TabularClassifier, TabularRegressor
from lamina.tabular.calibration import Calibration
from lamina.tabular.inputs import TableInputs
from lamina.tabular.members import Member
from lamina.tabular.numeric_features import CLIP, NumericFeatures
from lamina.tabular.target_statistics import TargetStatistics
from lamina.tabular.targets import Classes, Values
from lamina.tabular.transformations import SquareRoot

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


def is_ensemble(model: Any) -> bool:
    """Return True if a model is an estimator for tables, not a subclass of one."""
    return type(model) in (TabularClassifier, TabularRegressor)


def lower_any(model: Any, dtype: DTypeLike | None = None) -> Program | EnsembleProgram:
    """Return the program of any fitted model; see `lower` and `lower_ensemble`."""
    return lower_ensemble(model, dtype) if is_ensemble(model) else lower(model, dtype)


def lower_ensemble(model: Any, dtype: DTypeLike | None = None) -> EnsembleProgram:
    """Return the program of a fitted estimator for tables.

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
    parts = _lower_inputs(lowering, model.inputs_)
    numeric: dict[bytes, list[int]] = {}
    sources, networks = [], []
    for member in model.members_:
        numbers = _numeric(lowering, parts, member.numeric, numeric)
        statistics = [
            lowering.add(Lookup(code, 0, np.asarray(table, dtype=np.float64)))
            for code, table in zip(parts.codes, member.statistics.tables, strict=True)
        ]
        sources.append((*numbers, *parts.flags, *parts.one_hot, *statistics))
        networks.append(_network(member, dtype))
    inputs, operations = table_program(lowering)
    weights = model.member_weights_.tolist()
    members = [MemberProgram(*each) for each in zip(sources, networks, weights, strict=True)]
    is_classifier = isinstance(model, TabularClassifier)
    transformation = None if is_classifier else model._target.transformation
    program = EnsembleProgram(
        inputs,
        len(names),
        operations,
        tuple(members),
        targets=_targets(model) if is_classifier else None,
        range=None if is_classifier else model._target.range,
        root_variance=None if transformation is None else float(transformation.variance),
        temperature=model.calibration_.temperature if is_classifier else 1.0,
        dtype=np.dtype(np.float64) if dtype is None else networks[0].dtype,
    )
    _check_widths(program)
    return program


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
        scaled = Affine(lowering.add(centred), features.factor, np.zeros_like(features.factor))
        clipped = SmoothClip(lowering.add(scaled), CLIP, scaled.width)
        added[key] = [lowering.add(clipped), *_bins(lowering, parts.numbers, features)]
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


def _bytes(*arrays: NDArray[Any]) -> bytes:
    return b"".join(len(each).to_bytes(8, "little") + each.tobytes() for each in arrays)


def _network(member: Member, dtype: DTypeLike | None) -> FittedNetwork:
    network = fitted_network(member.network, dtype)
    if network.precision is not None or network.has_std or network.n_quantiles > 1:
        raise ExportError(
            f"no export supports a member with the network {network.layers_in_words}: fit with the "
            "recipes of a quality"
        )
    return network


def _targets(model: TabularClassifier) -> TargetEncoding:
    classes = np.asarray(model.classes_)
    return TargetEncoding(classes, "binary" if len(classes) == 2 else "multiclass")


def _check_widths(program: EnsembleProgram) -> None:
    for i, member in enumerate(program.members):
        width = program.width(member)
        if width != member.network.widths[0]:
            raise ExportError(
                f"the inputs of members_[{i}] have {width} columns, but its network takes "
                f"{member.network.widths[0]}: fit the ensemble as a whole"
            )


def _refuse_texts(model: Any) -> None:
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


def _refuse_unknown(model: Any) -> None:
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


def _refuse_fields(part: Any, where: str) -> None:
    if type(part) not in KNOWN:
        raise ExportError(f"no export supports the {type(part).__name__} of {where}")
    for each in fields(part):
        value = getattr(part, each.name)
        is_default = each.default is not MISSING and bool(value == each.default)
        if each.name not in KNOWN[type(part)] and not is_default:
            raise ExportError(f"no export supports {each.name}={value!r} of {where}")
