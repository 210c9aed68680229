"""Fits whose first weights differ in their last bits, as sums and sines do on another processor.

A figure that such a difference changes must not stand on a page. `python -m docs.building.last_bits
SEED SCRIPT` runs a script with it.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lamina.estimators import initializing


@contextmanager
def nudged(seed: int) -> Iterator[None]:
    """Move each first weight that an initializer draws by an epsilon, relatively, or leave it.

    Parameters
    ----------
    seed : int
        Of the moves: down, none or up.
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
