"""Activations a = f(z) of hidden units: each value f(z), followed by its derivative f'(z).

Shapes are in activation.py. The equations and the code for other languages derive from these
functions: they use NumPy's and SciPy's functions and operators alone, and `number` for constants
that must not change the type.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.formulas.activation import Activation, ActivationTable, UnitParameter
from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.special import expit, ndtr
from lamina.formulas.table import Array

PRELU_START = 0.25
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def number(z: Array, constant: float) -> Any:
    """Return a constant in the type of z; a letter that stands for it remains as it is."""
    return z.dtype.type(constant)


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def relu_derivative(z: Array, a: Array) -> Array:
    # A NaN keeps its derivative of one, so that a diverging network visibly diverges.
    return (a != 0).astype(a.dtype)


def logistic_derivative(z: Array, a: Array) -> Array:
    return a * (1 - a)


def tanh_derivative(z: Array, a: Array) -> Array:
    return 1 - a * a


def leaky_relu(z: Array, negative_slope: float) -> Array:
    return np.where(z < 0, number(z, negative_slope) * z, z)


def leaky_relu_derivative(z: Array, a: Array, negative_slope: float) -> Array:
    return np.where(a < 0, number(a, negative_slope), number(a, 1))


def prelu(z: Array, slope: Array) -> Array:
    return np.where(z < 0, slope * z, z)


def prelu_derivative(z: Array, a: Array, slope: Array) -> Array:
    return np.where(z < 0, slope, z.dtype.type(1))


def elu(z: Array, alpha: float) -> Array:
    return np.where(z < 0, number(z, alpha) * np.expm1(np.minimum(z, 0)), z)


def elu_derivative(z: Array, a: Array, alpha: float) -> Array:
    return np.where(a < 0, a + number(a, alpha), number(a, 1))


def celu(z: Array, alpha: float) -> Array:
    scale = number(z, alpha)
    return np.where(z < 0, scale * np.expm1(np.minimum(z, 0) / scale), z)


def celu_derivative(z: Array, a: Array, alpha: float) -> Array:
    return np.where(a < 0, a / number(a, alpha) + 1, number(a, 1))


def selu(z: Array) -> Array:
    return z.dtype.type(SELU_SCALE) * np.where(
        z < 0, z.dtype.type(SELU_ALPHA) * np.expm1(np.minimum(z, 0)), z
    )


def selu_derivative(z: Array, a: Array) -> Array:
    cast = a.dtype.type
    return np.where(a < 0, a + cast(SELU_SCALE * SELU_ALPHA), cast(SELU_SCALE))


def gelu(z: Array) -> Array:
    return z * ndtr(z)


def gelu_derivative(z: Array, a: Array) -> Array:
    # Beyond 40 the density is zero, and its product with an infinite z would be NaN.
    density = np.exp(-0.5 * np.square(np.clip(z, -40, 40))) / np.sqrt(z.dtype.type(2 * np.pi))
    return ndtr(z) + np.clip(z, -40, 40) * density


def silu(z: Array) -> Array:
    return z * expit(z)


def silu_derivative(z: Array, a: Array) -> Array:
    p = expit(z)
    return p * (1 + z * (1 - p))


def _tanh_of_softplus(z: Array) -> tuple[Array, Array]:
    """Return tanh(log(1 + eᶻ)) = n / (n + 2) with n = e²ᶻ + 2 eᶻ, and 1 - its square."""
    power = np.exp(np.minimum(z, 20))
    n = power * (power + 2)
    t = n / (n + 2)
    return t, 2 / (n + 2) * (1 + t)


def mish(z: Array) -> Array:
    return z * _tanh_of_softplus(z)[0]


def mish_derivative(z: Array, a: Array) -> Array:
    t, derivative = _tanh_of_softplus(z)
    return t + z * derivative * expit(z)


def softplus(z: Array) -> Array:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def softplus_derivative(z: Array, a: Array) -> Array:
    return expit(z)


def softsign(z: Array) -> Array:
    return z / (1 + np.abs(z))


def softsign_derivative(z: Array, a: Array) -> Array:
    return np.square(1 - np.abs(a))


def relu6(z: Array) -> Array:
    return np.clip(z, 0, 6)


def relu6_derivative(z: Array, a: Array) -> Array:
    return ((a != 0) & (a != 6)).astype(a.dtype)


def hardswish(z: Array) -> Array:
    return z * np.clip(z + 3, 0, 6) / 6


def hardswish_derivative(z: Array, a: Array) -> Array:
    return np.where(z < -3, 0, np.where(z > 3, 1, (2 * z + 3) / 6))


# The derivative is computed from a, whose sign a smaller number could lose by underflow.
NEGATIVE_SLOPE = Hyperparameter(
    "negative_slope", 0.01, "derivative for z < 0", at_least=1e-6, at_most=1e6, symbol="s"
)
ALPHA = Hyperparameter(
    "alpha", 1.0, "-f(z) for large negative z", at_least=1e-6, at_most=1e6, symbol="α"
)

ACTIVATIONS = ActivationTable(
    "activation",
    Activation(
        name="identity",
        value=lambda z: z,
        derivative=lambda z, a: np.ones_like(z),
        known_he_gain=1.0,
        paper="the linear model; a network of these collapses to one",
        torch="Identity",
    ),
    Activation(
        name="logistic",
        value=expit,
        derivative=logistic_derivative,
        gain=2.0,
        known_he_gain=1.8462,
        paper="Rumelhart, Hinton, Williams 1986, Learning representations by back-propagation",
        torch="Sigmoid",
    ),
    Activation(
        name="tanh",
        value=np.tanh,
        derivative=tanh_derivative,
        known_he_gain=1.5925,
        paper="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",
        torch="Tanh",
    ),
    Activation(
        name="relu",
        value=relu,
        derivative=relu_derivative,
        known_he_gain=np.sqrt(2).item(),
        paper="Nair, Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
        torch="ReLU",
    ),
    Activation(
        name="leaky_relu",
        value=leaky_relu,
        derivative=leaky_relu_derivative,
        known_he_gain=1.4141,
        paper="Maas, Hannun, Ng 2013, Rectifier nonlinearities improve acoustic models",
        torch="LeakyReLU",
        hyperparameters=(NEGATIVE_SLOPE,),
    ),
    Activation(
        name="prelu",
        value=prelu,
        derivative=prelu_derivative,
        known_he_gain=1.3720,
        paper="He, Zhang, Ren, Sun 2015, Delving deep into rectifiers",
        torch="PReLU(n)",
        parameters=(UnitParameter("slope", PRELU_START, lambda z: np.minimum(z, 0), "s"),),
    ),
    Activation(
        name="elu",
        value=elu,
        derivative=elu_derivative,
        known_he_gain=1.2452,
        paper="Clevert, Unterthiner, Hochreiter 2015, Exponential linear units",
        torch="ELU",
        hyperparameters=(ALPHA,),
    ),
    Activation(
        name="celu",
        value=celu,
        derivative=celu_derivative,
        paper="Barron 2017, Continuously differentiable exponential linear units",
        torch="CELU",
        hyperparameters=(ALPHA,),
    ),
    Activation(
        name="selu",
        value=selu,
        derivative=selu_derivative,
        known_he_gain=1.0000,
        paper="Klambauer, Unterthiner, Mayr, Hochreiter 2017, Self-normalizing neural networks",
        torch="SELU",
    ),
    Activation(
        name="gelu",
        value=gelu,
        derivative=gelu_derivative,
        known_he_gain=1.5335,
        paper="Hendrycks, Gimpel 2016, Gaussian error linear units",
        torch="GELU",
        overrides={
            "derivative_equation": "f'(z) = Φ(z) + z φ(z), Φ the standard normal distribution, "
            "φ its density",
        },
    ),
    Activation(
        name="silu",
        value=silu,
        derivative=silu_derivative,
        known_he_gain=1.6765,
        paper="Elfwing, Uchibe, Doya 2017, Sigmoid-weighted linear units (swish)",
        torch="SiLU",
    ),
    Activation(
        name="mish",
        value=mish,
        derivative=mish_derivative,
        known_he_gain=1.4868,
        paper="Misra 2019, Mish: a self regularized non-monotonic activation function",
        torch="Mish",
        overrides={
            "equation": "f(z) = z tanh(log(1 + exp(z)))",
            "derivative_equation": "f'(z) = t + z (1 - t²) / (1 + exp(-z)), "
            "t = tanh(log(1 + exp(z)))",
            "numpy": "z * np.tanh(np.logaddexp(0, z))",
            "c": "z * tanh((z > 0 ? z : 0) + log1p(exp(-fabs(z))))",
            "onnx": "Mul(z, Tanh(Add(Max(z, 0), Log(Add(1, Exp(Neg(Abs(z))))))))",
            "derivative_code": "np.tanh(np.logaddexp(0, z)) "
            "+ z * expit(z) / np.cosh(np.logaddexp(0, z)) ** 2",
        },
    ),
    Activation(
        name="softplus",
        value=softplus,
        derivative=softplus_derivative,
        known_he_gain=1.0419,
        paper="Dugas, Bengio, Bélisle, Nadeau, Garcia 2000",
        torch="Softplus",
        overrides={"equation": "f(z) = log(1 + exp(z))"},
    ),
    Activation(
        name="softsign",
        value=softsign,
        derivative=softsign_derivative,
        known_he_gain=2.3375,
        paper="Bergstra, Desjardins, Lamblin, Bengio 2009, Quadratic polynomials",
        torch="Softsign",
    ),
    Activation(
        name="relu6",
        value=relu6,
        derivative=relu6_derivative,
        known_he_gain=1.4142,
        paper="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
        torch="ReLU6",
    ),
    Activation(
        name="hardswish",
        value=hardswish,
        derivative=hardswish_derivative,
        known_he_gain=1.7367,
        paper="Howard et al. 2019, Searching for MobileNetV3",
        torch="Hardswish",
    ),
    Activation(
        name="sine",
        value=np.sin,
        derivative=lambda z, a: np.cos(z),
        known_he_gain=1.5209,
        paper="Sitzmann, Martel, Bergman, Lindell, Wetzstein 2020, Implicit neural representations",
        torch="sin",
    ),
)
