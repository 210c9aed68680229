"""Draws of dropout and noise on a device: the words of formulas/noise.py in 64-bit integers.

PyTorch has no unsigned 64-bit integers. The product of two 32-bit words wraps around in signed
ones, and its bits are the same; a shift to the right extends the sign, which a mask removes.
"""

from __future__ import annotations

from typing import Any

import torch

from lamina.engines.pytorch.arrays import TensorArray
from lamina.formulas.noise import KEY_STEPS, MULTIPLIERS, ROUNDS, Draws, threshold

LOW = 0xFFFFFFFF
# An integer, or a tensor of them.
Word = Any


class TensorDraws(Draws):
    """Inputs of the draws of a step whose `rows` and `step` are arrays on a device.

    The multiplier of dropout is a number, or an array on the device as well.
    """

    __slots__ = ()

    def words(self, stream: int, n_units: int) -> Any:
        rows, step = self.rows.tensor[:, None], self.step.tensor  # type: ignore[attr-defined]
        fours = torch.arange(-(-n_units // 4), device=rows.device)
        counter = fours, rows & LOW, step & LOW, stream | (rows >> 32) << 20
        drawn = philox(counter, (self.seed & LOW, self.seed >> 32))
        return TensorArray(torch.stack(drawn, dim=2).reshape(len(rows), -1)[:, :n_units])

    def kept(self, stream: int, n_units: int, rate: Any) -> Any:
        if isinstance(rate, TensorArray):
            least: Any = TensorArray((rate.tensor * 2**32 + 0.5).to(torch.int64))
        else:
            least = threshold(rate)
        return self.words(stream, n_units) >= least


def philox(counter: tuple[Word, ...], key: tuple[int, int]) -> list[torch.Tensor]:
    """Return four words from four, by Philox4x32-10, each of the counters' common shape."""
    c, keys = [*counter], [*key]
    for _ in range(ROUNDS):
        first, second = MULTIPLIERS[0] * c[0], MULTIPLIERS[1] * c[2]
        c = [
            _high(second) ^ c[1] ^ keys[0],
            second & LOW,
            _high(first) ^ c[3] ^ keys[1],
            first & LOW,
        ]
        keys = [(word + step) & LOW for word, step in zip(keys, KEY_STEPS, strict=True)]
    return list(torch.broadcast_tensors(*c))


def _high(product: torch.Tensor) -> torch.Tensor:
    return (product >> 32) & LOW
