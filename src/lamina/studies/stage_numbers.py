"""The numbers of an input stage in a training step, with their formulas and code.

x = X is the input of the stage, and a_0 its output, the input of the first layer; h_g are the
outputs of group g, and kappa_g their learned factors, if they have any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from lamina.blocks import InputStage
from lamina.blocks.block import Role, Tensor
from lamina.formulas.table import AnyArray, Array
from lamina.studies.affine_lines import affine_lines
from lamina.studies.group_lines import GROUP_LINES, GroupLines
from lamina.studies.step import GradientStep, Update
from lamina.studies.trace_code import call, parameters_of
from lamina.studies.traced_number import (
    BACKWARD,
    FORWARD,
    INPUTS,
    UPDATE,
    TracedNumber,
    subscript,
)


@dataclass(frozen=True, eq=False)
class _Group:
    """A group of the stage in one step.

    Attributes
    ----------
    lines : GroupLines
    scale, d_scale : ndarray or None
        Factors of the outputs, and their gradient.
    place : slice
        Columns of its outputs in a.
    first : int
        Place of its first tensor among those of the stage.
    """

    lines: GroupLines
    scale: Array | None
    d_scale: Array | None
    place: slice
    first: int

    @property
    def g(self) -> int:
        return self.lines.g

    @property
    def tensors(self) -> list[tuple[int, Tensor, str, str, str]]:
        """Place, declaration, symbol, variable and meaning of each tensor of the group."""
        lines = self.lines
        found = [
            (each, lines.symbol(each.name), lines.variable(each.name), lines.meaning(each.name))
            for each in lines.group.tensors
        ]
        n = subscript(self.g)
        found += [
            (each, f"κ{n}", f"kappa_{self.g}", ", a factor of each output")
            for each in lines.group.scales
        ]
        return [(self.first + i, *each) for i, each in enumerate(found)]


def _groups(step: GradientStep) -> Iterator[_Group]:
    stage = cast(InputStage, step.stage)
    parts, gradient = step.stage_parts(step.parameters), step.stage_parts(step.gradient)
    X, d_a, start, first = step.passed.blocks[0].a_prev, step.stage_gradient(), 0, 0
    scales, d_scales = stage.scales_of_groups(parts), stage.scales_of_groups(gradient)
    of_groups, d_of_groups = stage.parts_of_groups(parts), stage.parts_of_groups(gradient)
    for i, group in enumerate(stage.groups):
        place, scale = slice(start, start + group.fan_out), scales[i]
        d_h = d_a[:, place] if scale is None else d_a[:, place] * scale
        x = X[:, list(group.columns)]
        kind = GROUP_LINES[group.kind]
        lines = kind(i + 1, group, x, of_groups[i], d_h, d_of_groups[i])
        yield _Group(lines, scale, d_scales[i], place, first)
        start, first = place.stop, first + len(group.tensors) + len(group.scales)


def stage_forward(step: GradientStep, made: Update | None) -> Iterator[TracedNumber]:
    """Yield the numbers from X to a_0."""
    is_changed = step.passed.a[0] is not step.rows.X
    noise = ", with this step's noise and dropout" if is_changed else ""
    code = "with_noise(spec, X, draws)" if is_changed else "X"
    has_codes = any(group.n_codes for group in cast(InputStage, step.stage).groups)
    codes = ", with codes of categories, 0 if missing" if has_codes else ""
    yield _number(FORWARD, "x", f"x = X{codes}{noise}", code, step.passed.a[0])
    outputs, formulas = [], []
    for group in _groups(step):
        yield from _forward_of_group(step, made, group)
        g, n, is_scaled = group.g, subscript(group.g), group.scale is not None
        outputs.append(f"kappa_{g} * h_{g}" if is_scaled else f"h_{g}")
        formulas.append(f"κ{n} h{n}" if is_scaled else f"h{n}")
    formula, code = f"a₀ = [{', '.join(formulas)}]", f"np.hstack([{', '.join(outputs)}])"
    yield _number(FORWARD, "a_0", formula, code, step.passed.a[1])


def _forward_of_group(
    step: GradientStep, made: Update | None, group: _Group
) -> Iterator[TracedNumber]:
    g, n, columns = group.g, subscript(group.g), list(group.lines.group.columns)
    named = f"column{'s' * (len(columns) > 1)} {', '.join(map(str, columns))}"
    formula = f"x{n}, {named} of x: {group.lines.group.kind}"
    yield _number(FORWARD, f"x_{g}", formula, f"x[:, {columns}]", group.lines.x)
    parts, stage = step.stage_parts(step.parameters), cast(InputStage, step.stage)
    for place, _, symbol, variable, meaning in group.tensors:
        attribute = step.attribute(0, stage.tensors[place].name)
        code = f"{parameters_of(made)}.{attribute}"
        yield _number(FORWARD, variable, f"{symbol}{meaning}", code, parts[place])
    for line in group.lines.forward():
        yield _number(FORWARD, *line)


def stage_backward(step: GradientStep) -> Iterator[TracedNumber]:
    """Yield the gradients from dL/da_0 to those of the parameters, group by group."""
    if step.stage is None:
        return
    residual = step.blocks[0].residual
    upstream = affine_lines(step.layers[0], 1).upstream
    formula = f"dL/da₀ = {upstream.formula}{' + dL/da₁' if residual else ''}"
    code = f"{upstream.code}{' + d_a_1' if residual else ''}"
    yield _number(BACKWARD, "d_a_0", formula, code, step.stage_gradient())
    for group in _groups(step):
        yield from _backward_of_group(group)


def _backward_of_group(group: _Group) -> Iterator[TracedNumber]:
    lines = [*group.lines.backward()]
    if not lines and group.d_scale is None:
        return
    g, n, place = group.g, subscript(group.g), group.place
    columns = f"d_a_0[:, {place.start}:{place.stop}]"
    if group.d_scale is not None:
        formula = f"dL/dκ{n} = Σ_rows dL/da₀ ⊙ h{n}, its columns of a₀"
        code = f"({columns} * h_{g}).sum(axis=0)"
        yield _number(BACKWARD, f"d_kappa_{g}", formula, code, group.d_scale)
    if lines:
        factor, code = ("", "") if group.scale is None else (f"κ{n} ", f"kappa_{g} * ")
        formula = f"dL/dh{n} = {factor}dL/da₀, its columns of a₀"
        yield _number(BACKWARD, f"d_h_{g}", formula, f"{code}{columns}", group.lines.d_h)
    for line in lines:
        yield _number(BACKWARD, *line)


def stage_update(step: GradientStep, made: Update | None) -> Iterator[TracedNumber]:
    """Yield the change of every learned parameter."""
    if step.stage is None or made is None:
        return
    changes: Sequence[Array] = step.stage_parts(made.change)
    for group in _groups(step):
        for place, tensor, symbol, variable, _ in group.tensors:
            if tensor.role is not Role.STATISTICS:
                yield _update_of_tensor(made, tensor, symbol, variable, changes[place])


def _update_of_tensor(
    made: Update, tensor: Tensor, symbol: str, variable: str, change: Array
) -> TracedNumber:
    factor = made.rate_factor(str(tensor.rate_group)) * tensor.rate_factor
    decay = made.decay_of_weights(False) * tensor.decay_factor
    decayed = f"-{made.learning_rate * factor!r} * {decay!r} * {variable} + " if decay else ""
    code = f"{decayed}{call(made, 'step', variable, f'd_{variable}', factor)}"
    formula = made.formula(symbol, factor)
    return _number(UPDATE, f"update_{variable}", formula, code, change)


def _number(part: str, variable: str, formula: str, code: str, value: AnyArray) -> TracedNumber:
    name = "a" if variable == "a_0" else variable
    lines = f"{variable} = {code}"
    if code.startswith("encode("):
        lines = f"from lamina.blocks.inputs.piecewise_linear import encode\n{lines}"
    return TracedNumber(part, INPUTS, name, formula, value, variable, lines)
