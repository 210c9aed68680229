"""The classes of choices, made from the tables of formulas: one for each record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from lamina.choices.choice import Choice, make_class
from lamina.choices.class_names import class_name
from lamina.choices.docstrings import docstring
from lamina.encoding.targets import CLASSIFICATION_LOSSES, LOSS_OF_KIND, classification_loss
from lamina.errors import UnknownNameError, suggestion
from lamina.formulas import (
    ACTIVATIONS,
    INPUT_FORMULAS,
    LOSSES,
    MEMBER_FORMULAS,
    PENALTIES,
    SCHEDULES,
    SOLVERS,
)
from lamina.formulas.hyperparameters import Hyperparameter


class Solver(Choice):
    """Base of the solvers, for `solver=`."""

    parameter = "solver"


class Schedule(Choice):
    """Base of the schedules of the learning rate, for `learning_rate=`."""

    parameter = "learning_rate"


class Activation(Choice):
    """Base of the activations, for `activation=` and `output_activation=`."""

    parameter = "activation"


class Loss(Choice):
    """Base of the losses, for `loss=`."""

    parameter = "loss"


class Penalty(Choice):
    """Base of the penalties on the weights, for `penalty=`."""

    parameter = "penalty"


class Input(Choice):
    """Base of the kinds of inputs, for `inputs=`."""

    parameter = "inputs"


class Members(Choice):
    """Base of the kinds of members, for `members=`."""

    parameter = "members"
    # Shared(32) reads as well as Shared(n_members=32).
    takes_by_place = True

    n_members: int


@dataclass(frozen=True)
class Entry:
    """Name, texts and hyperparameters of a class.

    Attributes
    ----------
    name, equation, paper : str
    hyperparameters : tuple of Hyperparameter
        By the names of the record.
    """

    name: str
    equation: str
    paper: str
    hyperparameters: tuple[Hyperparameter, ...] = ()


# Names of hyperparameters in a signature, where the estimators' parameter names the formula too.
SHORT = {"huber_threshold": "delta", "focal_gamma": "gamma", "tweedie_power": "power"}
AMSGRAD = Hyperparameter(
    "amsgrad",
    False,
    "if True, divide by the largest running mean of the squared gradient so far",
    kind="boolean",
    is_estimator_parameter=True,
)


def _solvers() -> Iterator[Entry]:
    for each in SOLVERS.values():
        amsgrad = (AMSGRAD,) if getattr(each, "amsgrad", False) else ()
        yield _entry(each, (*each.hyperparameters, *amsgrad))


def _losses() -> Iterator[Entry]:
    for each in LOSSES.values():
        if each.task == "regression":
            yield _entry(each, each.hyperparameters)
    for name in CLASSIFICATION_LOSSES:
        # The kind of the labels and label_smoothing decide which of these records trains.
        records = [
            LOSSES[classification_loss(kind, name, smoothing)]
            for kind in LOSS_OF_KIND
            for smoothing in (0.0, 0.1)
        ]
        carried = {each.name: each for record in records for each in record.hyperparameters}
        yield _entry(LOSSES[name], tuple(carried.values()))


def _entry(record: Any, hyperparameters: tuple[Hyperparameter, ...]) -> Entry:
    return Entry(record.name, record.equation, record.paper, hyperparameters)


def _records(table: Mapping[str, Any]) -> Iterator[Entry]:
    for each in table.values():
        yield _entry(each, each.hyperparameters)


@dataclass(frozen=True)
class Kind:
    """Kind of choices.

    Attributes
    ----------
    base : type
        Base of its classes.
    module : str
        Public module that has them.
    entries : callable
        Returns their entries.
    """

    base: type[Choice]
    module: str
    entries: Callable[[], Iterator[Entry]]


KINDS = {
    kind.base.parameter: kind
    for kind in (
        Kind(Solver, "lamina.solvers", _solvers),
        Kind(Schedule, "lamina.schedules", partial(_records, SCHEDULES)),
        Kind(Activation, "lamina.activations", partial(_records, ACTIVATIONS)),
        Kind(Loss, "lamina.losses", _losses),
        Kind(Penalty, "lamina.penalties", partial(_records, PENALTIES)),
        Kind(Input, "lamina.inputs", partial(_records, INPUT_FORMULAS)),
        Kind(Members, "lamina.members", partial(_records, MEMBER_FORMULAS)),
    )
}


# Parameters of the estimators that take choices, each with the kind that it takes.
PARAMETERS = {
    **{parameter: parameter for parameter in KINDS},
    "output_activation": "activation",
    "dropout_schedule": "learning_rate",
    "weight_decay_schedule": "learning_rate",
    "label_smoothing_schedule": "learning_rate",
}


@cache
def entries_of(parameter: str) -> dict[str, Entry]:
    """Return the entries of the classes for a parameter, by the name of the record."""
    return {entry.name: entry for entry in KINDS[parameter].entries()}


@cache
def classes_of(parameter: str) -> dict[str, type[Choice]]:
    """Return the classes for a parameter, by the name of the record.

    Examples
    --------
    >>> [cls.__name__ for cls in classes_of("penalty").values()]
    ['L2', 'L1', 'ElasticNet']
    """
    kind = KINDS[parameter]
    return {name: _class_of(kind, entry) for name, entry in entries_of(parameter).items()}


def make_choice(parameter: str, name: str, values: Mapping[str, object]) -> Choice:
    """Return the choice for a name and the values of some of its hyperparameters.

    Parameters
    ----------
    parameter : str
        Parameter of the estimators, one of PARAMETERS.
    name : str
        Name that the parameter also takes on its own.
    values : mapping of str to object
        Values of hyperparameters, by their names in the signature.

    Raises
    ------
    UnknownNameError
        For a name, or a hyperparameter, that does not exist.

    Examples
    --------
    >>> make_choice("solver", "adamw", {"beta_2": 0.95})
    AdamW(beta_2=0.95)
    """
    classes = classes_of(PARAMETERS[parameter])
    if name not in classes:
        names = ", ".join(map(repr, classes))
        raise UnknownNameError(
            f"{parameter}={name!r} is not one of {names}.{suggestion(name, classes)}"
        )
    try:
        return classes[name](**values)
    except TypeError as error:
        raise UnknownNameError(f"{parameter}={name!r}: {error}") from None


def no_such_class(module: str, name: str, classes: Iterable[str]) -> AttributeError:
    """Return the error for a name that a public module lacks, with the nearest match."""
    return AttributeError(
        f"module {module!r} has no class {name!r}.{suggestion(name, classes)}", name=name
    )


def _class_of(kind: Kind, entry: Entry) -> type[Choice]:
    title = class_name(entry.name)
    carried = tuple(replace(h, name=SHORT.get(h.name, h.name)) for h in entry.hyperparameters)
    record_names = {SHORT[h.name]: h.name for h in entry.hyperparameters if h.name in SHORT}
    by_name = f"{kind.base.parameter}={entry.name!r}"
    text = docstring(
        title, kind.module, by_name, entry.equation, entry.paper, carried, record_names
    )
    return make_class(kind.base, title, kind.module, entry.name, carried, text, record_names)
