"""Run `lamina train`: read the table, split it, fit a model; `concluding` does the rest."""

from __future__ import annotations

import shlex

from lamina.cli.columns import MOST_COLUMNS, columns_of, show_columns
from lamina.cli.concluding import FAILED, INTERRUPTED, conclude
from lamina.cli.dividing import divide
from lamina.cli.finished_fit import FinishedFit
from lamina.cli.fitting import build, fit, fit_options, remarks_on_left_out
from lamina.cli.messages import one_line
from lamina.cli.model_choice import choose_model, ensemble_options
from lamina.cli.preparing import (
    Reading,
    check_request,
    check_targets,
    opening,
    prepare_outputs,
    read_problem,
)
from lamina.cli.recipe import get_network
from lamina.cli.request import TrainingRequest
from lamina.cli.settings import parse_settings
from lamina.cli.splitting import TrainTestSplit
from lamina.cli.streaming.choice import is_streamed, measure_source, source_of_training
from lamina.cli.streaming.training import train_streamed
from lamina.cli.target_remarks import remarks_on_targets
from lamina.cli.terminal import Terminal
from lamina.encoding.understanding import understand
from lamina.errors import NonFiniteError
from lamina.tables.problem import Problem
from lamina.tabular.random_rows import remarks_on_dates


def train(request: TrainingRequest) -> int:
    """Run `lamina train` and return its exit code."""
    terminal = Terminal.open(quiet=request.quiet, json=request.json)
    parse_settings(request.settings)
    check_request(request)
    if (source := source_of_training(request)) is not None and request.model != "tabular":
        size = measure_source(source)
        if is_streamed(request, size) and not ensemble_options(request):
            return train_streamed(request, source, size, terminal)
    with terminal.working(f"reading {request.source}"):
        reading = read_problem(request)
    problem, parts = reading.problem, divide(reading, request)
    kind, choice = choose_model(request, len(parts.y_train))
    model = build(kind, problem.task, request, parts.y_train)
    check_targets(problem, get_network(model))
    prepare_outputs(request, get_network(model))
    with terminal.working("looking at the columns"):
        records = columns_of(parts.X_train, kind)
    terminal.print(opening(request, problem))
    if parts.description:
        terminal.print(parts.description)
    show_columns(terminal.out, records)
    later = [] if parts.by else remarks_on_dates(records, _time_option)
    remarks = [*remarks_before(request, reading, parts), *filter(None, [choice]), *later]
    for remark in remarks:
        terminal.print_remark(remark)
    options = fit_options(kind, request.resume, parts.by_of_training())
    try:
        fitted = fit(model, parts.X_train, parts.y_train, terminal, options)
    except NonFiniteError as error:
        terminal.print_remark(f"the fit has failed, and no model is saved: {one_line(error)}")
        return FAILED
    except KeyboardInterrupt:
        terminal.print_remark("training interrupted before its end: no model is saved")
        return INTERRUPTED
    # The printed table of columns shows these remarks already, up to its limit of columns.
    printed = () if terminal.out.quiet else records[:MOST_COLUMNS]
    for remark in (*remarks_on_left_out(fitted.model, printed), *fitted.remarks):
        terminal.print_remark(remark)
    return conclude(FinishedFit(request, kind, problem, parts, records, fitted, terminal))


def _time_option(column: str) -> str:
    return f"use --time {shlex.quote(column)}"


def remarks_before(request: TrainingRequest, reading: Reading, parts: TrainTestSplit) -> list[str]:
    """Return remarks on doubtful columns, targets and splits."""
    problem = reading.problem
    return [
        *remarks_on_columns(problem),
        *remarks_on_targets(problem, request.task),
        *parts.remarks,
    ]


def remarks_on_columns(problem: Problem) -> list[str]:
    """Return the remarks of the file's reader, except on dropped columns."""
    names = [*map(str, problem.features.columns), *problem.target_names]
    return understand(problem.features).remarks_on(names)
