"""The numbers of a training step with their formulas, in the order of computation.

The symbols are those of the reference engine with the number of the layer: z₁ = a₀ W₁ + b₁. The
formulas of activations, inverse links, losses, penalties and optimizers come from their records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lamina.blocks import Dense
from lamina.formulas import (
    INVERSE_LINKS,
    LOSSES,
    NORMALIZATIONS,
    OPTIMIZERS,
    PENALTIES,
)
from lamina.formulas.table import AnyArray, Array
from lamina.studies.step import GradientStep, LayerTrace, Update, dense
from lamina.studies.trace_code import lines_of

FORWARD, LOSS, BACKWARD, UPDATE = "forward", "loss", "backward", "update"
BATCH = " / (rows of the batch, or their weight sum)"


@dataclass(frozen=True, eq=False)
class TracedNumber:
    """One number of a step, usually a matrix.

    Attributes
    ----------
    part : {'forward', 'loss', 'backward', 'update'}
    layer : str
        'inputs', 'hidden_1', …, 'output'; empty if it belongs to no layer.
    name : str
        Name in the layer's trace: 'z', 'a', 'delta', 'dW'.
    formula : str
        Formula as text: 'z₁ = a₀ W₁ + b₁'.
    value : ndarray
    variable, code : str
        Name in Python, and the line that computes it: 'z_1 = a_0 @ W_1 + b_1'.
    """

    part: str
    layer: str
    name: str
    formula: str
    value: AnyArray
    variable: str = ""
    code: str = ""

    @property
    def symbol(self) -> str:
        """Symbol of the number in the formula.

        Examples
        --------
        >>> TracedNumber("forward", "hidden_1", "z", "z₁ = a₀ W₁ + b₁", np.zeros(1)).symbol
        'z₁'
        """
        return self.formula.partition(",")[0].partition(" = ")[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return self.value.shape


def subscript(number: int) -> str:
    """Return a number as a subscript.

    Examples
    --------
    >>> subscript(12)
    '₁₂'
    """
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def traced_numbers(
    step: GradientStep, layers: tuple[LayerTrace, ...], made: Update | None
) -> tuple[TracedNumber, ...]:
    """Return the numbers of forward pass, loss, backward pass and update."""
    lines = lines_of(step, made)
    return tuple(
        replace(each, **lines[each.part, each.layer, each.name]._asdict())
        for each in _with_formulas(step, layers, made)
    )


def _with_formulas(
    step: GradientStep, layers: tuple[LayerTrace, ...], made: Update | None
) -> tuple[TracedNumber, ...]:
    last_first = [*enumerate(layers, start=1)][::-1]
    return (
        TracedNumber(FORWARD, "inputs", "a", _inputs(step), dense(step.passed.a[0])),
        *(each for i, layer in enumerate(layers, start=1) for each in _forward(step, i, layer)),
        *_loss(step),
        *(each for i, layer in last_first for each in _backward(step, i, layer, layers)),
        *(
            each
            for i, layer in enumerate(layers, start=1)
            for each in _update(i, layer, made, step.blocks)
        ),
    )


def _inputs(step: GradientStep) -> str:
    is_changed = step.passed.a[0] is not step.rows.X
    return "a₀ = X, with this step's noise and dropout" if is_changed else "a₀ = X"


def _forward(step: GradientStep, i: int, layer: LayerTrace) -> Iterator[TracedNumber]:
    n, before = subscript(i), subscript(i - 1)
    block = step.blocks[i - 1]
    record = block.function

    def number(name: str, formula: str, value: Array) -> TracedNumber:
        return TracedNumber(FORWARD, layer.layer, name, formula, value)

    yield number("W", f"W{n}", layer.W)
    yield number("b", f"b{n}", layer.b)
    for name, learned in layer.extra.items():
        if learned.gradient is not None:
            yield number(name, f"{learned.symbol}{n}", learned.value)
    yield number("z", f"z{n} = a{before} W{n}{_root(block)} + b{n}", layer.z)
    z = f"z{n}"
    if layer.z_hat is not None and layer.z_normalized is not None:
        z = f"z'{n}"
        over = NORMALIZATIONS[str(block.normalization)].equation.partition(", ")[2]
        made = f"ẑ{n} = (z{n} - mean(z{n})) / √(var(z{n}) + 10⁻⁵), {over}"
        yield number("z_hat", made, layer.z_hat)
        yield number("z_normalized", f"z'{n} = γ{n} ẑ{n} + β{n}", layer.z_normalized)
    is_plain = layer.kept is None and not layer.is_residual
    f = f"f({z}), {record.equation}"
    if is_plain:
        yield number("a", f"a{n} = {f}", layer.a)
        return
    yield number("f", f"f{n} = {f}", layer.f)
    kept = ""
    if layer.kept is not None:
        kept = f"k{n} "
        rate = f"{block.dropout:g}"
        chance = f"k{n} = 0 with probability {rate}, else 1 / (1 - {rate})"
        yield number("kept", chance, layer.kept)
    residual = f" + a{before}" if layer.is_residual else ""
    yield number("a", f"a{n} = {kept}f{n}{residual}", layer.a)


def _loss(step: GradientStep) -> Iterator[TracedNumber]:
    def number(name: str, formula: str, value: object) -> TracedNumber:
        return TracedNumber(LOSS, "", name, formula, np.asarray(value))

    objective, last = step.objective, subscript(len(step.blocks))
    inverse_link = INVERSE_LINKS[step.spec.inverse_link].equation
    yield number("prediction", f"{inverse_link}, z = a{last}", step.passed.prediction)
    yield number("y", "y, the encoded targets", step.rows.y)
    weighted = step.rows.weight is not None
    if step.rows.weight is not None:
        yield number("weight", "w, the weight of each row", step.rows.weight)
    rows = step.row_losses()
    each = f"l, the loss of each row{', times w' if weighted else ''}; {loss_equation(step)}"
    yield number("row_losses", each, rows)
    n = "n = Σ w" if weighted else "n = the number of rows"
    yield number("data_loss", f"Σ l / n, {n}", rows.sum() / step.n)
    penalty = PENALTIES[objective.penalty].equation.replace(BATCH, " / n")
    ratio = f", ρ = {objective.l1_ratio:g}" if "ρ" in penalty else ""
    rule = f"penalty = {penalty}, α = {objective.alpha:g}{ratio}"
    yield number("penalty", rule, step.loss - rows.sum() / step.n)
    yield number("loss", "L = Σ l / n + penalty", step.loss)


def loss_equation(step: GradientStep) -> str:
    """Return the formula of the loss, or the name of the user's object that computes it."""
    loss, params = step.objective.loss, step.objective.hyperparameters
    if not isinstance(loss, str):
        return f"L by {type(loss).__name__}"
    values = "".join(f", {name.replace('_', ' ')} = {value}" for name, value in params.items())
    return f"{LOSSES[loss].equation}{values}"


