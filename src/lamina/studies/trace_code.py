"""Lines of Python that compute each number of a step from the previous ones.

The lines are those of the reference engine with the number of the layer: `z_1 = a_0 @ W_1 + b_1`.
Run in order, they reproduce all numbers from the inputs of the step: `X`, `targets`,
`sample_weight` and `model`, which holds the parameters; `draws` if anything is random; and
`memory`, the state of the optimizer.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lamina.blocks import Dense, MemberHeads
from lamina.formulas import (
    INVERSE_LINKS,
    LOSSES,
    NORMALIZATIONS,
    OPTIMIZERS,
    PENALTIES,
)
from lamina.formulas.loss_code import LossCode
from lamina.formulas.normalizations import EPSILON, MOMENTUM
from lamina.formulas.optimizer import StepCode
from lamina.studies.affine_lines import AffineLine, affine_lines
from lamina.studies.step import GradientStep, Update

IMPORTS = """\
import math
import numpy as np
from scipy.special import expit, ndtr, xlogy
EPS = np.finfo(float).eps"""
# Variable of the model whose parameters are traced; the second if predictions use an average.
GIVEN, GIVEN_BESIDE_AVERAGE = "model", "learning"


class CodeLine(NamedTuple):
    """The code that computes one number.

    Attributes
    ----------
    variable : str
        Name of the number: 'z_1'.
    code : str
        One or several lines, the last of which assigns it.
    """

    variable: str
    code: str


Lines = Iterator[tuple[str, CodeLine]]
# Part of the step, layer and name.
Place = tuple[str, str, str]


def lines_of(step: GradientStep, made: Update | None) -> dict[Place, CodeLine]:
    """Return the code of every number, by part of the step, layer and name."""
    blocks, lines = step.blocks, dict[Place, CodeLine]()

    def enter(part: str, layer: str, found: Lines) -> None:
        for name, line in found:
            lines[part, layer, name] = line

    if step.stage is None:
        enter("forward", "inputs", _inputs(step))
    coders = [_LayerCode(step, i, made) for i in range(1, len(blocks) + 1)]
    for coder in coders:
        enter("forward", coder.block.name, coder.forward())
    enter("loss", "", _loss(step))
    for coder in reversed(coders):
        enter("backward", coder.block.name, coder.backward())
    for coder in coders:
        enter("update", coder.block.name, coder.update())
    return lines


def read_by(code: str) -> set[str]:
    """Return the names that a line reads.

    Examples
    --------
    >>> sorted(read_by("z_1 = a_0 @ W_1 + b_1"))
    ['W_1', 'a_0', 'b_1']
    """
    nodes = ast.walk(ast.parse(code))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def step_function(made: Update) -> str:
    """Return the optimizer as functions from a gradient g to the change of a parameter.

    'muon' has a second function for weight matrices.
    """
    record, lines = OPTIMIZERS[made.optimizer.name], list[str]()
    if made.optimizer.max_gradient_norm is not None:
        most = made.optimizer.max_gradient_norm
        lines.append(f"clip = min(1, {most!r} / {made.gradient_norm!r})  # by the gradient's norm")
    lines.append(_function("step", record.code, made))
    if record.matrix_code is not None:
        lines.append("from lamina.formulas.muon import orthogonalised")
        lines.append(_function("matrix_step", record.matrix_code, made))
    return "\n".join(lines)


def _function(name: str, code: StepCode, made: Update) -> str:
    memory, lines = [*code.memory], [*code.lines]
    if made.optimizer.amsgrad:
        memory.append("largest_v")
        lines.insert(-1, "v = largest_v = np.maximum(largest_v, v)")
    read = {each for line in lines for each in read_by(line)}
    values: dict[str, float] = {"t": made.step, "rate": made.learning_rate}
    kinds = {each.name: each.kind for each in OPTIMIZERS[made.optimizer.name].hyperparameters}
    values |= {
        name: bool(value) if kinds[name] == "boolean" else float(value)
        for name, value in made.optimizer.hyperparameters.items()
    }
    arguments = [f"{k}={v!r}" for k, v in values.items() if k in read]
    parameters = ", ".join(["g", *memory, *arguments])
    body = [*lines[:-1], f"return {lines[-1]}"]
    return "\n".join([f"def {name}({parameters}):", *(f"    {line}" for line in body)])


def _renamed(code: str, names: Mapping[str, str]) -> str:
    """Return code with some variables renamed."""
    pattern = "|".join(map(re.escape, names))
    return re.sub(rf"(?<![\w.])({pattern})(?!\w)", lambda found: names[found[1]], code)


def _factor(code: str) -> str:
    """Return an expression as a factor: in brackets, unless it is a name, constant or call."""
    body = ast.parse(code, mode="eval").body
    is_whole = isinstance(body, ast.Name | ast.Call | ast.Attribute | ast.Constant)
    return code if is_whole else f"({code})"


def _inputs(step: GradientStep) -> Lines:
    is_changed = step.passed.a[0] is not step.rows.X
    yield "a", CodeLine("a_0", "a_0 = with_noise(spec, X, draws)" if is_changed else "a_0 = X")


@dataclass
class _LayerCode:
    """The code of layer i, where i starts at 1."""

    step: GradientStep
    i: int
    made: Update | None

    def __post_init__(self) -> None:
        i, block = self.i, self.block
        is_normalized = block.normalization is not None
        self.kept = self.step.passes[i - 1].kept is not None
        self.affine = affine_lines(self.step.layers[i - 1], i)
        self.z = f"z_norm_{i}" if is_normalized else f"z_{i}"
        self.f = f"f_{i}" if self.kept or block.residual else f"a_{i}"
        axis = NORMALIZATIONS[str(block.normalization)].axis if is_normalized else 0
        self.axis = "axis=1, keepdims=True" if axis else "axis=0"

    @property
    def block(self) -> Dense:
        return self.step.blocks[self.i - 1]

    @property
    def names(self) -> dict[str, str]:
        """Names for the letters of the records in this layer."""
        learned = {each.name: f"{each.name}_{self.i}" for each in self.block.learned}
        return {"z": self.z, "a": self.f, "z_hat": f"z_hat_{self.i}", **learned}

    def forward(self) -> Lines:
        i, block, activation = self.i, self.block, self.block.function
        for name in ("W", "b", *(line.name.removeprefix("d_") for line in self.affine.scales)):
            yield name, CodeLine(f"{name}_{i}", f"{name}_{i} = {self._parameter(name)}")
        for k, each in enumerate(block.learned):
            name = f"{each.name}_{i}"
            code = f"{name} = {self._parameter('unit_parameters')}[{k}]"
            yield each.name, CodeLine(name, code)
        yield from map(_named_line, self.affine.forward)
        if block.normalization is not None:
            yield from self._normalized()
        value = _renamed(activation.code.numpy, self.names)
        if self.f == f"a_{i}":
            yield "a", CodeLine(self.f, f"{self.f} = {value}")
            return
        yield "f", CodeLine(self.f, f"{self.f} = {value}")
        if self.kept:
            yield "kept", CodeLine(f"k_{i}", f"k_{i} = {self._dropout()}")
        kept, residual = self._kept(), f" + a_{i - 1}" if block.residual else ""
        yield "a", CodeLine(f"a_{i}", f"a_{i} = {kept}{self.f}{residual}")

    def _parameter(self, tensor: str) -> str:
        """Return the fitted attribute's element with a tensor of the layer."""
        attribute = self.step.attribute(self.i - 1 + self.step.n_before, tensor)
        return f"{parameters_of(self.made)}.{attribute}"

    def _dropout(self) -> str:
        k, stream = self.step.n_members, self.i + self.step.n_before
        draws = "draws" if k == 1 else f"draws_of_members(draws, {k}, False)"
        return f"dropout_factors({draws}, {stream}, {self.f}.shape, {self.block.dropout!r})"

    def _normalized(self) -> Lines:
        i, z = self.i, f"z_{self.i}"
        centred = f"({z} - {z}.mean({self.axis}))"
        yield "z_hat", CodeLine(f"z_hat_{i}", f"z_hat_{i} = {centred} / {self._std()}")
        yield "z_normalized", CodeLine(self.z, f"{self.z} = scale_{i} * z_hat_{i} + shift_{i}")

    def _std(self) -> str:
        return f"np.sqrt(z_{self.i}.var({self.axis}) + {EPSILON!r})"

    def _kept(self) -> str:
        return f"k_{self.i} * " if self.kept else ""

    def backward(self) -> Lines:
        i, objective = self.i, self.step.objective
        yield "d_a", CodeLine(f"d_a_{i}", self._derivative_at_a())
        yield "delta", CodeLine(f"delta_{i}", self._delta())
        derivative = PENALTIES[objective.penalty].derivative_code.replace("W", f"W_{i}")
        yield "penalty", CodeLine(f"penalty_{i}", f"penalty_{i} = alpha * {derivative} / n")
        lines = (*self.affine.through, self.affine.weights, self.affine.biases)
        yield from map(_named_line, (*lines, *self.affine.scales))
        for k, each in enumerate(self.block.learned):
            of_normalization = k < self.block.n_of_normalization
            above = f"d_z_norm_{i}" if of_normalization else f"{self._kept()}d_a_{i}"
            derivative = _factor(_renamed(each.derivative_code, self.names))
            product = above if derivative.isdigit() else f"{above} * {derivative}"
            total = f"{_factor(product)}.sum(axis=0)"
            yield f"d_{each.name}", CodeLine(f"d_{each.name}_{i}", f"d_{each.name}_{i} = {total}")

    def _derivative_at_a(self) -> str:
        i, after = self.i, self.i + 1
        if i < len(self.step.blocks):
            residual = f" + d_a_{after}" if self.step.blocks[i].residual else ""
            return f"d_a_{i} = {affine_lines(self.step.layers[i], after).upstream.code}{residual}"
        if _is_by_object(self.step):
            return f"d_a_{i} = d / n"
        *before, last = _loss_lines(self.step, lambda code: code.delta)
        weight = "" if self.step.row_weights is None else "w[:, np.newaxis] * "
        return "\n".join([*before, f"d_a_{i} = {weight}{_factor(last)} / n"])

    def _delta(self) -> str:
        i, activation = self.i, self.block.function
        derivative = _factor(_renamed(activation.derivative_code, self.names))
        behind = f"{self._kept()}d_a_{i} * {derivative}"
        if self.block.normalization is None:
            return f"delta_{i} = {behind}"
        along = f"s.mean({self.axis}) - z_hat_{i} * (s * z_hat_{i}).mean({self.axis})"
        return "\n".join(
            [
                f"d_z_norm_{i} = {behind}",
                f"s = scale_{i} * d_z_norm_{i}",
                f"delta_{i} = (s - {along}) / {self._std()}",
            ]
        )

    def update(self) -> Lines:
        i, made = self.i, self.made
        if made is None:
            return
        is_matrix = made.is_orthogonalised(i - 1, len(self.step.blocks))
        step, factor = "matrix_step" if is_matrix else "step", made.rate_factor("weight", is_matrix)
        rate, decay = made.learning_rate * factor, made.decay_of_weights(is_matrix)
        decayed = f"-{rate!r} * {decay!r} * W_{i} + " if decay else ""
        has_heads = is_matrix and isinstance(self.step.layers[i - 1], MemberHeads)
        called = (call_by_member if has_heads else call)(made, step, f"W_{i}", f"dW_{i}", factor)
        change = f"update_W_{i} = {decayed}{called}"
        yield "update_W", CodeLine(f"update_W_{i}", change)
        factor = made.rate_factor("bias")
        change = f"update_b_{i} = {call(made, 'step', f'b_{i}', f'db_{i}', factor)}"
        yield "update_b", CodeLine(f"update_b_{i}", change)
        groups = {line.name.removeprefix("d_"): "scale" for line in self.affine.scales}
        groups |= {each.name: each.rate_group for each in self.block.learned}
        for learned, group in groups.items():
            name, factor = f"{learned}_{i}", made.rate_factor(group)
            change = f"update_{name} = {call(made, 'step', name, f'd_{name}', factor)}"
            yield f"update_{learned}", CodeLine(f"update_{name}", change)
        for k, statistic in enumerate(self.block.statistics):
            name = f"update_running_{statistic.name}_{i}"
            yield f"update_running {statistic.name}", CodeLine(name, f"{name} = {self._moved(k)}")

    def _moved(self, k: int) -> str:
        """Return the change of a running statistic towards that of the batch."""
        i, n_samples = self.i, len(self.step.rows.y)
        if n_samples < 2:
            return f"np.zeros_like(b_{i})"
        of_batch = (f"z_{i}.mean(axis=0)", f"z_{i}.var(axis=0, ddof=1)")[k]
        attribute = self.step.attribute(i - 1 + self.step.n_before, "statistics")
        return f"{1 - MOMENTUM:.1f} * ({of_batch} - model.{attribute}[{k}])"


