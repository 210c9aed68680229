"""What can go wrong, by name: every exception and warning that lamina raises itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lamina.other_names import OTHER_NAMES

SEPARATORS = str.maketrans("", "", " -_")


class LaminaError(Exception):
    """The root of lamina's own exceptions."""


class UnknownNameError(LaminaError, ValueError):
    """A name that stands in none of the tables of formulas."""


class NonFiniteError(LaminaError, ValueError):
    """Training reached infinity or NaN; the message says in which layer, and what to try."""


class ModelFileError(LaminaError, ValueError):
    """A model file that is truncated, altered, of a newer format, or no model file at all."""


class ExportError(LaminaError, ValueError):
    """Something of a model that the format it should go to, or come from, has no word for."""


class CheckpointError(LaminaError, ValueError):
    """A file from which a fit cannot go on: no checkpoint, or one of another fit."""


class TableError(LaminaError, ValueError):
    """A table that cannot be learned from: empty, ragged, a column missing or without a value."""


class ExperimentError(LaminaError, ValueError):
    """An experiment of the workbench, or a command of its page, that cannot be carried out.

    Attributes
    ----------
    parameter : str or None
        The name at fault.
    """

    def __init__(self, message: str, parameter: str | None) -> None:
        super().__init__(message)
        self.parameter = parameter


class NativeUnavailableWarning(RuntimeWarning):
    """The native extension could not be loaded; the NumPy engine serves in its place."""


class LeakWarning(UserWarning):
    """A column alone predicts the target of a table almost perfectly."""


class DiagnosticWarning(UserWarning):
    """The root of the warnings of `diagnostics=True`: one filter for it is for all of them."""


class NoBetterThanTrivialWarning(UserWarning):
    """A model for tables predicts held-out samples no better than class frequencies or the mean."""


class UnscaledFeaturesWarning(DiagnosticWarning):
    """A feature is so large that it alone decides what the first layer does."""


class UnscaledTargetWarning(DiagnosticWarning):
    """A regression's target is far from size one, and the fit has not reached it."""


class WorseThanConstantWarning(DiagnosticWarning):
    """A regression predicts its training rows worse than one number for all of them would."""


class StalledAccuracyWarning(DiagnosticWarning):
    """Early stopping watched an accuracy that no epoch could raise: the classes are unbalanced."""


class UndefinedScoreWarning(DiagnosticWarning):
    """No epoch had a finite score to be monitored by: the weights are those of the last epoch."""


class DeadUnitsWarning(DiagnosticWarning):
    """Most units of a layer give zero for every row, and learn no more: dying ReLUs."""


class SaturatedUnitsWarning(DiagnosticWarning):
    """Most units of a layer are where their activation is flat, and hardly learn."""


class DivergingLossWarning(DiagnosticWarning):
    """The training loss rose again and lost most of what it had gained."""


class RisingValidationLossWarning(DiagnosticWarning):
    """The loss on rows held out has been rising for long: the fit learns its rows by heart."""


def nearest_match(name: object, allowed: Iterable[str]) -> str | None:
    """The allowed name that is spelt most like `name`, or None where none comes close.

    A name that other libraries have for one of them counts as the nearest.

    Examples
    --------
    >>> nearest_match("prize", ["PRICE", "size"])
    'PRICE'
    >>> nearest_match("sigmoid", ["logistic", "sine"])
    'logistic'
    >>> nearest_match("colour", ["PRICE", "size"]) is None
    True
    """
    allowed = list(allowed)
    plain = str(name).lower().translate(SEPARATORS)
    for elsewhere in OTHER_NAMES.get(plain, ()):
        if elsewhere in allowed:
            return elsewhere
    by_lower = {each.lower(): each for each in allowed}
    matches = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def suggestion(name: object, allowed: Iterable[str]) -> str:
    """A sentence that offers the nearest match, with a leading space; empty where there is none."""
    match = nearest_match(name, allowed)
    return "" if match is None or match == name else f" Did you mean {match!r}?"
