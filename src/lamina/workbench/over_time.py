"""Values computed from some of a run's network snapshots, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import thread_time
from typing import Generic, TypeVar

from lamina.workbench.curves import Moment
from lamina.workbench.training_controller import TrainingController

Found = TypeVar("Found")

MOST_COLUMNS = 64
# CPU seconds that one answer may take; the next answer computes what is missing.
SECONDS = 0.1
FIRST_LEAP = 32


class OverTime(Generic[Found]):
    """One kind of value computed along a run.

    Parameters
    ----------
    controller : TrainingController
        Holds the snapshots of the run.
    of : callable
        `of(moment)` computes the value.
    """

    def __init__(self, controller: TrainingController, of: Callable[[Moment], Found]) -> None:
        self.controller, self.of = controller, of
        self._found: dict[float, tuple[Moment, Found]] = {}

    def columns(self, shown: Moment) -> tuple[list[tuple[Moment, Found]], int]:
        """Return snapshots with their values, in order of epoch, and the number still missing.

        Parameters
        ----------
        shown : Moment
            Displayed network. It is always included, as is the latest one.
        """
        before, missing = self._found, []
        found: dict[float, tuple[Moment, Found]] = {}
        for moment in coarse_to_fine(self._wanted(shown)):
            known = before.get(place_of(moment))
            if known is not None and known[0] is moment:
                found[place_of(moment)] = known
            else:
                missing.append(moment)
        end = thread_time() + SECONDS
        while missing:
            moment = missing.pop(0)
            found[place_of(moment)] = moment, self.of(moment)
            if thread_time() > end:
                break
        self._found = found
        return [found[place] for place in sorted(found)], len(missing)

    def _wanted(self, shown: Moment) -> list[Moment]:
        """Return a fixed selection of the snapshots, plus the latest and the displayed one."""
        chosen = {
            place_of(each): each for each in thinned(self.controller.moments.kept[:], MOST_COLUMNS)
        }
        for moment in (self.controller.latest, shown):
            chosen[place_of(moment)] = moment
        return [chosen[place] for place in sorted(chosen)]


def place_of(moment: Moment) -> float:
    """Return the epoch of a snapshot, plus 0.5 if it was taken in the middle of the next one."""
    return moment.epoch + (0.5 if moment.batch else 0.0)


def thinned(moments: Sequence[Moment], most: int) -> list[Moment]:
    """Return the first snapshot of each span of epochs, at most `most` of them.

    Spans are powers of two, so that a longer run mostly selects the snapshots selected before.

    Examples
    --------
    >>> import numpy as np
    >>> moments = [Moment(epoch, np.zeros(1), {}) for epoch in range(10)]
    >>> [moment.epoch for moment in thinned(moments, 4)]
    [0, 4, 8]
    """
    span = 1
    chosen: list[Moment] = []
    while moments[-1].epoch // span >= most:
        span *= 2
    for moment in moments:
        if not chosen or moment.epoch // span > chosen[-1].epoch // span:
            chosen.append(moment)
    return chosen


def coarse_to_fine(moments: Sequence[Moment]) -> list[Moment]:
    """Return the latest, then every 32nd, 16th, …, so that early answers cover the whole run."""
    order, leap = [len(moments) - 1], FIRST_LEAP
    while leap >= 1:
        order += range(0, len(moments), leap)
        leap //= 2
    return [moments[i] for i in dict.fromkeys(order)]
