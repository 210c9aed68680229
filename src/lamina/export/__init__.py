"""Export of models to ONNX, PyTorch, scikit-learn, a Python file, or a C header."""

from lamina.export.c_header import to_c
from lamina.export.onnx_model import to_onnx
from lamina.export.python_file import to_python
from lamina.export.scikit_learn import from_sklearn, to_sklearn
from lamina.export.torch_modules import from_torch, to_torch

__all__ = [
    "from_sklearn",
    "from_torch",
    "to_c",
    "to_onnx",
    "to_python",
    "to_sklearn",
    "to_torch",
]
