"""From an estimator's parameters to the network's first ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from lamina.formulas import ACTIVATIONS, INITIALIZERS
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, draw_parameters, given_parameters


def first_parameters(
    model: Any, spec: NetworkSpec, random_state: np.random.RandomState, dtype: DTypeLike
) -> Array:
    """What a fit begins with: drawn by the initializer of that name, or given as arrays.

    Raises
    ------
    ValueError
        For arrays that do not fit the network.
    """
    given = model.initializer
    if not isinstance(given, str):
        return given_parameters(spec, given, dtype)
    return draw_parameters(spec, random_state, dtype, initial_gains(model, spec), given)


def initial_gains(model: Any, spec: NetworkSpec) -> list[float]:
    """What the initializer asks of each block's activation.

    Where the output block has none, scikit-learn draws it as if it had the hidden layers'.
    """
    initializer = INITIALIZERS[model.initializer]
    names = [block.activation for block in spec.blocks]
    if model.output_activation is None and initializer.output_as_hidden:
        if len(names) > 1:
            names[-1] = names[-2]
        elif isinstance(model.activation, str):
            names[-1] = model.activation
    return [initializer.gain(ACTIVATIONS[name]) for name in names]
