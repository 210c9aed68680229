"""Change the last bits of initial weights, as sums and sines differ between processors.

Outputs on a page must not depend on them. `python -m docs.building.last_bits SEED SCRIPT` runs a
script with such weights.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lamina.estimators.fitting import initializing


@contextmanager
def nudged(seed: int) -> Iterator[None]:
    """Multiply each initial weight by 1 - ε, 1 or 1 + ε within the context.

    Parameters
    ----------
    seed : int
        The seed that chooses between the three.
    """
    draw = initializing.draw_parameters

    def draw_nudged(*arguments: Any) -> Any:
        parameters = draw(*arguments)
        move = np.random.RandomState(seed).randint(-1, 2, parameters.shape)
        return parameters * (1 + move * np.finfo(parameters.dtype).eps).astype(parameters.dtype)

    initializing.draw_parameters = draw_nudged
    try:
        yield
    finally:
        initializing.draw_parameters = draw


if __name__ == "__main__":
    with nudged(int(sys.argv[1])):
        runpy.run_path(sys.argv[2], run_name="__main__")
