"""Conversion of a fitted model to scikit-learn's class of the same name, and back.

Everything is converted that scikit-learn needs for `predict`, `partial_fit`, `fit` with
warm_start=True and pickle: weights, history, and the optimizer's state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn import neural_network as theirs
from sklearn.base import BaseEstimator
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, BaseOptimizer, SGDOptimizer
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import check_is_fitted

from lamina.choices import name_of
from lamina.encoding import TargetEncoding
from lamina.encoding.targets import TargetKind
from lamina.engines import OptimizerState
from lamina.errors import ExportError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.fitted_network import get_spec, network_attributes
from lamina.estimators.fitting.state import (
    epoch_attributes,
    get_history,
    get_scaling,
)
from lamina.estimators.fitting.tasks import Classification, Regression
from lamina.estimators.settings.formula_choices import flat_parameters, optimizer_settings
from lamina.export.lowering.models import lower_network
from lamina.export.lowering.network_operations import (
    Activate,
    Affine,
    Complement,
    Features,
    InvertLink,
)
from lamina.export.lowering.operations import OPERATIONS, Operation, renderer_of
from lamina.export.scikit_learn_parameters import read_their_parameters
from lamina.formulas import OPTIMIZERS
from lamina.formulas.table import AnyArray
from lamina.network import Network, ParameterLayout, flatten_parameters
from lamina.training import History, Memory
from lamina.training.rates import RateState

THEIRS = {MLPClassifier: theirs.MLPClassifier, MLPRegressor: theirs.MLPRegressor}
# Fitted attributes with the same name and meaning in both libraries.
SHARED = (
    "n_iter_",
    "n_layers_",
    "n_outputs_",
    "out_activation_",
    "loss_",
    "t_",
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "loss_curve_",
    "best_loss_",
    "validation_scores_",
    "best_validation_score_",
    "_no_improvement_count",
)


def to_sklearn(model: MLPClassifier | MLPRegressor) -> theirs.MLPClassifier | theirs.MLPRegressor:
    """Return a fitted model as scikit-learn's class of the same name.

    It predicts the same numbers, continues training with the same steps, and works without lamina.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted. `engine` and `n_threads` are omitted, because they do not affect results.

    Returns
    -------
    sklearn.neural_network.MLPClassifier or MLPRegressor
        Fitted, with copies of all arrays.

    Raises
    ------
    ExportError
        For a parameter, or its value, that scikit-learn does not support; the message names it.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For any other object.

    Examples
    --------
    >>> import lamina
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> theirs = lamina.to_sklearn(model)
    >>> type(theirs).__module__.startswith("sklearn.")
    True
    >>> bool((theirs.predict(X) == model.predict(X)).all())
    True
    """
    program = lower_network(model)
    if program.heads:
        raise ExportError(
            "scikit-learn's MLPClassifier supports one column of labels, but this model has "
            f"{len(program.heads)}: fit a model for each column of labels"
        )
    cls = next(their for our, their in THEIRS.items() if isinstance(model, our))
    estimator = cls(**read_their_parameters(model, cls))
    _refuse_unknown_values(estimator)
    for name in SHARED:
        if hasattr(model, name):
            setattr(estimator, name, deepcopy(getattr(model, name)))
    estimator.coefs_, estimator.intercepts_ = [], []
    for operation in program.operations:
        renderer_of(operation, RENDERERS, REFUSED)(estimator, operation)
    estimator._random_state = check_random_state(estimator.random_state)
    # The same array objects, as after scikit-learn's own fit with early stopping.
    estimator._best_coefs, estimator._best_intercepts = estimator.coefs_, estimator.intercepts_
    if program.targets is not None:
        estimator._label_binarizer = _label_binarizer(program.targets, model._sparse_targets)
    # With a standardised target, the optimizer's state has other units than these weights.
    if _is_continued(model) and get_scaling(model) is None:
        estimator._optimizer = _their_optimizer(model)
        if estimator.best_loss_ is None and not estimator.early_stopping:
            estimator.best_loss_ = math.inf
    return estimator


def _is_continued(model: BaseEstimator) -> bool:
    """Return True if the optimizer's state is that of the solver as it is set now."""
    solver = name_of(model.solver)
    if getattr(model, "_optimizer_name", None) != solver:
        return False
    slots = [*OPTIMIZERS[solver].slots]
    # A fit with amsgrad=True has another slot.
    return bool(getattr(model, "_optimizer_slot_names", slots) == slots)


