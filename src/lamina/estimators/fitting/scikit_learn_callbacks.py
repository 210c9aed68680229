"""Forward a fit to scikit-learn's own callbacks: one task for the fit, one below it per epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from lamina.encoding.frames import ArrayOrTable
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas.table import Array
from lamina.training.under_way import FitUnderWay


class ScikitLearnCallbacks:
    """Callback that forwards every event to the callbacks set by `set_callbacks`.

    Parameters
    ----------
    model : estimator
    X, y : array-like
        Arguments of `fit`, for the hooks.
    sample_weight : array-like or None
    parameters : ndarray of shape (n_parameters,)
        Parameters of a fit without epochs, which changes them in place.
    attributes : callable
        `attributes(parameters)` returns the fitted attributes of the current network, from which
        the hooks make an estimator that predicts as if the fit had ended here.
    """

    def __init__(
        self,
        model: Parametrized,
        X: ArrayOrTable,
        y: ArrayOrTable,
        sample_weight: ArrayLike | None,
        parameters: Array,
        attributes: Callable[[Array], Attributes],
    ) -> None:
        self.model = model
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.arguments = {
            "estimator": model,
            "X": X,
            "y": y,
            "metadata": metadata,
            "reconstruction_attributes": lambda: attributes(self.present_parameters()),
        }
        self.present_parameters: Callable[[], Array] = lambda: parameters
        # Contexts of scikit-learn, which declares no types.
        self.fit: Any = None
        self.epoch: Any = None

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        self.present_parameters = lambda: fit.parameters
        self.begin(fit.max_epochs)
        self.begin_epoch()

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        if self.epoch.call_on_fit_task_end(**self.arguments):
            fit.stop()
        if not fit.is_over:
            self.begin_epoch()

    def on_fit_end(self, fit: FitUnderWay) -> None:
        self.end()

    def begin(self, n_tasks: int) -> None:
        """Begin the task of the whole fit, with a number of subtasks."""
        from sklearn.callback import CallbackSupportMixin

        init = CallbackSupportMixin._init_callback_context
        self.fit = init(self.model, max_subtasks=n_tasks)
        self.fit.call_on_fit_task_begin(**self.arguments)

    def begin_epoch(self) -> None:
        """Begin the task of the next epoch."""
        self.epoch = self.fit.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(**self.arguments)

    def end(self) -> None:
        """End the task of the whole fit, if it has begun."""
        if self.fit is not None:
            self.fit.call_on_fit_task_end(**self.arguments)


def has_callbacks(model: Parametrized) -> bool:
    """Return True if `set_callbacks`, or a search around it, gave the model callbacks."""
    return bool(vars(model).get("_skl_callbacks"))
