"""Export of models to ONNX, PyTorch, scikit-learn, a Python file, or a C header."""

from lamina.export.c.header import to_c
from lamina.export.onnx.model import to_onnx
from lamina.export.python.file import to_python
from lamina.export.pytorch.conversion import from_torch, to_torch
from lamina.export.scikit_learn import from_sklearn, to_sklearn

__all__ = [
    "from_sklearn",
    "from_torch",
    "to_c",
    "to_onnx",
    "to_python",
    "to_sklearn",
    "to_torch",
]
