"""Sweep one parameter: fit and score an estimator for each value, in parallel threads."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, TextIO, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context, get_config
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import indexable
from sklearn.utils.metaestimators import _safe_split

from lamina.encoding.frames import ArrayOrTable
from lamina.engines.threads import usable_cores
from lamina.errors import NonFiniteError
from lamina.estimators.fitting.running import DIVERGED
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import AnyArray
from lamina.studies.device import on_device, uses_gpu
from lamina.studies.inside import perceptron_inside
from lamina.studies.sweep_result import Outcome, Sweep, SweepRun, score_name
from lamina.studies.variation import ParameterValue, Variation
from lamina.training import EpochRecord, observe_fits

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import BaseCrossValidator

# Seconds before a sweep shows its progress, and between updates.
PATIENCE, INTERVAL = 2.0, 0.5


# Indices of the samples to train on and to test on.
Split: TypeAlias = tuple[AnyArray, AnyArray]
# `scorer(model, X, y)` returns a score.
Scorer: TypeAlias = Callable[..., float]


def sweep(
    estimator: BaseEstimator,
    X: ArrayOrTable,
    y: ArrayOrTable,
    parameter: str,
    values: Iterable[ParameterValue],
    *,
    cv: int | BaseCrossValidator | Iterable[Split] | None = None,
    scoring: str | Scorer | None = None,
    groups: ArrayOrTable = None,
    n_threads: int | None = None,
    device: str | None = None,
    random_state: int = 0,
    progress: bool | None = None,
) -> Sweep:
    """Vary one parameter: fit and score a copy of the estimator for every value and fold.

    Fits run in parallel threads of this process, as the native engine releases the GIL; no data is
    copied or sent to other processes. The scores equal those of scikit-learn's `cross_validate` for
    each value, for any number of threads.

    Parameters
    ----------
    estimator : estimator
        A perceptron, a pipeline that ends with one, or any other estimator; it is not fitted
        itself.
    X : array-like or sparse matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    parameter : str
        A name in `estimator.get_params()`, such as 'alpha', or 'mlp__alpha' in a pipeline. In
        addition, 'depth' varies the number of hidden layers, all as wide as the first, and 'width'
        the width of all hidden layers.
    values : iterable
        Values of the parameter.
    cv : int, splitter or iterable, optional
        As in `cross_validate`: five folds by default, stratified for a classifier. All values use
        the same folds.
    scoring : str or callable, optional
        As in `cross_validate`; by default the estimator's `score`.
    groups : array-like of shape (n_samples,), optional
        Groups for a splitter that keeps groups together.
    n_threads : int, optional
        Number of concurrent fits; by default the number of cores, and 1 on a GPU. The fits share
        the cores.
    device : str, optional
        Device of every fit, which replaces the estimator's own: 'cpu', 'cuda', 'mps' or 'auto'.
    random_state : int, default=0
        Seed for every `random_state` in the estimator that is None, the same for all fits.
    progress : bool, optional
        If True, show the progress on standard error; by default after two seconds.

    Returns
    -------
    Sweep
        Prints as a table; `to_frame()` returns a data frame, and `lamina.plots.SweepDisplay` draws
        it. A fit that diverges is recorded and does not end the sweep. After Ctrl-C the result
        holds the finished fits.

    Raises
    ------
    ValueError
        For a parameter, a value or a device that the estimator does not accept, and for no values.
    TypeError
        If the estimator is a class, or `values` is not a sequence.

    Examples
    --------
    >>> import lamina
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier((10,), solver="lbfgs", max_iter=500)
    >>> found = lamina.sweep(model, X, y, "alpha", [0.1, 10.0, 1000.0], cv=3)
    >>> found.best_value, found.to_dict()["test_score"][-1] < 0.5
    (0.1, True)
    """
    if isinstance(estimator, type):
        raise TypeError(
            f"estimator={estimator.__name__} is a class, not an object: pass {estimator.__name__}()"
        )
    if not isinstance(values, Iterable) or isinstance(values, str):
        raise TypeError(
            f"values={shown(values)} must be a sequence of values of {parameter}, such as a list"
        )
    values = list(values)
    if not values:
        raise ValueError(f"values is empty: give at least one value of {parameter}")
    if n_threads is not None and n_threads < 1:
        raise ValueError(f"n_threads={n_threads!r} must be at least 1, or None for all cores")
    estimator, workers = on_device(estimator, device), n_threads
    if workers is None:
        workers = 1 if uses_gpu(estimator) else usable_cores()
    variation = Variation(estimator, parameter, random_state)
    X, y, groups = indexable(X, y, groups)
    folds = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y, groups))
    scorer = check_scoring(estimator, scoring)
    jobs = [(i, fold) for i in range(len(values)) for fold in range(len(folds))]
    work = _Work(variation, X, y, values, folds, scorer)
    began = perf_counter()
    workers = min(workers, len(jobs))
    runs, is_whole = _run(work, jobs, workers, _Progress(parameter, len(jobs), progress))
    return Sweep(
        parameter=parameter,
        values=tuple(values),
        runs=tuple(sorted(runs, key=lambda run: (run.index, run.fold))),
        n_folds=len(folds),
        score_name=score_name(estimator, scoring),
        seconds=perf_counter() - began,
        is_whole=is_whole,
    )


@dataclass
class _Work:
    """The data that all fits of a sweep share."""

    variation: Variation
    X: ArrayOrTable
    y: ArrayOrTable
    values: Sequence[ParameterValue]
    folds: list[Split]
    scorer: Scorer
    config: dict[str, object] = field(default_factory=get_config)
    stop: threading.Event = field(default_factory=threading.Event)
    warned: dict[int, list[warnings.WarningMessage]] = field(default_factory=dict)

    def run(self, index: int, fold: int) -> SweepRun | None:
        """Fit and score one value on one fold; return None if the sweep was interrupted."""
        if self.stop.is_set():
            return None
        caught = self.warned[threading.get_ident()] = []
        # scikit-learn's configuration is local to each thread.
        with config_context(**self.config):
            run = self._fit_and_score(index, fold, caught)
        return None if self.stop.is_set() else run

    def _fit_and_score(
        self, index: int, fold: int, caught: list[warnings.WarningMessage]
    ) -> SweepRun:
        value = self.values[index]
        train, test = self.folds[fold]
        model, losses = self.variation.copy(value), list[float]()
        X, y = _safe_split(model, self.X, self.y, train)
        X_test, y_test = _safe_split(model, self.X, self.y, test, train)
        began = perf_counter()
        try:
            with observe_fits(lambda record: self._record(record, losses)):
                model.fit(X, y)
        except NonFiniteError as error:
            seconds = perf_counter() - began
            curve = np.array(losses)
            return SweepRun(index, value, fold, seconds, curve, Outcome.DIVERGED, str(error))
        except Exception as error:
            error.add_note(f"in the fit with {self.variation.parameter}={value!r}")
            raise
        seconds = perf_counter() - began
        outcome, message = _ending(caught)
        return SweepRun(
            index,
            value,
            fold,
            seconds,
            _loss_curve(model, losses),
            outcome,
            message,
            train_score=float(self.scorer(model, X, y)),
            test_score=float(self.scorer(model, X_test, y_test)),
        )

    def _record(self, record: EpochRecord, losses: list[float]) -> None:
        if record.epoch == 1:
            losses.clear()
        losses.append(record.loss)
        if self.stop.is_set():
            # Only the main thread receives Ctrl-C; raising it here ends this thread's fit as well.
            raise KeyboardInterrupt


def _ending(caught: list[warnings.WarningMessage]) -> tuple[Outcome, str]:
    for each in caught:
        if issubclass(each.category, ConvergenceWarning):
            has_diverged = str(each.message).startswith(DIVERGED)
            outcome = Outcome.DIVERGED if has_diverged else Outcome.UNFINISHED
            return outcome, str(each.message)
    return Outcome.FINISHED, ""


def _loss_curve(model: BaseEstimator, losses: list[float]) -> NDArray[np.float64]:
    """Return the network's loss curve, or the recorded losses for SciPy, which keeps none."""
    try:
        curve = getattr(perceptron_inside(model).model, "loss_curve_", None)
    except (TypeError, NotFittedError):
        curve = None
    return np.array(curve or losses, dtype=np.float64)


