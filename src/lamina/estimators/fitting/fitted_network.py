"""The network of a fitted estimator as a value, read from its attributes and written to them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, pairwise
from operator import is_
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import DTypeLike

from lamina.blocks import InputStage
from lamina.choices import Choice
from lamina.encoding.target_scaling import TargetScaling
from lamina.estimators.fitting.fitted_activations import (
    ATTRIBUTE,
    activation_attributes,
    fitted_activations,
)
from lamina.estimators.fitting.fitted_parts import OTHER_PARTS, Attributes, fitted_parts
from lamina.estimators.fitting.input_stage import STAGE, fitted_stage, stage_attributes
from lamina.estimators.settings.architecture import (
    OF_PREDICTIONS,
    Architecture,
    build_network,
    read_architecture,
)
from lamina.estimators.settings.configured import require_valid_now
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas.table import Array
from lamina.network import (
    Network,
    NetworkSpec,
    ParameterLayout,
    ParameterViews,
    flatten_parameters,
)

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


class FittedOutline(NamedTuple):
    """Parts of a fitted estimator that define its network.

    Attributes
    ----------
    shapes : tuple of tuple of tuple of int
        Shapes of the fitted arrays, by role.
    n_features : int
    architecture : Architecture
    inverse_link : str
    heads : tuple of int
    stage : InputStage or None
    """

    shapes: tuple[tuple[tuple[int, ...], ...], ...]
    n_features: int
    architecture: Architecture
    inverse_link: str
    heads: tuple[int, ...]
    stage: InputStage | None

    def build(self, widths: tuple[int, ...]) -> NetworkSpec:
        """Return the network with these layer widths, the columns of X first."""
        return build_network(widths, self.architecture, self.inverse_link, self.heads, self.stage)


def get_spec(model: Parametrized) -> NetworkSpec:
    """Return the specification of a fitted estimator's network, from the shapes of its weights.

    Raises
    ------
    ValueError
        If weights, biases and the number of features do not form a network, because someone has
        set them by hand, and for parameters that no network has.
    """
    activations = fitted_activations(model)
    require_valid_now(model, Architecture._fields, activations)
    shapes = tuple(tuple(part.shape for part in parts) for parts in fitted_parts(model.__dict__))
    return _spec(
        FittedOutline(
            shapes,
            model.n_features_in_,
            read_architecture(model, activations),
            model.out_activation_,
            tuple(model.__dict__.get("_heads", ())),
            fitted_stage(model.__dict__),
        )
    )


@lru_cache(maxsize=64)
def _spec(fitted: FittedOutline) -> NetworkSpec:
    # Cached, because for a single sample building a spec takes longer than using it.
    if fitted.architecture.members is not None:
        return _shared_spec(fitted)
    weights, biases, *extra = fitted.shapes
    if weights and all(len(shape) == 3 for shape in weights):
        return _independent_spec(fitted)
    outputs = [shape[-1] for shape in weights]
    stage = fitted.stage
    n_inputs = fitted.n_features if stage is None else stage.fan_out
    widths = (n_inputs, *outputs)
    if weights != tuple(pairwise(widths)) or biases != tuple((width,) for width in widths[1:]):
        described = "features" if stage is None else "outputs of the input stage"
        raise ValueError(
            f"coefs_ of shapes {list(weights)} and intercepts_ of shapes {list(biases)} are not "
            f"those of one network with {n_inputs} {described}: every matrix has a row for each "
            "column of the one before, and an intercept for each of its columns. Set them to "
            "fit, or fit the estimator again."
        )
    spec = fitted.build((fitted.n_features, *outputs))
    require_parts(spec, extra)
    return spec


def _shared_spec(fitted: FittedOutline) -> NetworkSpec:
    """Return the specification of shared members, which have an output layer each."""
    weights, biases, *extra = fitted.shapes
    spec = fitted.build((fitted.n_features, *(shape[-1] for shape in weights)))
    layout = ParameterLayout.from_spec(spec)
    if (weights, biases) != (layout.weights, layout.biases):
        raise ValueError(
            f"coefs_ of shapes {list(weights)} and intercepts_ of shapes {list(biases)} are not "
            f"those of {spec.n_members} shared members, {list(layout.weights)} and "
            f"{list(layout.biases)}: set them and `members` back, or fit the estimator again."
        )
    require_parts(spec, extra)
    return spec


def _independent_spec(fitted: FittedOutline) -> NetworkSpec:
    """Return the specification of independent members, whose arrays have one more axis."""
    counts = {shape[0] for shape in chain.from_iterable(fitted.shapes)}
    if len(counts) != 1:
        raise ValueError(
            f"coefs_, intercepts_ and other arrays are of {sorted(counts)} members: every array "
            "has the same number of them along its first axis. Set them to fit, or fit the "
            "estimator again."
        )
    of_member = tuple(tuple(shape[1:] for shape in each) for each in fitted.shapes)
    spec = _spec(fitted._replace(shapes=of_member))
    return spec.with_independent_members(counts.pop())


def require_parts(spec: NetworkSpec, shapes: Sequence[Sequence[tuple[int, ...]]]) -> None:
    """Check the shapes of all parts but weights and biases against the network.

    Raises
    ------
    ValueError
        If they differ, because parameters were changed after the fit.
    """
    layout = ParameterLayout.from_spec(spec)
    expected = layout.unit_parameters, layout.input_parameters, layout.statistics
    for name, found, asked in zip(OTHER_PARTS, shapes, expected, strict=True):
        if tuple(found) != (asked if any(map(math.prod, asked)) else ()):
            raise ValueError(
                f"{name} of shapes {list(found)} must have shapes {list(asked)} for this network: "
                "a parameter that defines the network was changed after the fit. Set it back, or "
                "fit the estimator again."
            )


def get_parameters(model: Parametrized, dtype: DTypeLike | None = None) -> Array:
    """Return the flat parameters; a copy only if the attributes are not views of one vector.

    Raises
    ------
    ValueError
        For an attribute that does not hold real numbers.
    """
    return _flatten(model.__dict__, dtype)


def get_dtype(model: Parametrized) -> np.dtype[Any]:
    """Return the dtype of the parameters: float32 if all arrays are, else float64."""
    return _dtype_of(fitted_parts(model.__dict__))


def read_network(spec: NetworkSpec, fitted: Attributes) -> Network:
    """Return the network whose parameters are in fitted attributes."""
    return Network(spec, _flatten(fitted))


def _flatten(fitted: Attributes, dtype: DTypeLike | None = None) -> Array:
    parts = fitted_parts(fitted)
    dtype = _dtype_of(parts) if dtype is None else dtype
    weights, biases, unit_parameters, inputs, statistics = parts
    return flatten_parameters(weights, biases, unit_parameters, inputs, statistics, dtype)


def _dtype_of(parts: Sequence[Sequence[Array]]) -> np.dtype[Any]:
    dtypes = {part.dtype for part in chain.from_iterable(parts)}
    return FLOATS[0] if dtypes == {FLOATS[0]} else FLOATS[1]


class _Known(NamedTuple):
    parts: tuple[Array, ...]
    surroundings: tuple[object, ...]
    network: Network


_known: WeakKeyDictionary[Parametrized, _Known] = WeakKeyDictionary()


def get_network(model: Parametrized) -> Network:
    """Return the network, cached as long as its arrays are the same views of the parameters.

    For a single sample, inspecting all attributes takes longer than predicting. Writing into a
    view writes into the vector; an array that replaces a view is another object, which is detected.
    """
    fitted = model.__dict__
    if fitted["coefs_"] is None or fitted["intercepts_"] is None:
        fitted_parts(fitted)  # Raises.
    parts = (*fitted["coefs_"], *fitted["intercepts_"])
    for name in OTHER_PARTS:
        if name in fitted:
            parts += tuple(fitted[name])
    surroundings = (
        _unchanging(model.activation),
        _unchanging(model.output_activation),
        fitted.get(ATTRIBUTE),
        model.normalization,
        model.residual,
        model.members,
        model.parametrization,
        model.blended_activation,
        model.out_activation_,
        model.n_features_in_,
        fitted.get("_heads"),
        fitted.get(STAGE),
        model.dtype,
        model.precision,
        model.engine,
        model.n_threads,
        model.device,
    )
    # A user's subclass may define __eq__, and is then not hashable.
    is_hashable = type(model).__hash__ is not None
    digest = _known.get(model) if is_hashable else None
    if (
        digest is not None
        and _are_equal(digest.surroundings, surroundings)
        and len(digest.parts) == len(parts)
        and all(map(is_, digest.parts, parts))
    ):
        return digest.network
    require_valid_now(model, OF_PREDICTIONS)
    network = read_network(get_spec(model), fitted)
    if is_hashable and all(part.base is network.parameters for part in parts if part.size):
        _known[model] = _Known(parts, surroundings, network)
    return network


def _unchanging(activation: object) -> object:
    """Return an activation without its objects and lists, which may be changed in place."""
    if activation is None or type(activation) is str:
        return activation
    if isinstance(activation, Choice):
        return activation.name, tuple(activation.values.items())
    if isinstance(activation, (list, tuple)):
        return tuple(map(_unchanging, activation))
    return activation


def _are_equal(surroundings: tuple[object, ...], others: tuple[object, ...]) -> bool:
    try:
        return surroundings == others
    except ValueError:
        # An array has no truth value; no parameter that may be an array defines the network.
        return False


def network_attributes(network: Network, scaling: TargetScaling | None = None) -> Attributes:
    """Return the network as scikit-learn's attributes; `coefs_` and `intercepts_` are views.

    With a scaling, the parameters are those trained on standardised targets, and the attributes
    predict in the units of y.
    """
    spec, extra = network.spec, {}
    if scaling is not None:
        extra["_standardised_layer"] = [network.weights[-1].copy(), network.biases[-1].copy()]
        network = scaling.fold(network)
    stage = (spec.independent_member or spec).input_stage
    return {
        **_named_views(network.views),
        **extra,
        **activation_attributes(spec),
        "n_layers_": count_layers(spec),
        "n_outputs_": spec.n_outputs,
        "out_activation_": spec.inverse_link,
        "_heads": list(spec.heads),
        **({} if stage is None else stage_attributes(stage)),
    }


def count_layers(spec: NetworkSpec) -> int:
    """Return the number of layers of a network or a member, input and output layer included."""
    return len((spec.independent_member or spec).layers) + 1


def _named_views(views: ParameterViews) -> dict[str, list[Array]]:
    named = {"coefs_": views.weights, "intercepts_": views.biases}
    extra = zip(OTHER_PARTS, views[2:], strict=True)
    return named | {name: parts for name, parts in extra if any(part.size for part in parts)}


def share_one_vector(model: Parametrized) -> None:
    """Make weights and biases views of one vector again, after unpickling has separated them."""
    parts = fitted_parts(model.__dict__)
    if len({part.dtype for part in chain.from_iterable(parts)}) == 1:
        layout = ParameterLayout(*(tuple(part.shape for part in each) for each in parts))
        model.__dict__.update(_named_views(layout.views(get_parameters(model))))
