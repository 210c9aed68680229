"""History of a run: its curves and network snapshots, thinned out as the run grows longer.

The training thread writes both and other threads read them. So entries never change, a list is only
appended to or replaced by a shorter one, and readers take a copy first.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import AnyArray
from lamina.training.under_way import StepAhead

MOST_POINTS = 600
MOST_SNAPSHOTS = 400
MOST_BYTES = 32 << 20
FEWEST_SNAPSHOTS = 3


class Curves:
    """Columns of values over epochs; a long run keeps every second, fourth, eighth … epoch.

    Parameters
    ----------
    most : int
        Maximum number of epochs to keep for drawing.
    first : dict of str to float, optional
        Values measured before the first step, as epoch 0.

    Examples
    --------
    >>> curves = Curves(most=4)
    >>> for epoch in range(1, 8):
    ...     curves.add({"epoch": epoch, "loss": 1 / epoch})
    >>> curves.columns()["epoch"].tolist()
    [2.0, 4.0, 6.0, 7.0]
    """

    def __init__(self, most: int = MOST_POINTS, first: dict[str, float] | None = None) -> None:
        self.most, self.every = most, 1
        self.first = first or {}
        self.names: tuple[str, ...] = ()
        # The columns, (names, most), in the layout sent to the page, so that reading is one copy,
        # and the number of filled points. One tuple, so that other threads read both consistently.
        self._kept: tuple[NDArray[np.float64], int] = np.empty((0, most)), 0
        self.latest: tuple[float, ...] | None = None
        # Kept for every epoch (16 bytes each), because diagnoses name exact epochs.
        self._losses, self._validation_losses = array("d"), array("d")

    def add(self, row: dict[str, float]) -> None:
        """Add the values of an epoch."""
        if not self.names:
            self.names = tuple(row)
            self._kept = np.empty((len(row), self.most)), 0
        self.latest = tuple(row.values())
        if row["epoch"] % self.every == 0:
            self._keep(self.latest)
        self._losses.append(row["loss"])
        if "validation_loss" in row:
            self._validation_losses.append(row["validation_loss"])

    def _keep(self, values: tuple[float, ...]) -> None:
        """Store an epoch for drawing; if there is no room, drop every second one."""
        table, n = self._kept
        if n + 1 >= self.most:
            self.every *= 2
            before, stays = table[:, :n], table[0, :n] % self.every == 0
            table, n = np.empty_like(table), int(stays.sum())
            table[:, :n] = before[:, stays]
        if values[0] % self.every == 0:
            table[:, n] = values
            n += 1
        self._kept = table, n

    def losses(self) -> list[float]:
        """Return the training loss of every epoch."""
        return self._losses.tolist()

    def validation_losses(self) -> list[float]:
        """Return the loss on the test rows after every epoch; empty if it is not measured."""
        return self._validation_losses.tolist()

    def course(self) -> tuple[list[float], list[float]]:
        """Return both losses, cut to the same length: another thread may be adding an epoch."""
        validation_losses, losses = self.validation_losses(), self.losses()
        return losses[: len(validation_losses) or None], validation_losses

    def last_row(self) -> dict[str, float]:
        """Return the values of the latest epoch; empty before the first."""
        return dict(zip(self.names, self.latest or (), strict=self.latest is not None))

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Return every column by name, including the latest epoch; empty before the first."""
        (table, n), latest = self._kept, self.latest
        if latest is None:
            return {}
        if n == 0 or table[0, n - 1] < latest[0]:
            columns = np.column_stack([table[:, :n], latest])
        else:
            columns = table[:, :n].copy()
        return dict(zip(self.names, columns, strict=True))

    def drawn(self) -> dict[str, NDArray[np.float64]]:
        """Return the columns as `columns` does, with epoch 0 as the first point."""
        columns = self.columns()
        if not self.first:
            return columns
        start = {name: self.first.get(name, math.nan) for name in columns or self.first}
        return {name: np.append(at, columns.get(name, ())) for name, at in start.items()}


@dataclass(frozen=True)
class Snapshot:
    """Network after an epoch.

    Attributes
    ----------
    epoch : int
    parameters : ndarray of shape (n_parameters,)
    row : dict of str to float
        Values of the epoch's row in the history; for epoch 0, measured before the first step.
    batch : int
        Number of batches of the next epoch already trained on.
    batch_loss : float
        Loss of the last of these batches.
    ahead : StepAhead or None
        Data of the next step, if the fit is held here.
    """

    epoch: int
    parameters: AnyArray
    row: dict[str, float]
    batch: int = 0
    batch_loss: float = math.nan
    ahead: StepAhead | None = None

    @property
    def loss(self) -> float:
        """Training loss of that epoch."""
        return self.row.get("loss", math.nan)


class SnapshotHistory:
    """Network snapshots of a run from epoch 0 on; a long run keeps every second, fourth … epoch.

    Parameters
    ----------
    n_bytes : int
        Size of one network's parameters in bytes; all snapshots together stay below 32 MiB.

    Examples
    --------
    >>> snapshots = SnapshotHistory(n_bytes=8, most=4)
    >>> for epoch in range(8):
    ...     if snapshots.keeps(epoch):
    ...         snapshots.add(Snapshot(epoch, np.zeros(1), {}))
    >>> [snapshot.epoch for snapshot in snapshots.kept], snapshots.nearest(5).epoch
    ([0, 2, 4, 6], 4)
    """

    def __init__(self, n_bytes: int, most: int = MOST_SNAPSHOTS) -> None:
        self.most = min(most, max(FEWEST_SNAPSHOTS, MOST_BYTES // max(1, n_bytes)))
        self.every = 1
        self.kept: list[Snapshot] = []

    def keeps(self, epoch: int) -> bool:
        """Return True if that epoch is one to keep."""
        return epoch % self.every == 0

    def add(self, snapshot: Snapshot) -> None:
        """Store a snapshot; if there is no room, drop every second one."""
        if len(self.kept) >= self.most:
            self.every *= 2
            self.kept = [kept for kept in self.kept if kept.epoch % self.every == 0]
        if self.keeps(snapshot.epoch):
            self.kept.append(snapshot)

    def add_last(self, snapshot: Snapshot) -> None:
        """Store the final network of a fit, replacing the snapshot of its last epoch."""
        self.kept = [*(kept for kept in self.kept if kept.epoch != snapshot.epoch), snapshot]

    def extent(self) -> dict[str, int]:
        """Return the first and the last epoch kept, and the step between epochs."""
        kept = self.kept
        return {"first": kept[0].epoch, "last": kept[-1].epoch, "every": self.every}

    def nearest(self, epoch: int) -> Snapshot:
        """Return the kept snapshot nearest to an epoch."""
        return min(self.kept[:], key=lambda snapshot: abs(snapshot.epoch - epoch))
