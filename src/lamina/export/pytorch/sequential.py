"""PyTorch module of a program: every operation adds a module after those of its source."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import nn

from lamina.errors import ExportError
from lamina.export import torch_layers
from lamina.export.lowering.formula_code import code_of
from lamina.export.lowering.input_operations import (
    CategoryCodes,
    Embed,
    OneHotCodes,
    Periodic,
    PiecewiseLinear,
    Scale,
)
from lamina.export.lowering.network_operations import (
    Activate,
    AddResidual,
    Affine,
    Complement,
    Dropout,
    Features,
    InvertLink,
    Normalize,
    Round,
    Sort,
    WeightedSum,
)
from lamina.export.lowering.operations import OPERATIONS, renderer_of
from lamina.export.lowering.program import ModelProgram
from lamina.export.lowering.table_operations import Join, Take
from lamina.export.pytorch.inputs import codes_module, input_module
from lamina.export.torch_inputs import InputStage, ScaledOutputs
from lamina.export.torch_layers import (
    Blended,
    Elementwise,
    Heads,
    Members,
    Residual,
    RoundedLinear,
    Sorted,
)
from lamina.formulas.blending import NAME as BLEND
from lamina.formulas.code import Code

# PyTorch's attribute names for the parameters of a unit, by the names in lamina's formulas.
THEIR_NAMES = {
    "slope": "weight",
    "scale": "weight",
    "shift": "bias",
    "mean": "running_mean",
    "variance": "running_var",
}
# Name of the module of an input stage.
INPUTS = "inputs"
# Modules by name, from the input to a matrix.
Chain: TypeAlias = OrderedDict[str, nn.Module]


@dataclass
class Modules:
    """Modules of a program's matrices; `block` is the name of the last block."""

    program: ModelProgram
    logits: bool
    block: str = "input"
    chains: list[Chain] = field(default_factory=list)

    def after(self, index: int, name: str, module: nn.Module) -> Chain:
        """Return the modules of a matrix, followed by one more."""
        if isinstance(module, nn.Identity):
            return self.chains[index]
        return OrderedDict([*self.chains[index].items(), (name, module)])


def sequential(program: ModelProgram, logits: bool) -> nn.Sequential:
    """Return a Sequential in evaluation mode; with logits, without the inverse link."""
    modules = Modules(program, logits)
    for operation in program.operations:
        render = renderer_of(operation, RENDERERS, REFUSED)
        modules.chains.append(render(modules, operation))
    return nn.Sequential(_results(modules)).eval()


def _results(modules: Modules) -> Chain:
    """Return the modules of all results together."""
    program = modules.program
    chain = modules.chains[program.results[0]]
    if program.heads:
        # Heads splits the logits, and inverts the link of each part.
        link = chain.pop("inverse_link", nn.Identity())
        chain["inverse_link"] = Heads(program.heads, link)
    return chain


def _features(modules: Modules, operation: Features) -> Chain:
    return OrderedDict()


def _dropout(modules: Modules, operation: Dropout) -> Chain:
    return modules.after(operation.source, f"{modules.block}_dropout", nn.Dropout(operation.rate))


def _round(modules: Modules, operation: Round) -> Chain:
    # The linear layer that follows rounds its input and its weights itself.
    return modules.chains[operation.source]


def _affine(modules: Modules, operation: Affine) -> Chain:
    modules.block = operation.name
    return modules.after(operation.source, operation.name, _linear(modules, operation))


def _linear(modules: Modules, operation: Affine) -> nn.Linear:
    biases, shape = torch.from_numpy(operation.biases), [*operation.weights.shape]
    kind: type[nn.Linear] = nn.Linear
    rounded: dict[str, str] = {}
    if operation.precision is not None:
        kind, rounded = RoundedLinear, {"precision": code_of(operation.precision).torch}
    # Avoid PyTorch's initial weights, which would be drawn from its global generator.
    linear: nn.Linear = nn.utils.skip_init(kind, *shape, dtype=biases.dtype, **rounded)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(operation.weights.T))
        linear.bias.copy_(biases)
    return linear


def _normalize(modules: Modules, operation: Normalize) -> Chain:
    name = f"{modules.block}_normalization"
    return modules.after(operation.source, name, _with_numbers(modules, operation))


def _activate(modules: Modules, operation: Activate) -> Chain:
    name = f"{modules.block}_activation"
    return modules.after(operation.source, name, _with_numbers(modules, operation))


def _with_numbers(modules: Modules, operation: Normalize | Activate) -> nn.Module:
    """Return a formula's module with the parameters of a block's units."""
    dtype = getattr(torch, modules.program.dtype.name)
    module = build_module(code_of(operation.formula), operation.width).to(dtype)
    with torch.no_grad():
        for name, row in operation.numbers.items():
            _parameter_of(module, name).copy_(torch.from_numpy(row))
    return module