def parameters_of(made: Update | None) -> str:
    """Return the variable of the model whose parameters are traced."""
    return GIVEN if made is None or not made.is_averaged else GIVEN_BESIDE_AVERAGE


def call(made: Update, function: str, name: str, gradient: str, factor: float) -> str:
    """Return the call of an optimizer's function for the change of one parameter."""
    memory = [f"{slot}=0" for slot in _slots(made)]
    if not made.has_zero_memory:
        memory = [f'*memory["{name}"]']
    return f"{function}({', '.join([_clipped(made, gradient), *memory, *_rate(made, factor)])})"


def call_by_member(made: Update, function: str, name: str, gradient: str, factor: float) -> str:
    """Return the same calls for a matrix of each member."""
    memory = [f"{slot}=0" for slot in _slots(made)]
    each = f"for g in {_clipped(made, gradient)}"
    if not made.has_zero_memory:
        memory, each = (
            ["*of_g"],
            f'for g, *of_g in zip({_clipped(made, gradient)}, *memory["{name}"])',
        )
    called = f"{function}({', '.join(['g', *memory, *_rate(made, factor)])})"
    return f"np.stack([{called} {each}])"


def _clipped(made: Update, gradient: str) -> str:
    return gradient if made.optimizer.max_gradient_norm is None else f"clip * {gradient}"


