"""Draw the initial parameters that an estimator's parameters describe."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from lamina.estimators.settings.formula_choices import as_activation
from lamina.estimators.settings.optimizing import optimizer_settings
from lamina.formulas import ACTIVATIONS, INITIALIZERS, is_minibatch
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout, draw_parameters, given_parameters

GIGABYTE = 10**9


def require_memory(model: Any, spec: NetworkSpec, dtype: DTypeLike) -> None:
    """Check that the parameters and the optimizer's state fit into this machine's memory.

    The system may grant more memory than it has, and kill the process once it is used.

    Raises
    ------
    MemoryError
        For a network that is too large.
    """
    copies = 1 + (len(optimizer_settings(model).slots) if is_minibatch(model.solver) else 1)
    n_parameters = ParameterLayout.from_spec(spec).n_parameters
    needed = n_parameters * copies * np.dtype(dtype).itemsize
    if needed > installed_memory():
        raise MemoryError(
            f"hidden_layer_sizes={model.hidden_layer_sizes!r} with {spec.n_features} features and "
            f"{spec.n_outputs} outputs makes {n_parameters:,} parameters, which need "
            f"{needed // GIGABYTE:,} GB with the state of solver={model.solver!r}; this machine "
            f"has {installed_memory() // GIGABYTE:,.0f} GB. Choose smaller hidden_layer_sizes."
        )


@cache
def installed_memory() -> float:
    """Return the size of this machine's memory in bytes, or infinity if the system hides it."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return float("inf")


def first_parameters(
    model: Any, spec: NetworkSpec, random_state: np.random.RandomState, dtype: DTypeLike
) -> Array:
    """Return the initial parameters: drawn by the named initializer, or given as arrays.

    Raises
    ------
    ValueError
        For arrays that do not fit the network.
    """
    initializer = model.initializer
    if not isinstance(initializer, str):
        return given_parameters(spec, initializer, dtype)
    return draw_parameters(spec, random_state, dtype, initial_gains(model, spec), initializer)


def initial_gains(model: Any, spec: NetworkSpec) -> list[float]:
    """Return the gain that the initializer uses for each block's activation.

    For an output block without activation, scikit-learn uses the gain of the hidden layers.
    """
    initializer = INITIALIZERS[model.initializer]
    names = [block.output_function for block in spec.blocks]
    if model.output_activation is None and initializer.output_as_hidden:
        if len(names) > 1:
            names[-1] = names[-2]
        elif not isinstance(model.activation, (list, tuple)):
            names[-1] = as_activation(model.activation)
    return [initializer.gain(ACTIVATIONS[name]) for name in names]
