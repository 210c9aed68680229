"""Trace a training step: all numbers of one forward and one backward pass."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lamina.encoding.frames import ArrayOrTable, pandas_or
from lamina.engines import Objective, Rows
from lamina.engines.independent import member_places, state_of_member
from lamina.engines.multipliers import UNCHANGED, smoothed, with_decay
from lamina.estimators.fitting.running import next_step
from lamina.estimators.inspection.gradient_check import present_assignment
from lamina.files.model_file import Json
from lamina.formulas import LOSSES
from lamina.formulas.noise import Draws
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network
from lamina.studies.layer_trace import LayerTrace, layer_traces
from lamina.studies.step import (
    GradientStep,
    Update,
    UpdateInputs,
    dense,
    make_update,
    take_step,
)
from lamina.studies.trace_formulas import traced_numbers
from lamina.studies.trace_page import as_html, as_text
from lamina.studies.traced_model import traced_draws, traced_network, traced_perceptron
from lamina.studies.traced_number import INPUTS, TracedNumber
from lamina.studies.weight_paths import WeightPaths, weight_paths

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.base import BaseEstimator

SCALED_NOTE = (
    "scale_target=True: y, the prediction and the last layer refer to the standardised target. In "
    "the model, coefs_[-1] and intercepts_[-1] are multiplied by target_scale_, and target_mean_ "
    "is added."
)
NO_UPDATE_NOTE = (
    "This solver has no update to show: a line search over all rows determines its step length."
)


@dataclass(frozen=True, eq=False, repr=False)
class StepTrace:
    """The numbers of a step, from `trace_step`; prints as a table with their formulas.

    Attributes
    ----------
    title : str
        Description of the step.
    layers : tuple of LayerTrace
        From the first hidden layer to the output: `trace.layers[0].delta`.
    prediction : ndarray of shape (n_samples, n_outputs)
        Outputs of the inverse link.
    loss : float
        L, including the penalty.
    inputs : dict of str to ndarray
        Numbers of an input stage by their variables, such as 'omega_1'; empty without one.
    gradient : ndarray of shape (n_parameters,)
        dL/dw of all parameters in the engines' order: all weights, then all biases, then the other
        parameters of the units, then those of an input stage.
    numbers : tuple of TracedNumber
        All numbers in the order of computation, with their formulas.
    update : Update or None
        The optimizer's update for the gradient; None for 'lbfgs'.
    notes : tuple of str
        Remarks on this step.
    """

    title: str
    step: GradientStep
    update: Update | None
    layers: tuple[LayerTrace, ...]
    numbers: tuple[TracedNumber, ...]
    notes: tuple[str, ...]

    @property
    def prediction(self) -> Array:
        """Outputs of the inverse link, of shape (n_samples, n_outputs)."""
        return self.step.passed.prediction

    @property
    def loss(self) -> float:
        """Loss including the penalty."""
        return self.step.loss

    @property
    def inputs(self) -> dict[str, AnyArray]:
        """Numbers of an input stage by their variables."""
        if self.step.stage is None:
            return {}
        return {each.variable: each.value for each in self.numbers if each.layer == INPUTS}

    @property
    def gradient(self) -> Array:
        """dL/dw of all parameters, of shape (n_parameters,)."""
        return self.step.gradient

    def path(
        self,
        output: int | None,
        layer: int | str,
        i: int | None,
        j: int,
        *,
        row: int | None = None,
        most: int = 20,
    ) -> WeightPaths:
        """Apply the chain rule to one weight: list the paths from it to the loss, and their sum.

        The product of a path consists of the input of the weight, the derivative of each activation
        on the path, each weight, and the loss's derivative at the output where the path ends. The
        sum over all paths is the gradient that backpropagation computes.

        Parameters
        ----------
        output : int or None
            Output of the network where the paths end; None for all of them.
        layer : int or str
            Layer of the weight: 0 is the first layer, -1 the output; or its name, 'hidden_1'.
        i : int or None
            Row of the weight in W: the unit or feature that it comes from. None for the bias.
        j : int
            Column of the weight in W: the unit that it leads to.
        row : int, optional
            Row of X; by default the paths of all rows are summed.
        most : int, default=20
            Maximum number of listed paths. If there are more, those with the largest products are
            listed, and the others are given as one sum.

        Returns
        -------
        WeightPaths
            Prints as a table.

        Raises
        ------
        IndexError
            For an output, layer, unit or row that does not exist.
        UnsupportedBlockError
            For members that share their layers.

        Examples
        --------
        >>> import numpy as np
        >>> import lamina
        >>> X, y = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([1.0, 0.0])
        >>> model = lamina.MLPRegressor(hidden_layer_sizes=(2,), alpha=0, random_state=0)
        >>> trace = lamina.trace_step(model, X, y)
        >>> paths = trace.path(output=0, layer=0, i=1, j=0)
        >>> paths.n_paths, bool(np.isclose(paths.sum_of_paths, trace.layers[0].dW[1, 0]))
        (2, True)
        """
        return weight_paths(self.step, output, layer, i, j, row, most)

    def to_dict(self) -> dict[str, Json]:
        """Return all numbers as NumPy arrays; 'layers' holds those of each layer by its name.

        'inputs' holds those of an input stage.
        """
        outside = {each.name: each.value for each in self.numbers if not each.layer}
        layers = {layer.layer: _as_dict(layer) for layer in self.layers}
        inputs: dict[str, Json] = {"inputs": self.inputs} if self.inputs else {}
        return {"X": dense(self.step.passed.a[0]), **inputs, **outside, "layers": layers}

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each number: part, layer, name, formula, code, shape and value.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = pandas_or("to_dict()")
        columns = ("part", "layer", "name", "formula", "code", "shape", "value")
        rows = [[getattr(each, column) for column in columns] for each in self.numbers]
        return pandas.DataFrame(rows, columns=list(columns))

    def with_notes(self, *notes: str) -> StepTrace:
        """Return a copy with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def __repr__(self) -> str:
        return as_text(self.title, self.numbers, self.update, self.notes)

    def _repr_html_(self) -> str:
        return as_html(self.title, self.numbers, self.update, self.notes)


