"""Allow-list of the estimators in model files, and their conversion to plain values and back.

Every estimator is {"class": its name on the list, "parameters": {…}, "state": {…}}, where state is
`vars` without the parameters, so any new attribute is included. Further keys:

    "network"     of an MLP: the shapes of coefs_, and coefs_ and intercepts_ as one flat tensor
    "steps"       of a Pipeline: pairs of name and estimator
    "encoding"    of a TableEncoding, in place of state: its own plain form; null before fit
    "requests"    metadata requests: method, argument, True, False, None or an alias
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise

import numpy as np
from sklearn.base import BaseEstimator

from lamina.choices import Choice
from lamina.errors import ModelFileError
from lamina.estimators.settings.member_contradictions import are_shared
from lamina.files.model_file import Json
from lamina.files.plain import Place, PlainReader, PlainWriter, place_in_words, unsupported
from lamina.formulas import LOSSES
from lamina.network import ParameterLayout, flatten_parameters
from lamina.persistence.compositions import (
    check_columns,
    check_pipeline,
    check_transformer,
    check_union,
)
from lamina.persistence.ensembles import NETWORKS, check_ensemble
from lamina.persistence.targets import check_target
from lamina.persistence.transformers import TRANSFORMERS

SAVABLE = (
    "lamina saves its MLPClassifier and MLPRegressor, alone, at the end of a Pipeline after "
    f"TableEncoding, ColumnTransformer, FeatureUnion, {', '.join(TRANSFORMERS)} or 'passthrough', "
    "and in a TransformedTargetRegressor; and its TabularClassifier and TabularRegressor. For "
    "other models use joblib or skops"
)
# Every transform sets it anew; it may be an Index of pandas.
RECOMPUTED = "_transformers_feature_names_out"
# Callbacks, scikit-learn's own too, are code, which no file holds; a checkpoint's path belongs to
# one machine.
OF_FITS_ALONE = frozenset(
    {"callbacks", "_skl_callbacks", "checkpoint", "checkpoint_every", "checkpoint_seconds"}
)
# Advice on what to save instead of a meta-estimator, by an attribute that only it has.
CURES = {
    "best_estimator_": "save its best_estimator_, the model that it has found, instead",
    "cv_results_": "save its best_estimator_ (fit it with refit=True) instead",
    "param_distributions": "fit it, and save its best_estimator_ instead",
    "param_grid": "fit it, and save its best_estimator_ instead",
    "calibrated_classifiers_": (
        "save the estimator of each of its calibrated_classifiers_, without the calibration, "
        "instead; joblib keeps both"
    ),
    "estimators_": "save each of its estimators_ instead; joblib keeps the whole",
    "estimator_": "save its estimator_ instead; joblib keeps the whole",
}
LATER = "; if it was written by a later lamina or scikit-learn, upgrade"


@dataclass(frozen=True)
class Kind:
    """Allowed class.

    Attributes
    ----------
    cls : type
        Class itself; subclasses are not allowed.
    to_plain : callable
        `to_plain(estimator, writer, path)` returns its parts, all but the class's name.
    from_plain : callable
        `from_plain(cls, plain, reader)` pops its parts from plain; what remains is unknown.
    is_model : bool
        True if it may be alone in a file, or last in a pipeline.
    """

    cls: type
    to_plain: Callable[[BaseEstimator, PlainWriter, Place], dict[str, Json]]
    from_plain: Callable[[type, dict[str, Json], PlainReader], BaseEstimator]
    is_model: bool


_PLAIN = {"Pipeline": "sklearn.pipeline", "FeatureUnion": "sklearn.pipeline"}
_PLAIN |= {"ColumnTransformer": "sklearn.compose", "TransformedTargetRegressor": "sklearn.compose"}
_OURS = {"MLPClassifier": "lamina.estimators", "MLPRegressor": "lamina.estimators"}
_OURS |= {"TableEncoding": "lamina.encoding"}
_OURS |= dict.fromkeys(NETWORKS, "lamina.tabular")
MODULES = {**_OURS, **_PLAIN, **{name: each.module for name, each in TRANSFORMERS.items()}}


@cache
def look_up_kind(name: str) -> Kind:
    """Return the entry of a class in MODULES; its module is imported on first use."""
    cls = getattr(import_module(MODULES[name]), name)
    if name in ("MLPClassifier", "MLPRegressor"):
        return Kind(cls, _mlp_to_plain, _mlp_from_plain, True)
    if name == "Pipeline":
        return Kind(cls, _pipeline_to_plain, _pipeline_from_plain, True)
    if name == "TableEncoding":
        return Kind(cls, _encoding_to_plain, _encoding_from_plain, False)
    is_model = name == "TransformedTargetRegressor" or name in NETWORKS
    return Kind(cls, _estimator_to_plain, _estimator_from_plain, is_model)


# A check may compute with any numbers, even infinite ones, and reports faults by exceptions.
@np.errstate(all="ignore")
def check(estimator: BaseEstimator) -> None:
    """Check parameters, attributes and structure of an allowed estimator, but not its parts' own.

    Raises
    ------
    ModelFileError, ValueError, TypeError
        For the first value out of range; names it.
    """
    name = type(estimator).__name__
    if name in ("MLPClassifier", "MLPRegressor"):
        from lamina.estimators.fitting.fitted_attributes import check_estimator

        check_estimator(estimator)
    elif name == "TransformedTargetRegressor":
        check_target(estimator, _n_targets(vars(estimator).get("regressor_")))
    elif name in NETWORKS:
        check_ensemble(estimator)
    elif name == "TableEncoding":
        estimator._validate_params()
    elif name in TRANSFORMERS:
        check_transformer(estimator)
    elif name in _PLAIN:
        checks = {"Pipeline": check_pipeline, "FeatureUnion": check_union}
        checks.get(name, check_columns)(estimator)


def _n_targets(regressor: BaseEstimator) -> int:
    """Return the number of targets of a fitted MLPRegressor or a pipeline that ends with one."""
    if hasattr(regressor, "steps"):
        return _n_targets(regressor.steps[-1][1])
    if regressor is None:
        return 1
    if type(regressor).__name__ != "MLPRegressor" or not hasattr(regressor, "coefs_"):
        raise ModelFileError("its regressor_ is not a fitted MLPRegressor")
    loss = vars(regressor).get("_loss_name")
    per_target = (
        LOSSES[loss].outputs_per_target(regressor._loss_hyperparameters) if loss is not None else 1
    )
    return int(regressor.n_outputs_) // per_target


def model_to_plain(model: object, writer: PlainWriter, path: Place = ()) -> dict[str, Json]:
    """Return the plain form of an allowed estimator.

    Raises
    ------
    TypeError
        For any other class, or a parameter or attribute that no file can hold; names it.
    """
    name = type(model).__name__
    if name not in MODULES or type(model) is not look_up_kind(name).cls:
        raise _not_savable(model, path)
    plain = {"class": name, **look_up_kind(name).to_plain(model, writer, path)}
    try:
        check(model)
    except ModelFileError as refusal:
        raise ValueError(
            f"{place_in_words(path)} cannot be saved: {refusal}. Set it back, or fit the "
            "estimator again"
        ) from None
    return plain


def _not_savable(model: object, path: Place) -> TypeError:
    if path and not hasattr(model, "get_params"):
        return unsupported(model, path)
    name = f"{type(model).__module__}.{type(model).__qualname__}"
    cure = next((cure for attribute, cure in CURES.items() if hasattr(model, attribute)), SAVABLE)
    return TypeError(f"{place_in_words(path)} is a {name} and cannot be saved: {cure}")


def model_from_plain(plain: Json, reader: PlainReader) -> BaseEstimator:
    """Return the estimator of a plain form; raise ModelFileError for a class not allowed."""
    parts = dict(plain)
    name = parts.pop("class")
    if name not in MODULES:
        raise ModelFileError(f"it holds a {name!r}, which is not among its known classes{LATER}")
    estimator = look_up_kind(name).from_plain(look_up_kind(name).cls, parts, reader)
    if parts:
        raise ModelFileError(f"its {name} has an unknown part {min(parts)!r}{LATER}")
    check(estimator)
    return estimator


def is_model(estimator: object) -> bool:
    """Return True if an allowed estimator is, or ends with, an MLP.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> is_model(make_pipeline(StandardScaler()))
    False
    """
    name = type(estimator).__name__
    if name not in MODULES or not look_up_kind(name).is_model:
        return False
    if hasattr(estimator, "steps"):
        return bool(estimator.steps) and is_model(estimator.steps[-1][1])
    return not hasattr(estimator, "regressor") or is_model(estimator.regressor)


def _estimator_to_plain(
    estimator: BaseEstimator, writer: PlainWriter, path: Place, apart: frozenset[str] = frozenset()
) -> dict[str, Json]:
    """Return parameters, state and requests, without the parts that the caller writes itself."""
    parameters = estimator.get_params(deep=False)
    hidden = {*parameters, RECOMPUTED}
    state = {name: value for name, value in vars(estimator).items() if name not in hidden}
    request = state.pop("_metadata_request", None)
    plain = {
        "parameters": {
            name: writer.write(value, (*path, name))
            for name, value in parameters.items()
            if name not in apart
        },
        "state": {
            name: writer.write(value, (*path, name))
            for name, value in state.items()
            if name not in apart
        },
    }
    return plain if request is None else {**plain, "requests": _requests_of(request)}


def _estimator_from_plain(
    cls: type, plain: dict[str, Json], reader: PlainReader, **apart: object
) -> BaseEstimator:
    parameters = {**reader.read(plain.pop("parameters")), **apart}
    signature = _parameters_of(cls)
    if unknown := parameters.keys() - signature:
        raise ModelFileError(f"its {cls.__name__} has an unknown parameter {min(unknown)!r}{LATER}")
    estimator = cls(**parameters)
    for name, value in reader.read(plain.pop("state")).items():
        if name in signature or not _may_be_state(cls, name):
            raise ModelFileError(
                f"its {cls.__name__} has an attribute {name!r}, which is not state"
            )
        vars(estimator)[name] = value
    _set_requests(estimator, plain.pop("requests", {}))
    return estimator


def _may_be_state(cls: type, name: str) -> bool:
    """Return True if an attribute hides nothing of the class, and its name is not special."""
    kept_apart = name in OF_FITS_ALONE or name == "_metadata_request"
    hides = kept_apart or name in _names_of(cls)
    return name.isidentifier() and not name.startswith("__") and not hides


@cache
def _parameters_of(cls: type) -> frozenset[str]:
    return frozenset(inspect.signature(cls).parameters)


@cache
def _names_of(cls: type) -> frozenset[str]:
    return frozenset(dir(cls))


def _requests_of(request: Json) -> dict[str, dict[str, Json]]:
    methods = {name: part for name, part in vars(request).items() if name != "owner"}
    return {name: dict(part.requests) for name, part in methods.items() if part.requests}


def _set_requests(estimator: BaseEstimator, requests: dict[str, dict[str, Json]]) -> None:
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        for method, asked in requests.items():
            getattr(estimator, f"set_{method}_request")(**asked)


def _mlp_to_plain(model: BaseEstimator, writer: PlainWriter, path: Place) -> dict[str, Json]:
    if not isinstance(model.loss, (str, Choice)):
        plain = inspect.signature(type(model)).parameters["loss"].default
        raise TypeError(
            f"{place_in_words((*path, 'loss'))} is a custom {type(model.loss).__name__} and "
            f"cannot be saved, because it is code: call set_params(loss={plain!r}) first. A model "
            "predicts the same without it"
        )
    if not hasattr(model, "coefs_") or are_shared(model.members):
        return _estimator_to_plain(model, writer, path, OF_FITS_ALONE)
    shapes = _network_shapes(model)
    apart = OF_FITS_ALONE | {"coefs_", "intercepts_"}
    plain = _estimator_to_plain(model, writer, path, apart)
    dtype = np.result_type(*model.coefs_, *model.intercepts_)
    vector = flatten_parameters(model.coefs_, model.intercepts_, dtype=dtype)
    tensor = writer.tensor(vector, (*path, "parameters"))
    members = {} if (n := _n_members(model)) is None else {"members": n}
    return {**plain, "network": {"shapes": shapes, "parameters": tensor, **members}}


def _mlp_from_plain(cls: type, plain: dict[str, Json], reader: PlainReader) -> BaseEstimator:
    from lamina.estimators.fitting.fitted_network import share_one_vector

    network = plain.pop("network", None)
    model = _estimator_from_plain(cls, plain, reader)
    if network is not None:
        shapes = [(fan_in, fan_out) for fan_in, fan_out in network["shapes"]]
        # Arrays of independent members have one more axis, the first.
        axis = () if (n := network.get("members")) is None else (int(n),)
        layout = ParameterLayout(
            tuple((*axis, *shape) for shape in shapes),
            tuple((*axis, fan_out) for _, fan_out in shapes),
        )
        views = layout.views(reader.read(network["parameters"]))
        model.coefs_, model.intercepts_ = views.weights, views.biases
        _network_shapes(model)
    if hasattr(model, "coefs_"):
        share_one_vector(model)
    return model


def _n_members(model: BaseEstimator) -> int | None:
    """Return the number of independent members; None for one network."""
    first = model.coefs_[0]
    return len(first) if isinstance(first, np.ndarray) and first.ndim == 3 else None


def _network_shapes(model: BaseEstimator) -> list[tuple[int, int]]:
    """Return the shapes of coefs_, of one member; raise if an engine would read out of bounds."""
    floats = (np.float32, np.float64)
    parts = [*model.coefs_, *model.intercepts_]
    if not all(isinstance(part, np.ndarray) and part.dtype in floats for part in parts):
        raise TypeError("coefs_ and intercepts_ are not all arrays of float32 or float64")
    axis = () if (n := _n_members(model)) is None else (n,)
    widths = [_n_inputs(model), *(part.shape[-1] for part in model.intercepts_)]
    shapes = [*pairwise(widths), *((width,) for width in widths[1:])]
    shapes = [(*axis, *shape) for shape in shapes]
    if [part.shape for part in parts] != shapes or widths[-1] != model.n_outputs_:
        raise ValueError(
            "coefs_, intercepts_, n_features_in_ and n_outputs_ are not those of one network: "
            f"shapes {[part.shape for part in parts]}, {model.n_features_in_} features and "
            f"{model.n_outputs_} outputs"
        )
    return [*pairwise(widths)]


def _n_inputs(model: BaseEstimator) -> int:
    """Return the number of inputs of the first layer: features, or outputs of the input stage."""
    from lamina.estimators.fitting.input_stage import fitted_stage

    stage = fitted_stage(vars(model))
    return int(model.n_features_in_ if stage is None else stage.fan_out)


def _pipeline_to_plain(
    pipeline: BaseEstimator, writer: PlainWriter, path: Place
) -> dict[str, Json]:
    if pipeline.memory is not None:
        raise TypeError(
            f"the Pipeline's memory={pipeline.memory!r} cannot be saved: fitting the loaded model "
            "would unpickle the files there; set memory=None"
        )
    plain = _estimator_to_plain(pipeline, writer, path, frozenset({"steps"}))
    steps = [[name, writer.write(step, (*path, name))] for name, step in pipeline.steps]
    return {**plain, "steps": steps}


def _pipeline_from_plain(cls: type, plain: dict[str, Json], reader: PlainReader) -> BaseEstimator:
    if plain["parameters"].get("memory") is not None:
        raise ModelFileError("its Pipeline has a memory, from which it would unpickle")
    steps = [(str(name), reader.read(step)) for name, step in plain.pop("steps")]
    return _estimator_from_plain(cls, plain, reader, steps=steps)


def _encoding_to_plain(
    encoding: BaseEstimator, writer: PlainWriter, path: Place
) -> dict[str, Json]:
    parameters = encoding.get_params(deep=False)
    fitted = bool(vars(encoding).keys() - parameters.keys())
    return {
        "parameters": writer.write(parameters, path),
        "encoding": writer.write(encoding.to_plain(), path) if fitted else None,
    }


def _encoding_from_plain(
    cls: type[BaseEstimator], plain: dict[str, Json], reader: PlainReader
) -> BaseEstimator:
    parameters = reader.read(plain.pop("parameters"))
    encoding = reader.read(plain.pop("encoding"))
    return cls(**parameters) if encoding is None else cls.from_plain(encoding)
