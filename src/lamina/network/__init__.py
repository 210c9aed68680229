"""What a network is, apart from where its arithmetic runs: its spec and its flat parameters."""

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
