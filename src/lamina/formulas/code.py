"""Source code of a formula in the languages of the exports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """Source code of a formula, in terms of z and the learned parameters of units by name.

    Attributes
    ----------
    torch : str
        Class in `torch.nn` or in lamina.export.torch_layers, with arguments where its defaults
        differ, and n for the number of units; a name in lower case is a function of `torch`. For
        a precision, the name of its dtype.
    onnx : str
        ONNX operator, or several as calls: 'Mul(z, Sigmoid(z))'. An operator that onnxruntime
        implements only in float32, in any of its versions, is written in terms of others, or has
        a replacement in lamina.export.onnx.kernels. An inverse link by pairs may use `second`,
        which is true for every second column.
    numpy : str
        Expression of NumPy and `math`. It raises no warning, however large |z| is.
    c : str
        C99 with <math.h> in double precision: an activation as an expression, an inverse link as
        statements that turn `real *z`, the n logits of a sample, into predictions in place. For a
        precision, statements with <stdint.h> and <string.h> that return the nearest number to
        `float z`.
    """

    torch: str
    onnx: str
    numpy: str
    c: str
