"""A formula in the languages that models are exported to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """How a formula is written elsewhere, in z and what its units learn, by name.

    Attributes
    ----------
    torch : str
        Its class in `torch.nn` or in lamina.export.torch_layers, with arguments where the defaults
        there are others, and n where it asks for the number of units; a name in small letters is
        a function of `torch`. Of a precision, the name of its dtype.
    onnx : str
        Its operator in ONNX, or several as calls: 'Mul(z, Sigmoid(z))'. An operator that
        onnxruntime has in float32 alone, with any of its versions, is written in terms of others,
        or has a stand-in in lamina.export.onnx_kernels. An inverse link by pairs may use `second`,
        which is true for every second column.
    numpy : str
        An expression of NumPy and `math`. It raises no warning, however far z lies from zero.
    c : str
        C99 with <math.h> in double precision: an activation as an expression, an inverse link as
        statements that turn `real *z`, the n logits of a row, into predictions in place. Of a
        precision, statements with <stdint.h> and <string.h> that return the nearest number to
        `float z`.
    """

    torch: str
    onnx: str
    numpy: str
    c: str
