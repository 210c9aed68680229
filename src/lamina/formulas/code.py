"""A formula in the languages that models are exported to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """How an activation or a link is written elsewhere, in z and what its units learn, by name.

    Attributes
    ----------
    torch : str
        Its class in `torch.nn`, with arguments where the defaults there are others, and n where
        it asks for the number of units; a name in small letters is a function of `torch`.
    onnx : str
        Its operator in ONNX, or several as calls: 'Mul(z, Sigmoid(z))'. An operator that
        onnxruntime has in float32 alone is written in terms of others, but for Erf.
    numpy : str
        An expression of NumPy and `math`. It raises no warning, however far z lies from zero.
    c : str
        C99 with <math.h> in double precision: an activation as an expression, a link as statements
        that turn `real *z`, the n logits of a row, into predictions in place.
    """

    torch: str
    onnx: str
    numpy: str
    c: str
