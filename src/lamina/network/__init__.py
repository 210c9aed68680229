"""Networks, independent of engines: their specification and their flat parameters."""

from lamina.network.network import Network
from lamina.network.parameters import (
    ParameterLayout,
    ParameterViews,
    block_parameters,
    draw_parameters,
    flatten_parameters,
    given_parameters,
)
from lamina.network.spec import NetworkSpec

__all__ = [
    "Network",
    "NetworkSpec",
    "ParameterLayout",
    "ParameterViews",
    "block_parameters",
    "draw_parameters",
    "flatten_parameters",
    "given_parameters",
]
