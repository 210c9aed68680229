"""Callbacks: what hears of a fit as it goes, and may stop it, change its rate, or read its network.

A callback is any object with any of four methods. Each is called with a FitUnderWay.

    on_fit_begin(fit)   before the first epoch
    on_step(fit)        after every step; whoever has it makes every step a call of its own,
                        but for epochs before which its `hears_steps` is False
    on_epoch_end(fit)   after every epoch
    on_fit_end(fit)     at the end, however it came about: after an error and after Ctrl-C too
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sklearn.exceptions import NotFittedError

MOMENTS = ("on_fit_begin", "on_step", "on_epoch_end", "on_fit_end")
# Why the estimator does not predict yet, and what a callback has in place of that.
UNFITTED = (
    "In a callback, fit.model gets its fitted attributes when the fit ends. For scores after every "
    "epoch pass validation_data and monitor= to the estimator and read fit.row; for predictions "
    "compute with fit.coefs and fit.intercepts, or collect lamina.training.callbacks.Snapshots."
)


def is_callback(candidate: object) -> bool:
    """Whether an object, not a class, has a method for any of the moments.

    Examples
    --------
    >>> class Patience:
    ...     def on_epoch_end(self, fit): ...
    >>> is_callback(Patience()), is_callback(Patience), is_callback(print)
    (True, False, False)
    """
    return not isinstance(candidate, type) and any(
        callable(getattr(candidate, moment, None)) for moment in MOMENTS
    )


class Callbacks:
    """The callbacks of one fit, told of each moment in their order."""

    def __init__(self, callbacks: Iterable[Any] = ()) -> None:
        callbacks = list(callbacks)
        self.by_moment = {
            moment: [getattr(each, moment) for each in callbacks if hasattr(each, moment)]
            for moment in MOMENTS
        }
        self.of_steps = [each for each in callbacks if hasattr(each, "on_step")]

    def hear_of(self, moment: str) -> bool:
        """Whether anyone wants to know of it."""
        return bool(self.by_moment[moment])

    def hear_of_steps(self) -> bool:
        """Whether anyone wants to know of the next epoch's steps."""
        return any(getattr(each, "hears_steps", True) for each in self.of_steps)

    def tell(self, moment: str, fit: Any) -> None:
        """Call all who want to know of it."""
        for hear in self.by_moment[moment]:
            try:
                hear(fit)
            except NotFittedError as error:
                if hasattr(fit.model, "coefs_"):
                    raise
                raise NotFittedError(f"{error} {UNFITTED}") from error
