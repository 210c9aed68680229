"""Network in a PyTorch module, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import nn

from lamina.errors import ExportError
from lamina.export.pytorch.fitted_model import FittedBlock
from lamina.export.pytorch.sequential import THEIR_NAMES, build_module
from lamina.export.torch_layers import Heads, Residual, RoundedLinear
from lamina.formulas import (
    ACTIVATIONS,
    INVERSE_LINKS,
    NORMALIZATIONS,
    PRECISIONS,
    Activation,
    InverseLink,
    Normalization,
)
from lamina.formulas.code import Code
from lamina.formulas.table import AnyArray

# Settings of a module with n units that do not affect its predictions.
WITHOUT_EFFECT = {
    "inplace",
    "momentum",
    "num_parameters",
    "num_features",
    "normalized_shape",
    "affine",
    "elementwise_affine",
}


class Layer(NamedTuple):
    """A module other than Sequential, with its path, such as '0' or 'body.2'."""

    place: str
    module: nn.Module

    def refusal(self, why: str) -> ExportError:
        """Return the error that names this layer."""
        return ExportError(f"from_torch stops at layer {self.place!r}, {self.module}: {why}")


@dataclass
class Parts:
    """Layers of one block by role; there is always a 'linear' one."""

    layers: dict[str, Layer]
    residual: bool = False


class Found(NamedTuple):
    """Network in a module, as arguments of `fitted_model`."""

    blocks: list[FittedBlock]
    inverse_link: str | None
    heads: tuple[int, ...]
    input_dropout: float
    precision: str | None


# In their order within a block.
ROLES = ("linear", "normalization", "activation", "dropout")


def network_in(module: nn.Module) -> Found:
    """Return the network that a module computes; raise ExportError for an unsupported layer."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"from_torch requires a torch.nn.Module, got {type(module).__name__}")
    layers = [each for each in _layers(module, "") if not isinstance(each.module, nn.Identity)]
    inverse_link, heads = _end(layers[-1]) if layers else (None, ())
    layers = layers[:-1] if heads or inverse_link is not None else layers
    input_dropout = 0.0
    while layers and isinstance(layers[0].module, nn.Flatten | nn.Dropout):
        first = layers.pop(0).module
        if isinstance(first, nn.Dropout):
            input_dropout = first.p
    blocks = _blocks(layers)
    for role in ("normalization", "dropout"):
        if role in blocks[-1].layers:
            layer = blocks[-1].layers[role]
            raise layer.refusal(f"lamina does not support {role} of the output")
    if blocks[-1].residual:
        layer = blocks[-1].layers["linear"]
        raise layer.refusal("lamina does not support a residual connection of the output")
    linears = [parts.layers["linear"] for parts in blocks]
    dtypes = [layer.module.weight.dtype for layer in linears]
    dtype = torch.float64 if torch.float64 in dtypes else torch.float32
    fitted = [_fitted(parts, dtype) for parts in blocks]
    name = None if inverse_link is None else inverse_link.name
    return Found(fitted, name, heads, input_dropout, _precision(linears))


def _end(last: Layer) -> tuple[InverseLink | None, tuple[int, ...]]:
    """Return the inverse link in the last layer, and the widths of the heads it is applied to."""
    if not isinstance(last.module, Heads):
        return _named_by(last.module, INVERSE_LINKS), ()
    inverse_link, heads = last.module.inverse_link, tuple(last.module.widths)
    if isinstance(inverse_link, nn.Identity):
        return None, heads
    found = _named_by(inverse_link, INVERSE_LINKS)
    if found is None:
        raise last.refusal("lamina uses a softmax for each column of labels")
    return found, heads


def _precision(linears: list[Layer]) -> str | None:
    """Return the precision to which the products of all layers are rounded."""
    precisions = [getattr(layer.module, "precision", None) for layer in linears]
    for layer, precision in zip(linears, precisions, strict=True):
        if precision != precisions[0]:
            raise layer.refusal("lamina rounds the products of all layers or of none")
    names = {record.code.torch: name for name, record in PRECISIONS.items()}
    if precisions[0] not in (None, *names):
        raise linears[0].refusal(f"lamina supports rounding to {', '.join(names)}")
    return None if precisions[0] is None else names[precisions[0]]


def _layers(module: nn.Module, place: str) -> Iterator[Layer]:
    """Yield the modules of a Sequential, including nested ones, in order."""
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        for name, child in module.named_children():
            yield from _layers(child, f"{place}.{name}" if place else name)
    else:
        yield Layer(place, module)


