"""The numbers of a training step with their formulas, in the order of computation.

The symbols are those of the reference engine with the number of the layer: z₁ = a₀ W₁ + b₁. The
formulas of activations, inverse links, losses, penalties and optimizers come from their records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lamina.formulas import (
    INVERSE_LINKS,
    LOSSES,
    NORMALIZATIONS,
    OPTIMIZERS,
    PENALTIES,
)
from lamina.formulas.table import Array
from lamina.studies.affine_lines import AffineLines, affine_lines
from lamina.studies.layer_trace import LayerTrace
from lamina.studies.stage_numbers import stage_backward, stage_forward, stage_update
from lamina.studies.step import GradientStep, Update, dense
from lamina.studies.trace_code import lines_of
from lamina.studies.traced_number import (
    BACKWARD,
    FORWARD,
    INPUTS,
    LOSS,
    UPDATE,
    TracedNumber,
    subscript,
)

BATCH = " / (rows of the batch, or their weight sum)"


def traced_numbers(
    step: GradientStep, layers: tuple[LayerTrace, ...], made: Update | None
) -> tuple[TracedNumber, ...]:
    """Return the numbers of forward pass, loss, backward pass and update."""
    lines = lines_of(step, made)
    return tuple(
        each if each.code else replace(each, **lines[each.part, each.layer, each.name]._asdict())
        for each in _with_formulas(step, layers, made)
    )


def _with_formulas(
    step: GradientStep, layers: tuple[LayerTrace, ...], made: Update | None
) -> tuple[TracedNumber, ...]:
    last_first = [*enumerate(layers, start=1)][::-1]
    return (
        *_inputs(step, made),
        *(each for i, layer in enumerate(layers, start=1) for each in _forward(step, i, layer)),
        *_loss(step),
        *(each for i, layer in last_first for each in _backward(step, i, layer, layers)),
        *stage_backward(step),
        *stage_update(step, made),
        *(
            each
            for i, layer in enumerate(layers, start=1)
            for each in _update(i, layer, made, len(layers))
        ),
    )


def _inputs(step: GradientStep, made: Update | None) -> Iterator[TracedNumber]:
    if step.stage is not None:
        yield from stage_forward(step, made)
        return
    is_changed = step.passed.a[0] is not step.rows.X
    formula = "a₀ = X, with this step's noise and dropout" if is_changed else "a₀ = X"
    yield TracedNumber(FORWARD, INPUTS, "a", formula, dense(step.passed.a[0]))


def _affine(step: GradientStep, i: int) -> AffineLines:
    return affine_lines(step.layers[i - 1], i)


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
    for line in _affine(step, i).forward:
        yield number(line.name, line.formula, getattr(layer, line.name))
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

    objective, last, k = step.objective, subscript(len(step.blocks)), step.n_members
    inverse_link = INVERSE_LINKS[step.spec.inverse_link].equation
    name = "prediction" if k == 1 else "member_predictions"
    yield number(name, f"{inverse_link}, z = a{last}", step.row_predictions)
    if k > 1:
        mean = "P, the mean of p over the members of each row of X"
        yield number("prediction", mean, step.passed.prediction)
    each_once = "" if k == 1 else ", once for each member"
    yield number("y", f"y, the encoded targets{each_once}", np.repeat(step.rows.y, k, axis=0))
    weight, weighted = step.row_weights, step.row_weights is not None
    if weight is not None:
        of_members = "" if k == 1 else f": a member has 1 / {k} of its sample"
        yield number("weight", f"w, the weight of each row{of_members}", weight)
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
    n, affine = subscript(i), _affine(step, i)
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
    for line in (*affine.through, affine.weights, affine.biases):
        yield number(line.name, line.formula, getattr(layer, line.name))
    for line in affine.scales:
        of_scale = layer.extra[line.name.removeprefix("d_")].gradient
        assert of_scale is not None
        yield number(line.name, line.formula, of_scale)
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
        weighted = "w " if step.row_weights is not None else ""
        return f"{weighted}d / n, d = {loss_derivative(step)}"
    residual = f" + dL/da{subscript(i + 1)}" if layers[i].is_residual else ""
    return f"{_affine(step, i + 1).upstream.formula}{residual}"


def _update(
    i: int, layer: LayerTrace, made: Update | None, n_layers: int
) -> Iterator[TracedNumber]:
    if made is None or layer.update_W is None or layer.update_b is None:
        return
    n = subscript(i)
    is_matrix = made.is_orthogonalised(i - 1, n_layers)

    def number(field: str, symbol: str, value: Array, factor: float) -> TracedNumber:
        formula = made.formula(symbol, factor)
        return TracedNumber(UPDATE, layer.layer, field, formula, value)

    yield number("update_W", f"W{n}", layer.update_W, made.rate_factor("weight", is_matrix))
    yield number("update_b", f"b{n}", layer.update_b, made.rate_factor("bias"))
    for parameter, learned in layer.extra.items():
        if learned.update is not None and learned.gradient is not None:
            symbol, factor = f"{learned.symbol}{n}", made.rate_factor(learned.rate_group)
            yield number(f"update_{parameter}", symbol, learned.update, factor)
        elif learned.update is not None:
            rule = f"Δ {parameter}{n}, from the moments of this batch"
            yield TracedNumber(UPDATE, layer.layer, f"update_{parameter}", rule, learned.update)


def update_equation(made: Update) -> str:
    """Return the formula of the optimizer."""
    return OPTIMIZERS[made.optimizer.name].equation
