"""Numbers of one training step at the displayed network, and the paths from one weight to the loss.

A step uses one training row, or is the engine's next step: then the rows of its batch, the
optimizer's state, the learning rate and the random draws are those that the fit will use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamina.blocks.block import Role
from lamina.choices import name_of
from lamina.engines import Rows
from lamina.engines.multipliers import UNCHANGED, smoothed, with_decay
from lamina.errors import ExperimentError
from lamina.formulas import LOSSES
from lamina.formulas.noise import Draws
from lamina.formulas.table import AnyArray
from lamina.network import Network
from lamina.studies.mathml import MathNode, mathml_tree
from lamina.studies.step import UpdateInputs
from lamina.studies.trace import NO_UPDATE_NOTE, StepTrace, trace_from_inputs
from lamina.studies.trace_code import IMPORTS, read_by, step_function
from lamina.studies.trace_formulas import update_equation
from lamina.studies.trace_page import describe_settings
from lamina.studies.traced_number import INPUTS, TracedNumber
from lamina.studies.weight_paths import WeightPaths
from lamina.workbench.data.plain import Message
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import ENDED, FAILED, PLAYING, Run
from lamina.workbench.views.frames import encode

NEXT = "next"
# Maximum number of rows and columns of a matrix that are sent.
MOST_SHOWN = 64
# A backward pass of more rows is too large to display and takes long.
MOST_ROWS = 1000
MOST_PATHS = 20
# Names of numbers with the shape of a layer's weights.
OF_WEIGHTS = frozenset({"W", "dW", "penalty", "update_W"})
OF_ROWS = frozenset({"y", "weight", "row_losses"})
# Variables of an input stage with a row for each sample.
OF_SAMPLES = re.compile(r"(d_)?(x|h|psi|e|P|a)(_\d+)?")


class NotKnown(ExperimentError):
    """Raised if the step exists, but its numbers are not available now."""


class PlacedTrace(NamedTuple):
    """Step of a run, with its position in the run."""

    run: Run
    snapshot: Snapshot
    rows: NDArray[np.int64]
    is_next: bool
    trace: StepTrace


def trace(run: Run, snapshot: Snapshot, query: Mapping[str, str]) -> bytes:
    """Return every number of a step, in order of computation, as a binary message.

    Raises
    ------
    ExperimentError
        If `row` is not the number of a training row.
    """
    try:
        placed = _trace_step(run, snapshot, query)
    except NotKnown as error:
        return encode(_without_numbers(run, snapshot, str(error)), {})
    header = {
        **_place(placed),
        "title": placed.trace.title,
        "notes": list(placed.trace.notes),
        "imports": IMPORTS,
        "update": _update(placed.trace),
        "numbers": _numbers(placed.trace.numbers),
        **_of_rows(placed),
    }
    values = {each.variable: _shown(each.value) for each in placed.trace.numbers}
    return encode({"kind": "trace", **header}, values)


def path(run: Run, snapshot: Snapshot, query: Mapping[str, str]) -> Message:
    """Return the chain rule for one weight: its paths to the loss, their products and the sum.

    Raises
    ------
    ExperimentError
        For a weight that does not exist.
    """
    placed = _trace_step(run, snapshot, query, has_update=False)
    names = [block.name for block in placed.run.spec.layers]
    layer = query.get("layer", "")
    if layer not in names:
        raise ExperimentError(f"layer={layer!r} must be one of {', '.join(names)}", "layer")
    i = None if query.get("i", "") == "" else _whole(query, "i")
    try:
        paths = placed.trace.path(None, layer, i, _whole(query, "j"), most=MOST_PATHS)
    except IndexError as error:
        raise ExperimentError(str(error), "layer") from None
    return {**_place(placed), **_paths_as_json(paths, placed.rows)}


def _without_numbers(run: Run, snapshot: Snapshot, why: str) -> Message:
    """Return the header sent when a step's numbers are not available."""
    place = {"run": run.id, "epoch": snapshot.epoch, "batch": snapshot.batch}
    nothing: list[object] = []
    return {
        "kind": "trace",
        **place,
        "is_next": True,
        "rows": nothing,
        "n_samples": 0,
        "title": "",
        "notes": [why],
        "imports": IMPORTS,
        "update": None,
        "numbers": nothing,
        **dict.fromkeys(("features", "targets", "answers"), nothing),
    }


