"""What is remembered of a run: its curves and its parameters, thinned out as it grows longer.

Both are written by the thread that trains and read by others: a list is only ever appended to, or
replaced by a shorter one, and whoever reads takes a copy first.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.training.under_way import StepAhead

MOST_POINTS = 600
MOST_MOMENTS = 400
MOST_BYTES = 32 << 20
FEWEST_MOMENTS = 3


class Curves:
    """Columns over the epochs; of a long run, every second, fourth, eighth … epoch.

    Examples
    --------
    >>> curves = Curves(most=4)
    >>> for epoch in range(1, 8):
    ...     curves.add({"epoch": epoch, "loss": 1 / epoch})
    >>> curves.columns()["epoch"].tolist()
    [2.0, 4.0, 6.0, 7.0]
    """

    def __init__(self, most: int = MOST_POINTS) -> None:
        self.most, self.every = most, 1
        self.rows: list[tuple[float, ...]] = []
        self.names: tuple[str, ...] = ()
        self.latest: tuple[float, ...] | None = None
        # Whole, as what is told of a course names its epochs: sixteen bytes for each.
        self._losses, self._validation_losses = array("d"), array("d")

    def add(self, row: dict[str, float]) -> None:
        """Enter an epoch."""
        if not self.names:
            self.names = tuple(row)
        values = tuple(row.values())
        if row["epoch"] % self.every == 0:
            if len(self.rows) + 1 >= self.most:
                self.every *= 2
                self.rows = [kept for kept in self.rows if kept[0] % self.every == 0]
            if row["epoch"] % self.every == 0:
                self.rows.append(values)
        self.latest = values
        self._losses.append(row["loss"])
        if "validation_loss" in row:
            self._validation_losses.append(row["validation_loss"])

    def losses(self) -> list[float]:
        """The training loss of every epoch."""
        return self._losses.tolist()

    def validation_losses(self) -> list[float]:
        """The loss on the test rows after every epoch; empty where it is not known."""
        return self._validation_losses.tolist()

    def last_row(self) -> dict[str, float]:
        """The latest epoch's; empty before the first."""
        return dict(zip(self.names, self.latest or (), strict=self.latest is not None))

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Every column by name, the latest epoch among them; none before the first."""
        rows, latest = self.rows[:], self.latest
        if latest is None:
            return {}
        if not rows or rows[-1][0] < latest[0]:
            rows.append(latest)
        table = np.array(rows, dtype=np.float64)
        return dict(zip(self.names, table.T, strict=True))


@dataclass(frozen=True)
class Moment:
    """A network as it was after an epoch.

    Attributes
    ----------
    epoch : int
    parameters : ndarray of shape (n_parameters,)
    row : dict of str to float
        The epoch's row of the history; empty for epoch 0.
    batch : int
        How many batches of the epoch after it have been learned from.
    batch_loss : float
        The loss of the latest of them.
    ahead : StepAhead or None
        What the next step goes by, where the fit is held here.
    """

    epoch: int
    parameters: NDArray[Any]
    row: dict[str, float]
    batch: int = 0
    batch_loss: float = math.nan
    ahead: StepAhead | None = None

    @property
    def loss(self) -> float:
        """The training loss of that epoch."""
        return self.row.get("loss", math.nan)


class Moments:
    """Networks of a run, from epoch 0 on; of a long one, every second, fourth, eighth … epoch.

    Parameters
    ----------
    n_bytes : int
        Of one network's parameters: together they stay below 32 MiB.

    Examples
    --------
    >>> moments = Moments(n_bytes=8, most=4)
    >>> for epoch in range(8):
    ...     if moments.wants(epoch):
    ...         moments.add(Moment(epoch, np.zeros(1), {}))
    >>> [moment.epoch for moment in moments.kept], moments.nearest(5).epoch
    ([0, 2, 4, 6], 4)
    """

    def __init__(self, n_bytes: int, most: int = MOST_MOMENTS) -> None:
        self.most = min(most, max(FEWEST_MOMENTS, MOST_BYTES // max(1, n_bytes)))
        self.every = 1
        self.kept: list[Moment] = []

    def wants(self, epoch: int) -> bool:
        """Whether that epoch is one to be remembered."""
        return epoch % self.every == 0

    def add(self, moment: Moment) -> None:
        """Remember it; where there is no more room, every second one is forgotten."""
        if len(self.kept) >= self.most:
            self.every *= 2
            self.kept = [kept for kept in self.kept if kept.epoch % self.every == 0]
        if self.wants(moment.epoch):
            self.kept.append(moment)

    def add_last(self, moment: Moment) -> None:
        """Remember the network that a fit left, in the place of its last epoch's."""
        self.kept = [*(kept for kept in self.kept if kept.epoch != moment.epoch), moment]

    def extent(self) -> dict[str, int]:
        """From which epoch to which it reaches, and in steps of how many."""
        kept = self.kept
        return {"first": kept[0].epoch, "last": kept[-1].epoch, "every": self.every}

    def nearest(self, epoch: int) -> Moment:
        """The moment remembered that is nearest to an epoch."""
        return min(self.kept[:], key=lambda moment: abs(moment.epoch - epoch))
