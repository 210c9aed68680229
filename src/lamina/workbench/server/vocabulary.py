"""Vocabulary of the page: the library's options, from its tables, constraints and docstrings.

A new entry of a table, or a new parameter, appears on the page without further code.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from numbers import Integral
from typing import TypedDict

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

import lamina
from lamina import formulas
from lamina.choices import classes_of
from lamina.datasets import DATASETS
from lamina.datasets.dataset import Task
from lamina.engines.devices import devices, may_have_gpu
from lamina.estimators.settings.constraints import (
    CLASSIFICATION_CONSTRAINTS,
    CONSTRAINTS,
    REGRESSION_CONSTRAINTS,
)
from lamina.estimators.settings.device_choice import DeviceNames, PrecisionNames
from lamina.estimators.settings.docstrings import described
from lamina.estimators.settings.refusals import Formulas
from lamina.formulas.table import Named, RecordTable
from lamina.workbench.data.inputs import INPUTS
from lamina.workbench.data.makers import MAKERS
from lamina.workbench.data.plain import Message
from lamina.workbench.data.sources import known_data
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.models import DEFAULTS, ESTIMATORS, parameters_of_pages
from lamina.workbench.views.frames import finite

NAMES_OF_TASKS: dict[Task, str] = {"classification": "classifier", "regression": "regressor"}
CONSTRAINTS_OF: dict[Task, dict[str, list[object]]] = {
    "classification": {**CONSTRAINTS, **CLASSIFICATION_CONSTRAINTS},
    "regression": {**CONSTRAINTS, **REGRESSION_CONSTRAINTS},
}
# Types of a record's plain values; its other values are functions.
PLAIN = (str, int, float, bool)
# Texts that activations derive from their functions.
DERIVED = ("equation", "derivative_equation")
POINTS_OF_PREVIEW = 60


class ParameterEntry(TypedDict):
    """A parameter, as the page receives it."""

    name: str
    of: list[str]
    default: object
    type: str
    help: str
    takes: list[Message]


def vocabulary(first: Experiment) -> Message:
    """Return the whole vocabulary as plain JSON.

    Parameters
    ----------
    first : Experiment
        Experiment of a new session.
    """
    plain_fields = {
        "version": lamina.__version__,
        "tables": {kind: [*map(entry, table.values())] for kind, table in tables().items()},
        "parameters": [*parameters()],
        "data": [*data()],
        "inputs": [{"name": each.name, "code": each.code} for each in INPUTS.values()],
        "default": first.to_json(),
    }
    return {name: finite(value) for name, value in plain_fields.items()}


def tables() -> dict[str, RecordTable[Named]]:
    """Return every table of formulas by its name in `lamina.formulas`, in lower case."""
    found = vars(formulas).items()
    return {name.lower(): table for name, table in found if isinstance(table, RecordTable)}


def entry(record: object) -> Message:
    """Return a record's plain values, with its hyperparameters if there are any."""
    assert is_dataclass(record), "every record of formulas is a dataclass"
    names = [*(field.name for field in fields(record)), *DERIVED]
    plain_fields: Message = {
        name: value for name in names if isinstance(value := getattr(record, name, None), PLAIN)
    }
    hyperparameters = getattr(record, "hyperparameters", ())
    if hyperparameters:
        plain_fields["hyperparameters"] = [asdict(each) for each in hyperparameters]
    return plain_fields


def parameters() -> Iterator[ParameterEntry]:
    """Yield every parameter that the page may set, in the order of the signatures.

    A parameter with the same documentation and default in both estimators is one entry, otherwise
    one for each estimator.
    """
    seen: dict[str, list[ParameterEntry]] = {}
    for task in ESTIMATORS:
        for parameter in _parameters_of(task):
            alike = seen.setdefault(parameter["name"], [])
            same = [p for p in alike if {**p, "of": 0} == {**parameter, "of": 0}]
            if same:
                same[0]["of"] += parameter["of"]
            else:
                alike.append(parameter)
    for alike in seen.values():
        yield from alike


def _parameters_of(task: Task) -> Iterator[ParameterEntry]:
    estimator = ESTIMATORS[task]
    docs, signature = described(estimator), inspect.signature(estimator).parameters
    for name in parameters_of_pages(task):
        if name == "device" and not choosable_devices():
            continue
        kind, text = docs[name]
        default = DEFAULTS.get(name, signature[name].default)
        yield {
            "name": name,
            "of": [NAMES_OF_TASKS[task]],
            "default": list(default) if isinstance(default, tuple) else default,
            "type": kind,
            "help": text,
            "takes": [t for each in CONSTRAINTS_OF[task][name] for t in takes(each)],
        }


