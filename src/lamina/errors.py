"""Exceptions and warnings of lamina, and the search for the nearest match of a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lamina.other_names import OTHER_NAMES

SEPARATORS = str.maketrans("", "", " -_")


class LaminaError(Exception):
    """Base class of lamina's own exceptions."""


class UnknownNameError(LaminaError, ValueError):
    """Name that is in none of the tables of formulas."""


class UnsupportedBlockError(LaminaError, ValueError):
    """Network with a kind of block that an engine or an analysis does not support."""


class NonFiniteError(LaminaError, ValueError):
    """Training reached infinity or NaN; the message names the layer, and what to try."""


class DeviceError(LaminaError, ValueError):
    """Device that is not on this machine, or a name that no device has."""


class DeviceMemoryError(LaminaError, MemoryError):
    """Device whose memory is too small for a fit or a prediction."""


class DeviceLostError(LaminaError, RuntimeError):
    """Device that failed in the middle of a fit or a prediction."""


class UnsupportedFitError(LaminaError, ValueError):
    """Fit whose parameters cannot be combined with training on several machines."""


class WorkerLostError(LaminaError, RuntimeError):
    """Worker of a fit on several machines that ended, stalled, or lost its connection.

    Attributes
    ----------
    lost : tuple of str
        Addresses of the workers that no longer answer.
    """

    def __init__(self, message: str, lost: tuple[str, ...] = ()) -> None:
        super().__init__(message, lost)
        self.lost = lost

    def __str__(self) -> str:
        return str(self.args[0])


class SchedulerLostError(LaminaError, RuntimeError):
    """Scheduler of a cluster that ended or does not answer, so that no fit can go on."""


class TorchMissingError(LaminaError, ImportError):
    """Engine or device that needs PyTorch, which is not installed."""


class ModelFileError(LaminaError, ValueError):
    """Model file that is truncated, altered, of a newer format, or not a model file."""


class ExportError(LaminaError, ValueError):
    """Part of a model that a format, as the target or the source, cannot express."""


class CheckpointError(LaminaError, ValueError):
    """File from which a fit cannot resume: not a checkpoint, or one of another fit."""


class TableError(LaminaError, ValueError):
    """Table that cannot be learned from: empty, ragged, a column missing or without a value."""


class SpoolError(LaminaError, OSError):
    """Folder that cannot hold the encoded samples of a fit: its disk is full or not writable."""

    def __str__(self) -> str:
        # Without the number of the error, which its words explain.
        return self.strerror or super().__str__()


class ExperimentError(LaminaError, ValueError):
    """Experiment of the workbench, or command of its page, that cannot be carried out.

    Attributes
    ----------
    parameter : str or None
        Name of the parameter at fault.
    """

    def __init__(self, message: str, parameter: str | None) -> None:
        super().__init__(message)
        self.parameter = parameter


class NativeUnavailableWarning(RuntimeWarning):
    """The native engine could not be used; the NumPy engine is used instead."""


class DeviceUnavailableWarning(RuntimeWarning):
    """A model's device is not on this machine; its predictions are computed on the CPU instead."""


class SlowPrecisionWarning(RuntimeWarning):
    """The processor lacks instructions for a precision, which is therefore slower than float32."""


class WorkerLostWarning(RuntimeWarning):
    """A worker of a fit on several machines was lost; the others resume from a checkpoint."""


class HostLossWarning(RuntimeWarning):
    """A custom loss in NumPy makes a fit on a device copy every batch to the host and back."""


class LeakWarning(UserWarning):
    """A column alone predicts the target of a table almost perfectly."""


class DiagnosticWarning(UserWarning):
    """Base class of the warnings of `diagnostics=True`; one filter for it covers all of them."""


class NoBetterThanTrivialWarning(UserWarning):
    """A model for tables predicts held-out samples no better than class frequencies or the mean."""


class UnscaledFeaturesWarning(DiagnosticWarning):
    """A feature is so large that it alone determines the output of the first layer."""


class UnscaledTargetWarning(DiagnosticWarning):
    """A regression's target is far from size one, and the fit has not reached it."""


class WorseThanConstantWarning(DiagnosticWarning):
    """A regression predicts its training samples worse than a constant would."""


class StalledAccuracyWarning(DiagnosticWarning):
    """Early stopping monitored accuracy, which no epoch could raise, on unbalanced classes."""


class UndefinedScoreWarning(DiagnosticWarning):
    """No epoch had a finite score to monitor: the weights are those of the last epoch."""


class DeadUnitsWarning(DiagnosticWarning):
    """Most units of a layer are zero for every sample, and no longer learn: dying ReLUs."""


class SaturatedUnitsWarning(DiagnosticWarning):
    """The activation of most units of a layer is flat for every sample, so they hardly learn."""


class DivergingLossWarning(DiagnosticWarning):
    """The training loss rose again and lost most of its gain."""


class RisingValidationLossWarning(DiagnosticWarning):
    """The validation loss has been rising for long: the network memorises its samples."""


def nearest_match(name: object, allowed: Iterable[str]) -> str | None:
    """Return the allowed name that is spelled most like `name`, or None if none is close.

    A name that another library uses for one of them counts as the nearest.
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
    """Return a sentence with the nearest match and a leading space, or '' if there is none."""
    match = nearest_match(name, allowed)
    return "" if match is None or match == name else f" Did you mean {match!r}?"
