"""The end of `lamina train`: save the model, measure it, report, and refit on all rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from sklearn.base import is_classifier

from lamina import persistence
from lamina.choices import name_of
from lamina.cli.ensemble import describe_validation, figures_out_of_fold, gain_over_constant
from lamina.cli.finished_fit import FinishedFit
from lamina.cli.fitting import build, describe_length, fit, fit_options
from lamina.cli.json_report import print_report
from lamina.cli.keeping import save_model, take_notes
from lamina.cli.messages import one_line
from lamina.cli.metrics import by_target, fit_constants, measure, measure_constants
from lamina.cli.recipe import get_network
from lamina.cli.report import count, show_figures
from lamina.cli.trained_rows import note_rows
from lamina.cli.verdicts import ensemble_verdicts, failure, verdicts
from lamina.files.model_file import Json
from lamina.tabular.base import TabularEstimator

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

OUT_OF_FOLD = "out of fold: training rows, each predicted by networks that were not fitted on it"
INTERRUPTED = 130
FAILED = 1


class Measured(NamedTuple):
    """The metrics of a model and of the best constant on the same rows."""

    model: dict[str, Json]
    constant: dict[str, Json]


def conclude(run: FinishedFit) -> int:
    """Save the model, measure it, draw its loss curve and refit it; return the exit code.

    A model that is far worse than a constant on its own training rows is not saved. No later error,
    including Ctrl-C, loses the model.
    """
    training = run.attempt_shown("measuring the training rows", lambda: measured(run, "train"))
    failed = describe_failure(run, training)
    if failed is not None and not run.request.save_anyway:
        run.verdicts = [failed]
        run.terminal.print_remark(f"{failed}. The model is not saved; --save-anyway saves it")
        print_report(run, {}, None)
        return FAILED
    notes = take_notes(run.request, run.kind, run.problem, run.fit, len(run.parts.y_train))
    try:
        path, trouble = save_model(
            run.fit.model, run.request.model_file, notes, run.request.overwrite
        )
    except (TypeError, ValueError) as error:
        run.terminal.print_remark(f"the model cannot be saved: {one_line(error)}")
        print_report(run, notes, None)
        return FAILED
    if trouble is not None:
        run.troubles.append(trouble)
    if training is not None:
        run.attempt_shown("measuring the held-out rows", lambda: report(run, training, notes, path))
    if run.request.refit:
        run.attempt("fitting again on all rows", lambda: refit(run, notes, path))
    run.terminal.print(f"model: {path}")
    plot = run.request.plot
    if plot is not None:
        run.attempt_shown(f"drawing {plot}", lambda: draw(run, plot))
    if failed is not None:
        run.terminal.print_remark(failed)
    if run.troubles:
        run.terminal.print_remark(f"the model is saved in {path}, but {'; '.join(run.troubles)}")
    print_report(run, notes, path)
    code = FAILED if run.troubles or failed is not None else 0
    return INTERRUPTED if run.ended or run.fit.interrupted else code


def measured(run: FinishedFit, part: Literal["train", "test"]) -> Measured:
    """Return the metrics on a part of the split; out of fold for an ensemble's training rows."""
    parts, model, names = run.parts, run.fit.model, run.problem.target_names
    constants = fit_constants(model, parts.y_train)
    if part == "test":
        found, y = measure(model, parts.X_test, parts.y_test, names), parts.y_test
    elif isinstance(model, TabularEstimator):
        # The networks were fitted on these rows: in-sample metrics would be too optimistic.
        found, rows = figures_out_of_fold(model, parts.y_train)
        y = parts.y_train[rows]
    else:
        found, y = measure(model, parts.X_train, parts.y_train, names), parts.y_train
    return Measured(found, measure_constants(model, constants, y, names))


def describe_failure(run: FinishedFit, training: Measured | None) -> str | None:
    """Return the reason why the fit failed; None if it did not, or if it cannot be decided."""
    if training is None or run.fit.interrupted:
        return None
    if not predicts_frequencies(get_network(run.fit.model)):
        return None
    names = run.problem.target_names
    pairs = zip(by_target(training.model, names), by_target(training.constant, names), strict=True)
    return next(filter(None, (failure(each, best) for (_, each), (_, best) in pairs)), None)