def _add_layer(estimator: BaseEstimator, operation: Affine) -> None:
    estimator.coefs_.append(operation.weights)
    estimator.intercepts_.append(operation.biases)


def _add_nothing(estimator: BaseEstimator, operation: Operation) -> None:
    """Leave an operation to a parameter of the estimator, or to the kind of its target."""


# One function for each operation.
RENDERERS: Mapping[type, Callable[[BaseEstimator, Any], None]] = {
    Affine: _add_layer,
    Features: _add_nothing,
    Activate: _add_nothing,
    InvertLink: _add_nothing,
    Complement: _add_nothing,
}
WITHOUT = "scikit-learn's networks have layers and activations alone"
REFUSED: Mapping[type, str] = {each: WITHOUT for each in OPERATIONS if each not in RENDERERS}


def from_sklearn(
    estimator: theirs.MLPClassifier | theirs.MLPRegressor,
) -> MLPClassifier | MLPRegressor:
    """Return scikit-learn's fitted MLPClassifier or MLPRegressor as lamina's class.

    It predicts the same numbers, and continues training with the same steps.

    Parameters
    ----------
    estimator : sklearn.neural_network.MLPClassifier or MLPRegressor
        Fitted.

    Returns
    -------
    MLPClassifier or MLPRegressor
        Fitted, with copies of all arrays.

    Raises
    ------
    NotFittedError
        For an estimator that has not been fitted.
    TypeError
        For any other object.

    Examples
    --------
    >>> import lamina
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> theirs = MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> model = lamina.from_sklearn(theirs)
    >>> model
    MLPClassifier(hidden_layer_sizes=(8,), max_iter=500, random_state=0, solver='lbfgs')
    >>> bool((model.predict(X) == theirs.predict(X)).all())
    True
    """
    cls = next((our for our, their in THEIRS.items() if isinstance(estimator, their)), None)
    if cls is None:
        raise TypeError(
            "from_sklearn requires an MLPClassifier or MLPRegressor of sklearn.neural_network, got "
            f"{type(estimator).__module__}.{type(estimator).__name__}"
        )
    check_is_fitted(estimator)
    model: BaseEstimator = cls(**deepcopy(estimator.get_params(deep=False)))
    fitted = {name: _plain(getattr(estimator, name)) for name in SHARED if hasattr(estimator, name)}
    vars(model).update(fitted, coefs_=estimator.coefs_, intercepts_=estimator.intercepts_)
    parameters = flatten_parameters(estimator.coefs_, estimator.intercepts_).copy()
    vars(model).update(network_attributes(Network(get_spec(model), parameters)), diagnoses_=None)
    if (binarizer := getattr(estimator, "_label_binarizer", None)) is not None:
        vars(model).update(Classification(_targets(binarizer), model.classes_).attributes())
    else:
        vars(model).update(Regression(model.loss, np.empty((0, model.n_outputs_))).attributes())
    if (memory := _our_memory(estimator, parameters)) is not None:
        memory.history = get_history(model)
        # Fitted attributes that only lamina has start with these values.
        vars(model).update(epoch_attributes(memory, optimizer_settings(model)) | fitted)
    assert isinstance(model, MLPClassifier | MLPRegressor)
    return model


def _refuse_unknown_values(estimator: BaseEstimator) -> None:
    try:
        estimator._validate_params()
    except InvalidParameterError as error:
        raise ExportError(f"scikit-learn does not support this model: {error}") from None


