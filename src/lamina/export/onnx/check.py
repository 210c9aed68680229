"""Validity checks of ONNX models, by onnx and, if installed, onnxruntime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from lamina.errors import ExportError

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnxruntime import InferenceSession

NO_KERNEL = re.compile(r"Could not find an implementation for (\w+)")


FIRST_OPSET = 9  # older versions lack Where


def check_opset(opset: int) -> None:
    """Raise ValueError for a version of ONNX's operators that is invalid or not supported."""
    import onnx

    last = onnx.defs.onnx_opset_version()
    if not isinstance(opset, int) or not FIRST_OPSET <= opset <= last:
        raise ValueError(
            f"opset={opset!r} must be from {FIRST_OPSET} to {last} for onnx {onnx.__version__}; "
            "the default, 18, works with onnxruntime 1.14 and newer"
        )


def check(proto: ModelProto, dtype: np.dtype[np.generic]) -> None:
    """Raise ExportError for a model that onnx finds invalid or onnxruntime cannot open.

    The message gives the reason and the option that solves the problem.
    """
    import onnx

    try:
        onnx.checker.check_model(proto, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = _first_line(error)
        cure = _cure(dtype)
        if "No Op registered" in reason:
            cure = "leave opset at its default, or give a newer one"
        raise ExportError(
            f"ONNX {onnx.__version__} refuses this model: {reason}: {cure}"
        ) from error
    open_session(proto, dtype)


def open_session(proto: ModelProto, dtype: np.dtype[np.generic]) -> InferenceSession | None:
    """Return an onnxruntime session for a model; None if onnxruntime is not installed.

    Raises
    ------
    ExportError
        If onnxruntime cannot open the model.
    """
    try:
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    # onnxruntime raises these errors, too, so it need not print them.
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions have no common base class
        raise ExportError(_refusal(error, onnxruntime.__version__, dtype)) from error


def _refusal(error: Exception, version: str, dtype: np.dtype[np.generic]) -> str:
    missing = NO_KERNEL.search(str(error))
    if missing is None:
        return (
            f"onnxruntime {version} cannot open this model: {_first_line(error)}: leave opset at "
            "its default, or give an older one"
        )
    return (
        f"onnxruntime {version} cannot open this model, because it has no {missing[1]} in "
        f"{dtype.name}: {_cure(dtype)}"
    )


def _cure(dtype: np.dtype[np.generic]) -> str:
    if dtype == np.float64:
        return 'give dtype="float32"'
    return "use another transformer instead of the one that needs it"


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