def _slots(made: Update) -> list[str]:
    """Return the parameters of the optimizer's function for its memory."""
    largest = ["largest_v"] if made.optimizer.amsgrad else []
    return [*OPTIMIZERS[made.optimizer.name].code.memory, *largest]


def _rate(made: Update, factor: float) -> list[str]:
    return [] if factor == 1 else [f"rate={made.learning_rate * factor!r}"]


def _named_line(line: AffineLine) -> tuple[str, CodeLine]:
    return line.name, CodeLine(line.variable, line.code)


def _is_by_object(step: GradientStep) -> bool:
    """Return True if the user's object computes the loss, or if each target has its own."""
    return not isinstance(step.objective.loss, str) or len(step.spec.heads) > 1


def _loss_lines(step: GradientStep, lines_of: Callable[[LossCode], Sequence[str]]) -> list[str]:
    """Return the lines of a loss, preceded by the hyperparameters that they read."""
    objective, lines = step.objective, [*lines_of(LOSSES[str(step.objective.loss)].code)]
    read = {name for line in lines for name in read_by(line)}
    values = objective.hyperparameters.items()
    return [*(f"{name} = {value!r}" for name, value in values if name in read), *lines]


def _loss(step: GradientStep) -> Lines:
    last, k = len(step.blocks), step.n_members
    weighted = step.row_weights is not None
    yield "prediction" if k == 1 else "member_predictions", CodeLine("p", _prediction(step))
    if k > 1:
        mean = f"P = p.reshape(-1, {k}, {step.spec.n_outputs}).mean(axis=1)"
        yield "prediction", CodeLine("P", mean)
    yield "y", CodeLine("y", "y = targets" if k == 1 else f"y = np.repeat(targets, {k}, axis=0)")
    if weighted:
        yield "weight", CodeLine("w", _weight(step))
    if _is_by_object(step):
        rows = "rows" if k == 1 else "rows._replace(y=y, weight=w)"
        by_object = f"l, d = row_losses(spec, objective, a_{last}, p, {rows})"
        yield "row_losses", CodeLine("l", by_object)
    else:
        *before, value = _loss_lines(step, lambda code: code.value)
        value = f"w * {_factor(value)}" if weighted else value
        yield "row_losses", CodeLine("l", "\n".join([*before, f"l = {value}"]))
    n = "w.sum()" if weighted else "len(y)"
    yield "data_loss", CodeLine("data_loss", f"n = {n}\ndata_loss = l.sum() / n")
    yield "penalty", CodeLine("penalty", _penalty(step))
    yield "loss", CodeLine("L", "L = data_loss + penalty")


def _prediction(step: GradientStep) -> str:
    last = len(step.blocks)
    if step.spec.heads:
        return f"p = predict_member(spec, a_{last})"
    inverse_link = INVERSE_LINKS[step.spec.inverse_link].code.numpy
    return f"p = {_renamed(inverse_link, {'z': f'a_{last}'})}"


def _weight(step: GradientStep) -> str:
    k = step.n_members
    if k == 1:
        return "w = sample_weight"
    of_samples = "np.ones(len(X))" if step.rows.weight is None else "sample_weight"
    return f"w = np.repeat({of_samples}, {k}) / {k}"


def _penalty(step: GradientStep) -> str:
    objective, n_blocks = step.objective, len(step.blocks)
    code = PENALTIES[objective.penalty].code
    ratio = [f"l1_ratio = {objective.l1_ratio!r}"] if "l1_ratio" in read_by(code) else []
    matrices = ", ".join(f"W_{i}" for i in range(1, n_blocks + 1))
    listed = f"({matrices})" if n_blocks > 1 else f"({matrices},)"
    total = f"penalty = alpha * sum({code} for W in {listed}) / n"
    return "\n".join([f"alpha = {objective.alpha!r}", *ratio, total])
