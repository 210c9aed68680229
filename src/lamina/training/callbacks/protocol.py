"""Callback protocol: objects that observe a fit, and may stop it, change its rate, or read it.

A callback is any object with at least one of four methods. Each is called with a FitUnderWay.

    on_fit_begin(fit)   before the first epoch
    on_step(fit)        after every step; with this method the engine makes one call for every
                        step, except in epochs before which the callback's `needs_steps` is False
    on_epoch_end(fit)   after every epoch
    on_fit_end(fit)     at the end, also after an error and after Ctrl-C
"""

from __future__ import annotations

from collections.abc import Iterable

from sklearn.exceptions import NotFittedError

from lamina.training.under_way import FitUnderWay

EVENTS = ("on_fit_begin", "on_step", "on_epoch_end", "on_fit_end")
# Appended to NotFittedError: the reason, and the alternatives for a callback.
UNFITTED = (
    "In a callback, fit.model gets its fitted attributes when the fit ends. For scores after every "
    "epoch pass validation_data and monitor= to the estimator and read fit.row; for predictions "
    "compute with fit.coefs and fit.intercepts, or collect lamina.training.callbacks.Snapshots."
)


def is_callback(candidate: object) -> bool:
    """Return True for an object, not a class, with a method of the protocol.

    Examples
    --------
    >>> class Patience:
    ...     def on_epoch_end(self, fit): ...
    >>> is_callback(Patience()), is_callback(Patience), is_callback(print)
    (True, False, False)
    """
    return not isinstance(candidate, type) and any(
        callable(getattr(candidate, event, None)) for event in EVENTS
    )


class Callbacks:
    """Callbacks of one fit, called in their order."""

    def __init__(self, callbacks: Iterable[object] = ()) -> None:
        callbacks = list(callbacks)
        self.by_event = {
            event: [getattr(each, event) for each in callbacks if hasattr(each, event)]
            for event in EVENTS
        }
        self.of_steps = [each for each in callbacks if hasattr(each, "on_step")]

    def have(self, event: str) -> bool:
        """Return True if a callback has this method."""
        return bool(self.by_event[event])

    def need_steps(self) -> bool:
        """Return True if a callback needs the steps of the next epoch."""
        # Asked twice an epoch, mostly without such callbacks.
        return bool(self.of_steps) and any(
            getattr(each, "needs_steps", True) for each in self.of_steps
        )

    def call(self, event: str, fit: FitUnderWay) -> None:
        """Call this method of every callback that has it."""
        for method in self.by_event[event]:
            try:
                method(fit)
            except NotFittedError as error:
                if hasattr(fit.model, "coefs_"):
                    raise
                raise NotFittedError(f"{error} {UNFITTED}") from error
