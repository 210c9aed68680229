"""Values computed from some of a run's network snapshots, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import thread_time
from typing import Generic, TypeVar

from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.training_controller import TrainingController

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
        `of(snapshot)` computes the value.
    """

    def __init__(self, controller: TrainingController, find: Callable[[Snapshot], Found]) -> None:
        self.controller, self.find = controller, find
        self._found: dict[float, tuple[Snapshot, Found]] = {}

    def columns(self, shown: Snapshot) -> tuple[list[tuple[Snapshot, Found]], int]:
        """Return snapshots with their values, in order of epoch, and the number still missing.

        Parameters
        ----------
        shown : Snapshot
            Displayed network. It is always included, as is the latest one.
        """
        before, missing = self._found, []
        found: dict[float, tuple[Snapshot, Found]] = {}
        for snapshot in coarse_to_fine(self._select(shown)):
            found_before = before.get(place_of(snapshot))
            if found_before is not None and found_before[0] is snapshot:
                found[place_of(snapshot)] = found_before
            else:
                missing.append(snapshot)
        end = thread_time() + SECONDS
        while missing:
            snapshot = missing.pop(0)
            found[place_of(snapshot)] = snapshot, self.find(snapshot)
            if thread_time() > end:
                break
        self._found = found
        return [found[place] for place in sorted(found)], len(missing)

    def _select(self, shown: Snapshot) -> list[Snapshot]:
        """Return a fixed selection of the snapshots, plus the latest and the displayed one."""
        chosen = {
            place_of(each): each
            for each in thinned(self.controller.snapshots.kept[:], MOST_COLUMNS)
        }
        for snapshot in (self.controller.latest, shown):
            chosen[place_of(snapshot)] = snapshot
        return [chosen[place] for place in sorted(chosen)]


def place_of(snapshot: Snapshot) -> float:
    """Return the epoch of a snapshot, plus 0.5 if it was taken in the middle of the next one."""
    return snapshot.epoch + (0.5 if snapshot.batch else 0.0)


def thinned(snapshots: Sequence[Snapshot], most: int) -> list[Snapshot]:
    """Return the first snapshot of each span of epochs, at most `most` of them.

    Spans are powers of two, so that a longer run mostly selects the snapshots selected before.

    Examples
    --------
    >>> import numpy as np
    >>> snapshots = [Snapshot(epoch, np.zeros(1), {}) for epoch in range(10)]
    >>> [snapshot.epoch for snapshot in thinned(snapshots, 4)]
    [0, 4, 8]
    """
    span = 1
    chosen: list[Snapshot] = []
    while snapshots[-1].epoch // span >= most:
        span *= 2
    for snapshot in snapshots:
        if not chosen or snapshot.epoch // span > chosen[-1].epoch // span:
            chosen.append(snapshot)
    return chosen


def coarse_to_fine(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Return the latest, then every 32nd, 16th, …, so that early answers cover the whole run."""
    order, leap = [len(snapshots) - 1], FIRST_LEAP
    while leap >= 1:
        order += range(0, len(snapshots), leap)
        leap //= 2
    return [snapshots[i] for i in dict.fromkeys(order)]
