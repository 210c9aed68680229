"""Networks, independent of engines: their specification and their flat parameters."""

from lamina.network.parameters import (
    ParameterLayout,
    ParameterViews,
    draw_parameters,
    flatten_parameters,
    given_parameters,
)
from lamina.network.spec import Dense, NetworkSpec

__all__ = [
    "Dense",
    "NetworkSpec",
    "ParameterLayout",
    "ParameterViews",
    "draw_parameters",
    "flatten_parameters",
    "given_parameters",
]
