"""A sweep: one parameter varied, every value trained and scored, side by side in threads."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TextIO

import numpy as np
from sklearn import config_context, get_config
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import indexable
from sklearn.utils.metaestimators import _safe_split

from lamina.engines.threads import usable_cores
from lamina.errors import NonFiniteError
from lamina.estimators.fitting import DIVERGED
from lamina.estimators.refusals import shown
from lamina.studies.inside import perceptron_inside
from lamina.studies.sweep_result import Outcome, Sweep, SweepRun, score_name
from lamina.studies.variation import Variation
from lamina.training import EpochRecord, watching

# A sweep that takes longer says how far it is, so often.
PATIENCE, INTERVAL = 2.0, 0.5


def sweep(
    estimator: Any,
    X: Any,
    y: Any,
    parameter: str,
    values: Iterable[Any],
    *,
    cv: Any = None,
    scoring: Any = None,
    groups: Any = None,
    n_threads: int | None = None,
    random_state: int = 0,
    progress: bool | None = None,
) -> Sweep:
    """Vary one parameter: train and score a copy of the estimator for every value and fold.

    Fits run side by side in threads of this process, because the native engine lets go of Python's
    lock; nothing is copied or sent to other processes. The scores are those of scikit-learn's
    `cross_validate` for each value, whatever the number of threads.

    Parameters
    ----------
    estimator : estimator
        A perceptron, a pipeline that ends with one, or any other estimator; it is not fitted.
    X : array-like or sparse matrix of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    parameter : str
        A name of `estimator.get_params()`, such as 'alpha', or 'mlp__alpha' in a pipeline. Besides,
        'depth' and 'width' vary the number of hidden layers, all as wide as the first, and the
        width of all hidden layers.
    values : iterable
        What it takes, one after the other.
    cv : int, splitter or iterable, optional
        As in `cross_validate`: five folds by default, stratified for a classifier. The folds are
        the same for every value.
    scoring : str or callable, optional
        As there; by default the estimator's `score`.
    groups : array-like of shape (n_samples,), optional
        For a splitter that keeps groups together.
    n_threads : int, optional
        How many fits run at a time; by default as many as there are cores, which they divide.
    random_state : int, default=0
        The seed of everything in the estimator whose `random_state` is None, the same for all.
    progress : bool, optional
        Whether standard error is told how far it is; by default once two seconds are over.

    Returns
    -------
    Sweep
        It prints as a table; `to_frame()` gives it as a data frame, and
        `lamina.plots.SweepDisplay` draws it. A fit that diverges is recorded there and ends
        nothing. After Ctrl-C it holds the fits that had been finished.

    Raises
    ------
    ValueError
        For a parameter or a value that the estimator does not have, and without any value.
    TypeError
        For an estimator that is a class, and values that are no sequence.

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
            f"estimator={estimator.__name__} is a class and not an object: pass "
            f"{estimator.__name__}()"
        )
    if not isinstance(values, Iterable) or isinstance(values, str):
        raise TypeError(
            f"values={shown(values)} must be a sequence of values for {parameter} to be, such as "
            "a list"
        )
    values = list(values)
    if not values:
        raise ValueError(f"values holds nothing for {parameter} to be: give at least one")
    if n_threads is not None and n_threads < 1:
        raise ValueError(f"n_threads={n_threads!r} must be at least 1, or None for all cores")
    variation = Variation(estimator, parameter, random_state)
    X, y, groups = indexable(X, y, groups)
    folds = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y, groups))
    scorer = check_scoring(estimator, scoring)
    jobs = [(i, fold) for i in range(len(values)) for fold in range(len(folds))]
    work = _Work(variation, X, y, values, folds, scorer)
    began = perf_counter()
    workers = min(n_threads or usable_cores(), len(jobs))
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
    """What all fits of a sweep share."""

    variation: Variation
    X: Any
    y: Any
    values: Sequence[Any]
    folds: list[tuple[Any, Any]]
    scorer: Any
    config: dict[str, Any] = field(default_factory=get_config)
    stop: threading.Event = field(default_factory=threading.Event)
    warned: dict[int, list[warnings.WarningMessage]] = field(default_factory=dict)

    def run(self, index: int, fold: int) -> SweepRun | None:
        """Fit and score one value on one fold; None where it was broken off."""
        if self.stop.is_set():
            return None
        told = self.warned[threading.get_ident()] = []
        # scikit-learn keeps its configuration thread by thread.
        with config_context(**self.config):
            run = self._fit_and_score(index, fold, told)
        return None if self.stop.is_set() else run

    def _fit_and_score(self, index: int, fold: int, told: list[Any]) -> SweepRun:
        value = self.values[index]
        train, test = self.folds[fold]
        model, losses = self.variation.copy(value), list[float]()
        X, y = _safe_split(model, self.X, self.y, train)
        X_test, y_test = _safe_split(model, self.X, self.y, test, train)
        began = perf_counter()
        try:
            with watching(lambda record: self._hear(record, losses)):
                model.fit(X, y)
        except NonFiniteError as error:
            seconds = perf_counter() - began
            curve = np.array(losses)
            return SweepRun(index, value, fold, seconds, curve, Outcome.DIVERGED, str(error))
        except Exception as error:
            error.add_note(f"in the fit with {self.variation.parameter}={value!r}")
            raise
        seconds = perf_counter() - began
        outcome, message = _ending(told)
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

    def _hear(self, record: EpochRecord, losses: list[float]) -> None:
        if record.epoch == 1:
            losses.clear()
        losses.append(record.loss)
        if self.stop.is_set():
            # Only the main thread hears Ctrl-C; this ends the fit as if this one did too.
            raise KeyboardInterrupt


