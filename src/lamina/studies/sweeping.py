"""Sweep one parameter: fit and score an estimator for each value, in threads or by joblib."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, TextIO

from joblib import delayed, effective_n_jobs
from sklearn import get_config
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from lamina.encoding.frames import ArrayOrTable
from lamina.engines.threads import usable_cores
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import AnyArray
from lamina.studies.device import on_device, uses_gpu
from lamina.studies.sweep_fit import Scorer, Split, SweepFit, SweepResult
from lamina.studies.sweep_result import Sweep, score_name
from lamina.studies.variation import ParameterValue, Variation
from lamina.training.parallel_jobs import FitJobs, Job, shares_memory

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import BaseCrossValidator

# Seconds before a sweep shows its progress, and between updates.
PATIENCE, INTERVAL = 2.0, 0.5


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
    copied or sent to other processes. Inside `with joblib.parallel_config("dask")`, or another
    backend, they run there. The scores equal those of scikit-learn's `cross_validate` for each
    value, for any number of threads and any backend.

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
        Number of concurrent fits; by default the number of cores, of the cluster if joblib runs the
        fits on one, and 1 on a GPU. The fits share the cores.
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
        cores = usable_cores() if shares_memory() else effective_n_jobs(-1)
        workers = 1 if uses_gpu(estimator) else cores
    variation = Variation(estimator, parameter, random_state)
    X, y, groups = indexable(X, y, groups)
    folds = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y, groups))
    scorer = check_scoring(estimator, scoring)
    jobs = _Jobs(variation, X, y, values, folds, scorer)
    began, line = perf_counter(), _Progress(parameter, len(jobs), progress)
    run = _run_in_threads if shares_memory() else _run_by_joblib
    results = run(jobs, min(workers, len(jobs)), line)
    line.end()
    _pass_on(results)
    runs = [result.run for result in results]
    return Sweep(
        parameter=parameter,
        values=tuple(values),
        runs=tuple(sorted(runs, key=lambda run: (run.index, run.fold))),
        n_folds=len(folds),
        score_name=score_name(estimator, scoring),
        seconds=perf_counter() - began,
        is_whole=len(runs) == len(jobs),
    )


@dataclass(frozen=True)
class _Jobs:
    """Fits of a sweep, and the data that they share."""

    variation: Variation
    X: ArrayOrTable
    y: ArrayOrTable
    values: Sequence[ParameterValue]
    folds: list[Split]
    scorer: Scorer
    config: dict[str, object] = field(default_factory=get_config)

    def __len__(self) -> int:
        return len(self.values) * len(self.folds)

    @property
    def data(self) -> list[ArrayOrTable]:
        """X, y, and the indices of all folds."""
        return [self.X, self.y, *(part for fold in self.folds for part in fold)]

    def of_joblib(self, X: ArrayOrTable, y: ArrayOrTable, *indices: AnyArray) -> Iterator[Job]:
        """Iterate over the fits as jobs of joblib, with the data as they receive it."""
        folds = list(zip(indices[::2], indices[1::2], strict=True))
        for fit, *data in replace(self, X=X, y=y, folds=folds):
            yield delayed(fit.run)(*data)

    def __iter__(self) -> Iterator[tuple[SweepFit, ArrayOrTable, ArrayOrTable, AnyArray, AnyArray]]:
        """Iterate over the fits and the arguments of their `run`."""
        for index, value in enumerate(self.values):
            for fold, (train, test) in enumerate(self.folds):
                fit = SweepFit(self.variation, index, value, fold, self.scorer, self.config)
                yield fit, self.X, self.y, train, test


def _run_in_threads(jobs: _Jobs, workers: int, progress: _Progress) -> list[SweepResult]:
    """Return the results of the finished fits: of all of them, unless Ctrl-C ended the sweep."""
    stop = threading.Event()
    with ThreadPoolExecutor(workers, "lamina-sweep") as pool:
        futures = [pool.submit(fit.run, X, y, train, test, stop) for fit, X, y, train, test in jobs]
        try:
            _wait_for(futures, progress)
        except KeyboardInterrupt:
            pass
        finally:
            if not all(future.done() for future in futures):
                stop.set()
            for future in futures:
                future.cancel()
    ended = [future for future in futures if not future.cancelled()]
    for future in ended:
        if (error := future.exception()) is not None:
            raise error
    return [result for future in ended if (result := future.result()) is not None]


def _wait_for(futures: list[Future[SweepResult | None]], progress: _Progress) -> None:
    left = set(futures)
    while left:
        done, left = wait(left, timeout=INTERVAL, return_when="FIRST_COMPLETED")
        if any(future.exception() is not None for future in done):
            return
        progress.show(len(futures) - len(left))


def _run_by_joblib(jobs: _Jobs, workers: int, progress: _Progress) -> list[SweepResult]:
    """Return the results of the finished fits, run in processes or on a cluster."""
    runner = FitJobs(workers, lambda _: progress.show(len(runner.results)))
    with suppress(KeyboardInterrupt):
        runner.run(jobs.of_joblib, *jobs.data)
    return list(runner.results.values())


def _pass_on(results: list[SweepResult]) -> None:
    """Emit each warning once, except those on convergence, which the table shows."""
    for text, category in {each for result in results for each in result.warnings}:
        if not text.startswith("Training interrupted"):
            warnings.warn(text, category, stacklevel=3)


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
