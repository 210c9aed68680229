"""Create the random generator of a fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import check_random_state


class _Unseeded(ISeedSequence):
    """Placeholder state of a generator that is seeded right after its creation."""

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint32) -> NDArray[Any]:
        return np.zeros(n_words, dtype)


def make_generator(random_state: Any) -> np.random.RandomState:
    """Return the generator of scikit-learn's `check_random_state`, in a third of the time.

    NumPy seeds a new generator from the system's entropy before it takes the seed, which costs as
    much as thousands of steps of a small network.
    """
    if type(random_state) is not int and not isinstance(random_state, np.integer):
        return check_random_state(random_state)  # type: ignore[no-any-return]
    generator = np.random.RandomState(np.random.MT19937(_Unseeded()))  # type: ignore[arg-type]
    generator.seed(int(random_state))
    return generator
