"""One fit of a sweep: a value of the parameter on one fold, in a thread or another process."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.metaestimators import _safe_split

from lamina.encoding.frames import ArrayOrTable
from lamina.errors import NonFiniteError
from lamina.estimators.fitting.running import DIVERGED
from lamina.formulas.table import AnyArray
from lamina.studies.inside import perceptron_inside
from lamina.studies.sweep_result import Outcome, SweepRun
from lamina.studies.thread_warnings import recorded_warnings
from lamina.studies.variation import ParameterValue, Variation
from lamina.training import EpochRecord, observe_fits

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Indices of the samples to train on and to test on.
Split: TypeAlias = tuple[AnyArray, AnyArray]
# `scorer(model, X, y)` returns a score.
Scorer: TypeAlias = Callable[..., float]


class SweepResult(NamedTuple):
    """Finished fit, with its warnings.

    Attributes
    ----------
    run : SweepRun
    warnings : list of (str, type)
        Text and category of each warning, without those on convergence.
    """

    run: SweepRun
    warnings: list[tuple[str, type[Warning]]]


@dataclass(frozen=True)
class SweepFit:
    """Fit of a sweep, without the data.

    Attributes
    ----------
    variation : Variation
    index : int
        Position of the value.
    value : object
    fold : int
    scorer : callable
    config : dict
        scikit-learn's configuration, which is local to each thread.
    """

    variation: Variation
    index: int
    value: ParameterValue
    fold: int
    scorer: Scorer
    config: dict[str, object]

    def run(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable,
        train: AnyArray,
        test: AnyArray,
        stop: Event | None = None,
    ) -> SweepResult | None:
        """Fit and score; return None if `stop` was set before the end."""
        if stop is not None and stop.is_set():
            return None
        with config_context(**self.config), recorded_warnings() as caught:
            run = self._fit_and_score(X, y, (train, test), caught, stop)
        others = [
            (str(each.message), each.category)
            for each in caught
            if not issubclass(each.category, ConvergenceWarning)
        ]
        return None if stop is not None and stop.is_set() else SweepResult(run, others)

    def _fit_and_score(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable,
        split: Split,
        caught: list[warnings.WarningMessage],
        stop: Event | None,
    ) -> SweepRun:
        index, value, fold = self.index, self.value, self.fold
        model, losses = self.variation.copy(value), list[float]()
        X_train, y_train = _safe_split(model, X, y, split[0])
        X_test, y_test = _safe_split(model, X, y, split[1], split[0])
        began = perf_counter()
        try:
            with observe_fits(lambda record: _record(record, losses, stop)):
                model.fit(X_train, y_train)
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
            train_score=float(self.scorer(model, X_train, y_train)),
            test_score=float(self.scorer(model, X_test, y_test)),
        )


def _record(record: EpochRecord, losses: list[float], stop: Event | None) -> None:
    if record.epoch == 1:
        losses.clear()
    losses.append(record.loss)
    if stop is not None and stop.is_set():
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