def _parameter_of(module: nn.Module, name: str) -> torch.Tensor:
    """Return the tensor of a module with a name in lamina's formulas."""
    if isinstance(module, Blended) and name != BLEND:
        module = module.activation
    parameter: torch.Tensor = getattr(module, THEIR_NAMES.get(name, name))
    return parameter


def _add_residual(modules: Modules, operation: AddResidual) -> Chain:
    """Put the modules that a residual connection skips into one, named after the block."""
    skipped, block = modules.chains[operation.skipped], modules.block
    body = [
        ("linear" if name == block else name.removeprefix(f"{block}_"), each)
        for name, each in modules.chains[operation.source].items()
        if name not in skipped
    ]
    return modules.after(operation.skipped, block, Residual(OrderedDict(body)))


def _take(modules: Modules, operation: Take) -> Chain:
    if isinstance(modules.program.operations[operation.source], Features | Dropout | CategoryCodes):
        return _inputs(modules, operation)
    # The modules for several heads, and for means and standard deviations, split the columns.
    return modules.chains[operation.source]


def _category_codes(modules: Modules, operation: CategoryCodes) -> Chain:
    return modules.after(operation.source, "codes", codes_module(operation))


def _scale(modules: Modules, operation: Scale) -> Chain:
    """Return the module of scaled columns, or put the factors behind those of a group."""
    chain = modules.chains[operation.source]
    if INPUTS not in chain:
        return _inputs(modules, operation)
    return OrderedDict(
        [*chain.items(), (INPUTS, ScaledOutputs(chain[INPUTS], torch.tensor(operation.factors)))]
    )


def _inputs(
    modules: Modules, operation: Take | Scale | Periodic | PiecewiseLinear | Embed | OneHotCodes
) -> Chain:
    return modules.after(operation.source, INPUTS, input_module(operation))


def _join(modules: Modules, operation: Join) -> Chain:
    """Put the groups of an input stage, which read the same matrix, into one module."""
    groups = [modules.chains[source][INPUTS] for source in operation.sources]
    stage = InputStage({f"group_{i}": group for i, group in enumerate(groups, 1)})
    chain = modules.chains[operation.sources[0]].copy()
    chain[INPUTS] = stage
    return chain


def _invert_link(modules: Modules, operation: InvertLink) -> Chain:
    link = nn.Identity() if modules.logits else build_module(code_of(operation.formula))
    return modules.after(operation.source, "inverse_link", link)


def _weighted_sum(modules: Modules, operation: WeightedSum) -> Chain:
    """Put the members of a network into one module, behind the modules that they share."""
    program, chains = modules.program, [modules.chains[source] for source in operation.sources]
    if modules.logits or program.heads or program.has_std:
        reason = "logits=True" if modules.logits else "several columns of labels or a std"
        raise ExportError(
            f"a PyTorch module of {len(chains)} members does not support {reason}: its prediction "
            "is the mean of the members' predictions. Export to ONNX, Python or C instead"
        )
    shared = [
        name for name in chains[0] if all(chain.get(name) is chains[0][name] for chain in chains)
    ]
    members = [
        nn.Sequential(OrderedDict(pair for pair in chain.items() if pair[0] not in shared))
        for chain in chains
    ]
    before = [(name, chains[0][name]) for name in shared]
    return OrderedDict([*before, ("members", Members(members))])


def _sort(modules: Modules, operation: Sort) -> Chain:
    module = nn.Identity() if modules.logits else Sorted(operation.n)
    return modules.after(operation.source, "sorted", module)


def _complement(modules: Modules, operation: Complement) -> Chain:
    # Losses of PyTorch expect the probability or the logit of the second class alone.
    return modules.chains[operation.source]


def build_module(code: Code, n: int = 1) -> nn.Module:
    """Return the module that a record names: 'Tanh', 'Softmax(dim=1)', 'PReLU(n)', or 'sin'."""
    call = ast.parse(code.torch, mode="eval").body
    if isinstance(call, ast.Name) and call.id.islower():
        return Elementwise(call.id)
    text = f"{code.torch}()" if isinstance(call, ast.Name) else code.torch
    made: nn.Module = eval(text, {**vars(nn), **vars(torch_layers), "n": n})
    return made


Renderer: TypeAlias = Callable[[Modules, Any], Chain]
# One function for each operation: the modules that compute its matrix.
RENDERERS: Mapping[type, Renderer] = {
    Features: _features,
    Dropout: _dropout,
    Round: _round,
    Affine: _affine,
    Normalize: _normalize,
    Activate: _activate,
    AddResidual: _add_residual,
    Take: _take,
    CategoryCodes: _category_codes,
    Scale: _scale,
    Periodic: _inputs,
    PiecewiseLinear: _inputs,
    Embed: _inputs,
    OneHotCodes: _inputs,
    Join: _join,
    InvertLink: _invert_link,
    WeightedSum: _weighted_sum,
    Sort: _sort,
    Complement: _complement,
}
ALONE = "to_torch converts a network alone, without a table, a target's scale or an ensemble"
REFUSED: Mapping[type, str] = {each: ALONE for each in OPERATIONS if each not in RENDERERS}