def _run(
    work: _Work, jobs: list[tuple[int, int]], workers: int, progress: _Progress
) -> tuple[list[SweepRun], bool]:
    """Return the finished fits, and True if all of them finished."""
    with _recording_warnings(work), ThreadPoolExecutor(workers, "lamina-sweep") as pool:
        futures = [pool.submit(work.run, *job) for job in jobs]
        try:
            _wait_for(futures, progress)
        except KeyboardInterrupt:
            pass
        finally:
            if not all(future.done() for future in futures):
                work.stop.set()
            for future in futures:
                future.cancel()
    progress.end()
    ended = [future for future in futures if not future.cancelled()]
    for future in ended:
        if (error := future.exception()) is not None:
            raise error
    runs = [run for future in ended if (run := future.result()) is not None]
    _pass_on(work)
    return runs, len(runs) == len(jobs)


def _wait_for(futures: list[Future[SweepRun | None]], progress: _Progress) -> None:
    left = set(futures)
    while left:
        done, left = wait(left, timeout=INTERVAL, return_when="FIRST_COMPLETED")
        if any(future.exception() is not None for future in done):
            return
        progress.show(len(futures) - len(left))


@contextmanager
def _recording_warnings(work: _Work) -> Iterator[None]:
    """Record the warnings of all threads, as filters and display are global to the process."""
    everyone: list[warnings.WarningMessage] = work.warned.setdefault(0, [])

    def note(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        warning = warnings.WarningMessage(message, category, filename, lineno)
        work.warned.get(threading.get_ident(), everyone).append(warning)
        if not issubclass(category, ConvergenceWarning):
            everyone.append(warning)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        yield


def _pass_on(work: _Work) -> None:
    """Emit each warning once, except those on convergence, which the table shows."""
    for text, category in {(str(each.message), each.category) for each in work.warned[0]}:
        if not text.startswith("Training interrupted"):
            warnings.warn(text, category, stacklevel=4)


class _Progress:
    """A line on standard error that shows the progress of a sweep."""

    def __init__(self, parameter: str, total: int, is_shown: bool | None) -> None:
        self.parameter, self.total = parameter, total
        self.began, self.shown = perf_counter(), False
        self.patience = {True: 0.0, None: PATIENCE, False: float("inf")}[is_shown]

    @property
    def file(self) -> TextIO:
        return sys.stderr

    def show(self, done: int) -> None:
        """Print the number of finished fits, unless it is too soon."""
        seconds = perf_counter() - self.began
        if seconds < self.patience:
            return
        line = f"sweep of {self.parameter}: {done} of {self.total} fits, {seconds:.0f} s"
        self.file.write(f"\r{line}")
        self.file.flush()
        self.shown = True

    def end(self) -> None:
        """End the line."""
        if self.shown:
            self.file.write("\n")
            self.file.flush()
