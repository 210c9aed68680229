"""What tells of an estimator's fits: their history, and scikit-learn's own callbacks."""

from __future__ import annotations

from typing import Any, Self

from lamina.estimators.state import as_of
from lamina.formulas.table import Array


class Watched:
    """The part of MLPClassifier and MLPRegressor that tells of their fits."""

    loss_curve_: list[float]

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Set callbacks of scikit-learn's own kind; a fit then has a task for every epoch.

        They see, and may stop, fits by epochs; of 'lbfgs' they hear the beginning and the end.
        `callbacks=` takes lamina's kind, which cost less and may do more.

        Parameters
        ----------
        *callbacks : sklearn.callback.FitCallback
            None takes those away that are set.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            For what does not follow scikit-learn's protocol.

        Examples
        --------
        >>> from sklearn.callback import ScoringMonitor
        >>> from lamina import MLPRegressor
        >>> monitor = ScoringMonitor(scoring="r2")
        >>> model = MLPRegressor(max_iter=3, tol=10, n_iter_no_change=1).set_callbacks(monitor)
        >>> model = model.fit([[0.0], [1.0]], [0.0, 1.0])
        """
        from sklearn.callback import CallbackSupportMixin

        CallbackSupportMixin.set_callbacks(self, *callbacks)
        return self

    @property
    def history_(self) -> dict[str, list[float]]:
        """Every epoch of all fits so far, column by column; `pandas.DataFrame` takes it as it is.

        'epoch', counted from 1; 'loss', as in `loss_curve_`; 'learning_rate', of the epoch's first
        step; 'seconds', of the epoch without its validation, an equal share for epochs that ran in
        one call; 'gradient_norm'; and, of rows held out, 'validation_loss' and each metric. What is
        not known of an epoch is NaN. Not for 'lbfgs'.
        """
        losses = self.loss_curve_
        return {
            "epoch": [*range(1, len(losses) + 1)],
            "loss": losses,
            **vars(self).get("_history", {}),
        }

    def _as_of(self, parameters: Array, epoch: int) -> Self:
        # What snapshots, which lie below estimators, ask for.
        return as_of(self, parameters, epoch)  # type: ignore[no-any-return]

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """The mean loss on the rows held out after every epoch, without the penalty, or None."""
        _ = self.loss_curve_
        curve: list[float] | None = vars(self).get("_history", {}).get("validation_loss")
        return curve
