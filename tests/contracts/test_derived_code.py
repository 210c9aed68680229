"""Equations and code of activations derive from their functions, except for the overrides."""

import numpy as np
import pytest
from scipy.special import expit, ndtr

from lamina.formulas import ACTIVATIONS
from lamina.formulas.equations import equation
from lamina.formulas.rendering import c_code, numpy_code, onnx_code
from lamina.formulas.tracing import UntraceableError, trace

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=lambda a: a.name)

SHARED = "the functions share one exponential, which an expression would compute four times"
READABLE = "the functions avoid overflow, and the formula of the paper is easier to read"
OVERRIDES = {
    "gelu": {"derivative_equation": READABLE},
    "mish": {
        "equation": READABLE,
        "derivative_equation": READABLE,
        "numpy": SHARED,
        "c": SHARED,
        "onnx": SHARED,
        "derivative_code": SHARED,
    },
    "softplus": {"equation": READABLE},
}


def test_every_override_has_a_reason():
    found = {name: set(a.overrides) for name, a in ACTIVATIONS.items() if a.overrides}
    assert found == {name: set(reasons) for name, reasons in OVERRIDES.items()}


@every_activation
def test_an_override_differs_from_the_derived_text(activation):
    derived = ACTIVATIONS[activation.name].__class__(
        **{name: getattr(activation, name) for name in ("name", "value", "derivative")},
        paper="",
        torch="",
        parameters=activation.parameters,
        hyperparameters=activation.hyperparameters,
    )
    for name in activation.overrides:
        texts = [
            getattr(each.code if name in ("numpy", "c", "onnx") else each, name)
            for each in (activation, derived)
        ]
        assert texts[0] != texts[1]


@every_activation
def test_the_derivative_code_equals_the_derivative(activation):
    z = np.concatenate([np.linspace(-700, 700, 57), np.linspace(-4, 4, 60)]).reshape(-1, 3)
    learned = {each.name: np.array([-0.5, 0.3, 0.7]) for each in activation.parameters}
    a = activation.value(z, *learned.values())
    names = {"np": np, "expit": expit, "ndtr": ndtr, "z": z, "a": a, **learned}
    with np.errstate(over="ignore"):
        actual = eval(activation.derivative_code, names)
    expected = activation.derivative(z, a, *learned.values())
    np.testing.assert_allclose(actual + 0 * z, expected, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("name", [n for n, a in ACTIVATIONS.items() if a.hyperparameters])
def test_code_and_equation_have_the_values_of_hyperparameters(name):
    record = ACTIVATIONS[name]
    [hyperparameter] = record.hyperparameters
    other = ACTIVATIONS[ACTIVATIONS.choose(name, {hyperparameter.name: 0.375})]
    assert f"{hyperparameter.symbol} = 0.375" in other.equation
    assert f"{hyperparameter.name}=0.375" in other.code.torch
    for text in (other.code.numpy, other.code.c, other.code.onnx, other.derivative_code):
        assert "0.375" in text
    z = np.array([[-2.0, -0.5, 1.5]])
    assert other.value(z)[0, 0] != record.value(z)[0, 0]
    assert other.he_gain != record.he_gain


def test_the_order_of_operations_is_kept():
    z = trace(lambda z: z - (z - 1) * (2 / (z / (z + 3))), ["z"])
    assert numpy_code(z) == c_code(z) == "z - (z - 1) * (2 / (z / (z + 3)))"
    assert onnx_code(z) == "Sub(z, Mul(Sub(z, 1), Div(2, Div(z, Add(z, 3)))))"


def test_a_guard_against_overflow_is_left_out_where_no_language_needs_it():
    expression = trace(lambda z: np.where(z < 0, np.exp(np.minimum(z, 0)), z), ["z"])
    assert numpy_code(expression) == "np.where(z < 0, np.exp(np.minimum(z, 0)), z)"
    assert c_code(expression) == "z < 0 ? exp(z) : z"
    assert onnx_code(expression) == "Where(Less(z, 0), Exp(z), z)"
    assert equation("f(z)", expression) == "f(z) = z for z ≥ 0, else exp(z)"


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda z: z * z, "z²"),
        (lambda z: z * expit(z), "z / (1 + exp(-z))"),
        (lambda z: 2 * np.where(z < 0, 0.5 * z, z), "2 z for z ≥ 0, else z"),
        (lambda z: np.clip(-z, -1, 1) / 3, "min(max(-1, -z), 1) / 3"),
        (lambda z: (z > 0).astype(z.dtype), "1 for z > 0, else 0"),
        (lambda z: np.expm1(z) * 1.23456789, "1.2346… (exp(z) - 1)"),
    ],
)
def test_an_equation_reads_as_in_a_book(function, text):
    assert equation("f(z)", trace(function, ["z"])) == f"f(z) = {text}"


@pytest.mark.parametrize(
    "function",
    [lambda z: np.cumsum(z), lambda z: np.add.reduce(z), lambda z: np.exp(z, dtype="f"), str],
)
def test_an_operation_without_a_form_is_refused(function):
    with pytest.raises(UntraceableError):
        numpy_code(trace(function, ["z"]))


def test_a_function_without_a_form_in_a_language_is_named():
    with pytest.raises(UntraceableError, match="'arctan' has no form"):
        c_code(trace(np.arctan, ["z"]))