def _blocks(layers: list[Layer]) -> list[Parts]:
    blocks: list[Parts] = []
    for layer in layers:
        if isinstance(layer.module, Residual):
            body = _blocks([*_layers(nn.Sequential(*layer.module), layer.place)])
            if len(body) != 1 or body[0].residual:
                raise layer.refusal("lamina only supports residual connections around one block")
            blocks.append(Parts(body[0].layers, residual=True))
        elif (role := _role(layer)) == "linear":
            blocks.append(Parts({role: layer}))
        else:
            _add(blocks, role, layer)
    if not blocks:
        raise ExportError("the module has no Linear layer, which from_torch requires")
    return blocks


def _add(blocks: list[Parts], role: str, layer: Layer) -> None:
    order = "a block is a Linear and then at most one normalization, activation and Dropout"
    if not blocks or blocks[-1].residual:
        raise layer.refusal(order)
    present = blocks[-1].layers
    if any(ROLES.index(other) >= ROLES.index(role) for other in present):
        raise layer.refusal(order)
    present[role] = layer


def _role(layer: Layer) -> str:
    """Return the role of a layer in its block."""
    module = layer.module
    if type(module) in (nn.Linear, RoundedLinear):
        return "linear"
    if _named_by(module, NORMALIZATIONS) is not None:
        return "normalization"
    if isinstance(module, nn.Dropout):
        return "dropout"
    if _activation_of(module) is not None:
        return "activation"
    records: list[Normalization | Activation] = [*NORMALIZATIONS.values(), *ACTIVATIONS.values()]
    modules = ", ".join(str(build_module(record.code)) for record in records)
    raise layer.refusal(f"lamina supports Linear, Dropout and {modules}")


def _fitted(parts: Parts, dtype: torch.dtype) -> FittedBlock:
    linear = parts.layers["linear"].module
    assert isinstance(linear, nn.Linear)
    weights = _numbers(linear.weight, dtype).T
    no_biases = np.zeros(weights.shape[1], dtype=weights.dtype)
    biases = no_biases if linear.bias is None else _numbers(linear.bias, dtype)
    modules: dict[str, Any] = {role: layer.module for role, layer in parts.layers.items()}
    identity = nn.Identity()
    activation = _activation_of(modules.get("activation", identity))
    assert activation is not None
    normalization = _named_by(modules.get("normalization", identity), NORMALIZATIONS)

    def numbers(module: Any, records: Any) -> dict[str, AnyArray]:
        found = {}
        for each in records:
            tensor = getattr(module, THEIR_NAMES[each.name])
            # A parameter that a module lacks has lamina's initial value.
            row = each.initial if tensor is None else _numbers(tensor, dtype)
            found[each.name] = np.broadcast_to(row, biases.shape).astype(biases.dtype)
        return found

    learned, statistics = {}, {}
    if normalization is not None:
        learned = numbers(modules["normalization"], normalization.parameters)
        statistics = numbers(modules["normalization"], normalization.statistics)
    if activation.parameters:
        learned |= numbers(modules["activation"], activation.parameters)
    return FittedBlock(
        name=f"layer {parts.layers['linear'].place!r}",
        weights=weights,
        biases=biases,
        activation=activation,
        normalization=normalization,
        residual=parts.residual,
        dropout=modules["dropout"].p if "dropout" in modules else 0.0,
        learned=learned,
        statistics=statistics,
    )


def _numbers(tensor: torch.Tensor, dtype: torch.dtype) -> AnyArray:
    numbers: AnyArray = tensor.detach().cpu().to(dtype).numpy()
    return numbers


Formula = TypeVar("Formula", Activation, InverseLink, Normalization)


def _named_by(module: nn.Module, table: Mapping[str, Formula]) -> Formula | None:
    """Return the record of a table whose module computes the same as this one."""
    settings = _settings_of(module)
    for record in table.values():
        code: Code | None = record.code
        if code is not None and _settings_of(build_module(code)) == settings:
            return record
    return None


def _activation_of(module: nn.Module) -> Activation | None:
    """Return the activation that a module computes, with the module's hyperparameters."""
    return _named_by(module, {n: _with_values_of(each, module) for n, each in ACTIVATIONS.items()})


def _with_values_of(activation: Activation, module: nn.Module) -> Activation:
    """Return an activation with a module's values of its hyperparameters, if it has them all."""
    values = {each.name: getattr(module, each.name, None) for each in activation.hyperparameters}
    if not all(each.allows(values[each.name]) for each in activation.hyperparameters):
        return activation
    return ACTIVATIONS[ACTIVATIONS.choose(activation.name, values)]


def _settings_of(module: nn.Module) -> tuple[type[nn.Module], dict[str, object]]:
    """Return a module's class and the settings that affect its output for rows of a matrix."""
    names = [name for name in getattr(module, "__constants__", ()) if name not in WITHOUT_EFFECT]
    settings = {name: getattr(module, name) for name in names}
    if settings.get("dim") == -1:
        settings["dim"] = 1
    # LogSoftmax: the exponentials of its outputs are the same probabilities.
    kind = nn.Softmax if type(module) is nn.LogSoftmax else type(module)
    return kind, settings
