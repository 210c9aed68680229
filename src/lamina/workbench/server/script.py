"""Python code that repeats a run and prints the same final loss."""

from __future__ import annotations

import pprint
import textwrap
from collections import defaultdict
from collections.abc import Iterator

from lamina.errors import ExperimentError
from lamina.estimators.settings.formula_choices import objects_in
from lamina.workbench.data.drawn import DrawnData
from lamina.workbench.data.inputs import INPUTS
from lamina.workbench.data.makers import MAKERS
from lamina.workbench.data.sources import GivenData, KnownData, MadeData, UploadedData
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.experiment import Experiment
from lamina.workbench.runs.prepared_data import PreparedData
from lamina.workbench.runs.run import FAILED, Run

WIDTH = 100
CALLBACK = '''
class AsInTheWorkbench:
    """Repeats the changes made by hand after each epoch, and stops at the run's last epoch."""

    rates = {rates}
    weights = {weights}

    def on_fit_begin(self, fit):
        self.change(fit)

    def on_epoch_end(self, fit):
        self.change(fit)
        if fit.epoch == {epoch}:
            fit.stop()

    def change(self, fit):
        if fit.epoch in self.rates:
            fit.learning_rate = self.rates[fit.epoch]
        for place, value in self.weights.get(fit.epoch, ()):
            parameters = fit.parameters.copy()
            parameters[place] = value
            fit.parameters = parameters
'''


def build_script(run: Run, snapshot: Snapshot) -> str:
    """Return the code of a run up to a snapshot's epoch.

    Raises
    ------
    ExperimentError
        Before the first epoch, for a run that failed, and for data that code cannot load.
    """
    epoch = snapshot.epoch
    if run.status == FAILED:
        raise ExperimentError(f"this run failed and has no network: {run.message}", None)
    if not epoch:
        raise ExperimentError("train for at least one epoch first", None)
    return "\n".join(_lines(run, epoch)) + "\n"


def _lines(run: Run, epoch: int) -> Iterator[str]:
    prepared, experiment = run.prepared, run.prepared.experiment
    estimator = type(run.model).__name__
    of_data = [*_data(run)]
    yield f'"""{_sentence(prepared.dataset.name)}, as lamina\'s workbench learned it."""'
    yield ""
    yield from _imports(run, of_data)
    is_guided = _is_guided(run, epoch)
    if is_guided:
        rates, weights = (
            dict(run.controller.changes),
            defaultdict[int, list[tuple[int, float]]](list),
        )
        for edit in run.controller.edits:
            weights[edit.epoch].append((edit.place, edit.after))
        yield CALLBACK.format(rates=rates, weights=dict(weights), epoch=epoch)
    yield ""
    yield from (line for line in of_data if not line.startswith(("import ", "from ")))
    yield from _split(prepared)
    yield from _encoding(run)
    yield from _inputs(experiment)
    yield from _scaling(prepared)
    yield f"model = {estimator}("
    yield from (f"    {name}={value!r}," for name, value in _parameters(run, epoch))
    if is_guided:
        yield "    callbacks=AsInTheWorkbench(),"
    yield ")"
    held_out = ", validation_data=(X_test, y_test)" if run.is_minibatch else ""
    yield f"model.fit(X_train, y_train{held_out})"
    yield ""
    yield 'print(f"loss after {model.n_iter_} epochs: {model.loss_!r}")'
    yield 'print(f"test score: {model.score(X_test, y_test)!r}")'


def _is_guided(run: Run, epoch: int) -> bool:
    """Return True if a callback must set rates, change weights or stop the fit early."""
    manual_edits = bool(run.controller.changes or run.controller.edits)
    is_before_its_end = run.ending is None or epoch < run.controller.latest.epoch
    return run.is_minibatch and (is_before_its_end or manual_edits)


def _sentence(name: str) -> str:
    plain = name.replace("\\", " ").replace('"', " ").strip()
    return plain[:1].upper() + plain[1:]


def _imports(run: Run, of_data: list[str]) -> Iterator[str]:
    experiment = run.prepared.experiment
    needed = {line for line in of_data if line.startswith(("import ", "from "))}
    if not isinstance(experiment.data, DrawnData):
        needed.add("from sklearn.model_selection import train_test_split")
    needed.add(f"from lamina import {type(run.model).__name__}")
    for name, value in run.prepared.model.get_params(deep=False).items():
        for _, choice in objects_in(name, value):
            needed.add(f"from {type(choice).__module__} import {type(choice).__name__}")
    if run.prepared.encoding is not None:
        needed.add("from lamina.encoding import TableEncoding")
    if run.prepared.scaler is not None or run.prepared.target_scaler is not None:
        needed.add("from sklearn.preprocessing import StandardScaler")
    if experiment.inputs is not None or run.prepared.target_scaler is not None:
        needed.add("import numpy as np")
    yield from sorted(needed, key=lambda line: (not line.startswith("import "), line))


