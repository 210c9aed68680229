"""Networks, independent of engines: their specification and their flat parameters."""

from lamina.network.initial_values import draw_parameters, fit_to_rows, given_parameters
from lamina.network.network import Network
from lamina.network.parameters import (
    ParameterLayout,
    ParameterViews,
    block_parameters,
    first_non_finite_block,
    flatten_parameters,
)
from lamina.network.spec import NetworkSpec

__all__ = [
    "Network",
    "NetworkSpec",
    "ParameterLayout",
    "ParameterViews",
    "block_parameters",
    "draw_parameters",
    "first_non_finite_block",
    "fit_to_rows",
    "flatten_parameters",
    "given_parameters",
]
