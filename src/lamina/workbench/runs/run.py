"""Run: the fit of an experiment in its own thread, which other threads start, hold and inspect."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from threading import Thread

from sklearn.base import clone

from lamina.errors import ExperimentError
from lamina.estimators.fitting.fitted_network import network_attributes
from lamina.estimators.fitting.inputs import Assignment
from lamina.estimators.fitting.preparing import prepare_fit
from lamina.estimators.fitting.state import get_standardised_parameters
from lamina.estimators.inspection.member_networks import first_of
from lamina.estimators.perceptron import Perceptron
from lamina.estimators.settings.fit_settings import resolve_settings
from lamina.formulas import is_minibatch
from lamina.formulas.table import AnyArray
from lamina.network import Network
from lamina.training import observe_fits
from lamina.training.under_way import FitUnderWay
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.first_losses import before_first_step
from lamina.workbench.runs.manual_edits import ManualEdits
from lamina.workbench.runs.prepared_data import PreparedData
from lamina.workbench.runs.training_controller import Abandoned, TrainingController

_numbers = itertools.count(1)
PLAYING, PAUSED, ENDED, FAILED = "playing", "paused", "ended", "failed"
SECONDS_TO_CATCH_UP = 0.4
BY_EPOCHS_END = "the last epoch that max_iter allows"


class Run:
    """Fit of a problem, starting from its seed.

    Parameters
    ----------
    prepared : PreparedData
    notify : callable
        Called in the training thread when requested news is available.
    again : ManualEdits, optional
        Changes made by hand to the run that this one repeats.

    Attributes
    ----------
    id : int
    spec : NetworkSpec
    objective : Objective
    rows : Rows
        Network, objective and training data as the engine receives them.
    controller : TrainingController
        Controller of the fit, with its history.
    model : estimator
        Fitted once the run has ended.
    ending : str or None
        Reason why it ended.
    message : str or None
        Reason why it failed.
    is_playing : bool
        True if its epochs run, or ran until it ended.
    """

    def __init__(
        self, prepared: PreparedData, notify: Callable[[], None], again: ManualEdits | None = None
    ) -> None:
        self.id, self.prepared, self.notify = next(_numbers), prepared, notify
        self.model = clone(prepared.model)
        first = self._first_look()
        self.settings, self.spec, self.task = first.settings, first.spec, first.task
        self.objective, self.rows = first.objective, first.rows
        self.controller = TrainingController(
            first.start, notify, self._n_batches(), before_first_step(first)
        )
        if again is not None:
            self.controller.repeat_edits(again)
        self.ending: str | None = None
        self.message: str | None = None
        self.is_playing = False
        # A daemon thread: the process may end during training.
        self._thread = Thread(target=self._fit, name=f"lamina-run-{self.id}", daemon=True)
        self._thread.start()

    def _first_look(self) -> Assignment:
        """Return the network and the initial parameters that `fit` will draw from the same seed."""
        prepared, model = self.prepared, clone(self.model)
        measured = (prepared.X_test, prepared.y_test) if self.is_minibatch else None
        try:
            return prepare_fit(
                model,
                resolve_settings(model),
                prepared.X_train,
                prepared.y_train,
                fresh=True,
                validation_data=measured,
            )
        except (ValueError, TypeError) as error:
            raise ExperimentError(str(error), None) from None

    def _n_batches(self) -> int:
        n_samples = len(self.prepared.X_train)
        size = min(self.settings.batch_size, n_samples)
        return n_samples // size if self.settings.drop_last else math.ceil(n_samples / size)

    @property
    def status(self) -> str:
        """Status: 'playing', 'paused', 'ended' or 'failed'."""
        if self.message is not None:
            return FAILED
        if self.ending is not None:
            return ENDED
        return PLAYING if self.is_playing and self.controller.is_open else PAUSED

    @property
    def max_epochs(self) -> int:
        """Maximum number of epochs or iterations."""
        return int(self.model.max_iter)

    @property
    def is_minibatch(self) -> bool:
        """True for a minibatch solver, which calls callbacks after every epoch."""
        return is_minibatch(self.model.solver)

    def play(self) -> None:
        """Start or continue training."""
        self.is_playing = True
        self.controller.allow_epochs(math.inf)

    def pause(self) -> None:
        """Pause after the current epoch."""
        self.is_playing = False
        self.controller.allow_epochs(0)

    def catch_up(self, epochs: float) -> None:
        """Run a number of epochs without pacing, then hold; infinity runs all."""
        self.is_playing = True
        self.controller.allow_epochs(epochs, ignore_pace=True)

    def fast_forward_to(self, epoch: int) -> None:
        """Fast-forward to an epoch without frames, within a time limit; then play on or hold."""
        if epoch:
            self.controller.fast_forward(epoch, SECONDS_TO_CATCH_UP, holds=not self.is_playing)

    def step(self, epochs: int) -> None:
        """Run a number of epochs, then hold."""
        self.is_playing = False
        self.controller.allow_epochs(epochs)

    def get_model(self, snapshot: Snapshot) -> Perceptron:
        """Return an independent copy of the estimator at a snapshot of this run."""
        model: Perceptron = clone(self.prepared.model)
        losses = self.controller.curves.losses()[: snapshot.epoch]
        model.__dict__.update(
            **network_attributes(self.network(snapshot).copy(), self.task.scaling),
            **self.task.attributes(),
            n_features_in_=self.spec.n_features,
            n_iter_=snapshot.epoch,
            loss_=snapshot.loss,
            loss_curve_=losses,
            best_loss_=min(losses, default=math.inf),
            diagnoses_=None,
        )
        return model

    def step_batches(self, batches: int) -> None:
        """Run a number of batches, then hold."""
        self.is_playing = False
        self.controller.allow_batches(batches)

    def abandon(self) -> None:
        """End the thread, because this run is no longer needed."""
        self.controller.abandon()

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the thread to end."""
        self._thread.join(seconds)

    def _fit(self) -> None:
        try:
            if self.is_minibatch:
                self._fit_minibatch()
            else:
                self._fit_at_once()
        except Abandoned:
            return
        except Exception as error:  # show any error on the page and keep the server running
            self.message = f"{error}" or type(error).__name__
        self.controller.end_fast_forward()
        self.notify()

    def _fit_minibatch(self) -> None:
        prepared, ending = self.prepared, _Ending()
        controller = self.controller
        held = controller if self.settings.n_independent is None else _EpochsAlone(controller)
        self.model.set_params(callbacks=[held, ending])
        self.model.fit(
            prepared.X_train, prepared.y_train, validation_data=(prepared.X_test, prepared.y_test)
        )
        row, epochs = self.controller.curves.last_row(), self.model.n_iter_
        self._keep_last(epochs, row)
        exhausted = epochs >= self.max_epochs
        self.ending = BY_EPOCHS_END if exhausted else ending.ending

    def _fit_at_once(self) -> None:
        """Fit with a solver without epochs; lamina's observer of fits reports its iterations."""
        prepared, controller = self.prepared, self.controller
        controller.hold_before_iterations(self._network_at)
        with observe_fits(controller.on_iteration):
            self.model.fit(prepared.X_train, prepared.y_train)
        self._keep_last(self.model.n_iter_, {"epoch": self.model.n_iter_, "loss": self.model.loss_})
        exhausted = self.model.n_iter_ >= self.max_epochs
        self.ending = BY_EPOCHS_END if exhausted else "no more progress"

    def _network_at(self, iteration: int) -> AnyArray:
        """Return the parameters after an iteration, by running the fit again up to it."""
        again = clone(self.prepared.model).set_params(max_iter=iteration)
        with observe_fits(lambda record: None):
            again.fit(self.prepared.X_train, self.prepared.y_train)
        return self._trained(again)

    def _trained(self, model: Perceptron) -> AnyArray:
        """Return the parameters for prediction, in the units that the network was trained in."""
        return get_standardised_parameters(model, self.spec, self.task.scaling)

    def network(self, snapshot: Snapshot) -> Network:
        """Return the network at a snapshot, in the units that it was trained in."""
        return Network(self.spec, snapshot.parameters)

    def drawn(self, snapshot: Snapshot) -> Network:
        """Return the network that the page draws: the first of several members."""
        return first_of(self.network(snapshot))

    def predicting(self, snapshot: Snapshot) -> Network:
        """Return the network at a snapshot that predicts in the units of the problem's targets."""
        network, scaling = self.network(snapshot), self.task.scaling
        return network if scaling is None else scaling.fold(network)

    def _keep_last(self, epoch: int, row: dict[str, float]) -> None:
        """Store the final network, which early stopping may have restored from the best epoch."""
        last = Snapshot(epoch, self._trained(self.model), row)
        self.controller.latest = last
        self.controller.snapshots.add_last(last)


class _EpochsAlone:
    """Callback that passes a controller the epochs of members, whose steps are side by side."""

    def __init__(self, controller: TrainingController) -> None:
        self.on_fit_begin = controller.on_fit_begin
        self.on_epoch_end = controller.on_epoch_end


class _Ending:
    """Callback that records why a fit ended."""

    ending: str | None = None

    def on_fit_end(self, fit: FitUnderWay) -> None:
        self.ending = fit.ending