def _trace_step(
    run: Run, snapshot: Snapshot, query: Mapping[str, str], has_update: bool = True
) -> PlacedTrace:
    _require_traceable(run)
    latest = run.controller.latest
    # A kept snapshot of the latest epoch does not have the data of the next step.
    if snapshot.epoch == latest.epoch and not latest.batch:
        snapshot = latest
    asked = query.get("row", "0")
    ahead = snapshot.ahead if run.is_minibatch else None
    is_next = asked == NEXT
    rows = _next_rows(run, snapshot) if is_next else np.array([_row(asked, len(run.rows.y))])
    draws, following, scheduled = None, None, UNCHANGED
    if ahead is not None:
        state, rate = ahead.state, run.controller.rate_ahead or ahead.learning_rate
        scheduled = ahead.multipliers
        if has_update and run.settings.optimizer is not None:
            optimizer = with_decay(run.settings.optimizer, scheduled.weight_decay)
            following = UpdateInputs(optimizer, state, rate)
        if run.spec.draws:
            draws = Draws(state.seed, state.step, rows, scheduled.dropout)
    objective, batch = smoothed(run.objective, _chosen(run.rows, rows), scheduled.label_smoothing)
    parameters = snapshot.parameters if ahead is None else ahead.parameters
    placed = trace_from_inputs(
        _title(run, snapshot, rows, is_next),
        Network(run.spec, parameters.astype(np.float64)),
        objective,
        batch,
        draws,
        following,
    )
    return PlacedTrace(
        run, snapshot, rows, is_next, placed.with_notes(*_notes(run, snapshot, rows))
    )


def _require_traceable(run: Run) -> None:
    """Raise NotKnown for members: the page names the rows of one network."""
    if run.model.members is not None:
        raise NotKnown(
            f"A step of members={run.model.members!r} is one of {run.spec.n_members} networks, and "
            "this view shows the numbers of one: set members to none.",
            "members",
        )


def _row(text: str, n_samples: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) >= n_samples:
        raise ExperimentError(
            f"row={text!r} must be the number of a training row, from 0 to {n_samples - 1}, "
            f"or {NEXT!r}",
            "row",
        )
    return int(text)


