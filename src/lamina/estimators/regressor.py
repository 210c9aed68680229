"""MLPRegressor, a multi-layer perceptron for regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from lamina.choices import Activation, Input, Loss, Members, Penalty, Schedule, Solver
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.target_scaling import TargetScaling
from lamina.engines.custom_loss import CustomLoss
from lamina.estimators.fitting.missing_targets import read_scored_targets
from lamina.estimators.fitting.state import get_scaling
from lamina.estimators.fitting.tasks import FILLER, Regression, Task, quantiles_in
from lamina.estimators.fitting.wrong_data import CURE_OF_Y, explained
from lamina.estimators.perceptron import Perceptron, has_partial_fit
from lamina.estimators.settings.attributes import REGRESSOR_ATTRIBUTES
from lamina.estimators.settings.constraints import PARAMETERS, constraints_of
from lamina.estimators.settings.docstrings import with_parameters
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES, REGRESSOR_PARAMETERS
from lamina.estimators.settings.monitoring import Scorer
from lamina.estimators.settings.refusals import shown
from lamina.files.chunks import are_finite
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.formulas.inverse_links import LARGEST_LOG_STD, LEAST_LOG_STD
from lamina.formulas.losses import as_it_is
from lamina.formulas.table import AnyArray, Array
from lamina.training import RSquared
from lamina.training.scores import PinballScore

# Distance of a typical log σ from its limits, so that samples may differ.
ROOM = 10.0
# For losses whose outputs are not the prediction itself.
ANSWERS = {name: loss.answer for name, loss in LOSSES.items() if loss.answer is not as_it_is}


# The decorator adds the parameters and the fitted attributes to the docstring.
@with_parameters(REGRESSOR_ATTRIBUTES)
class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]
    """Multi-layer perceptron for regression, with the same numbers as scikit-learn's.

    Each layer computes z = a_prev W + b and a = f(z). The prediction p is the last layer's z, or
    its image under the inverse link of the loss. Training minimises the loss plus the penalty on
    the weights.

    See Also
    --------
    MLPClassifier : The same network for classes.

    Examples
    --------
    >>> import numpy as np
    >>> from lamina import MLPRegressor
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> y = X[:, 0] ** 2
    >>> model = MLPRegressor("squared_error", (10,), "tanh", solver="lbfgs", random_state=0)
    >>> model = model.fit(X, y)
    >>> model.predict([[0.5]]).round(2)
    array([0.25])
    >>> round(model.score(X, y), 2)
    1.0
    """

    _parameters = {**PARAMETERS, **REGRESSOR_PARAMETERS}
    _parameter_constraints = constraints_of(_parameters)
    _numeric_targets = True

    loss: str | Loss | CustomLoss
    quantile: float | Sequence[float]
    scale_target: bool

    def __init__(
        self,
        loss: str | Loss | CustomLoss = "squared_error",
        hidden_layer_sizes: int | Sequence[int] | AnyArray = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        solver: str | Solver = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Schedule | Callable[[int, int], float] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int | str = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        width: int | None = None,
        depth: int | None = None,
        members: str | Members | None = None,
        output_activation: str | Activation | None = None,
        normalization: str | None = None,
        residual: bool = False,
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        input_noise: float = 0.0,
        initializer: str | Sequence[ArrayLike] | AnyArray = "glorot_uniform",
        inputs: str | Input | Sequence[Input] | None = None,
        decay_rate: float = 0.99,
        amsgrad: bool = False,
        penalty: str | Penalty = "l2",
        l1_ratio: float = 0.5,
        weight_decay: float | None = None,
        max_gradient_norm: float | None = None,
        average_decay: float | None = None,
        dtype: str | None = None,
        precision: str | None = None,
        engine: str | None = None,
        n_threads: int | None = None,
        device: str | None = None,
        learning_rate_options: dict[str, float] | None = None,
        warmup: float = 0.0,
        monitor: str | Scorer | Sequence[str | Scorer] | None = None,
        restore_best: bool | str | None = None,
        patience_factor: float = 1.0,
        drop_last: bool = False,
        dropout_schedule: str | Schedule | None = None,
        weight_decay_schedule: str | Schedule | None = None,
        max_seconds: float | None = None,
        callbacks: object = None,
        diagnostics: bool | str = "auto",
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: int | None = None,
        checkpoint_seconds: float | None = None,
        quantile: float | Sequence[float] = 0.5,
        huber_threshold: float = 1.0,
        tweedie_power: float = 1.5,
        scale_target: bool = False,
        parametrization: str = "standard",
        blended_activation: bool = False,
        rate_factors: dict[str, float] | None = None,
    ) -> None:
        self._keep_parameters(locals())

    @available_if(has_partial_fit)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: ArrayOrTable, y: ArrayOrTable, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on the given samples, keeping the optimizer's state and the losses.

        The learning rate is kept as well: a changed `learning_rate_init` acts in the next `fit`. A
        schedule that spans `max_iter` epochs stays at its last rate, mostly 0, after so many calls.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Missing targets as in `fit`; after the first call a column may have no value.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_targets), optional
            Weight of each sample or of each of its targets; all equal by default.

        Returns
        -------
        self

        Raises
        ------
        AttributeError
            For solver='lbfgs', which needs all samples at once.
        ValueError
            For early_stopping=True.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: ArrayOrTable, return_std: bool = False) -> Any:
        """Return the prediction for each sample of X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        return_std : bool, default=False
            If True, also return the standard deviation that loss='gaussian_nll' predicts.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            (n_samples, n_quantiles) or (n_samples, n_targets, n_quantiles) if `quantile` was a
            list; each sample's quantiles are sorted, so that they never cross.
        ndarray of the same shape
            Standard deviations, only with return_std=True.

        Raises
        ------
        ValueError
            For return_std=True after a fit with another loss.
        """
        if not return_std:
            return self._answer(self._forward(X))
        prediction, name = self._forward(X), vars(self).get("_loss_name")
        if name is None or (std_of := LOSSES[name].std) is None:
            able = " or ".join(repr(each) for each, loss in LOSSES.items() if loss.std)
            raise ValueError(
                "return_std=True needs a loss that predicts a standard deviation, and this model "
                f"was fitted with another: fit it with loss={able}"
            )
        std = std_of(prediction)
        return self._answer(prediction), std[:, 0] if std.shape[1] == 1 else std

    def score(
        self, X: ArrayOrTable, y: ArrayOrTable, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return R² of the prediction; with loss='quantile' D², its counterpart for pinball loss.

        Missing targets, NaN in y of several columns, are left out. scikit-learn's own metrics
        refuse them.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_targets), optional

        Returns
        -------
        float
            At most 1. For several targets and quantiles, the mean; each quantile is compared with
            its best constant prediction (Koenker, Machado 1999).
        """
        y, weight = read_scored_targets(y, sample_weight, self._filler)
        quantiles = quantiles_in(vars(self).get("_loss_hyperparameters", {}))
        if quantiles is None and (weight is None or weight.ndim == 1):
            with explained(X, y):
                return float(super().score(X, y, weight))
        with explained(X, y):
            truth = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        truth = truth.reshape(len(truth), -1)
        if quantiles is None:
            return RSquared(truth, weight)(self.predict(X))
        return PinballScore(truth, quantiles, weight)(self.predict(X))

    def _filler(self, column: int) -> object:
        return FILLER

    def _answer(self, prediction: Array) -> Array:
        answer = ANSWERS.get(vars(self).get("_loss_name", ""))
        if answer is None:
            return prediction.ravel() if prediction.shape[1] == 1 else prediction
        of_targets = answer(prediction, self._loss_hyperparameters)
        return of_targets[:, 0] if of_targets.shape[1] == 1 else of_targets

    def _task(
        self,
        settings: FitSettings,
        y: AnyArray,
        continues: bool,
        classes: ArrayLike | None,
        weight: Array | None,
    ) -> Regression:
        task = Regression(settings.loss, y, settings.loss_hyperparameters)
        self._refuse_undefined(task)
        return replace(task, scaling=self._scaling(settings, task, continues, weight))

    def _refuse_undefined(self, task: Regression) -> None:
        """Reject targets that are not numbers, or for which the loss is undefined."""
        y = task.y
        if not isinstance(y, np.ndarray) or y.dtype.kind not in "biuf":
            raise TypeError(
                f"y must be a dense array of numbers, got {type(y).__name__} of {y.dtype}. Convert "
                "it by y.astype(float), or learn labels with MLPClassifier."
            )
        if not are_finite(y):
            row = int(np.argmin(np.isfinite(y).reshape(len(y), -1).all(axis=1)))
            value = shown(y[row].tolist())
            raise ValueError(f"Input y contains NaN or infinity: y[{row}] is {value}. {CURE_OF_Y}")
        if (outside := task.outside_the_loss()) is not None:
            row = int(np.argmax((task.columns() == outside).any(axis=1)))
            others = ", ".join(map(repr, sorted(REGRESSION_LOSSES - {task.loss})))
            raise ValueError(
                f"loss={task.loss!r} is not defined for a target of {outside}, the value of "
                f"y[{row}]: choose another of {others}, or shift the target"
            )

    def _scaling(
        self, settings: FitSettings, task: Regression, continues: bool, weight: Array | None
    ) -> TargetScaling | None:
        """Return the target's mean and scale with scale_target=True; keep an earlier fit's."""
        if not settings.scale_target:
            return None
        before = get_scaling(self) if continues else None
        if before is None:
            scaling = TargetScaling.from_targets(task.columns(), weight)
            self._refuse_deviations_out_of_range(task, scaling)
            return scaling
        if len(before.mean) != (n_targets := task.columns().shape[1]):
            raise ValueError(
                f"y has {n_targets} targets, and the earlier fit standardised {len(before.mean)}: "
                "a fit cannot continue with other targets. Set warm_start=False and call fit."
            )
        return before

    def _refuse_deviations_out_of_range(self, task: Regression, scaling: TargetScaling) -> None:
        """Reject scales by which a predicted standard deviation would leave its range."""
        logarithms = np.log(scaling.scale)
        least, largest = LEAST_LOG_STD + ROOM, LARGEST_LOG_STD - ROOM
        if (
            INVERSE_LINKS[task.inverse_link].by_pairs
            and not least < logarithms.min() <= logarithms.max() < largest
        ):
            raise ValueError(
                f"loss={task.loss!r} predicts standard deviations from {np.exp(least):.0e} to "
                f"{np.exp(largest):.0e}, and y has {list(scaling.scale)}: divide y by a constant."
            )

    def _task_like(self, settings: FitSettings, task: Task, y: AnyArray) -> Regression:
        assert isinstance(task, Regression)
        other = replace(task, y=y)
        self._refuse_undefined(other)
        if other.n_outputs != task.n_outputs:
            raise ValueError(
                f"y_val of validation_data has {other.n_outputs} outputs, and y has "
                f"{task.n_outputs}: both must have the same number."
            )
        return other
