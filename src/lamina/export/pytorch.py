"""A fitted network as a module of PyTorch's, and a module of PyTorch's as a fitted model.

The only importer of torch.
"""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lamina.errors import ExportError
from lamina.export.fitted_network import FittedBlock, FittedNetwork
from lamina.formulas import ACTIVATIONS, LINKS, Activation, Link
from lamina.formulas.code import Code


class Elementwise(nn.Module):
    """A function of torch's as a module, for a formula that has no module of its own there.

    Parameters
    ----------
    function : str
        Its name in `torch`.
    """

    __constants__ = ["function"]

    def __init__(self, function: str) -> None:
        super().__init__()
        self.function = function

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The function of z."""
        result: torch.Tensor = getattr(torch, self.function)(z)
        return result

    def extra_repr(self) -> str:
        """What stands between the brackets when the module is printed."""
        return self.function


def sequential(network: FittedNetwork, logits: bool) -> nn.Sequential:
    """The network as a Sequential in evaluation mode, without its link where logits are wanted."""
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for block in network.blocks:
        modules[block.name] = _linear(block)
        modules[f"{block.name}_activation"] = _activation(block)
    if not logits:
        modules["link"] = module_of(network.link_code)
    for name in [name for name, each in modules.items() if isinstance(each, nn.Identity)]:
        del modules[name]
    return nn.Sequential(modules).eval()


def _linear(block: FittedBlock) -> nn.Linear:
    fan_in, fan_out = block.weights.shape
    biases = torch.from_numpy(block.biases)
    # PyTorch's own first weights would be drawn from its global generator.
    linear: nn.Linear = nn.utils.skip_init(nn.Linear, fan_in, fan_out, dtype=biases.dtype)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(block.weights.T))
        linear.bias.copy_(biases)
    return linear


def _activation(block: FittedBlock) -> nn.Module:
    module: Any = module_of(block.activation.code)
    for numbers in block.learned.values():
        # PReLU is the only module there whose units learn, and calls its numbers weights.
        module = type(module)(len(numbers), dtype=torch.from_numpy(numbers).dtype)
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(numbers))
    made: nn.Module = module
    return made


def module_of(code: Code) -> nn.Module:
    """The module that a record names: 'Tanh', 'Softmax(dim=1)', or a function such as 'sin'."""
    call = ast.parse(code.torch, mode="eval").body
    keywords = call.keywords if isinstance(call, ast.Call) else []
    name = ast.unparse(call.func if isinstance(call, ast.Call) else call)
    if name.islower():
        return Elementwise(name)
    arguments = {str(each.arg): ast.literal_eval(each.value) for each in keywords}
    module: nn.Module = getattr(nn, name)(**arguments)
    return module


class Layer(NamedTuple):
    """A module that is no Sequential, and where it stands: '0', or 'body.2'."""

    place: str
    module: Any

    def refusal(self, why: str) -> ExportError:
        """The error that names this layer."""
        return ExportError(f"from_torch stops at layer {self.place!r}, {self.module}: {why}")


def blocks_in(module: nn.Module) -> tuple[list[FittedBlock], str | None]:
    """The blocks of the network that a module runs, and the link behind them where it has one.

    The first layer that lamina cannot say is an ExportError.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"from_torch takes a torch.nn.Module, got {type(module).__name__}")
    layers = [layer for layer in _layers(module, "") if not isinstance(layer.module, nn.Identity)]
    link = _named_by(layers[-1].module, LINKS) if layers else None
    pairs = _pairs(layers if link is None else layers[:-1])
    dtypes = [linear.module.weight.dtype for linear, _ in pairs]
    dtype = torch.float64 if torch.float64 in dtypes else torch.float32
    blocks = [_block(f"layer {i + 1}", pair, dtype) for i, pair in enumerate(pairs)]
    return blocks, None if link is None else link.name


def _layers(module: nn.Module, place: str) -> Iterator[Layer]:
    """The modules that a Sequential, and those inside it, run one after the other."""
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        for name, child in module.named_children():
            yield from _layers(child, f"{place}.{name}" if place else name)
    else:
        yield Layer(place, module)


class Pair(NamedTuple):
    """A Linear, and the layer that is its activation; None where none follows it."""

    linear: Layer
    activation: Layer | None


def _pairs(layers: list[Layer]) -> list[Pair]:
    """Linear layers, each with its activation."""
    pairs: list[Pair] = []
    for layer in layers:
        if type(layer.module) is nn.Linear:
            pairs.append(Pair(layer, None))
        elif isinstance(layer.module, nn.Flatten) and not pairs:
            continue
        elif _named_by(layer.module, ACTIVATIONS) is None:
            known = ", ".join(str(module_of(each.code)) for each in ACTIVATIONS.values())
            raise layer.refusal(f"lamina has Linear and, behind each of them, one of {known}")
        elif not pairs or pairs[-1].activation is not None:
            raise layer.refusal("an activation stands behind a Linear, and not behind another")
        else:
            pairs[-1] = pairs[-1]._replace(activation=layer)
    if not pairs:
        raise ExportError("from_torch found no Linear layer in the module")
    return pairs


def _block(name: str, pair: Pair, dtype: torch.dtype) -> FittedBlock:
    linear = pair.linear.module
    module = nn.Identity() if pair.activation is None else pair.activation.module
    activation = _named_by(module, ACTIVATIONS)
    assert activation is not None
    weights = _numbers(linear.weight, dtype).T
    no_biases = np.zeros(weights.shape[1], dtype=weights.dtype)
    biases = no_biases if linear.bias is None else _numbers(linear.bias, dtype)
    learned = {
        parameter.name: np.broadcast_to(_numbers(module.weight, dtype), biases.shape)
        for parameter in activation.parameters
    }
    return FittedBlock(name, weights, biases, activation, learned)


def _numbers(tensor: Any, dtype: torch.dtype) -> NDArray[Any]:
    numbers: NDArray[Any] = tensor.detach().cpu().to(dtype).numpy()
    return numbers


Formula = TypeVar("Formula", Activation, Link)


def _named_by(module: nn.Module, table: Mapping[str, Formula]) -> Formula | None:
    """The record of a table whose module does the same as this one."""
    said = _said(module)
    said_elsewhere = ((each, each.code) for each in table.values())
    return next(
        (each for each, code in said_elsewhere if code and _said(module_of(code)) == said), None
    )


def _said(module: nn.Module) -> tuple[type[nn.Module], dict[str, Any]]:
    """A module's class and the settings that change what it computes for rows of a matrix."""
    settings = {name: getattr(module, name) for name in getattr(module, "__constants__", ())}
    for without_effect in ("inplace", "num_parameters"):
        settings.pop(without_effect, None)
    if settings.get("dim") == -1:
        settings["dim"] = 1
    # Its exponentials are the same probabilities.
    kind = nn.Softmax if type(module) is nn.LogSoftmax else type(module)
    return kind, settings
