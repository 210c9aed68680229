"""Docstrings of the classes of choices, made from their records."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from lamina.formulas.hyperparameters import Hyperparameter

WIDTH = 96
TYPES = {
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "numbers": "float or sequence",
    "name": "str",
    "columns": "int, str, slice, list of int, str or bool, or None",
}


def docstring(
    title: str,
    module: str,
    by_name: str,
    equation: str,
    paper: str,
    hyperparameters: tuple[Hyperparameter, ...],
    record_names: Mapping[str, str],
) -> str:
    """Return the numpydoc docstring of a class.

    Parameters
    ----------
    title, module : str
        Name of the class, and of the module that has it.
    by_name : str
        Parameter with the name of the formula: "solver='adamw'".
    equation, paper : str
    hyperparameters : tuple of Hyperparameter
        By their names in the signature.
    record_names : mapping of str to str
        Names in the record, where the signature has shorter ones.
    """
    paragraphs = [f"Formula of `{by_name}`, with its hyperparameters.", *_filled(equation)]
    if hyperparameters:
        paragraphs += ["", "Parameters", "----------"]
    for each in hyperparameters:
        flat = record_names.get(each.name, each.name) if each.is_estimator_parameter else None
        paragraphs += _parameter(each, by_name, flat)
    if paper:
        paragraphs += ["", "References", "----------", *textwrap.wrap(f"{paper}.", WIDTH)]
    paragraphs += ["", "Examples", "--------", *_example(title, module, hyperparameters)]
    return "\n".join(paragraphs) + "\n"


def _filled(equation: str) -> list[str]:
    return ["", *textwrap.wrap(equation, WIDTH)] if equation else []


def _parameter(each: Hyperparameter, by_name: str, flat: str | None) -> Iterator[str]:
    names = "" if each.kind == "name" else "".join(f" or {name!r}" for name in each.names)
    yield f"{each.name} : {TYPES[each.kind]}{names}, default={each.default!r}"
    allowed = each.allowed_values
    text = f"{each.help[:1].upper()}{each.help[1:]}: {allowed}."
    if flat is not None:
        text += f" `{by_name}` uses the estimator's `{flat}`."
    yield from textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ")


def _example(title: str, module: str, hyperparameters: tuple[Hyperparameter, ...]) -> list[str]:
    call = f"{title}()"
    for each in hyperparameters:
        if (value := other_value(each)) is not None:
            call = f"{title}({each.name}={value!r})"
            break
    return [f">>> from {module} import {title}", f">>> {call}", call]


def other_value(each: Hyperparameter) -> Any:
    """Return an allowed value that is not the default, or None if none is found.

    Examples
    --------
    >>> from lamina.formulas import PENALTIES
    >>> [other_value(each) for each in PENALTIES["elasticnet"].hyperparameters]
    [0.25]
    """
    if each.kind == "boolean":
        return not each.default
    if each.kind == "columns":
        return [0]
    if each.kind == "name":
        return next((name for name in each.names if name != each.default), None)
    if not isinstance(each.default, float | int):
        return next((n for n in (10, 0.5) if each.allows(n)), None)
    if each.kind == "integer":
        candidates: list[float] = [2 * each.default, each.default + 1]
    else:
        bounds = (max(each.above, each.at_least), min(each.below, each.at_most))
        between = [(each.default + bound) / 2 for bound in bounds if math.isfinite(bound)]
        candidates = [*between, 2 * each.default, each.default / 2, 0.1]
    return next((n for n in candidates if n != each.default and each.allows(n)), None)