def _label_binarizer(targets: TargetEncoding, is_sparse: bool) -> LabelBinarizer:
    if targets.kind != "multilabel":
        return LabelBinarizer().fit(targets.classes)
    indicators = np.eye(len(targets.classes), dtype=int)
    return LabelBinarizer().fit(sparse.csr_array(indicators) if is_sparse else indicators)


def _targets(binarizer: LabelBinarizer) -> TargetEncoding:
    kinds: dict[str, TargetKind] = {
        "multilabel-indicator": "multilabel",
        "multiclass": "multiclass",
    }
    kind = kinds.get(binarizer.y_type_, "binary")
    return TargetEncoding(binarizer.classes_, kind, binarizer.sparse_input_)


class TheirOptimizer(NamedTuple):
    """One of scikit-learn's optimizers.

    Attributes
    ----------
    cls : type
    make : callable
        `make(model, parameters)` returns a new optimizer.
    slots : dict of str to str
        Its attribute for each of lamina's slots.
    rate : str
        Its attribute for the schedule's current learning rate.
    """

    cls: type
    make: Callable[[BaseEstimator, list[AnyArray]], BaseOptimizer]
    slots: dict[str, str]
    rate: str


def _sgd(model: BaseEstimator, parameters: list[AnyArray]) -> BaseOptimizer:
    return SGDOptimizer(
        parameters,
        model.learning_rate_init,
        model.learning_rate,
        model.momentum,
        model.nesterovs_momentum,
        model.power_t,
    )


def _adam(model: BaseEstimator, parameters: list[AnyArray]) -> BaseOptimizer:
    rate, beta_1, beta_2 = model.learning_rate_init, model.beta_1, model.beta_2
    return AdamOptimizer(parameters, rate, beta_1, beta_2, model.epsilon)


THEIR_OPTIMIZERS = {
    "sgd": TheirOptimizer(SGDOptimizer, _sgd, {"velocity": "velocities"}, "learning_rate"),
    # scikit-learn's Adam multiplies its rate by the bias correction in every step.
    "adam": TheirOptimizer(AdamOptimizer, _adam, {"m": "ms", "v": "vs"}, "learning_rate_init"),
}


def _their_optimizer(model: BaseEstimator) -> BaseOptimizer:
    solver = name_of(model.solver)
    their, slots = THEIR_OPTIMIZERS[solver], OPTIMIZERS[solver].slots
    layout = ParameterLayout.from_spec(get_spec(model))
    settings = SimpleNamespace(**flat_parameters(model))
    optimizer = their.make(settings, [*model.coefs_, *model.intercepts_])
    for slot, numbers in zip(slots, model._optimizer_slots, strict=True):
        views = layout.views(numbers.copy())
        setattr(optimizer, their.slots[slot], [*views.weights, *views.biases])
    setattr(optimizer, their.rate, model._learning_rate)
    if hasattr(optimizer, "t"):
        optimizer.t = model._optimizer_step
    return optimizer


def _our_memory(estimator: BaseEstimator, parameters: AnyArray) -> Memory | None:
    """Return lamina's optimizer state from scikit-learn's; None for other solvers."""
    their = THEIR_OPTIMIZERS.get(estimator.solver)
    optimizer = getattr(estimator, "_optimizer", None)
    if their is None or not isinstance(optimizer, their.cls):
        return None
    slots = [getattr(optimizer, their.slots[slot]) for slot in OPTIMIZERS[estimator.solver].slots]
    vectors = [np.concatenate([np.ravel(part) for part in parts]) for parts in slots]
    state = OptimizerState(np.array(vectors, dtype=parameters.dtype), getattr(optimizer, "t", 0))
    rate = RateState(float(getattr(optimizer, their.rate)), float(estimator.learning_rate_init))
    return Memory(parameters, state, rate, History())


def _plain(value: object) -> object:
    """Return a copy of a fitted attribute, with NumPy scalars converted to Python's."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else deepcopy(value)
