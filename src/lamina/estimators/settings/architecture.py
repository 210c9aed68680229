"""Build the network that an estimator's parameters describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from lamina.blocks import InputStage
from lamina.choices import Members
from lamina.errors import UnknownNameError
from lamina.estimators.settings.constraints import hidden_activations, hidden_dropout
from lamina.estimators.settings.formula_choices import as_activation
from lamina.estimators.settings.member_contradictions import read_members
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.formulas.activation import ActivationName
from lamina.formulas.member_formulas import FIRST_SCALES_ALONE
from lamina.members import Shared
from lamina.network import NetworkSpec
from lamina.network.members import SharedMembers, with_members

# Parameters beyond the architecture's that a prediction reads.
OF_PREDICTIONS = ("dtype", "precision", "engine", "n_threads", "device")


class Architecture(NamedTuple):
    """Parameters of an estimator that, together with the widths, define its network."""

    activation: ActivationName | tuple[ActivationName, ...]
    output_activation: ActivationName | None
    normalization: str | None
    residual: bool
    dropout: float | tuple[float, ...]
    input_dropout: float
    input_noise: float
    parametrization: str = "standard"
    blended_activation: bool = False
    members: SharedMembers | None = None


def read_architecture(
    model: Parametrized, fitted: Mapping[str, Any] = MappingProxyType({})
) -> Architecture:
    """Return the architecture that a model's parameters describe.

    Parameters
    ----------
    model : estimator
    fitted : mapping of str to object
        Activations of the fit that replace those of the parameters.
    """
    activation = fitted.get("activation", model.activation)
    output_activation = fitted.get("output_activation", model.output_activation)
    dropout = model.dropout
    several = isinstance(activation, (list, tuple))
    return Architecture(
        _activations(activation) if several else as_activation(activation),
        None if output_activation is None else as_activation(output_activation),
        model.normalization,
        bool(model.residual),
        tuple(dropout) if isinstance(dropout, Sequence) else float(dropout),
        float(model.input_dropout),
        float(model.input_noise),
        model.parametrization,
        bool(model.blended_activation),
        None if model.members is None else _shared_members(read_members(model.members)),
    )


def _shared_members(members: Members | None) -> SharedMembers | None:
    if not isinstance(members, Shared):
        return None
    values: Mapping[str, Any] = members.values
    is_mini = values["kind"] == FIRST_SCALES_ALONE
    return SharedMembers(int(members.n_members), is_mini, values["first"])


def _activations(entries: Sequence[object]) -> tuple[ActivationName, ...]:
    activations = []
    for i, each in enumerate(entries):
        try:
            activations.append(as_activation(each))
        except UnknownNameError as error:
            raise UnknownNameError(f"activation[{i}]={shown(each)}: {error}") from None
    return tuple(activations)


@lru_cache(maxsize=64)
def layer_activations_and_dropout(
    architecture: Architecture, n_hidden: int
) -> tuple[tuple[ActivationName, ...], tuple[float, ...]]:
    """Return the activation and the dropout rate of each hidden layer.

    Raises
    ------
    ValueError, TypeError
        For names or rates that are unknown, out of range, or not one for each hidden layer.
    """
    activations = hidden_activations(architecture.activation, n_hidden)
    return activations, hidden_dropout(architecture.dropout, n_hidden)


@lru_cache(maxsize=64)
def build_network(
    widths: tuple[int, ...],
    architecture: Architecture,
    inverse_link: str,
    heads: tuple[int, ...] = (),
    stage: InputStage | None = None,
) -> NetworkSpec:
    """Return the network with these layer widths, from the columns of X to the outputs."""
    activations, dropout = layer_activations_and_dropout(architecture, len(widths) - 2)
    spec = NetworkSpec.perceptron(
        widths,
        activations,
        inverse_link,
        architecture.output_activation,
        normalization=architecture.normalization,
        residual=architecture.residual,
        dropout=dropout,
        input_dropout=architecture.input_dropout,
        input_noise=architecture.input_noise,
        heads=heads,
        ntk=architecture.parametrization == "ntk",
        blend=architecture.blended_activation,
        inputs=stage,
    )
    return spec if architecture.members is None else with_members(spec, architecture.members)