def loss_derivative(step: GradientStep) -> str:
    """Return the formula of the derivative of a sample's loss with respect to the logits."""
    loss = step.objective.loss
    if isinstance(loss, str):
        return LOSSES[loss].derivative_equation.partition(" = ")[2]
    return f"delta by {type(loss).__name__}"


def _backward(
    step: GradientStep, i: int, layer: LayerTrace, layers: tuple[LayerTrace, ...]
) -> Iterator[TracedNumber]:
    n, before = subscript(i), subscript(i - 1)
    derivative = step.blocks[i - 1].function.derivative_equation

    def number(name: str, formula: str, value: Array) -> TracedNumber:
        return TracedNumber(BACKWARD, layer.layer, name, formula, value)

    yield number("d_a", f"dL/da{n} = {_derivative_at_a(step, i, layers)}", layer.d_a)
    kept = "" if layer.kept is None else f"k{n} "
    if layer.z_hat is None:
        yield number("delta", f"delta{n} = {kept}dL/da{n} ⊙ f'(z{n}), {derivative}", layer.delta)
    else:
        scaled = f"s = γ{n} dL/dz'{n}, dL/dz'{n} = {kept}dL/da{n} ⊙ f'(z'{n})"
        through = f"(s - mean(s) - ẑ{n} mean(s ẑ{n})) / √(var(z{n}) + 10⁻⁵)"
        yield number("delta", f"delta{n} = {through}, {scaled}, {derivative}", layer.delta)
    penalty = PENALTIES[step.objective.penalty].derivative_equation.replace(BATCH, " / n")
    of_layer = penalty.replace("W", f"W{n}")
    yield number("penalty", f"penalty{n} = {of_layer}", layer.penalty)
    block, z = step.blocks[i - 1], f"z{n}" if layer.z_hat is None else f"z'{n}"
    yield number("dW", f"dL/dW{n} = a{before}ᵀ delta{n}{_root(block)} + penalty{n}", layer.dW)
    is_zero = "" if block.learns_bias else f" = 0, because z{n} - mean(z{n}) does not contain b{n}"
    yield number("db", f"dL/db{n} = Σ_rows delta{n}{is_zero}", layer.db)
    for k, parameter in enumerate(block.learned):
        gradient = layer.extra[parameter.name].gradient
        assert gradient is not None
        # Parameters of a normalization act on ẑ, those of an activation on z' or z.
        of_normalization = k < block.n_of_normalization
        upstream = f"dL/dz'{n}" if of_normalization else f"{kept}dL/da{n}"
        derivative_here = re.sub(r"\bz\b", z, parameter.derivative_equation).replace("ẑ", f"ẑ{n}")
        rule = f"Σ_rows {upstream}" + (f" ⊙ {derivative_here}" if derivative_here != "1" else "")
        yield number(f"d_{parameter.name}", f"dL/d{parameter.symbol}{n} = {rule}", gradient)


