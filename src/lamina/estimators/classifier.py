"""MLPClassifier, a multi-layer perceptron for classification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted

from lamina.choices import Activation, Input, Loss, Members, Penalty, Schedule, Solver
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.targets import Labels, TargetEncoding, probabilities_of_both
from lamina.engines.custom_loss import CustomLoss
from lamina.estimators.fitting.classes import (
    are_same_classes,
    code_for_classes,
    pair_labels,
    refuse_balance,
    require_labels,
)
from lamina.estimators.fitting.growing import is_wider
from lamina.estimators.fitting.missing_targets import read_scored_targets
from lamina.estimators.fitting.tasks import Classification, Task, label_of_column
from lamina.estimators.fitting.wrong_data import (
    explained,
    refuse_labels_without_order,
)
from lamina.estimators.perceptron import Perceptron, has_partial_fit
from lamina.estimators.settings.attributes import CLASSIFIER_ATTRIBUTES
from lamina.estimators.settings.constraints import PARAMETERS, constraints_of
from lamina.estimators.settings.docstrings import with_parameters
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.loss_parameters import CLASSIFIER_PARAMETERS
from lamina.estimators.settings.monitoring import Scorer
from lamina.estimators.settings.refusals import shown
from lamina.formulas.table import AnyArray, Array
from lamina.training import Accuracy


# The decorator adds the parameters and the fitted attributes to the docstring.
@with_parameters(CLASSIFIER_ATTRIBUTES)
class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]
    """Multi-layer perceptron for classification, with the same numbers as scikit-learn's.

    Each layer computes z = a_prev W + b and a = f(z). The inverse link turns the last layer's z
    into probabilities p: softmax for three or more classes, the logistic function for two classes
    and for each label of multilabel targets; several columns of labels have a softmax each.
    Training minimises the loss plus the penalty on the weights. The default loss is the log loss,
    -log p of the right class, averaged over the samples and summed over labels and columns.

    See Also
    --------
    MLPRegressor : The same network for numbers.

    Examples
    --------
    >>> from lamina import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((8,), solver="lbfgs", alpha=1, max_iter=500, random_state=0)
    >>> model = model.fit(X, y)
    >>> model.predict(X[:3])
    array([0, 0, 0])
    >>> model.predict_proba(X[:1]).round(2)
    array([[1., 0., 0.]])
    >>> round(model.score(X, y), 2)
    0.99
    """

    _parameters = {**PARAMETERS, **CLASSIFIER_PARAMETERS}
    _parameter_constraints = constraints_of(_parameters)

    loss: str | Loss | CustomLoss
    focal_gamma: float
    label_smoothing: float
    label_smoothing_schedule: str | Schedule | None
    class_weight: Any
    classes_: Any
    n_outputs_: int

    def __init__(
        self,
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
        loss: str | Loss | CustomLoss = "log_loss",
        focal_gamma: float = 2.0,
        label_smoothing: float = 0.0,
        label_smoothing_schedule: str | Schedule | None = None,
        class_weight: Any = None,
        parametrization: str = "standard",
        blended_activation: bool = False,
        rate_factors: dict[str, float] | None = None,
    ) -> None:
        self._keep_parameters(locals())

    @available_if(has_partial_fit)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: ArrayOrTable,
        y: ArrayOrTable,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch on the given samples, keeping the optimizer's state and the losses.

        The learning rate is kept as well: a changed `learning_rate_init` acts in the next `fit`. A
        schedule that spans `max_iter` epochs stays at its last rate, mostly 0, after so many calls.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Missing labels as in `fit`; a column may have none.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_labels), optional
            Weight of each sample or of each of its labels; all equal by default.
        classes : array-like of shape (n_classes,), or list of these, optional
            All labels, for several columns those of each; needed in the first call. A later call
            may add classes: the network keeps what it has learned, and its outputs grow.

        Returns
        -------
        self

        Raises
        ------
        AttributeError
            For solver='lbfgs', which needs all samples at once.
        ValueError
            For early_stopping=True, for class_weight='balanced', for a first call without
            `classes`, and for labels that are not among them.
        """
        refuse_balance(self.class_weight)
        self._check_classes(classes, y)
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict_proba(self, X: ArrayOrTable) -> Any:
        """Return the probability of each class, or of each label for multilabel targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of these
            Columns in the order of `classes_`; for several columns of labels, a list with an array
            for each of them.
        """
        prediction = self._forward(X)
        if vars(self).get("_heads"):
            return self._encoding().by_head(prediction)
        if self.n_outputs_ == 1:
            return probabilities_of_both(prediction)
        return prediction

    def predict_log_proba(self, X: ArrayOrTable) -> Any:
        """Return the logarithm of `predict_proba`; -inf where a probability is zero.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of these
            In the order of `predict_proba`.
        """
        probability = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            if isinstance(probability, list):
                return [np.log(of_column) for of_column in probability]
            return np.log(probability, out=probability)

    def decision_function(self, X: ArrayOrTable) -> Any:
        """Return the logits, the outputs before they become probabilities.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes), or list of these
            For two classes one number per sample, positive where the second class is likelier;
            for multilabel targets (n_samples, n_labels), likewise; else a column for each class,
            the largest of which is predicted. For several columns of labels, a list of these.
        """
        logits, encoding = self._logits(X), self._encoding()
        if not encoding.heads:
            return logits[:, 0] if self.n_outputs_ == 1 else logits
        return [
            of_head[:, 1] - of_head[:, 0] if of_head.shape[1] == 2 else of_head
            for of_head in encoding.by_head(logits)
        ]

    def score(
        self, X: ArrayOrTable, y: ArrayOrTable, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the fraction of samples whose labels are all predicted.

        Missing labels, NaN or None in y of several columns, are left out, as are samples without
        any label. scikit-learn's own metrics refuse them.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_labels), optional
            With a weight of each label, that of a sample is the mean of those that are not 0.

        Returns
        -------
        float
        """
        check_is_fitted(self)
        y, weight = read_scored_targets(y, sample_weight, self._filler)
        refuse_labels_without_order(y)
        if weight is not None and weight.ndim == 2:
            predicted = self.predict(X)
            predicted = predicted.toarray() if self._sparse_targets else predicted
            return Accuracy(lambda p: p, np.asarray(y), weight)(predicted)
        if not self._encoding().heads:
            with explained(X, y):
                return float(super().score(X, y, weight))
        right = (self.predict(X) == np.asarray(y)).all(axis=1)
        return float(np.average(right, weights=weight))

    def _filler(self, column: int) -> object:
        return label_of_column(self._encoding(), column)

    def _answer(self, prediction: Array) -> Labels:
        return self._encoding().decode(prediction)

    def _encoding(self) -> TargetEncoding:
        classes = self.classes_
        if self._target_kind != "multioutput" and not isinstance(classes, np.ndarray):
            # scikit-learn also predicts after a user has set a list.
            classes = np.asarray(classes)
        return TargetEncoding(classes, self._target_kind, self._sparse_targets)

    def _task(
        self,
        settings: FitSettings,
        y: Labels,
        continues: bool,
        classes: ArrayLike | None,
        weight: Array | None,
    ) -> Classification:
        refuse_labels_without_order(y)
        if not continues or (classes is None and not hasattr(self, "classes_")):
            encoding = TargetEncoding.from_labels(y)
        else:
            encoding = self._continued_encoding(y, classes)
            self._check_known(encoding, y)
        return Classification(
            encoding, y, settings.loss, settings.loss_hyperparameters, settings.class_weight
        )

    def _continued_encoding(self, y: Labels, classes: ArrayLike | None) -> TargetEncoding:
        """Return the encoding of the earlier fit, with the classes that are new."""
        if not hasattr(self, "classes_"):
            return TargetEncoding.from_labels(y, classes)
        earlier = self._encoding()
        if classes is None and not self.warm_start:
            return earlier
        wider = TargetEncoding.from_labels(y, classes)
        kinds = {earlier.kind, wider.kind}
        is_one_kind = len(kinds) == 1 or kinds == {"binary", "multiclass"}
        return wider if is_one_kind and is_wider(earlier.classes, wider.classes) else earlier

    def _check_known(self, encoding: TargetEncoding, y: Labels) -> None:
        """Check the labels of each column against the classes of earlier fits."""
        if not encoding.heads:
            self._check_labels(unique_labels(y), encoding.classes)
        elif y.ndim == 2 and y.shape[1] == len(encoding.heads):
            for column, labels in zip(y.T, encoding.classes, strict=True):
                self._check_labels(np.unique(column), labels)

    def _task_like(self, settings: FitSettings, task: Task, y: Labels) -> Classification:
        assert isinstance(task, Classification)
        for column, labels in pair_labels(y, task.encoding):
            if unseen := sorted(set(column) - set(labels)):
                raise ValueError(
                    f"y_val of validation_data has classes that are not in y: {unseen}. y has "
                    f"{labels}; split so that both parts hold every class."
                )
        return replace(task, y=y)

    def _check_classes(self, classes: ArrayLike | None, y: ArrayOrTable) -> None:
        """Check the `classes` of a call to partial_fit against those of the first call."""
        earlier = getattr(self, "classes_", None)
        if earlier is None and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: the samples of one "
                f"call need not contain them all. Pass classes={code_for_classes(y)}."
            )
        if classes is None:
            return
        try:
            require_labels(classes)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"classes={shown(classes)} is not a list of labels: {str(error).rstrip('.')}. Pass "
                f"classes={code_for_classes(y)}."
            ) from None
        if earlier is None:
            return
        if not are_same_classes(earlier, classes) and not is_wider(earlier, classes):
            raise ValueError(
                f"classes={shown(classes)} is not the same as on the last call to partial_fit, "
                f"was: {earlier!r}. Classes can be added, but none can be left out."
            )

    def _check_labels(self, labels: AnyArray, classes: AnyArray) -> None:
        """Check the labels that y holds against the classes of earlier fits."""
        if self.warm_start:
            if set(labels) != set(classes):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the "
                    f"previous call to fit. Previously got {classes}, `y` has {labels}"
                )
        elif unseen := np.setdiff1d(labels, classes).tolist():
            raise ValueError(
                f"`y` has classes not in `self.classes_`: {unseen}. `self.classes_` has "
                f"{classes}; pass classes= with all of them and these, to add them."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags
