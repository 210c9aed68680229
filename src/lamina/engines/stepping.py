"""One step of the reference engine, from a finished gradient to the next parameters.

Shapes: parameters and gradient (n_parameters,), of which an optimizer touches the first n_trained.
"""

from __future__ import annotations

from lamina.engines.engine import OptimizerSettings, OptimizerState
from lamina.formulas import OPTIMIZERS
from lamina.formulas.averages import average_rate, clipping_scale, norm_of
from lamina.formulas.table import Array
from lamina.network import ParameterLayout


def make_step(
    layout: ParameterLayout,
    settings: OptimizerSettings,
    parameters: Array,
    gradient: Array,
    state: OptimizerState,
    learning_rate: float,
) -> float:
    """Clip the gradient, let weights decay, step, average; all in place but the number of steps.

    Returns
    -------
    float
        The norm of the gradient as it came.
    """
    record, step, of = OPTIMIZERS[settings.name], state.step + 1, settings.hyperparameters
    norm = norm_of(gradient)
    gradient *= clipping_scale(norm, settings.max_gradient_norm)
    parameters[: layout.n_weights] *= 1 - learning_rate * settings.weight_decay
    slots = state.slots[:-1] if state.keeps_average else state.slots
    elementwise = slice(0, layout.n_trained)
    if record.matrix_update is not None:
        elementwise = slice(layout.n_weights, layout.n_trained)
        matrices = (layout.views(vector).weights for vector in (parameters, gradient, *slots))
        for W, G, *of_W in zip(*matrices, strict=True):
            record.matrix_update(W, G, of_W, step, learning_rate, of)
    w, g, of_w = parameters[elementwise], gradient[elementwise], slots[:, elementwise]
    record.update(w, g, of_w, step, learning_rate, of)
    if settings.average_decay is not None:
        average = state.slots[-1]
        average += (parameters - average) * average_rate(settings.average_decay, step)
    return norm