def _derivative_at_a(step: GradientStep, i: int, layers: tuple[LayerTrace, ...]) -> str:
    if i == len(layers):
        weighted = "w " if step.rows.weight is not None else ""
        return f"{weighted}d / n, d = {loss_derivative(step)}"
    after = subscript(i + 1)
    residual = f" + dL/da{after}" if layers[i].is_residual else ""
    return f"delta{after} W{after}ᵀ{_root(step.blocks[i])}{residual}"


def _root(block: Dense) -> str:
    """Return the division of products in NTK parametrisation."""
    return f" / √{block.fan_in}" if block.ntk else ""


def _update(
    i: int, layer: LayerTrace, made: Update | None, blocks: Sequence[Dense]
) -> Iterator[TracedNumber]:
    if made is None or layer.update_W is None or layer.update_b is None:
        return
    n, name = subscript(i), made.optimizer.name
    groups = {each.name: each.rate_group for each in blocks[i - 1].learned}
    is_matrix = made.is_orthogonalised(i - 1, len(blocks))

    def number(field: str, symbol: str, value: Array, factor: float) -> TracedNumber:
        rate = "" if factor == 1 else f" at {factor:g} η"
        formula = f"Δ{symbol}, by {name}{rate}: {symbol} ← {symbol} + Δ{symbol}"
        return TracedNumber(UPDATE, layer.layer, field, formula, value)

    yield number("update_W", f"W{n}", layer.update_W, made.rate_factor("weight", is_matrix))
    yield number("update_b", f"b{n}", layer.update_b, made.rate_factor("bias"))
    for parameter, learned in layer.extra.items():
        if learned.update is not None and learned.gradient is not None:
            symbol, factor = f"{learned.symbol}{n}", made.rate_factor(groups[parameter])
            yield number(f"update_{parameter}", symbol, learned.update, factor)
        elif learned.update is not None:
            rule = f"Δ {parameter}{n}, from the moments of this batch"
            yield TracedNumber(UPDATE, layer.layer, f"update_{parameter}", rule, learned.update)


def update_equation(made: Update) -> str:
    """Return the formula of the optimizer."""
    return OPTIMIZERS[made.optimizer.name].equation
