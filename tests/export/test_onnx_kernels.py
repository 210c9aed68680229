"""onnxruntime opens every formula, in both dtypes and with older operators."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

import lamina
from lamina.errors import ExportError
from lamina.export.onnx.check import check
from lamina.export.onnx.graph import add_formula
from lamina.export.onnx.kernels import STAND_INS
from lamina.formulas import ACTIVATIONS, NORMALIZATIONS

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

FORMULAS = [
    *({"activation": name} for name in ACTIVATIONS),
    *({"output_activation": name} for name in ACTIVATIONS),
    *({"normalization": name} for name in NORMALIZATIONS),
    {"loss": "gaussian_nll"},
    {"loss": "poisson"},
    {"loss": "quantile", "quantile": [0.2, 0.8]},
]
FIRST_OPSET = {"layer": 17}
TOLERANCE = {"float32": 1e-4, "float64": 1e-11}


@pytest.mark.parametrize("opset", [13, 17, 18, 19, 20, 21, 22])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "formula", FORMULAS, ids=lambda formula: "-".join(map(str, formula.values()))
)
def test_onnxruntime_computes_every_formula(formula, dtype, opset, fit, rows):
    model, X = fit("counts", dtype, **{"loss": "squared_error", **formula}), rows.astype(dtype)
    if opset < FIRST_OPSET.get(str(formula.get("normalization")), 0):
        with pytest.raises(ExportError, match=r"LayerNormalization .*give a newer one"):
            lamina.to_onnx(model, opset=opset)
        return
    proto = lamina.to_onnx(model, opset=opset)
    answer = onnxruntime.InferenceSession(proto.SerializeToString()).run(None, {"X": X})[0]
    expected = model.predict(X).reshape(answer.shape)
    scale = abs(expected).max()
    np.testing.assert_allclose(
        answer, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale
    )


class Numbers:
    """Graph that computes its values immediately with NumPy."""

    named = {
        "Abs": np.abs, "Add": np.add, "Div": np.divide, "Exp": np.exp,
        "Mul": np.multiply, "Sign": np.sign, "Sub": np.subtract,
    }  # fmt: skip

    def constant(self, array):
        return array

    def node(self, operator, *inputs, **attributes):
        return self.named[operator](*inputs)


def test_the_replacement_of_erf_is_exact_to_rounding():
    z = np.concatenate([np.linspace(-30, 30, 10_001), [0.0, -0.0, np.inf, -np.inf, 1e300, 1e-300]])
    with np.errstate(over="ignore"):
        actual = add_formula(Numbers(), STAND_INS["Erf"], {"z": z}, np.dtype("float64"))
    np.testing.assert_allclose(actual, erf(z), rtol=0, atol=1e-15)


@pytest.mark.parametrize("opset", [-1, 0, 8, 1000, 18.0, "18", None])
def test_an_unknown_opset_is_rejected(opset, fit):
    with pytest.raises(ValueError, match=r"opset=.*must be from 9 to .*the default, 18"):
        lamina.to_onnx(fit("numbers"), opset=opset)


def test_missing_kernels_of_onnxruntime_are_reported_with_a_cure():
    info = onnx.helper.make_tensor_value_info
    x, y = info("x", onnx.TensorProto.DOUBLE, [1]), info("y", onnx.TensorProto.DOUBLE, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Erf", ["x"], ["y"])], "g", [x], [y])
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)])
    proto.ir_version = 8
    with pytest.raises(ExportError, match='no Erf in float64: give dtype="float32"'):
        check(proto, np.dtype("float64"))
