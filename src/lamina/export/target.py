"""Record of an export target: how it writes a model, and how its file is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias

from numpy.typing import DTypeLike

from lamina.export.lowering.any_model import lower_any
from lamina.export.lowering.fitted_network import FittedModel
from lamina.export.lowering.program import ModelProgram
from lamina.formulas.table import Array

# A table as a data frame, of a library that is optional, or a matrix (n_samples, n_features).
Rows: TypeAlias = Any


class Evaluation(NamedTuple):
    """Predictions of an exported file.

    Attributes
    ----------
    runner : str
        What ran it: a compiler, a runtime or a language.
    numbers : ndarray of shape (n_samples, n_columns)
        Probabilities, or predictions followed by their standard deviations. Rows at the end that
        the file has no form for may be absent.
    """

    runner: str
    numbers: Array


class NotEvaluatedError(Exception):
    """Raised where the program that runs an exported file is missing; the text says which."""


@dataclass(frozen=True)
class Target:
    """Export target.

    Attributes
    ----------
    name : str
    module : str
        Module with RENDERERS, a function for each operation, and REFUSED, the reason for which it
        has none for the others. It is imported when it is needed, because it may need an extra.
    """

    name: str
    module: str

    @property
    def renderers(self) -> Mapping[type, Callable[..., object]]:
        """Function for each operation that the target supports."""
        renderers: Mapping[type, Callable[..., object]] = import_module(self.module).RENDERERS
        return renderers

    @property
    def refused(self) -> Mapping[type, str]:
        """Reason for which the target has no function for an operation."""
        refused: Mapping[type, str] = import_module(self.module).REFUSED
        return refused


@dataclass(frozen=True)
class FileTarget(Target):
    """Export target that is a file.

    Attributes
    ----------
    suffix : str
        Ending of the file's name.
    render : callable
        `render(program)` returns the file's content.
    evaluate : callable
        `evaluate(program, content, rows)` runs a file on rows of the program's input.
    convert : callable, optional
        `convert(model, dtype)` returns the file of a model, for a target that also supports models
        that have no program.
    """

    suffix: str
    render: Callable[[ModelProgram], bytes]
    evaluate: Callable[[ModelProgram, bytes, Rows], Evaluation]
    convert: Callable[[FittedModel, DTypeLike | None], bytes] | None = None

    def write(self, model: FittedModel, dtype: DTypeLike | None) -> bytes:
        """Return the file of a fitted model."""
        if self.convert is not None:
            return self.convert(model, dtype)
        return self.render(lower_any(model, dtype))