def _data(run: Run) -> Iterator[str]:
    """Yield the lines that define X and y, including their imports."""
    source = run.prepared.experiment.data
    if isinstance(source, MadeData):
        maker = MAKERS[source.name]
        arguments = ", ".join(f"{k}={v!r}" for k, v in maker.arguments(source.settings).items())
        yield f"from {maker.module} import {maker.function}"
        yield f"X, y = {maker.function}({arguments})"
    elif isinstance(source, KnownData):
        yield "from lamina.datasets import load"
        yield f"data = load({source.name!r})"
        yield "X, y = data.X, data.y"
    elif isinstance(source, DrawnData):
        yield "import numpy as np"
        points = pprint.pformat([list(point) for point in source.points], width=WIDTH, compact=True)
        yield f"points = np.array(\n{textwrap.indent(points, '    ')}\n)"
        yield f"X = np.ascontiguousarray(points[:, :{run.prepared.dataset.X.shape[1]}])"
        if run.prepared.class_names:
            yield "y = np.unique(points[:, 2].astype(np.int64), return_inverse=True)[1]"
        else:
            yield "y = points[:, -1].copy()"
    elif isinstance(source, UploadedData):
        table = run.prepared.dataset
        yield "from pathlib import Path"
        yield "from lamina.tables.problem import define_problem"
        yield "from lamina.tables.reading import read_table"
        yield f"table = read_table(Path({table.name!r}))"
        yield f"columns = {[*run.prepared.columns, source.target]!r}"
        yield f"problem = define_problem(table[columns], {source.target!r}, {table.task!r})"
        yield "X, y = problem.features, problem.target"
    elif isinstance(source, GivenData):
        raise ExperimentError(
            "no script can load this data, because it was passed from Python as X and y", None
        )


def _split(prepared: PreparedData) -> Iterator[str]:
    experiment = prepared.experiment
    if isinstance(experiment.data, DrawnData):
        yield f"test = {experiment.data.held_out(experiment.test_fraction).tolist()!r}"
        yield "X_train, X_test = np.delete(X, test, axis=0), X[test]"
        yield "y_train, y_test = np.delete(y, test), y[test]"
        return
    yield "X_train, X_test, y_train, y_test = train_test_split("
    yield "    X,"
    yield "    y,"
    yield f"    test_size={experiment.test_fraction!r},"
    yield f"    random_state={experiment.split_seed!r},"
    if prepared.class_names:
        yield "    stratify=y,"
    yield ")"


def _encoding(run: Run) -> Iterator[str]:
    if run.prepared.encoding is not None:
        yield "encoding = TableEncoding(sparse_output=False).fit(X_train)"
        yield "X_train, X_test = encoding.transform(X_train), encoding.transform(X_test)"
    elif run.prepared.columns:
        yield "X_train, X_test = X_train.to_numpy(float), X_test.to_numpy(float)"


def _inputs(experiment: Experiment) -> Iterator[str]:
    if experiment.inputs is None:
        return
    codes = ", ".join(INPUTS[name].code for name in experiment.inputs)
    yield ""
    yield "def inputs(X):"
    yield "    x, y = X.T"
    yield f"    return np.column_stack([{codes}])"
    yield ""
    yield "X_train, X_test = inputs(X_train), inputs(X_test)"


def _scaling(prepared: PreparedData) -> Iterator[str]:
    if prepared.scaler is not None:
        yield "scaler = StandardScaler().fit(X_train)"
        yield "X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)"
    if prepared.target_scaler is not None:
        yield "target_scaler = StandardScaler().fit(y_train[:, np.newaxis])"
        yield "y_train = target_scaler.transform(y_train[:, np.newaxis])[:, 0]"
        yield "y_test = target_scaler.transform(y_test[:, np.newaxis])[:, 0]"


def _parameters(run: Run, epoch: int) -> Iterator[tuple[str, object]]:
    """Yield the parameters that differ from the estimator's defaults, in the signature's order."""
    default = type(run.model)()
    for name, value in run.prepared.model.get_params(deep=False).items():
        if name == "max_iter" and not run.is_minibatch:
            value = epoch
        if name != "callbacks" and value != getattr(default, name):
            yield name, value
