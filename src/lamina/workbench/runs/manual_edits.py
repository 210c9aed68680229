"""Changes made by hand to a run in progress: learning rates and single parameters."""

from __future__ import annotations

from typing import NamedTuple


class Edit(NamedTuple):
    """A parameter changed by hand.

    Attributes
    ----------
    epoch : int
        Epoch after which it was changed.
    place : int
        Index in the parameter vector.
    before, after : float
        Values before and after the change.
    """

    epoch: int
    place: int
    before: float
    after: float


class ManualEdits(NamedTuple):
    """Changes made by hand to a run in progress.

    Attributes
    ----------
    rates : tuple of (int, float)
        Epochs after which the learning rate was changed, and the new rates.
    edits : tuple of Edit
        Parameters that were changed.
    """

    rates: tuple[tuple[int, float], ...] = ()
    edits: tuple[Edit, ...] = ()

    def until(self, epoch: int) -> ManualEdits:
        """Return the changes up to an epoch, including those right after it."""
        rates = tuple(change for change in self.rates if change[0] <= epoch)
        return ManualEdits(rates, tuple(edit for edit in self.edits if edit.epoch <= epoch))
