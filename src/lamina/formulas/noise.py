"""Noise of training steps from a counter-based generator, so that every engine draws the same.

A draw depends on the seed, the step, the sample, the layer and the unit, and on nothing else: not
on batches or threads, and a resumed fit draws the same numbers as an uninterrupted one.

Shapes: draws are (n_samples, n_units).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.table import Array

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
# Streams of draws; dropout of block i has the number i + 1.
INPUT_DROPOUT, INPUT_NOISE = 0, 1 << 16

_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


class Draws(NamedTuple):
    """Inputs that the draws of one training step depend on.

    Attributes
    ----------
    seed : int
        64-bit seed.
    step : int
        Number of updates before this one.
    rows : ndarray of int64
        Indices in X of the samples of the batch.
    dropout_multiplier : float
        Multiplier of every fraction that dropout sets to zero.
    """

    seed: int
    step: int
    rows: NDArray[np.int64]
    dropout_multiplier: float = 1.0

    def words(self, stream: int, n_units: int) -> NDArray[np.uint64]:
        """Return a word of 32 random bits for each sample and unit of a stream.

        An engine on a device has draws of its own class, with the same words.
        """
        return words(self, stream, n_units)

    def kept(self, stream: int, n_units: int, rate: float) -> NDArray[np.bool_]:
        """Return True for each sample and unit that dropout at this rate keeps."""
        return self.words(stream, n_units) >= np.uint64(threshold(rate))


def philox(counter: NDArray[np.uint64], key: tuple[int, int]) -> NDArray[np.uint64]:
    """Return four pseudorandom 32-bit words from four counter words, by Philox4x32-10.

    Salmon, Moraes, Dror, Shaw 2011, Parallel random numbers: as easy as 1, 2, 3.

    Parameters
    ----------
    counter : ndarray of shape (4, ...)
        32-bit words, stored in 64 bits.
    key : tuple of two int

    Returns
    -------
    ndarray of the same shape
    """
    c = list(counter)
    keys = [np.uint64(word) for word in key]
    for _ in range(ROUNDS):
        first, second = np.uint64(MULTIPLIERS[0]) * c[0], np.uint64(MULTIPLIERS[1]) * c[2]
        c = [
            (second >> _32) ^ c[1] ^ keys[0],
            second & _LOW,
            (first >> _32) ^ c[3] ^ keys[1],
            first & _LOW,
        ]
        steps = zip(keys, KEY_STEPS, strict=True)
        keys = [(word + np.uint64(step)) & _LOW for word, step in steps]
    return np.stack(c)


def words(draws: Draws, stream: int, n_units: int) -> NDArray[np.uint64]:
    """Return a word of 32 random bits for each sample and unit of a stream."""
    fours = np.arange(-(-n_units // 4), dtype=np.uint64)
    rows = draws.rows.astype(np.uint64)[:, np.newaxis]
    counter = np.stack(
        np.broadcast_arrays(
            fours,
            rows & _LOW,
            np.uint64(draws.step & 0xFFFFFFFF),
            np.uint64(stream) | (rows >> _32) << np.uint64(20),
        )
    )
    drawn = philox(counter, (draws.seed & 0xFFFFFFFF, draws.seed >> 32))
    return drawn.transpose(1, 2, 0).reshape(len(draws.rows), -1)[:, :n_units]


def dropout_factors(draws: Draws, stream: int, shape: tuple[int, int], rate: float) -> Array:
    """Return the factors of dropout: 0 with probability p, else 1 / (1 - p).

    p is `rate` times the multiplier of the step.

    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, Dropout: a simple way to prevent
    neural networks from overfitting. Kept units are scaled during training, so that predictions
    need no change.

    Returns
    -------
    ndarray of float64 of that shape
    """
    rate = rate * draws.dropout_multiplier
    return np.where(draws.kept(stream, shape[1], rate), 1 / (1 - rate), 0.0)


def threshold(rate: float) -> int:
    """Return the smallest word that keeps a unit."""
    return int(rate * 2**32 + 0.5)


def standard_normals(draws: Draws, stream: int, shape: tuple[int, int]) -> Array:
    """Return standard normal numbers, two from every two words.

    Box, Muller 1958: √(-2 log u) cos(2π v) and √(-2 log u) sin(2π v).

    Returns
    -------
    ndarray of float64 of that shape
    """
    even = shape[1] + shape[1] % 2
    uniform = draws.words(stream, even).astype(np.float64) * 2.0**-32
    radius = np.sqrt(-2 * np.log(uniform[:, 0::2] + 2.0**-32))
    angle = 2 * np.pi * uniform[:, 1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    return pairs.reshape(shape[0], even)[:, : shape[1]]