def _as_dict(layer: LayerTrace) -> dict[str, Json]:
    numbers = {**vars(layer)}
    for name, learned in numbers.pop("extra").items():
        numbers[name] = learned.value
        numbers[f"d_{name}"], numbers[f"update_{name}"] = learned.gradient, learned.update
    return {name: value for name, value in numbers.items() if value is not None}


def trace_step(
    model: BaseEstimator,
    X: ArrayOrTable,
    y: ArrayOrTable,
    sample_weight: ArrayOrTable = None,
    *,
    dropout: bool = False,
    member: int | None = None,
) -> StepTrace:
    """Trace one training step: every number that it computes, with its formula.

    All samples form one batch. The reference engine computes the forward pass, the loss, the
    backward pass, and the update of the optimizer from its present state. The model is not changed.

    Parameters
    ----------
    model : estimator
        An MLPClassifier or MLPRegressor of lamina or scikit-learn, or a pipeline that ends with
        one. A fitted model is traced at its parameters, or at those that its moving average is
        computed from. An unfitted model is traced at the initial parameters that it would draw; the
        other steps of its pipeline are then fitted to X on copies.
    X : array-like or sparse matrix of shape (n_samples, n_features)
        A few samples are enough, and easier to read.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), optional
    dropout : bool, default=False
        If True, draw dropout and input noise as the next step of a fit would. By default they are
        left out.
    member : int, optional
        Which of the independent members is traced, from 0 on; by default the first. Members that
        share their layers are shown together: a sample is then a row for each of them.

    Returns
    -------
    StepTrace
        Prints as a table, and renders its formulas in a notebook. `layers` and `to_dict()` give
        arrays, `to_frame()` a table, and `path()` the chain rule for one weight.

    Raises
    ------
    ValueError, TypeError
        For arguments that `fit` would reject, for an estimator without a perceptron, and for a
        member that the model does not have.

    Notes
    -----
    Numbers are float64, and `precision` is ignored, so that each number can be checked by hand.
    Batch normalization uses the statistics of these samples, as in every training step.

    References
    ----------
    Rumelhart, Hinton, Williams 1986, Learning representations by back-propagating errors.

    Examples
    --------
    >>> import lamina
    >>> X, y = [[0.0, 1.0], [1.0, 1.0]], [1.0, 0.0]
    >>> model = lamina.MLPRegressor(hidden_layer_sizes=(2,), activation="tanh", random_state=0)
    >>> trace = lamina.trace_step(model, X, y)
    >>> [number.formula for number in trace.numbers[3:5]]
    ['z₁ = a₀ W₁ + b₁', 'a₁ = f(z₁), f(z) = tanh(z)']
    >>> trace.layers[0].dW.shape, round(trace.loss, 4)
    ((2, 2), 1.2776)
    """
    perceptron, rows, targets = traced_perceptron(model, X, y)
    where, fit = present_assignment(perceptron, rows, targets, sample_weight)
    # The generator may belong to the caller and must not advance.
    fit = replace(fit, random_state=deepcopy(fit.random_state))
    network, member = traced_network(fit, member)
    draws = traced_draws(fit, member) if dropout and fit.spec.draws else None
    following, scheduled = None, UNCHANGED
    if fit.settings.is_minibatch:
        optimizer, memory, rate, scheduled = next_step(fit)
        optimizer = with_decay(optimizer, scheduled.weight_decay)
        state = memory.optimizer
        if member is not None:
            state = state_of_member(state, member_places(fit.spec)[member], member)
        following = UpdateInputs(optimizer, state, rate)
    if draws is not None:
        draws = draws._replace(dropout_multiplier=scheduled.dropout)
    objective, rows = smoothed(fit.objective, fit.rows, scheduled.label_smoothing)
    name = type(perceptron).__name__
    n_samples = len(fit.rows.y)
    title = f"One step of {name} with {n_samples} {'row' if n_samples == 1 else 'rows'}, at {where}"
    if member is not None:
        title += f", member {member} of {fit.spec.n_members}"
    trace = trace_from_inputs(title, network, objective, rows, draws, following, member)
    notes = [] if following is not None else [NO_UPDATE_NOTE]
    if fit.task.scaling is not None:
        notes.append(SCALED_NOTE)
    return trace.with_notes(*notes)


