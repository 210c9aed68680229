"""ONNX operators that onnxruntime only has in float32, rewritten with others for float64.

Each replacement is a formula in z, like `Code.onnx`; `add_formula` uses it in float64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

# log(erfc(x) / t) + x² for x ≥ 0 as a polynomial in u = 2 t - 1, t = 2 / (2 + x): lowest power
# first, by Chebyshev interpolation in 40 digits. The error of erf is below 1e-15 everywhere.
ERFC_COEFFICIENTS = (
    -0.6717940840566922, 0.6726432239776583, 0.047343306841863525,
    -0.04689561023132892, -0.009872689364099222, 0.008824938561312326,
    0.0017589335074028032, -0.002345812552995894, -0.00014624628742128406,
    0.0006736791352568864, -9.373894767667295e-05, -0.00017430412986925938,
    7.141810433422301e-05, 3.174693542327236e-05, -3.023784054007137e-05,
    1.3989370477611051e-07, 8.662535397475538e-06, -2.963484230959699e-06,
    -1.409445991433531e-06, 1.283394915356199e-06, -4.146853754663641e-08,
    -2.895626567435524e-07, 7.745572408758512e-08, 2.980513364515168e-08,
    -1.2776086554968677e-08,
)  # fmt: skip
T = "Div(2, Add(2, Abs(z)))"


def _polynomial(u: str, coefficients: Sequence[float]) -> str:
    """Return a polynomial by Horner's rule; coefficients start with the lowest power."""
    *lower, highest = coefficients
    return reduce(lambda inner, c: f"Add({c!r}, Mul({u}, {inner}))", lower[::-1], repr(highest))


# erf(z) = sign(z) (1 - t exp(p(u) - z²)): Press et al. 2007, Numerical recipes, section 6.2.2.
ERF = (
    f"Mul(Sign(z), Sub(1, Mul({T}, "
    f"Exp(Sub({_polynomial(f'Sub(Mul(2, {T}), 1)', ERFC_COEFFICIENTS)}, Mul(z, z))))))"
)
STAND_INS: Mapping[str, str] = {"Erf": ERF}