@cache
def choosable_devices() -> tuple[str, ...]:
    """Return 'auto' and the names of the devices that are present; none if there is no GPU."""
    found = devices().names if may_have_gpu() else []
    return ("auto", *found) if len(found) > 1 else ()


def takes(constraint: object) -> Iterator[Message]:
    """Yield the JSON values that one of scikit-learn's constraints allows.

    Examples
    --------
    >>> from sklearn.utils._param_validation import Interval, StrOptions
    >>> [*takes(StrOptions({"l2", "l1"}))]
    [{'kind': 'choice', 'names': ['l2', 'l1']}]
    >>> [*takes(None)], [*takes("boolean")], [*takes(callable)]
    ([{'kind': 'none'}], [{'kind': 'boolean'}], [])
    """
    if constraint is None:
        yield {"kind": "none"}
    elif isinstance(constraint, DeviceNames):
        yield {"kind": "choice", "names": [*choosable_devices()]}
    elif isinstance(constraint, PrecisionNames):
        offered = set(constraint.options) if choosable_devices() else {*formulas.PRECISIONS}
        yield {"kind": "choice", "names": _in_order_of_their_table(offered)}
    elif isinstance(constraint, Formulas):
        names = _in_order_of_their_table(constraint.options)
        yield {"kind": "choice", "names": names, "hyperparameters": _carried(constraint)}
    elif isinstance(constraint, StrOptions):
        yield {"kind": "choice", "names": _in_order_of_their_table(constraint.options)}
    elif isinstance(constraint, Interval):
        yield _interval(constraint)
    elif constraint == "boolean":
        yield {"kind": "boolean"}
    elif constraint == "random_state":
        yield {"kind": "number", "whole": True, **_bounds(0, 2**32 - 1, True, True)}
    elif constraint in ("array-like", list, tuple):
        yield {"kind": "list"}
    elif constraint is dict:
        yield {"kind": "mapping"}


def _carried(constraint: Formulas) -> dict[str, list[Message]]:
    """Return the hyperparameters of each formula that has some, by its name."""
    classes = classes_of(constraint.kind.base.parameter)
    return {
        name: [{**asdict(h), "allowed": h.allowed_values} for h in cls.hyperparameters]
        for name, cls in classes.items()
        if name in constraint.options and cls.hyperparameters
    }


def _interval(constraint: Interval) -> Message:
    whole = constraint.type is Integral
    closed = constraint.closed
    low_included, high_included = closed in ("left", "both"), closed in ("right", "both")
    bounds = _bounds(constraint.left, constraint.right, low_included, high_included)
    return {"kind": "number", "whole": whole, **bounds}


def _bounds(
    low: float | None, high: float | None, low_included: bool, high_included: bool
) -> Message:
    return {
        "low": low,
        "high": None if high is None or math.isinf(high) else high,
        "low_included": low_included,
        "high_included": high_included,
    }


def _in_order_of_their_table(names: set[str]) -> list[str]:
    """Sort names in the order of their table, not alphabetically."""
    for table in tables().values():
        if names & set(table):
            rest = sorted(names - set(table))
            return [*rest, *(name for name in table if name in names)]
    return sorted(names)


@cache
def preview(name: str) -> list[list[float]]:
    """Return some points of a generator's default data, for the picture on its button.

    Each is [x, y, class], or for a regression [x, y, target scaled to 0…1]; with one feature, y is
    the target, too.
    """
    maker = MAKERS[name]
    drawn = maker.draw(maker.settings({"n_samples": POINTS_OF_PREVIEW}))
    X, y = drawn.X, drawn.y
    y = y if maker.task == "classification" else (y - y.min()) / np.ptp(y)
    places = X if X.shape[1] > 1 else np.column_stack([X, y])
    return [[round(float(v), 3) for v in row] for row in np.column_stack([places, y])]


def data() -> Iterator[Message]:
    """Yield the data sets that can be chosen, with their options."""
    for maker in MAKERS.values():
        yield {
            "name": maker.name,
            "kind": "made",
            "task": maker.task,
            "about": maker.about,
            "preview": preview(maker.name),
            "options": [
                {
                    "name": option.name,
                    "default": option.default,
                    "low": option.low,
                    "high": option.high,
                    "whole": option.whole,
                }
                for option in maker.options
            ],
        }
    for name in known_data():
        record = DATASETS[name]
        yield {
            "name": name,
            "kind": "known",
            "task": record.task,
            "about": record.about,
            "options": [],
        }
