"""Objects that stand for formulas in the estimators' parameters, with their hyperparameters."""

from lamina.choices.catalogue import (
    KINDS,
    PARAMETERS,
    Activation,
    Input,
    Loss,
    Members,
    Penalty,
    Schedule,
    Solver,
    classes_of,
    entries_of,
    make_choice,
    no_such_class,
)
from lamina.choices.choice import Choice, are_same, name_of

__all__ = [
    "KINDS",
    "PARAMETERS",
    "Activation",
    "Choice",
    "Input",
    "Loss",
    "Members",
    "Penalty",
    "Schedule",
    "Solver",
    "are_same",
    "classes_of",
    "entries_of",
    "make_choice",
    "name_of",
    "no_such_class",
]
