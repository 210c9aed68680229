"""Export of a fitted model, alone or at the end of a pipeline, to ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from lamina.export.lowering.any_model import lower_any
from lamina.export.lowering.builder import NotLoweredError
from lamina.export.lowering.fitted_network import FittedModel
from lamina.export.lowering.models import lower_model, target_scale
from lamina.export.lowering.program import ModelProgram
from lamina.export.onnx.check import check, check_opset
from lamina.export.onnx.finished import scale_back, zip_probabilities
from lamina.export.onnx.program import program_to_onnx
from lamina.export.target import Rows

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 18


def to_onnx(
    model: FittedModel,
    X: Rows = None,
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
    try:
        program = lower_any(model, _dtype(model, X, dtype))
    except NotLoweredError:
        proto, program = _by_skl2onnx(model, X, dtype, opset)
    else:
        proto = program_to_onnx(program, X, opset)
    if zipmap and not (program.targets is not None and program.targets.kind == "multilabel"):
        zip_probabilities(proto, program.label_columns)
    check(proto, program.network_dtype)
    return proto


def _dtype(model: BaseEstimator, X: Rows, dtype: DTypeLike | None) -> DTypeLike | None:
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
    model: BaseEstimator, X: Rows, dtype: DTypeLike | None, opset: int
) -> tuple[ModelProto, ModelProgram]:
    """Convert a pipeline with steps that only skl2onnx supports; return its network's program."""
    transformer = None
    if isinstance(model, TransformedTargetRegressor):
        model, transformer = model.regressor_, model.transformer_
    program = lower_model(model[-1], _dtype(model, X, dtype))
    try:
        from lamina.export.onnx_pipeline import pipeline_to_onnx
    except ImportError as error:
        raise ImportError(
            'to_onnx of a pipeline needs skl2onnx: pip install "lamina[onnx]"'
        ) from error
    keeps_types = dtype is None
    proto = pipeline_to_onnx(model, X, program.dtype, keeps_types=keeps_types, opset=opset)
    if transformer is not None:
        scale_back(proto, target_scale(transformer, program.n_columns), program.dtype)
    return proto, program