def _whole(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ExperimentError(f"{name}={text!r} must be a whole number from 0 on", name)
    return int(text)


def _next_rows(run: Run, snapshot: Snapshot) -> NDArray[np.int64]:
    if not run.is_minibatch:
        return _few(np.arange(len(run.rows.y)))
    if snapshot.ahead is None:
        raise NotKnown(
            "The next batch is available only while the run is paused at its latest epoch: pause "
            "the run, go to the latest epoch, or choose a single row.",
            "row",
        )
    return _few(snapshot.ahead.rows)


def _few(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) > MOST_ROWS:
        raise NotKnown(
            f"The next step has {len(rows):,} rows, and the workbench shows steps of at most "
            f"{MOST_ROWS:,}: choose a single row, or a smaller batch_size.",
            "row",
        )
    return rows


def _chosen(rows: Rows, which: NDArray[np.int64]) -> Rows:
    """Return the selected rows in float64; class codes keep their type."""
    y, weight = rows.y[which], rows.weight
    return Rows(
        rows.X[which].astype(np.float64),
        y.astype(np.float64) if y.dtype.kind == "f" else y,
        None if weight is None else weight[which].astype(np.float64),
    )


def _title(run: Run, snapshot: Snapshot, rows: NDArray[np.int64], is_next: bool) -> str:
    if not is_next:
        return f"A step with training row {rows[0]} alone"
    if not run.is_minibatch:
        return f"The gradient of all {len(rows)} training rows"
    n = run.controller.n_batches
    return f"The next step: batch {snapshot.batch + 1} of {n}, {len(rows)} rows"


def _notes(run: Run, snapshot: Snapshot, rows: NDArray[np.int64]) -> list[str]:
    notes = []
    if not run.is_minibatch:
        notes.append(NO_UPDATE_NOTE)
    elif snapshot.ahead is None:
        notes.append(_why_no_update(run))
    if len(rows) == 1 and _has_statistics(run):
        notes.append(
            "A single row has no variance to normalize by: its ẑ is 0. Choose the next batch to "
            "see the effect of the normalization."
        )
    if run.model.average_decay is not None and snapshot.ahead is None:
        notes.append("These are the averaged parameters; the trained ones are not stored.")
    return notes


def _has_statistics(run: Run) -> bool:
    tensors = (tensor for block in run.spec.blocks for tensor in block.tensors)
    return any(tensor.role is Role.STATISTICS and prod(tensor.shape) for tensor in tensors)


def _why_no_update(run: Run) -> str:
    if run.status in (ENDED, FAILED):
        return "The run has ended: there is no next step."
    name = name_of(run.model.solver)
    if run.status == PLAYING:
        return f"Pause the run to see how {name} turns the gradient into an update."
    return (
        f"The update by {name} depends on its state, which is not stored for earlier epochs. Go to "
        "the latest epoch to see it."
    )


def _place(placed: PlacedTrace) -> Message:
    return {
        "run": placed.run.id,
        "epoch": placed.snapshot.epoch,
        "batch": placed.snapshot.batch,
        "is_next": placed.is_next,
        "rows": placed.rows[:MOST_SHOWN].tolist(),
        "n_samples": len(placed.rows),
    }


def _of_rows(placed: PlacedTrace) -> Message:
    """Return the rows in the units of the data: features, targets and predictions."""
    prepared, rows = placed.run.prepared, placed.rows[:MOST_SHOWN]
    prediction = placed.trace.prediction[:MOST_SHOWN]
    targets: list[object]
    answers: list[object]
    if prepared.class_names:
        codes = np.searchsorted(np.unique(prepared.dataset.y), prepared.targets_train[rows])
        found = prediction.argmax(1) if prediction.shape[1] > 1 else prediction[:, 0] > 0.5
        targets = [prepared.class_names[code] for code in codes]
        answers = [prepared.class_names[int(code)] for code in found]
    else:
        objective = placed.run.objective
        answer = LOSSES[str(objective.loss)].answer(prediction, objective.hyperparameters)
        targets = prepared.targets_train[rows].tolist()
        answers = prepared.in_units_of_target(answer.reshape(len(rows), -1)).tolist()
    return {
        "features": prepared.features_train[rows[:1]][:, :MOST_SHOWN].tolist(),
        "targets": targets,
        "answers": answers,
    }


def _update(trace: StepTrace) -> Message | None:
    made = trace.update
    if made is None:
        return None
    return {
        "name": made.optimizer.name,
        "formulas": [_tree(each) for each in update_equation(made).split(";  ")],
        "settings": describe_settings(made),
        "code": step_function(made),
    }


def _numbers(numbers: tuple[TracedNumber, ...]) -> list[Message]:
    variables = {each.variable for each in numbers}
    return [
        {
            "id": each.variable,
            "part": each.part,
            "layer": each.layer,
            "name": each.name,
            "symbol": _tree(each.symbol),
            "formula": each.formula,
            "mathml": _tree(each.formula),
            "code": each.code,
            "from": sorted((_names_in(each.code) & variables) - {each.variable}),
            "shape": list(_flat(each.value).shape),
            "axes": _axes(each),
        }
        for each in numbers
    ]


# Cached, because a page requests the same formulas repeatedly.
@lru_cache(2000)
def _tree(formula: str) -> list[MathNode]:
    return mathml_tree(formula)


@lru_cache(2000)
def _names_in(code: str) -> set[str]:
    return read_by(code)


def _axes(number: TracedNumber) -> list[str]:
    """Return the quantity that each axis counts."""
    if number.layer == INPUTS and not OF_SAMPLES.fullmatch(number.variable):
        return ["fan_in", "fan_out"][-_flat(number.value).ndim :]
    if number.layer and number.name in OF_WEIGHTS:
        return ["fan_in", "fan_out"]
    if number.value.ndim == 1:
        return ["rows" if number.name in OF_ROWS else "fan_out"]
    return ["rows", "fan_out"][: number.value.ndim]


def _flat(value: AnyArray) -> AnyArray:
    """Return a number of an input stage with three axes as a matrix."""
    return value.reshape(len(value), -1) if value.ndim > 2 else value


def _shown(value: AnyArray) -> AnyArray:
    """Return the first rows and columns."""
    value = _flat(value)
    part = value[tuple(slice(MOST_SHOWN) for _ in value.shape)]
    return np.asarray(part, dtype=np.float64)


def _paths_as_json(paths: WeightPaths, rows: NDArray[np.int64]) -> Message:
    return {
        "weight": mathml_tree(f"dL/d{paths.weight}"),
        "paths": [
            {
                "row": int(rows[each.row]),
                "units": list(each.units),
                "factors": [
                    {"name": _tree(factor.name), "text": factor.name, "value": factor.value}
                    for factor in each.factors
                ],
                "product": each.product,
            }
            for each in paths.paths
        ],
        "n_paths": float(paths.n_paths),
        "rest": paths.rest,
        "sum": paths.sum_of_paths,
        "backpropagated": paths.backpropagated,
        "penalty": paths.penalty,
        "gradient": paths.gradient,
    }
