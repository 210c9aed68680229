"""Check the fitted attributes of an estimator against their allowed values.

Every attribute that a fit sets is declared here. A test fits models of every kind and fails if one
of them has an attribute without a check.
"""

from __future__ import annotations

from itertools import pairwise
from numbers import Real
from typing import Any, get_args

import numpy as np

from lamina.encoding import TableEncoding
from lamina.encoding.targets import LOSS_OF_KIND, TargetKind
from lamina.errors import ModelFileError
from lamina.estimators.fitting.checked_inputs import (
    checked_stage,
    input_fields,
    missing_categories,
)
from lamina.estimators.fitting.fitted_activations import ATTRIBUTE
from lamina.estimators.fitting.fitted_network import count_layers, get_spec
from lamina.estimators.fitting.fitted_parts import OTHER_PARTS, Attributes
from lamina.estimators.fitting.source_rows import ENCODING
from lamina.estimators.fitting.state import SCALING_ATTRIBUTES
from lamina.estimators.settings.hidden_layers import layer_widths
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES
from lamina.estimators.settings.parametrized import Parametrized
from lamina.files.fields import (
    Check,
    Fields,
    any_number,
    array,
    check_fields,
    described,
    list_of,
    mapping_of,
    member,
    none_or,
    number,
    numbers,
    record,
    refused,
    text,
    truth,
    whole,
)
from lamina.formulas import ACTIVATIONS, INVERSE_LINKS, LOSSES, OPTIMIZERS
from lamina.formulas.hyperparameters import Hyperparameter, Hyperparameters
from lamina.network import NetworkSpec, ParameterLayout

# Integers up to this one are exact in float64, in which steps are counted. The number of samples
# seen is not a bound: Ctrl-C inside an epoch leaves steps whose samples no epoch counts.
MOST_STEPS = 2**53
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# Attributes that every fit sets; older fits, other solvers or other targets omit the rest.
ALWAYS = frozenset(
    {"coefs_", "intercepts_", "n_features_in_", "n_layers_", "n_outputs_", "out_activation_"}
)
# Predictions read all of these, or none.
OF_LOSS = frozenset({"_loss_name", "_loss_hyperparameters"})
# A fit that resumes reads all of these, or none.
OPTIMIZER = frozenset({"_optimizer_name", "_optimizer_slots", "_optimizer_step", "_learning_rate"})
OUTPUT_CONFIG: Fields = {"transform": member(["default", "pandas", "polars", None])}
# Set on estimators whether they are fitted or not.
BEFORE_FIT: Fields = {"_sklearn_output_config": record(OUTPUT_CONFIG, optional=OUTPUT_CONFIG)}


def check_estimator(model: Parametrized) -> None:
    """Check parameters and fitted attributes of an MLP before it is used or written to a file.

    Raises
    ------
    ModelFileError
        For an attribute outside its range, dtype, shape or set; names it.
    InvalidParameterError, ValueError, TypeError
        For parameters that no fit takes, and for parts that are not those of one network.
    """
    model._validate_params()
    layer_widths(model)
    state = model.__dict__
    fields, needed = BEFORE_FIT, frozenset[str]()
    if "coefs_" in state:
        fields = fitted_fields(model, _checked_network(model))
        needed = ALWAYS | _class_attributes(model) | missing_categories(state)
        for together in (
            OPTIMIZER,
            OF_LOSS,
            frozenset(SCALING_ATTRIBUTES) - {"_standardised_layer"},
        ):
            needed |= together if state.keys() & together else frozenset()
        needed |= OF_LOSS if "_n_targets" in state else frozenset()
    # No code reads attributes of other names, such as those that a later version adds.
    checked = {name: value for name, value in state.items() if name in fields}
    check_fields(checked, fields, optional=fields.keys() - needed)


def _class_attributes(model: Parametrized) -> frozenset[str]:
    of_classes = {"classes_", "_target_kind", "_sparse_targets"}
    return frozenset(of_classes if hasattr(model, "predict_proba") else {})


def _checked_network(model: Parametrized) -> NetworkSpec:
    """Return the network after checking the parts that define it."""
    fitted = model.__dict__
    whole(1)(fitted.get("n_features_in_"), "n_features_in_")
    checked_stage(fitted)
    list_of(whole(1))(fitted.get("_heads", []), "_heads")
    if ATTRIBUTE in fitted:
        parts = fitted.get("coefs_", [])
        list_of(_activation, len(parts))(fitted[ATTRIBUTE], ATTRIBUTE)
    member(INVERSE_LINKS)(fitted.get("out_activation_"), "out_activation_")
    for name in ("coefs_", "intercepts_", *OTHER_PARTS):
        parts = fitted.get(name, [])
        list_of(_floats)(parts, name)
    return get_spec(model)


