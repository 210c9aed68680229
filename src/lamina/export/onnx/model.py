"""Export of a fitted model, alone or at the end of a pipeline, to ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from lamina.encoding import TargetEncoding
from lamina.errors import ExportError
from lamina.export.lowering.builder import NotLoweredError
from lamina.export.lowering.fitted_network import ENSEMBLES, FittedNetwork, fitted_network
from lamina.export.lowering.models import lower, target_scale
from lamina.export.lowering.program import TargetScale
from lamina.export.onnx.check import check, check_opset
from lamina.export.onnx.graph import label_array
from lamina.export.onnx.program import INNER, program_to_onnx

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 18
ML = "ai.onnx.ml"


def to_onnx(
    model: Any,
    X: Any = None,
    *,
    dtype: DTypeLike | None = None,
    zipmap: bool = False,
    opset: int = OPSET,
) -> ModelProto:
    """Return a fitted model, alone or inside scikit-learn's classes, as an ONNX model.

    Inputs and outputs are named as by skl2onnx. The input is 'X', of shape (n_samples,
    n_features). A pipeline fitted to a data frame, and an estimator for tables, have one input of
    shape (n_samples, 1) for each column that they read, in the order of the columns, with the
    column's name in letters, digits and underscores. A regressor has the output 'variable', of
    shape (n_samples, n_outputs), and after loss='gaussian_nll' also 'std', of the same shape. A
    classifier has 'label', of shape (n_samples,) or, for multilabel targets, (n_samples,
    n_labels), and 'probabilities', with the columns of `predict_proba`. With several columns of
    labels, each has two outputs: 'label_0', 'probabilities_0', 'label_1', …

    Numbers have the dtype `dtype`; a TableEncoding treats NaN as missing. Categories are strings,
    empty if missing. A date is an int64 of microseconds since 1970 in UTC, as in NumPy's
    'datetime64[us]', and NaT, the smallest int64, if missing.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor, Pipeline or \
            TransformedTargetRegressor
        Fitted; a target's scaler must be StandardScaler or MinMaxScaler. lamina converts the
        pipeline steps that `to_python` supports; skl2onnx converts pipelines with other steps.
    X : array-like or data frame, optional
        One or more rows of a pipeline's input, for types and names; by default a matrix of
        numbers, or the columns that a TableEncoding was fitted to. Not needed for a model alone.
    dtype : {'float32', 'float64'}, optional
        The dtype of floating-point inputs and outputs, and of the network; by default that of X
        if it has one, else that of the model's weights, or float32 for a model with a
        `precision`, which sums in float32. Preprocessing converted by lamina is computed in
        float64. A TabularClassifier or TabularRegressor has float64 inputs and outputs, unless
        dtype='float32'. Some transformers converted by skl2onnx only exist in float32.
    zipmap : bool, default=False
        If True, a classifier's probabilities are a list of dictionaries by label, skl2onnx's
        default, instead of a tensor. ONNX only has these in float32.
    opset : int, default=18
        Version of ONNX's operators; 18 works with onnxruntime 1.14 and newer.

    Returns
    -------
    onnx.ModelProto
        Checked by onnx, and by onnxruntime if it is installed; `onnx.save` writes it to a file.

    Raises
    ------
    ExportError
        For a parameter, labels or columns that ONNX cannot represent, and for a model that
        onnxruntime, if installed, cannot open; the message names them.
    ValueError
        For an `opset` that onnx does not have.
    ImportError
        If onnx is missing or, for a pipeline with other steps, skl2onnx.
    NotFittedError
        For a model that has not been fitted.
    TypeError
        For any other object.

    Notes
    -----
    skl2onnx's own functions support lamina's classes after
    `lamina.export.onnx_pipeline.register_with_skl2onnx()`.

    Sparse rows, which a pipeline's encoder may output, become dense in ONNX. This only matters with
    precision='bfloat16': lamina does not round the first product of sparse rows, but ONNX does.

    Examples
    --------
    >>> import lamina, onnxruntime
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = lamina.MLPClassifier((8,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> session = onnxruntime.InferenceSession(lamina.to_onnx(model).SerializeToString())
    >>> labels, probabilities = session.run(None, {"X": X})
    >>> bool((labels == model.predict(X)).all())
    True
    >>> bool(abs(probabilities - model.predict_proba(X)).max() < 1e-12)
    True
    """
    try:
        check_opset(opset)
    except ImportError as error:
        raise ImportError('to_onnx needs onnx: pip install "lamina[onnx]"') from error
    if type(model).__name__ in ENSEMBLES:
        return _ensemble(model, X, dtype, zipmap, opset)
    try:
        program = lower(model, _dtype(model, X, dtype))
        proto = program_to_onnx(program, X, opset)
        network, target = program.network, program.target
    except NotLoweredError:
        proto, network, target = _by_skl2onnx(model, X, dtype, opset)
    if zipmap and network.targets is not None and not network.is_multilabel:
        _zip_probabilities(proto, network.label_columns)
    if target is not None:
        _scale_back(proto, target, network.dtype)
    check(proto, network.dtype)
    return proto


def _ensemble(model: Any, X: Any, dtype: DTypeLike | None, zipmap: bool, opset: int) -> ModelProto:
    # Imported here because networks alone do not need the estimators for tables.
    from lamina.export.lowering.ensembles import lower_ensemble
    from lamina.export.onnx.ensemble import ensemble_to_onnx

    program = lower_ensemble(model, dtype)
    proto = ensemble_to_onnx(program, X, opset)
    if zipmap and program.targets is not None:
        _zip_probabilities(proto, [program.targets])
    check(proto, program.network_dtype)
    return proto


def _dtype(model: Any, X: Any, dtype: DTypeLike | None) -> DTypeLike | None:
    """Return the dtype that a pipeline computes in: `dtype`, else X's, else its network's."""
    inner = getattr(model, "regressor_", model)
    if dtype is not None or X is None or not isinstance(inner, Pipeline):
        return dtype
    dtypes = [X.dtype] if hasattr(X, "dtype") else list(getattr(X, "dtypes", []))
    floats = {str(each) for each in dtypes} & {"float32", "float64"}
    if len(floats) != 1 or getattr(inner[-1], "precision", None) is not None:
        return None
    return floats.pop()


def _by_skl2onnx(
    model: Any, X: Any, dtype: DTypeLike | None, opset: int
) -> tuple[ModelProto, FittedNetwork, TargetScale | None]:
    """Convert a pipeline with steps that only skl2onnx supports."""
    transformer = None
    if isinstance(model, TransformedTargetRegressor):
        model, transformer = model.regressor_, model.transformer_
    network = fitted_network(model[-1], _dtype(model, X, dtype))
    proto = _pipeline(model, X, network, dtype is None, opset)
    return proto, network, None if transformer is None else target_scale(transformer, network)


def _pipeline(
    model: Pipeline, X: Any, network: FittedNetwork, keeps_types: bool, opset: int
) -> ModelProto:
    try:
        from lamina.export.onnx_pipeline import pipeline_to_onnx
    except ImportError as error:
        raise ImportError(
            'to_onnx of a pipeline needs skl2onnx: pip install "lamina[onnx]"'
        ) from error
    return pipeline_to_onnx(model, X, network.dtype, keeps_types=keeps_types, opset=opset)


def _scale_back(proto: ModelProto, target: TargetScale, dtype: np.dtype[Any]) -> None:
    """Invert the scaling of the targets, in place: y factor + offset, and factor times a std."""
    from onnx import helper, numpy_helper

    factor, offset = f"{INNER}target_factor", f"{INNER}target_offset"
    for name, array in {factor: target.factor, offset: target.offset}.items():
        proto.graph.initializer.append(numpy_helper.from_array(array.astype(dtype), name))
    prediction, *stds = [each.name for each in proto.graph.output]
    scaled = [_set_aside(proto, output) for output in (prediction, *stds)]
    scaled_out = f"{INNER}scaled_out"
    proto.graph.node.extend(
        [
            helper.make_node("Mul", [scaled[0], factor], [scaled_out]),
            helper.make_node("Add", [scaled_out, offset], [prediction]),
            *(
                helper.make_node("Mul", [each, factor], [output])
                for each, output in zip(scaled[1:], stds, strict=True)
            ),
        ]
    )


def _zip_probabilities(proto: ModelProto, label_columns: Sequence[TargetEncoding]) -> None:
    """Replace a model's probabilities by dictionaries by label, in place."""
    from onnx import helper

    for i, encoding in enumerate(label_columns):
        # Not named 'probabilities' if a column of the table has that name.
        output = proto.graph.output[2 * i + 1]
        _zip(proto, output, label_array(encoding))
    if ML not in {each.domain for each in proto.opset_import}:
        proto.opset_import.append(helper.make_opsetid(ML, 1))


def _zip(proto: ModelProto, output: Any, labels: NDArray[Any]) -> None:
    """Replace one output by dictionaries with a label for each of its columns."""
    from onnx import TensorProto, helper

    attributes = {"O": "classlabels_strings", "i": "classlabels_int64s"}
    if labels.dtype.kind not in attributes or len(labels) < 2:
        raise ExportError(
            "zipmap=True requires at least two labels, which are strings or integers, got "
            f"{labels.tolist()}: leave zipmap=False"
        )
    by_label = {attributes[labels.dtype.kind]: labels.tolist()}
    numbers = f"{INNER}{output.name}_to_zip"
    proto.graph.node.extend(
        [
            helper.make_node(
                "Cast", [_set_aside(proto, output.name)], [numbers], to=TensorProto.FLOAT
            ),
            helper.make_node("ZipMap", [numbers], [output.name], domain=ML, **by_label),
        ]
    )
    key = helper.np_dtype_to_tensor_dtype(labels.dtype)
    value = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    dictionaries = helper.make_sequence_type_proto(helper.make_map_type_proto(key, value))
    output.CopyFrom(helper.make_value_info(output.name, dictionaries))


def _set_aside(proto: ModelProto, output: str) -> str:
    """Rename the value of an output, so that further nodes can compute the output from it."""
    [last] = [node for node in proto.graph.node if list(node.output) == [output]]
    last.output[0] = f"{INNER}{output}_before"
    return str(last.output[0])
