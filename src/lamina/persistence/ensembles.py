"""Convert ensembles for tables to plain values and back, and check them when they are read.

{"$record": ["members.Member", {field: …}]}   a dataclass or named tuple of lamina.tabular
"""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
from functools import cache
from importlib import import_module

import numpy as np
from sklearn.base import BaseEstimator

from lamina import tabular
from lamina.errors import ModelFileError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.files.fields import array, refused
from lamina.files.model_file import Json
from lamina.files.plain import Place, PlainReader, PlainWriter
from lamina.tabular.inputs import TableInputs
from lamina.tabular.members import Member
from lamina.tabular.targets import Target

NETWORKS = {"TabularClassifier": "MLPClassifier", "TabularRegressor": "MLPRegressor"}


def record_to_plain(value: object, writer: PlainWriter, path: Place) -> Json:
    """Return the JSON of a record of lamina.tabular, None for any other value."""
    module, dot, name = type(value).__module__.removeprefix("lamina.tabular.").rpartition(".")
    key = f"{name or module}.{type(value).__name__}"
    if dot or not type(value).__module__.startswith("lamina.tabular.") or key not in _records():
        return None
    fields = {field: getattr(value, field) for field in _fields(type(value))}
    return {"$record": [key, {name: writer.write(x, (*path, name)) for name, x in fields.items()}]}


def record_from_plain(plain: Json, reader: PlainReader) -> object:
    """Return the record of a plain form; raise ModelFileError for one that is not allowed."""
    name, fields = plain
    if name not in _records():
        raise ModelFileError(f"it holds a {name!r}, which is not among its known records")
    cls = _records()[name]
    if fields.keys() != set(_fields(cls)):
        raise ModelFileError(f"its {name} has the fields {sorted(fields)}, not {_fields(cls)}")
    values = {field: reader.read(value) for field, value in fields.items()}
    if cls is not TableInputs:
        return cls(**values)
    inputs = TableInputs(values.pop("column_types"))
    vars(inputs).update(values)
    return inputs


@cache
def _records() -> dict[str, type]:
    """Return the records by name: those defined in the modules of lamina.tabular, and no others."""
    found: dict[str, type] = {"inputs.TableInputs": TableInputs}
    for module in pkgutil.iter_modules(tabular.__path__):
        members = vars(import_module(f"lamina.tabular.{module.name}")).values()
        for cls in members:
            is_own = isinstance(cls, type) and cls.__module__ == f"lamina.tabular.{module.name}"
            if is_own and (dataclasses.is_dataclass(cls) or hasattr(cls, "_fields")):
                found[f"{module.name}.{cls.__name__}"] = cls
    return found


def _fields(cls: type) -> tuple[str, ...]:
    if dataclasses.is_dataclass(cls):
        return tuple(field.name for field in dataclasses.fields(cls))
    if hasattr(cls, "_fields"):
        return tuple(cls._fields)
    return (*inspect.signature(cls).parameters, *cls.__annotations__)


def check_ensemble(estimator: BaseEstimator) -> None:
    """Check that a fitted ensemble's parts match each other, so that it can predict.

    Raises
    ------
    ModelFileError, ValueError, TypeError
        For the first part that does not match; names it.
    """
    estimator._validate_params()
    if "members_" not in vars(estimator):
        return
    inputs, members = vars(estimator).get("inputs_"), estimator.members_
    if not isinstance(inputs, TableInputs) or not hasattr(inputs.encoding_, "kinds_"):
        raise refused(inputs, "inputs_", "fitted inputs of a table")
    if not isinstance(members, list) or not members:
        raise refused(members, "members_", "a list of members")
    target = vars(estimator).get("_target")
    if not isinstance(target, Target):
        raise refused(target, "_target", "a target")
    weights = vars(estimator).get("member_weights_")
    array("f", (len(members),), finite=True)(weights, "member_weights_")
    assert isinstance(weights, np.ndarray)
    # Other weights would still predict, but with invalid probabilities.
    if (weights < 0).any() or not np.isclose(weights.sum(), 1):
        raise refused(weights.tolist(), "member_weights_", "weights from 0 that sum to 1")
    for i, member in enumerate(members):
        _check_member(estimator, member, f"members_[{i}]")


def _check_member(estimator: BaseEstimator, member: Member, place: str) -> None:
    network = getattr(member, "network", None)
    expected = NETWORKS[type(estimator).__name__]
    if (
        not isinstance(network, MLPClassifier | MLPRegressor)
        or type(network).__name__ != expected
        or not hasattr(network, "coefs_")
    ):
        raise refused(network, f"{place}.network", f"a fitted {expected}")
    inputs = estimator.inputs_
    for name in ("median", "factor"):
        array("f", (inputs.n_numbers_,), finite=True)(
            getattr(member.numeric, name), f"{place}.numeric.{name}"
        )
    for j, edges in enumerate(member.numeric.edges):
        array("f", (None,), finite=True)(edges, f"{place}.numeric.edges[{j}]")
        if (np.diff(edges) <= 0).any():
            raise refused(edges.tolist(), f"{place}.numeric.edges[{j}]", "edges in ascending order")
    tables, sizes = member.statistics.tables, [end - start + 1 for start, end in inputs.coded_]
    for j, (table, size) in enumerate(zip(tables, sizes, strict=True)):
        array("f", (size, None), finite=True)(table, f"{place}.statistics.tables[{j}]")
    n_inputs = len(estimator.columns_of_inputs(member))
    if network.n_features_in_ != n_inputs:
        raise refused(network.n_features_in_, f"{place}.network.n_features_in_", str(n_inputs))
    if expected == "MLPClassifier" and not np.array_equal(
        network.classes_, np.arange(len(estimator.classes_))
    ):
        raise refused(network.classes_, f"{place}.network.classes_", "the places of classes_")
