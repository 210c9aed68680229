"""The numbers of each layer in a training step.

Shapes: as in step.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from lamina.blocks import Dense, SharedDense
from lamina.formulas.activation import ActivationName
from lamina.formulas.table import Array
from lamina.studies.step import GradientStep, TracedLayer, Update, dense


@dataclass(frozen=True, eq=False)
class LearnedNumber:
    """A parameter or statistic of a layer other than W and b: scale, shift, running mean.

    Attributes
    ----------
    symbol : str
        Symbol in formulas.
    value : ndarray of shape (fan_out,), or (k, fan_in or fan_out) of k members
    gradient : ndarray of shape (fan_out,) or None
        None for running statistics, which have no gradient.
    update : ndarray of shape (fan_out,) or None
    rate_group : str
        Group of `rate_factors`.
    """

    symbol: str
    value: Array
    gradient: Array | None
    update: Array | None
    rate_group: str = ""


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """The numbers of one layer; None for those that the layer lacks.

    Attributes
    ----------
    layer : str
        'hidden_1', 'hidden_2', …, 'output'.
    activation : str or ActivationChoice
        Activation function f.
    a_prev : ndarray of shape (n_samples, fan_in)
        Inputs of the layer: the network's, or a of the layer before.
    W, b : ndarray of shape (fan_in, fan_out) and (fan_out,)
    z : ndarray of shape (n_samples, fan_out)
        a_prev W + b.
    z_hat, z_normalized : ndarray of shape (n_samples, fan_out) or None
        z with mean 0 and variance 1, and scale z_hat + shift.
    f : ndarray of shape (n_samples, fan_out)
        Value of the activation function.
    kept : ndarray of shape (n_samples, fan_out) or None
        Factors of dropout for f.
    a : ndarray of shape (n_samples, fan_out)
        f after dropout, plus a_prev in a residual layer.
    d_a : ndarray of shape (n_samples, fan_out)
        dL/da.
    delta : ndarray of shape (n_samples, fan_out)
        dL/dz.
    dW, db : ndarray of shape (fan_in, fan_out) and (fan_out,)
        dL/dW, including the penalty, and dL/db.
    penalty : ndarray of shape (fan_in, fan_out)
        The penalty's part of dW.
    update_W, update_b : ndarray or None
        Changes of W and b in the step; None if they are not known before it.
    extra : dict of str to LearnedNumber
        Other parameters by name: scale and shift, running mean and variance, the slope of 'prelu';
        r and s, the scales of members.
    is_residual : bool
    u, product : ndarray or None
        Inputs scaled by r, and their product with W, of a layer that members share.
    d_u, d_product : ndarray or None
        dL/du and dL/d(u W).
    """

    layer: str
    activation: ActivationName
    a_prev: Array
    W: Array
    b: Array
    z: Array
    z_hat: Array | None
    z_normalized: Array | None
    f: Array
    kept: Array | None
    a: Array
    d_a: Array
    delta: Array
    dW: Array
    db: Array
    penalty: Array
    update_W: Array | None
    update_b: Array | None
    extra: dict[str, LearnedNumber] = field(default_factory=dict)
    is_residual: bool = False
    u: Array | None = None
    product: Array | None = None
    d_u: Array | None = None
    d_product: Array | None = None


def layer_traces(step: GradientStep, made: Update | None) -> tuple[LayerTrace, ...]:
    """Return the numbers of every layer."""
    blocks, gradient = step.parts(step.parameters), step.parts(step.gradient)
    penalty = step.parts(step.penalty_gradient())
    changes = [None] * len(blocks) if made is None else step.parts(made.change)
    d_as, deltas = step.deltas(step.d_a)
    traces = []
    for i, block in enumerate(step.blocks):
        passed, change, layer = step.passes[i], changes[i], step.layers[i]
        is_normalized = passed.normalized is not None
        traces.append(
            LayerTrace(
                layer=block.name,
                activation=block.activation,
                a_prev=dense(step.passed.blocks[i + step.n_before].a_prev),
                W=blocks[i].W,
                b=blocks[i].b,
                z=passed.affine,
                z_hat=passed.normalized,
                z_normalized=passed.z if is_normalized else None,
                f=passed.f,
                kept=passed.kept,
                a=passed.a,
                d_a=d_as[i],
                delta=deltas[i],
                dW=gradient[i].W,
                db=gradient[i].b,
                penalty=penalty[i].W,
                update_W=None if change is None else change.W,
                update_b=None if change is None else change.b,
                extra=_extra_numbers(layer, blocks[i], gradient[i], change),
                is_residual=block.residual,
                **(_member_numbers(step, i, deltas[i]) if isinstance(layer, SharedDense) else {}),
            )
        )
    return tuple(traces)


def _member_numbers(step: GradientStep, i: int, delta: Array) -> dict[str, Array]:
    """Return the numbers of a layer that members share, besides those of a dense layer."""
    shared, parameters = cast(SharedDense, step.layers[i]), step.parts(step.parameters)[i]
    passed: Any = step.passed.blocks[i + step.n_before]
    numbers, d_product = {"product": passed.product}, delta
    if shared.scales_outputs:
        d_product = delta * np.tile(parameters.s, (len(step.rows.y), 1))
        numbers["d_product"] = d_product
    if shared.scales_inputs:
        numbers["u"] = passed.u
        numbers["d_u"] = shared.dense.scaled(d_product @ parameters.W.T)
    return numbers


def _extra_numbers(
    layer: TracedLayer, values: Any, gradient: Any, change: Any
) -> dict[str, LearnedNumber]:
    block, extra = layer if isinstance(layer, Dense) else layer.dense, dict[str, LearnedNumber]()
    for name in ("r", "s") if isinstance(layer, SharedDense) else ():
        value, its_gradient = getattr(values, name), getattr(gradient, name)
        if value.size:
            moved = None if change is None else getattr(change, name)
            extra[name] = LearnedNumber(name, value, its_gradient, moved, "scale")
    for k, parameter in enumerate(block.learned):
        moved = None if change is None else change.unit_parameters[k]
        extra[parameter.name] = LearnedNumber(
            parameter.symbol,
            values.unit_parameters[k],
            gradient.unit_parameters[k],
            moved,
            parameter.rate_group,
        )
    for k, statistic in enumerate(block.statistics):
        moved = None if change is None else change.statistics[k]
        name = f"running {statistic.name}"
        extra[name] = LearnedNumber(name, values.statistics[k], None, moved)
    return extra