def predicts_frequencies(network: BaseEstimator) -> bool:
    """Return True unless class weights or another loss distort a classifier's probabilities."""
    if not is_classifier(network) or isinstance(network, TabularEstimator):
        return True
    return network.class_weight is None and name_of(network.loss) == type(network)().loss


def report(run: FinishedFit, training: Measured, notes: dict[str, Json], path: Path) -> None:
    """Measure the held-out rows, print all metrics, and add them to the model's notes."""
    held_out, names, model = measured(run, "test"), run.problem.target_names, run.fit.model
    is_ensemble = isinstance(model, TabularEstimator)
    score = f"; {describe_validation(model)}" if is_ensemble else ""
    run.terminal.print(f"trained {describe_length(model)} in {run.fit.seconds:.1f} s{score}")
    heading, key = ("out of fold", "out_of_fold") if is_ensemble else ("training", "on_training")
    columns = {"held out": held_out.model, heading: training.model}
    show_figures(run.terminal.out, columns, held_out.constant, names)
    if is_ensemble:
        run.terminal.print(OUT_OF_FOLD)
    run.verdicts = list(list_remarks(run, training, held_out))
    for remark in run.verdicts:
        run.terminal.print_remark(remark)
    notes |= {
        "held_out": held_out.model,
        key: training.model,
        "constants": fit_constants(model, run.parts.y_train),
        "constant_held_out": held_out.constant,
        "trained_rows": note_rows(model, run.parts.X_train, run.parts.y_train),
    }
    persistence.save(model, path, overwrite=True, notes=notes)


def list_remarks(run: FinishedFit, training: Measured, held_out: Measured) -> Iterator[str]:
    """Yield sentences about the quality of the model for each target."""
    if not predicts_frequencies(get_network(run.fit.model)):
        return
    names = run.problem.target_names
    figures = [dict(by_target(each, names)) for each in (*held_out, *training)]
    for name in names:
        reached, best, learned, best_there = (each[name] for each in figures)
        beginning = f"{name}: " if len(names) > 1 else ""
        constant = {"held_out": best, "training": best_there}
        yield from (beginning + remark for remark in _verdicts(run, reached, learned, constant))


def _verdicts(
    run: FinishedFit,
    held_out: dict[str, Json],
    training: dict[str, Json],
    constant: dict[str, Json],
) -> Iterator[str]:
    model = run.fit.model
    if not isinstance(model, TabularEstimator):
        return verdicts(held_out, training, constant)
    gain, by = gain_over_constant(model, run.parts.y_train), next(iter(run.parts.by), None)
    found = list(ensemble_verdicts(held_out, training, constant, gain=gain, by=by))
    return iter(found or filter(None, [run.fit.doubt]))


def refit(run: FinishedFit, notes: dict[str, Json], path: Path) -> None:
    """Fit the model again on all rows, and replace the saved one."""
    X, y, kind = run.problem.features, run.problem.target, run.kind
    model = build(kind, run.problem.task, run.request, y)
    again = fit(model, X, y, run.terminal, fit_options(kind, None, run.parts.by))
    if again.interrupted:
        raise KeyboardInterrupt
    notes |= {
        "refit": {"rows": len(y), "seconds": round(again.seconds, 3)},
        "constants": fit_constants(model, y),
        "trained_rows": note_rows(model, X, y),
    }
    persistence.save(model, path, overwrite=True, notes=notes)
    run.terminal.print(
        f"fitted again on all {count(len(y), 'row')}, held-out ones included, in "
        f"{again.seconds:.1f} s; the figures are those of the first fit, on "
        f"{count(len(run.parts.y_train), 'row')}"
    )


def draw(run: FinishedFit, path: Path) -> None:
    """Write a picture of the loss curve."""
    from matplotlib.figure import Figure

    from lamina.plots import LossCurveDisplay

    # A Figure without pyplot never opens a window and needs no display.
    figure = Figure(figsize=(6.4, 4.8), dpi=150, layout="constrained")
    LossCurveDisplay.from_estimator(run.fit.model, ax=figure.add_subplot())
    figure.savefig(path)
    run.terminal.print(f"loss curve: {path}")