def _activation(value: object, place: str) -> None:
    try:
        ACTIVATIONS[ACTIVATIONS.from_json(value)]
    except (ValueError, TypeError):
        raise refused(value, place, "an activation") from None


def _floats(value: object, place: str) -> None:
    if not isinstance(value, np.ndarray) or value.dtype not in FLOATS:
        raise refused(value, place, "an array of float32 or float64")
    if not np.isfinite(value).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
        number_there = f"{place}[{', '.join(map(str, at))}]"
        raise refused(float(value[at]), number_there, "a finite number")


def fitted_fields(model: Parametrized, spec: NetworkSpec) -> Fields:
    """Return the check of every attribute that a fit sets on a model with this network."""
    fitted = model.__dict__
    features, parts = model.n_features_in_, list_of(_floats)
    names = array("O", (features,))
    fields: dict[str, Check] = {
        **BEFORE_FIT,
        **dict.fromkeys(("coefs_", "intercepts_", *OTHER_PARTS), parts),
        **input_fields(fitted),
        "n_features_in_": whole(features, features),
        "feature_names_in_": lambda value, place: _texts(value, place, names),
        "n_layers_": whole(count_layers(spec), count_layers(spec)),
        "n_outputs_": whole(spec.n_outputs, spec.n_outputs),
        "out_activation_": member(INVERSE_LINKS),
        "_heads": list_of(whole(1)),
        ATTRIBUTE: list_of(_activation),
        "engine_": text,
        ENCODING: lambda value, place: _encoding(value, place, features),
        "diagnoses_": none_or(list_of(text)),
        "n_iter_": whole(),
        "t_": whole(),
        "loss_": any_number,
        **epoch_fields(fitted, ParameterLayout.from_spec(spec).n_parameters),
    }
    of_targets = _class_fields if hasattr(model, "predict_proba") else _target_fields
    return {**fields, **of_targets(fitted, spec), **scaling_fields(fitted, spec)}


def _encoding(value: object, place: str, n_features: int) -> None:
    """Require the encoding of a fit to a source, with a column for each input."""
    if not isinstance(value, TableEncoding) or not hasattr(value, "kinds_"):
        raise refused(value, place, "a fitted TableEncoding")
    if len(value.get_feature_names_out()) != n_features:
        raise ModelFileError(f"{place} has not as many columns as the network has inputs")


def scaling_fields(fitted: Attributes, spec: NetworkSpec) -> Fields:
    """Return the check of every attribute that a fit with scale_target=True sets."""
    layout = ParameterLayout.from_spec(spec)
    shapes = [layout.weights[-1], layout.biases[-1]]

    def layer(value: object, place: str) -> None:
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise refused(value, place, "weights and biases")
        for part, shape in zip(value, shapes, strict=True):
            array("f", shape, finite=True)(part, place)

    def scales(value: Any, place: str) -> None:
        array("f", (None,), finite=True)(value, place)
        if not len(value) or spec.n_outputs % len(value) or (value <= 0).any():
            raise refused(value, place, "a positive number for each target")

    def means(value: Any, place: str) -> None:
        array("f", (None,), finite=True)(value, place)
        if np.shape(value) != getattr(fitted.get("target_scale_"), "shape", None):
            raise refused(value, place, "a number for each target")

    return {"target_mean_": means, "target_scale_": scales, "_standardised_layer": layer}


def epoch_fields(fitted: Attributes, n_parameters: int) -> Fields:
    """Return the check of every attribute that a minibatch solver sets."""
    curve = fitted.get("loss_curve_", [])
    numbers()(curve, "loss_curve_")
    slots = fitted.get("_optimizer_slot_names")
    n_slots = len(slots) if isinstance(slots, list) else None
    return {
        "loss_curve_": numbers(),
        "best_loss_": none_or(any_number),
        "validation_scores_": none_or(numbers()),
        "best_validation_score_": none_or(any_number),
        "_no_improvement_count": whole(),
        "_trained_parameters": none_or(array("f", (n_parameters,), finite=True)),
        "_optimizer_name": member(OPTIMIZERS),
        "_optimizer_slot_names": list_of(text),
        "_optimizer_slots": array("f", (n_slots, n_parameters)),
        "_optimizer_step": whole(0, MOST_STEPS),
        "_learning_rate": number(0),
        "_scheduled_epochs": whole(0, len(curve)),
        "_slow_epochs": whole(0, len(curve)),
        "_best_validation_loss": none_or(any_number),
        "_history": mapping_of(numbers(len(curve))),
        "_noise_seed": whole(0, 2**64 - 1),
        "_member_losses": list_of(numbers()),
    }


