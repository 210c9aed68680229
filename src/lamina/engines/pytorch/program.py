"""A whole epoch on a device: its steps run one after another without an answer in between.

The order of the samples and the numbers of all steps are on the device before the first step. A
step counts itself, finds its samples and numbers by the count, and adds to sums, which are read
once at the end. It therefore is the same work at the same places every time, and on CUDA a captured
graph, one for each size of batch, repeats it without the cost of launching each kernel. Samples of
this process's memory are copied to one place before each step, where the same graph reads them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lamina.engines.optimizer import StepNumbers
from lamina.engines.pytorch.arrays import TensorArray
from lamina.engines.pytorch.rows import DeviceRows
from lamina.engines.pytorch.steps import Batch, Loss, Steps
from lamina.engines.pytorch.tensors import constants, torch_type

WARM_UPS = 2
CAPTURING = Lock()


class Schedule(NamedTuple):
    """Numbers of the steps of an epoch, one of each per step."""

    numbers: list[StepNumbers]
    divisors: list[float]
    dropout: list[float] | None
    label_smoothing: list[float] | None

    def table(self, device: torch.device) -> torch.Tensor:
        """Return the numbers of each step, a row each, in the order that `numbers_in` reads."""
        rows = [
            [*each[:3], *chain.from_iterable(each.factors), divisor]
            for each, divisor in zip(self.numbers, self.divisors, strict=True)
        ]
        if self.dropout is not None and self.label_smoothing is not None:
            for row, *both in zip(rows, self.dropout, self.label_smoothing, strict=True):
                row += both
        dtype = torch_type(np.float64, device)
        return torch.tensor(rows, dtype=dtype).to(device)


class Program:
    """Steps of epochs of one shape, on buffers that keep their places.

    Parameters
    ----------
    steps : Steps
    rows : DeviceRows
    seed : int
    n_samples, batch_size : int
        Length of the order, and number of samples of a step; the last one may have fewer.
    values : Tensor of shape (1 + n_slots, n_parameters)
        Present values, which the program copies.
    """

    def __init__(
        self,
        steps: Steps,
        rows: DeviceRows,
        seed: int,
        n_samples: int,
        batch_size: int,
        values: torch.Tensor,
    ) -> None:
        self._steps, self._rows, self._seed = steps, rows, seed
        self._batch_size, self._device = batch_size, values.device
        self.values = values.clone()
        self._order = torch.zeros(n_samples, dtype=torch.int64, device=self._device)
        n_whole = n_samples // batch_size
        self._whole = self._order[: n_whole * batch_size].view(n_whole, batch_size)
        self._rest = self._order[n_whole * batch_size :]
        self._table = torch.empty(0, device=self._device)
        self._first_step = torch.zeros((), dtype=torch.int64, device=self._device)
        self._count = torch.zeros((), dtype=torch.int64, device=self._device)
        # The sum of the losses times their numbers of samples, and that of the gradients' norms.
        self._sums = torch.zeros(2, dtype=torch.float64, device=self._device)
        self._samples = rows.buffer(min(batch_size, n_samples))
        self._loss, self._norm = (TensorArray(each) for each in self._sums.unbind())
        self._repeats: dict[tuple[int, bool, bool], Callable[[], Any]] = {}
        self._losses: dict[int, Loss] = {}
        self._kept: list[Any] = []
        self.n_steps = 0

    def begin(
        self,
        values: torch.Tensor,
        step: int,
        order: NDArray[np.int64],
        schedule: Schedule,
        *,
        measures: bool,
    ) -> None:
        """Put the values, the order and the numbers of an epoch into their places."""
        self.values.copy_(values)
        self._order[: len(order)] = torch.from_numpy(order).to(self._device)
        table = schedule.table(self._device)
        if self._table.shape != table.shape:
            self._table, self._repeats = table, {}
        else:
            self._table.copy_(table)
        self._first_step.fill_(step)
        self._count.zero_()
        self._sums.zero_()
        self._shape = schedule.numbers[0]
        self._is_scheduled = schedule.dropout is not None
        self._measures = measures
        self.n_steps = len(schedule.numbers)

    def run_step(self, chosen: NDArray[np.int64]) -> None:
        """Run the next step, on these samples of the order."""
        size = len(chosen)
        if self._samples is not None:
            self._rows.copy_batch(chosen, self._samples[:size])
        key = size, self._is_scheduled, self._measures
        if key not in self._repeats:
            self._repeats[key] = self._prepare(size)
        self._repeats[key]()

    def read(self) -> tuple[int, float, float]:
        """Return the number of steps made, and the sums of losses and of norms."""
        total, norms = self._sums.tolist()
        return int(self._count), total, norms

    def wait(self) -> None:
        """Wait until the device has made all steps so far."""
        self._count.item()

    def last_loss(self, size: int) -> Loss:
        """Return the values of the forward pass of the latest step of so many samples."""
        return self._losses[size]

    def _prepare(self, size: int) -> Callable[[], Any]:
        def step() -> None:
            self._losses[size] = self._step(size)

        if self._device.type != "cuda":
            return step
        repeat = capture(self._undone(step), step, self._device)
        self._kept.append(constants())
        return repeat

    def _undone(self, step: Callable[[], None]) -> Callable[[], None]:
        """Return a step that leaves everything as it is, the count above all."""
        changed = (self.values, self._count, self._sums)
        before = [each.clone() for each in changed]

        def attempt() -> None:
            step()
            for each, earlier in zip(changed, before, strict=True):
                each.copy_(earlier)

        return attempt

    def _step(self, size: int) -> Loss:
        """Make the step that the count stands at."""
        count = self._count.reshape(1)
        # Only the last batch may be smaller, so that its place is known.
        is_whole = size == self._batch_size
        places = self._whole.index_select(0, count)[0] if is_whole else self._rest
        row = self._table.index_select(0, count)[0]
        numbers, divisor, dropout, smoothing = numbers_in(row, self._shape, self._is_scheduled)
        step: Any = 0
        if self._steps.spec.draws:
            step = TensorArray(self._first_step + self._count)
        copied = None if self._samples is None else self._samples[:size]
        rows = self._rows.batch(places, copied=copied)
        batch = Batch(rows, places, divisor, step, dropout, smoothing)
        loss = self._steps.loss(self.values, batch, self._seed)
        self._loss += loss.total / divisor * size
        norm = self._steps.update(self.values, loss, divisor, numbers, measures=self._measures)
        if self._measures:
            self._norm += norm
        self._count += 1
        return loss


def numbers_in(
    row: torch.Tensor, shape: StepNumbers, is_scheduled: bool
) -> tuple[StepNumbers, Any, Any, Any]:
    """Return the numbers of a step, its divisor and multipliers, each an array of one number.

    Parameters
    ----------
    row : Tensor of shape (n_numbers,)
        Row of the table of a schedule, on a device.
    shape : StepNumbers
        Numbers of any step.
    is_scheduled : bool
        True if the row ends with multipliers.
    """
    cells = iter([TensorArray(cell) for cell in row.unbind()])
    rate, decay, average = next(cells), next(cells), next(cells)
    factors = tuple(tuple(next(cells) for _ in of_part) for of_part in shape.factors)
    numbers: Any = StepNumbers(rate, decay, average, factors)  # type: ignore[arg-type]
    divisor = next(cells)
    dropout, smoothing = (next(cells), next(cells)) if is_scheduled else (1.0, 1.0)
    return numbers, divisor, dropout, smoothing


def capture(
    attempt: Callable[[], None], step: Callable[[], None], device: torch.device
) -> Callable[[], None]:
    """Return a function that repeats a step as a captured CUDA graph.

    Attempts, which change nothing, run first: libraries prepare themselves in their first calls,
    which cannot be captured.
    """
    with CAPTURING, torch.cuda.device(device):
        stream = torch.cuda.Stream(device)
        stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                attempt()
        torch.cuda.current_stream(device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Other threads may train on the device at the same time.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            step()
    replay: Callable[[], None] = graph.replay
    return replay
