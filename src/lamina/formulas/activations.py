"""Activations a = f(z) of hidden units, each with its derivative f'(z) and its initial gains.

Shapes: z, a and the result are (n_samples, fan_out), float32 or float64; all functions are
elementwise. A learned parameter of units is (fan_out,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lamina.formulas import activation_functions as functions
from lamina.formulas.code import Code
from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.table import Array, RecordTable


@dataclass(frozen=True)
class UnitParameter:
    """Parameter that every unit learns in addition to its weights and its bias.

    Attributes
    ----------
    name : str
    initial : float
        Value before the first step.
    derivative : callable
        `derivative(z)` is da/d(parameter).
    symbol, derivative_equation : str
        Symbol in formulas, and the derivative as text.
    derivative_code : str
        Derivative as a NumPy expression in z, or in z_hat if it belongs to a normalization.
    """

    name: str
    initial: float
    derivative: Callable[[Array], Array]
    symbol: str
    derivative_equation: str
    derivative_code: str


@dataclass(frozen=True)
class Activation:
    """Activation function.

    Attributes
    ----------
    name : str
        Name in `activation=`.
    value : callable
        `value(z, *parameters)` is a = f(z).
    derivative : callable
        `derivative(z, a, *parameters)` is f'(z); many derivatives are shorter in terms of a = f(z).
    gain : float
        k of the Glorot bound √(k / (fan_in + fan_out)) of the initial weights; scikit-learn's
        rule is 2 for the logistic function and 6 for all others.
    he_gain : float
        g of weights with standard deviation g / √fan_in, which keep the size of a from layer to
        layer: 1 / √(mean of f(z)² over standard normal z).
    equation, derivative_equation, paper : str
        Both formulas as text, the derivative in terms of z or of a = f(z), and their source.
    code : Code
        Formula in PyTorch, ONNX, NumPy and C.
    derivative_code : str
        Derivative in NumPy, in terms of z, a = f(z) and the learned parameters by name; it may
        use `expit` and `ndtr` of scipy.special.
    parameters : tuple of UnitParameter
        Learned parameters of its units; empty for most.
    hyperparameters : tuple of Hyperparameter
        In the order in which engines receive their values; empty for most.
    """

    name: str
    value: Callable[..., Array]
    derivative: Callable[..., Array]
    gain: float
    he_gain: float
    equation: str
    derivative_equation: str
    paper: str
    code: Code
    derivative_code: str
    parameters: tuple[UnitParameter, ...] = ()
    hyperparameters: tuple[Hyperparameter, ...] = ()


ACTIVATIONS = RecordTable(
    "activation",
    Activation(
        name="identity",
        value=lambda z: z,
        derivative=lambda z, a: np.ones_like(z),
        gain=6.0,
        he_gain=1.0,
        equation="f(z) = z",
        derivative_equation="f'(z) = 1",
        derivative_code="np.ones_like(z)",
        paper="the linear model; a network of these collapses to one",
        code=Code("Identity", "z", "z", "z"),
    ),
    Activation(
        name="logistic",
        value=expit,
        derivative=functions.logistic_derivative,
        gain=2.0,
        he_gain=1.8462,
        equation="f(z) = 1 / (1 + exp(-z))",
        derivative_equation="f'(z) = a (1 - a)",
        derivative_code="a * (1 - a)",
        paper="Rumelhart, Hinton, Williams 1986, Learning representations by back-propagation",
        code=Code("Sigmoid", "Sigmoid", "np.exp(-np.logaddexp(0, -z))", "1 / (1 + exp(-z))"),
    ),
    Activation(
        name="tanh",
        value=np.tanh,
        derivative=functions.tanh_derivative,
        gain=6.0,
        he_gain=1.5925,
        equation="f(z) = tanh(z)",
        derivative_equation="f'(z) = 1 - a²",
        derivative_code="1 - a**2",
        paper="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",
        code=Code("Tanh", "Tanh", "np.tanh(z)", "tanh(z)"),
    ),
    Activation(
        name="relu",
        value=functions.relu,
        derivative=functions.relu_derivative,
        gain=6.0,
        he_gain=np.sqrt(2).item(),
        equation="f(z) = max(0, z)",
        derivative_equation="f'(z) = 1 for z > 0, else 0",
        derivative_code="1.0 * (z > 0)",
        paper="Nair, Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
        code=Code("ReLU", "Relu", "np.maximum(z, 0)", "z < 0 ? 0 : z"),
    ),
    Activation(
        name="leaky_relu",
        value=functions.leaky_relu,
        derivative=functions.leaky_relu_derivative,
        gain=6.0,
        he_gain=1.4141,
        equation="f(z) = z for z ≥ 0, else 0.01 z",
        derivative_equation="f'(z) = 1 for z ≥ 0, else 0.01",
        derivative_code="np.where(z < 0, 0.01, 1.0)",
        paper="Maas, Hannun, Ng 2013, Rectifier nonlinearities improve acoustic models",
        code=Code(
            "LeakyReLU",
            "Where(Less(z, 0), Mul(0.01, z), z)",
            "np.where(z < 0, 0.01 * z, z)",
            "z < 0 ? 0.01 * z : z",
        ),
    ),
    Activation(
        name="prelu",
        value=functions.prelu,
        derivative=functions.prelu_derivative,
        gain=6.0,
        he_gain=1.3720,
        equation="f(z) = z for z ≥ 0, else s z, where each unit learns its s, from 0.25 on",
        derivative_equation="f'(z) = 1 for z ≥ 0, else s",
        derivative_code="np.where(z < 0, slope, 1.0)",
        paper="He, Zhang, Ren, Sun 2015, Delving deep into rectifiers",
        code=Code(
            "PReLU(n)",
            "Where(Less(z, 0), Mul(slope, z), z)",
            "np.where(z < 0, slope * z, z)",
            "z < 0 ? slope * z : z",
        ),
        parameters=(
            UnitParameter(
                "slope",
                functions.PRELU_START,
                lambda z: np.minimum(z, 0),
                "s",
                "min(z, 0)",
                "np.minimum(z, 0)",
            ),
        ),
    ),
    Activation(
        name="elu",
        value=functions.elu,
        derivative=functions.elu_derivative,
        gain=6.0,
        he_gain=1.2452,
        equation="f(z) = z for z ≥ 0, else exp(z) - 1",
        derivative_equation="f'(z) = 1 for z ≥ 0, else a + 1",
        derivative_code="np.where(z < 0, a + 1, 1.0)",
        paper="Clevert, Unterthiner, Hochreiter 2015, Exponential linear units",
        code=Code(
            "ELU",
            "Where(Less(z, 0), Sub(Exp(z), 1), z)",
            "np.where(z < 0, np.expm1(-abs(z)), z)",
            "z < 0 ? expm1(z) : z",
        ),
    ),
    Activation(
        name="selu",
        value=functions.selu,
        derivative=functions.selu_derivative,
        gain=6.0,
        he_gain=1.0000,
        equation="f(z) = λ z for z ≥ 0, else λ α (exp(z) - 1), λ = 1.0507…, α = 1.6733…",
        derivative_equation="f'(z) = λ for z ≥ 0, else a + λ α",
        derivative_code="np.where(z < 0, a + 1.7580993408473766, 1.0507009873554805)",
        paper="Klambauer, Unterthiner, Mayr, Hochreiter 2017, Self-normalizing neural networks",
        code=Code(
            "SELU",
            "Where(Less(z, 0), Mul(1.7580993408473766, Sub(Exp(z), 1)), "
            "Mul(1.0507009873554805, z))",
            "1.0507009873554805 * np.where(z < 0, 1.6732632423543772 * np.expm1(-abs(z)), z)",
            "z < 0 ? 1.7580993408473766 * expm1(z) : 1.0507009873554805 * z",
        ),
    ),
    Activation(
        name="gelu",
        value=functions.gelu,
        derivative=functions.gelu_derivative,
        gain=6.0,
        he_gain=1.5335,
        equation="f(z) = z Φ(z), Φ the standard normal distribution",
        derivative_equation="f'(z) = Φ(z) + z φ(z), φ the standard normal density",
        derivative_code="ndtr(z) + z * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)",
        paper="Hendrycks, Gimpel 2016, Gaussian error linear units",
        code=Code(
            "GELU",
            "Mul(Mul(0.5, z), Add(1, Erf(Mul(0.7071067811865476, z))))",
            "0.5 * z * np.vectorize(math.erfc, otypes=[z.dtype])(-z / math.sqrt(2))",
            "0.5 * z * erfc(-0.7071067811865476 * z)",
        ),
    ),
    Activation(
        name="silu",
        value=functions.silu,
        derivative=functions.silu_derivative,
        gain=6.0,
        he_gain=1.6765,
        equation="f(z) = z / (1 + exp(-z))",
        derivative_equation="f'(z) = σ(z) (1 + z (1 - σ(z))), σ(z) = 1 / (1 + exp(-z))",
        derivative_code="expit(z) * (1 + z * (1 - expit(z)))",
        paper="Elfwing, Uchibe, Doya 2017, Sigmoid-weighted linear units (swish)",
        code=Code(
            "SiLU", "Mul(z, Sigmoid(z))", "z * np.exp(-np.logaddexp(0, -z))", "z / (1 + exp(-z))"
        ),
    ),
    Activation(
        name="mish",
        value=functions.mish,
        derivative=functions.mish_derivative,
        gain=6.0,
        he_gain=1.4868,
        equation="f(z) = z tanh(log(1 + exp(z)))",
        derivative_equation="f'(z) = t + z (1 - t²) / (1 + exp(-z)), t = tanh(log(1 + exp(z)))",
        derivative_code=(
            "np.tanh(np.logaddexp(0, z)) + z * expit(z) / np.cosh(np.logaddexp(0, z)) ** 2"
        ),
        paper="Misra 2019, Mish: a self regularized non-monotonic activation function",
        code=Code(
            "Mish",
            "Mul(z, Tanh(Add(Max(z, 0), Log(Add(1, Exp(Neg(Abs(z))))))))",
            "z * np.tanh(np.logaddexp(0, z))",
            "z * tanh((z > 0 ? z : 0) + log1p(exp(-fabs(z))))",
        ),
    ),
    Activation(
        name="softplus",
        value=functions.softplus,
        derivative=functions.softplus_derivative,
        gain=6.0,
        he_gain=1.0419,
        equation="f(z) = log(1 + exp(z))",
        derivative_equation="f'(z) = 1 / (1 + exp(-z))",
        derivative_code="expit(z)",
        paper="Dugas, Bengio, Bélisle, Nadeau, Garcia 2000",
        code=Code(
            "Softplus",
            "Add(Max(z, 0), Log(Add(1, Exp(Neg(Abs(z))))))",
            "np.logaddexp(0, z)",
            "(z > 0 ? z : 0) + log1p(exp(-fabs(z)))",
        ),
    ),
    Activation(
        name="softsign",
        value=functions.softsign,
        derivative=functions.softsign_derivative,
        gain=6.0,
        he_gain=2.3375,
        equation="f(z) = z / (1 + |z|)",
        derivative_equation="f'(z) = (1 - |a|)²",
        derivative_code="(1 - np.abs(a)) ** 2",
        paper="Bergstra, Desjardins, Lamblin, Bengio 2009, Quadratic polynomials",
        code=Code("Softsign", "Div(z, Add(1, Abs(z)))", "z / (1 + np.abs(z))", "z / (1 + fabs(z))"),
    ),
    Activation(
        name="relu6",
        value=functions.relu6,
        derivative=functions.relu6_derivative,
        gain=6.0,
        he_gain=1.4142,
        equation="f(z) = min(max(0, z), 6)",
        derivative_equation="f'(z) = 1 for 0 < z < 6, else 0",
        derivative_code="1.0 * ((z > 0) & (z < 6))",
        paper="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
        code=Code("ReLU6", "Clip(z, 0, 6)", "np.clip(z, 0, 6)", "z < 0 ? 0 : z > 6 ? 6 : z"),
    ),
    Activation(
        name="hardswish",
        value=functions.hardswish,
        derivative=functions.hardswish_derivative,
        gain=6.0,
        he_gain=1.7367,
        equation="f(z) = z min(max(0, z + 3), 6) / 6",
        derivative_equation="f'(z) = (2 z + 3) / 6 for -3 ≤ z ≤ 3, 0 below, 1 above",
        derivative_code="np.where(np.abs(z) <= 3, (2 * z + 3) / 6, 1.0 * (z > 3))",
        paper="Howard et al. 2019, Searching for MobileNetV3",
        code=Code(
            "Hardswish",
            "Div(Mul(z, Clip(Add(z, 3), 0, 6)), 6)",
            "z * np.clip(z + 3, 0, 6) / 6",
            "z < -3 ? 0 : z > 3 ? z : z * (z + 3) / 6",
        ),
    ),
    Activation(
        name="sine",
        value=np.sin,
        derivative=lambda z, a: np.cos(z),
        gain=6.0,
        he_gain=1.5209,
        equation="f(z) = sin(z)",
        derivative_equation="f'(z) = cos(z)",
        derivative_code="np.cos(z)",
        paper="Sitzmann, Martel, Bergman, Lindell, Wetzstein 2020, Implicit neural representations",
        code=Code("sin", "Sin", "np.sin(z)", "sin(z)"),
    ),
)