def _ending(told: list[warnings.WarningMessage]) -> tuple[Outcome, str]:
    for each in told:
        if issubclass(each.category, ConvergenceWarning):
            has_diverged = str(each.message).startswith(DIVERGED)
            outcome = Outcome.DIVERGED if has_diverged else Outcome.UNFINISHED
            return outcome, str(each.message)
    return Outcome.FINISHED, ""


def _loss_curve(model: Any, losses: list[float]) -> Any:
    """The network's own curve; of L-BFGS, which keeps none, what was heard of it."""
    try:
        curve = getattr(perceptron_inside(model).model, "loss_curve_", None)
    except (TypeError, NotFittedError):
        curve = None
    return np.array(curve or losses, dtype=np.float64)


def _run(
    work: _Work, jobs: list[tuple[int, int]], workers: int, progress: _Progress
) -> tuple[list[SweepRun], bool]:
    """The fits that were finished, and whether all of them were."""
    with _hearing_warnings(work), ThreadPoolExecutor(workers, "lamina-sweep") as pool:
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
def _hearing_warnings(work: _Work) -> Iterator[None]:
    """Keep every thread's warnings: filters and the way to show them are the whole process's."""
    everyone: list[warnings.WarningMessage] = work.warned.setdefault(0, [])

    def note(
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
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
    """Give each warning once that says more than how a fit ended, which the table tells."""
    for text, category in {(str(each.message), each.category) for each in work.warned[0]}:
        if not text.startswith("Training interrupted"):
            warnings.warn(text, category, stacklevel=4)


class _Progress:
    """A line on standard error that says how far a sweep is."""

    def __init__(self, parameter: str, total: int, wanted: bool | None) -> None:
        self.parameter, self.total = parameter, total
        self.began, self.shown = perf_counter(), False
        self.patience = {True: 0.0, None: PATIENCE, False: float("inf")}[wanted]

    @property
    def file(self) -> TextIO:
        return sys.stderr

    def show(self, done: int) -> None:
        """Say how many fits are done, where it has been long enough."""
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
