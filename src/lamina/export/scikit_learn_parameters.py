"""Parameters of an estimator that scikit-learn's class has too, and the refusal of all others."""

from __future__ import annotations

import inspect
from copy import deepcopy
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator

from lamina.choices import PARAMETERS, Choice
from lamina.errors import ExportError
from lamina.estimators.fitting.fitted_network import get_spec
from lamina.estimators.settings.formula_choices import OPTIONS, flat_parameters
from lamina.estimators.settings.hidden_layers import layer_widths

# Parameters of lamina that determine where the computation runs, without changing its result.
WITHOUT_EFFECT = {"engine", "n_threads"}
# Parameters that change a prediction by rounding alone.
ROUNDING = ("dtype", "precision")


def read_their_parameters(model: BaseEstimator, cls: type) -> dict[str, object]:
    """Return the parameters that a class of scikit-learn has.

    Raises
    ------
    ExportError
        For a parameter that the class lacks, if its value is not the default.
    """
    theirs, ours = inspect.signature(cls).parameters, inspect.signature(type(model)).parameters
    # scikit-learn's class has no width and no depth.
    params = {**flat_parameters(model), "width": None, "depth": None}
    if model.width is not None or model.depth is not None:
        params["hidden_layer_sizes"] = tuple(layer_widths(model))
    for name, value in params.items():
        if name in theirs or name in WITHOUT_EFFECT or _equal(value, ours[name].default):
            continue
        _refuse_object_with(model, cls, name)
        raise ExportError(
            f"scikit-learn's {cls.__name__} has no parameter {name!r}, and this model has {name}="
            f"{value!r}. {_cure(model, {name: ours[name].default})}"
        )
    # A message about an object shows the object, not its plain form.
    objects = {name for name in theirs if isinstance(params[name], dict)}
    return {
        name: deepcopy(getattr(model, name) if name in objects else params[name]) for name in theirs
    }


def _refuse_object_with(model: BaseEstimator, cls: type[BaseEstimator], flat: str) -> None:
    """Raise ExportError if an object of the model sets a parameter of names."""
    for parameter in PARAMETERS:
        choice = getattr(model, parameter, None)
        if not isinstance(choice, Choice) or not _sets(choice, parameter, flat):
            continue
        supported = cls._parameter_constraints.get(parameter, [])
        names = {each for kind in supported for each in getattr(kind, "options", ())}
        short = next((k for k, v in choice.record_names.items() if v == flat), flat)
        default = inspect.signature(type(model)).parameters[parameter].default
        change = {parameter: default}
        if choice.name in names:
            change = {f"{parameter}__{short}": getattr(type(choice)(), short)}
        raise ExportError(
            f"scikit-learn's {cls.__name__} does not support {parameter}={choice!r}, which this "
            f"model has. {_cure(model, change)}"
        )


def _cure(model: BaseEstimator, change: dict[str, object]) -> str:
    """Return how to export without a parameter, which must not change what the model predicts."""
    spec = get_spec(model)
    is_plain = spec.input_stage is None and spec.independent_member is None
    rounds_alone = all(name in ROUNDING for name in change)
    if not is_plain or not (rounds_alone or _predicts_alike(model, change)):
        return (
            "Its predictions depend on it: fit a model without it, or export this one by to_onnx, "
            "to_python, to_c or to_torch."
        )
    words = ", ".join(f"{name}={value!r}" for name, value in change.items())
    return f"To omit it, call set_params({words}) first."


def _predicts_alike(model: BaseEstimator, change: dict[str, object]) -> bool:
    """Return True if a model with changed parameters has the same predictions for some samples."""
    samples = np.stack([np.full(model.n_features_in_, value) for value in (0.0, 1.0, -2.0)])
    samples[2, ::2] *= -1
    predict = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    changed = deepcopy(model)
    try:
        changed.set_params(**change)
        before, after = (np.asarray(getattr(m, predict)(samples)) for m in (model, changed))
    except (ValueError, TypeError, AttributeError):
        return False
    return before.shape == after.shape and np.allclose(before, after)


def _sets(choice: Choice, parameter: str, flat: str) -> bool:
    """Return True if an object sets a parameter that `flat_parameters` names."""
    return flat in (parameter, OPTIONS.get(parameter)) or flat in choice.flat_values


def _equal(value: object, default: object) -> bool:
    return value is default or (isinstance(value, Real | str | tuple) and value == default)