def _texts(value: Any, place: str, names: Check) -> None:
    names(value, place)
    if not all(isinstance(name, str) for name in value):
        raise refused(value, place, "an array of text")


def _class_fields(fitted: Attributes, spec: NetworkSpec) -> Fields:
    kind = fitted.get("_target_kind")
    kinds = member(get_args(TargetKind))
    kinds(kind, "_target_kind")
    inverse_link = LOSSES[LOSS_OF_KIND[kind]].inverse_link  # type: ignore[index]
    if spec.inverse_link != inverse_link:
        raise ModelFileError(
            f"its out_activation_ is {spec.inverse_link!r}, where {inverse_link!r} is expected"
        )

    def classes(value: object, place: str) -> None:
        several = kind == "multioutput"
        columns = value if several else [value]
        if not isinstance(columns, list) or not all(map(_are_classes, columns)):
            raise refused(value, place, "sorted classes")
        n_outputs = {"binary": 1}.get(str(kind), sum(map(len, columns)))
        heads = tuple(map(len, columns)) if several else ()
        fits = kind != "binary" or 1 <= len(columns[0]) <= 2
        if not fits or n_outputs != spec.n_outputs or heads != spec.heads:
            raise refused(value, place, f"one class for each of {spec.n_outputs} outputs")

    return {"classes_": classes, "_target_kind": kinds, "_sparse_targets": truth}


def _are_classes(value: object) -> bool:
    """Return True for distinct labels in ascending order."""
    if not isinstance(value, np.ndarray) or value.ndim != 1 or value.dtype.kind not in "biufUO":
        return False
    items = value.tolist()
    one_kind = all(isinstance(i, str) for i in items) or all(isinstance(i, Real) for i in items)
    return bool(items) and one_kind and all(before < after for before, after in pairwise(items))


def _target_fields(fitted: Attributes, spec: NetworkSpec) -> Fields:
    loss, name = fitted.get("_loss_name"), member([*sorted(REGRESSION_LOSSES), None])
    name(loss, "_loss_name")
    settings = loss_settings(loss)
    per_target = 1
    if loss is not None:
        hyperparameters = fitted.get("_loss_hyperparameters", {})
        settings(hyperparameters, "_loss_hyperparameters")
        per_target = _outputs_per_target(loss, hyperparameters, spec)
    n_targets = spec.n_outputs // per_target
    if fitted.get("_n_targets", n_targets) != n_targets:
        raise ModelFileError(
            f"its _loss_hyperparameters need {per_target} outputs for each target, and its "
            f"_n_targets is {described(fitted['_n_targets'])}, where the network has "
            f"{spec.n_outputs} outputs"
        )
    return {
        "_loss_name": name,
        "_loss_hyperparameters": settings,
        "_n_targets": whole(n_targets, n_targets),
    }


def _outputs_per_target(loss: str, hyperparameters: Hyperparameters, spec: NetworkSpec) -> int:
    """Return a loss's number of outputs per target, after checking that the network has them."""
    record_of_loss = LOSSES[loss]
    if spec.inverse_link != record_of_loss.inverse_link:
        raise ModelFileError(
            f"its out_activation_ is {spec.inverse_link!r}, where loss={loss!r} has "
            f"{record_of_loss.inverse_link!r}"
        )
    per_target = record_of_loss.outputs_per_target(hyperparameters)
    if spec.n_outputs % per_target:
        raise ModelFileError(f"its {spec.n_outputs} outputs are not those of loss={loss!r}")
    return per_target


def loss_settings(loss: str | None) -> Check:
    """Return the check of a loss's hyperparameters as stored in the fitted model."""
    hyperparameters = () if loss is None else LOSSES[loss].hyperparameters
    return record({each.name: _allowed(each) for each in hyperparameters})


def _allowed(hyperparameter: Hyperparameter) -> Check:
    def check(value: object, place: str) -> None:
        if not hyperparameter.allows(value):
            raise refused(value, place, hyperparameter.allowed_values)

    return check
