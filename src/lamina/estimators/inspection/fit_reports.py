"""Report on an estimator's fits: history, input stage, and scikit-learn's own callbacks."""

from __future__ import annotations

from typing import Self

from lamina.blocks import InputStage
from lamina.estimators.fitting.input_stage import fitted_stage
from lamina.estimators.fitting.state import copy_at_epoch
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas.table import Array


class FitReports(Parametrized):
    """Methods of both estimators that report on their fits."""

    loss_curve_: list[float]

    def set_callbacks(self, *callbacks: object) -> Self:
        """Set callbacks that follow scikit-learn's protocol; a fit then has a task for every epoch.

        They observe the fit, and may stop it; an iteration of 'lbfgs' is an epoch. lamina's own
        callbacks, in `callbacks=`, cost less and can do more.

        Parameters
        ----------
        *callbacks : sklearn.callback.FitCallback
            No argument removes the callbacks that are set.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            For an object that does not follow scikit-learn's protocol.

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
        """Columns of every epoch of all fits so far, ready for `pandas.DataFrame`.

        'epoch', counted from 1; 'loss', as in `loss_curve_`; 'learning_rate', of the epoch's first
        step, or the step of the line search of 'lbfgs'; 'seconds', of the epoch without its
        validation, divided evenly among epochs that ran in one call; 'gradient_norm'; and, with
        held-out samples, 'validation_loss' and each metric.
        Unavailable values are NaN. A minimisation by SciPy has no history.
        """
        losses = self.loss_curve_
        return {
            "epoch": [*range(1, len(losses) + 1)],
            "loss": losses,
            **vars(self).get("_history", {}),
        }

    def _copy_at_epoch(self, parameters: Array, epoch: int) -> Self:
        # Called by snapshots, which belong to a layer below the estimators.
        return copy_at_epoch(self, parameters, epoch)

    @property
    def validation_loss_curve_(self) -> list[float] | None:
        """Mean loss on the held-out samples after every epoch, without the penalty, or None."""
        _ = self.loss_curve_
        curve: list[float] | None = vars(self).get("_history", {}).get("validation_loss")
        return curve

    @property
    def input_stage_(self) -> InputStage:
        """Groups of columns of the latest fit, and the kind of each."""
        stage = fitted_stage(vars(self))
        if stage is None:
            reason = "before fit" if "coefs_" not in vars(self) else "with inputs=None"
            raise AttributeError(f"this {type(self).__name__} has no input_stage_ {reason}")
        return stage
