"""Snapshots of a fit's parameters, and the models that they make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np

from lamina.formulas.table import Array
from lamina.training.under_way import FitUnderWay

MEGABYTE = 1e6


class Snapshots:
    """Callback that keeps the parameters of a fit every few epochs.

    Plots use them for films of a fit, its path, and its gradients. The parameters before the first
    epoch and after the last are always kept. A fit that continues another one, as in `warm_start`
    and `partial_fit`, continues its snapshots; a fresh fit discards them.

    Parameters
    ----------
    every : int, default=1
        Number of epochs between two snapshots.
    max_megabytes : float, default=256.0
        Memory limit. When it is reached, every other snapshot is dropped and the interval doubled,
        as often as needed.

    Attributes
    ----------
    epochs : list of int
        Epochs of the snapshots; 0 is before the first.
    losses : list of float
        Training loss of each; NaN before the first.
    parameters : list of ndarray of shape (n_parameters,)
        Parameters that predict after each epoch, the moving average if one is kept. Read-only.

    Raises
    ------
    ValueError
        For numbers that are not positive.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from lamina import MLPClassifier
    >>> from lamina.training.callbacks import Snapshots
    >>> X, y = load_iris(return_X_y=True)
    >>> snapshots = Snapshots(every=20)
    >>> model = MLPClassifier(
    ...     max_iter=50,
    ...     learning_rate="one_cycle",
    ...     learning_rate_init=0.01,
    ...     n_iter_no_change=50,
    ...     random_state=0,
    ...     callbacks=snapshots,
    ... ).fit(X, y)
    >>> snapshots.epochs
    [0, 20, 40, 50]
    >>> [each.score(X, y) > 0.9 for each in snapshots.models()]
    [False, False, True, True]
    """

    def __init__(self, every: int = 1, *, max_megabytes: float = 256.0) -> None:
        self.every: int = _checked("every", every, Integral, "an integer of at least 1")
        self.max_megabytes: float = _checked(
            "max_megabytes", max_megabytes, Real, "a number above 0"
        )
        self._model: Any = None
        self._forget()

    def __sklearn_clone__(self) -> Snapshots:
        # A clone of the estimator runs its own fits, and must not add to these snapshots.
        return type(self)(self.every, max_megabytes=self.max_megabytes)

    def __len__(self) -> int:
        return len(self.epochs)

    def __repr__(self) -> str:
        kept = f"{len(self)} kept, of epochs {self.epochs[0]} to {self.epochs[-1]}" if self else ""
        return f"<Snapshots every {self._interval} epochs: {kept or 'none yet'}>"

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        begin = fit.epochs_before + fit.epoch
        if not self or fit.model is not self._model or self.epochs[-1] != begin:
            self._forget()
            self._keep(begin, fit.parameters.copy(), fit.loss)
        self._model = fit.model
        self._latest = self.epochs[-1], self.parameters[-1].copy(), self.losses[-1]
        if len(self) > 1 and begin % self._interval:
            # The last snapshot of a fit falls off the interval once the fit continues.
            self._keep_only(range(len(self) - 1))

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        epoch, latest = fit.epochs_before + fit.epoch, self._latest[1]
        # Any epoch may turn out to be the last.
        np.copyto(latest, fit.parameters)
        self._latest = epoch, latest, fit.loss
        if epoch % self._interval:
            return
        self._make_room(latest.nbytes)
        if epoch % self._interval == 0:
            self._keep(epoch, latest.copy(), fit.loss)

    def on_fit_end(self, fit: FitUnderWay) -> None:
        if self and self._latest[0] > self.epochs[-1]:
            self._make_room(self._latest[1].nbytes)
            self._keep(*self._latest)

    def get_model(self, epoch: int) -> Any:
        """Return a copy of the estimator as it was after an epoch.

        It predicts, and its history ends there; the optimizer's state of that epoch is not kept.

        Parameters
        ----------
        epoch : int
            One of `epochs`; -1 is the last of them.

        Raises
        ------
        ValueError
            For an epoch that was not kept, and before the fit has ended.
        """
        if not self or not hasattr(self._model, "coefs_"):
            raise ValueError(
                "there are no models yet: pass the snapshots as callbacks= of an estimator with a "
                "minibatch solver, call its fit, and let it end"
            )
        place = len(self) - 1 if epoch == -1 else self._place(epoch)
        return self._model._copy_at_epoch(self.parameters[place], self.epochs[place])

    def models(self) -> Iterator[Any]:
        """Yield the estimator as it was after each of `epochs`, in order."""
        return (self.get_model(epoch) for epoch in self.epochs)

    def _place(self, epoch: int) -> int:
        if epoch not in self.epochs:
            nearest = min(self.epochs, key=lambda kept: abs(kept - epoch))
            raise ValueError(
                f"epoch={epoch!r} was not kept; the nearest kept epoch is {nearest}. `epochs` "
                "lists all of them; Snapshots(every=1) keeps every epoch within the memory limit."
            )
        return self.epochs.index(epoch)

    def _forget(self) -> None:
        self._interval: int = self.every
        self.epochs: list[int] = []
        self.losses: list[float] = []
        self.parameters: list[Array] = []

    def _keep(self, epoch: int, parameters: Array, loss: float) -> None:
        parameters.flags.writeable = False
        self.epochs.append(epoch)
        self.losses.append(float(loss))
        self.parameters.append(parameters)

    def _make_room(self, n_bytes: int) -> None:
        """Drop every other snapshot until one more fits; the first stays."""
        while len(self) > 1 and (len(self) + 1) * n_bytes > self.max_megabytes * MEGABYTE:
            self._interval *= 2
            self._keep_only(
                i for i, n in enumerate(self.epochs) if i == 0 or n % self._interval == 0
            )

    def _keep_only(self, places: Iterable[int]) -> None:
        places = list(places)
        self.epochs = [self.epochs[i] for i in places]
        self.losses = [self.losses[i] for i in places]
        self.parameters = [self.parameters[i] for i in places]


def _checked(name: str, value: Any, kind: type, kind_name: str) -> Any:
    is_one: bool = isinstance(value, kind) and value > 0  # type: ignore[operator]
    if not is_one:
        raise ValueError(f"{name}={value!r} must be {kind_name}")
    return value
