"""Inputs of an ensemble's members, block by block; members of a recipe share equal parts.

Shapes: all inputs of a block (n_samples of the block, n_inputs of the member).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lamina.tabular.encoded import EncodedTable
from lamina.tabular.members import Member

# A block of 400 inputs in float32 takes 13 MB.
SAMPLES_AT_ONCE = 8192


def iterate_blocks(n_samples: int) -> Iterator[slice]:
    """Return the slices that divide samples into blocks."""
    for start in range(0, n_samples, SAMPLES_AT_ONCE):
        yield slice(start, start + SAMPLES_AT_ONCE)


def inputs_by_recipe(
    members: Sequence[Member], encoded: EncodedTable
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield each member's index and inputs, with one matrix in memory at a time.

    Members whose inputs differ only in the statistics by category follow each other. They share one
    matrix whose last columns are overwritten, so a matrix is valid until the next one is requested.

    Parameters
    ----------
    members : sequence of Member
    encoded : EncodedTable
        A block of samples.
    """
    order = sorted(range(len(members)), key=lambda place: members[place].recipe)
    latest, matrix = None, np.empty((0, 0), dtype=np.float32)
    for place in order:
        member = members[place]
        if latest is None or not member.shares_inputs_with(latest):
            matrix = member.matrix(encoded)
        else:
            statistics = member.statistics.transform(encoded.codes)
            matrix[:, matrix.shape[1] - statistics.shape[1] :] = statistics
        latest = member
        yield place, matrix