def trace_from_inputs(
    title: str,
    network: Network,
    objective: Objective,
    rows: Rows,
    draws: Draws | None,
    following: UpdateInputs | None,
    member: int | None = None,
) -> StepTrace:
    """Trace a step from its inputs, in float64.

    Parameters
    ----------
    title : str
    network, objective, rows
        Inputs of the step.
    draws : Draws or None
        Draws of dropout and noise; None leaves them out.
    following : UpdateInputs or None
        Inputs of the update; None if it is not known.
    member : int, optional
        Place of the network among independent members.
    """
    # Show numbers that are not finite; a note mentions them.
    with np.errstate(all="ignore"):
        step = take_step(network, objective, rows, draws, member)
        made = None if following is None else make_update(step, following)
        layers = layer_traces(step, made)
        numbers = traced_numbers(step, layers, made)
    return StepTrace(title, step, made, layers, numbers, tuple(_notes(step, made, draws)))


def _notes(step: GradientStep, made: Update | None, draws: Draws | None) -> list[str]:
    notes = []
    if step.spec.draws and draws is None:
        notes.append("Dropout and noise are left out; dropout=True draws them as in the next step.")
    if draws is not None:
        notes.append("Dropout and noise are drawn as in the next step of a fit.")
    if any(block.statistics for block in step.blocks):
        notes.append(
            "Batch normalization uses the statistics of these rows, as in a training step."
        )
    if step.n_members > 1:
        notes.append(
            f"{step.n_members} members share W: each row of X is a row of z, a and delta for each "
            "of them, one after another."
        )
    loss = step.objective.loss
    is_mean = isinstance(loss, str) and LOSSES[loss].mean_over_outputs
    if is_mean and step.spec.n_outputs > 1:
        notes.append(
            f"The loss is the mean over {step.spec.n_outputs} outputs, but the gradient is that of "
            "their sum, as in scikit-learn."
        )
    if made is not None and made.is_averaged:
        notes.append("The step shows the trained parameters; predictions use their average.")
    if not np.isfinite(step.gradient).all():
        notes.append("The gradient is not finite: a fit would end here with a NonFiniteError.")
    return notes
