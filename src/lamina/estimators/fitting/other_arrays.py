"""Arrays of other libraries: as NumPy's or on their device, and predictions of their kind.

PyTorch, CuPy and JAX share memory by DLPack: arrays in this process's memory are not copied.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils._array_api import _max_precision_float_dtype, get_namespace_and_device

from lamina.engines import Engine
from lamina.engines.device_matrix import DeviceMatrix
from lamina.estimators.fitting.engine_choice import choose_prediction_engine
from lamina.estimators.fitting.input_stage import STAGE
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas.table import AnyArray

Answer = TypeVar("Answer")
Method = TypeVar("Method", bound=Callable[..., Any])
NUMBERS = "biuf"
ANSWERS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
SCORE = "score"


def is_of_another_library(value: object) -> bool:
    """Return True for an array of another library than NumPy, such as a tensor of PyTorch."""
    return (
        type(value) is not np.ndarray
        and hasattr(value, "__dlpack__")
        and hasattr(value, "shape")
        and not isinstance(value, np.ndarray)
    )


def as_numpy(value: Any) -> Any:
    """Return an array of another library as NumPy's, and any other value as it is.

    An array in this process's memory is not copied; one on a device is.

    Examples
    --------
    >>> as_numpy([1, 2])
    [1, 2]
    """
    if not is_of_another_library(value):
        return value
    if hasattr(value, "to_sparse_csr") and str(value.layout) != "torch.strided":
        return _as_csr(value.detach().cpu().to_sparse_csr())
    if hasattr(value, "detach"):
        value = value.detach()
    if str(value.dtype).endswith("bfloat16"):
        value = value.float() if hasattr(value, "float") else value.astype("float32")
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return np.asarray(_copy_to_host(value))


def adopted(engine: Engine, X: Any) -> Any:
    """Return X on the engine's device if it is there already, else as NumPy's array.

    Values that are no arrays of another library are returned as they are.
    """
    if not is_of_another_library(X):
        return X
    adopt = getattr(engine, "adopt", None)
    found: DeviceMatrix | None = None if adopt is None else adopt(X)
    return as_numpy(X) if found is None else found


def of_same_kind(answer: Answer, X: object) -> Answer:
    """Return predictions in X's library and on its device if scikit-learn dispatches, else NumPy's.

    scikit-learn dispatches inside `config_context(array_api_dispatch=True)`. Labels that are no
    numbers remain NumPy's, as other libraries have no arrays of them.
    """
    if not is_of_another_library(X) or not get_config()["array_api_dispatch"]:
        return answer
    namespace, _, device = get_namespace_and_device(X)
    converted: Answer = _converted(answer, namespace, device)
    return converted


def take_other_arrays(cls: type) -> None:
    """Let a class's own methods for predictions and scores take arrays of other libraries."""
    for name in (*ANSWERS, SCORE):
        if name in vars(cls):
            wrap = scores_any_arrays if name == SCORE else answers_in_kind
            setattr(cls, name, wrap(vars(cls)[name]))


def answers_in_kind(method: Method) -> Method:
    """Let a method for predictions take arrays of other libraries, and answer in their kind."""

    @wraps(method)
    def answering(self: Parametrized, X: object, *args: Any, **options: Any) -> Any:
        if type(X) is np.ndarray or not is_of_another_library(X):
            return method(self, X, *args, **options)
        return of_same_kind(method(self, _for_prediction(self, X), *args, **options), X)

    return answering  # type: ignore[return-value]


def scores_any_arrays(method: Method) -> Method:
    """Let a method for scores take arrays of other libraries; it returns a plain number."""

    @wraps(method)
    def scoring(self: Parametrized, X: object, y: object, sample_weight: object = None) -> float:
        rows = _for_prediction(self, X) if is_of_another_library(X) else X
        return method(self, rows, as_numpy(y), as_numpy(sample_weight))  # type: ignore[no-any-return]

    return scoring  # type: ignore[return-value]


def _for_prediction(model: Parametrized, X: object) -> Any:
    """Return X on the device that predicts if it is there, else as NumPy's array."""
    if STAGE in vars(model):
        return as_numpy(X)
    return adopted(choose_prediction_engine(model), X)


def _converted(answer: Any, namespace: Any, device: Any) -> Any:
    if isinstance(answer, list):
        return [_converted(each, namespace, device) for each in answer]
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in NUMBERS:
        return answer
    widest = str(_max_precision_float_dtype(namespace, device))
    if answer.dtype == np.float64 and not widest.endswith("float64"):
        answer = answer.astype(np.float32)
    return namespace.asarray(answer, device=device)


def _as_csr(tensor: Any) -> Any:
    parts = (tensor.values(), tensor.col_indices(), tensor.crow_indices())
    return sparse.csr_array(tuple(part.numpy() for part in parts), shape=tuple(tensor.shape))


def _copy_to_host(value: Any) -> AnyArray:
    """Return an array that NumPy can convert; JAX copies by itself."""
    for method in ("cpu", "get"):  # PyTorch, CuPy
        if callable(copy := getattr(value, method, None)):
            return copy()  # type: ignore[no-any-return]
    return value  # type: ignore[no-any-return]
