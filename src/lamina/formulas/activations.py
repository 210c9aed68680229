"""Activations a = f(z) of hidden units, each with its slope f'(z) and its initial gains.

Shapes: z, a and the result are (rows, fan_out), float32 or float64; all work elementwise. A number
that units learn is (fan_out,).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from lamina.formulas.code import Code
from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class UnitParameter:
    """A number that every unit learns beside its weights and its bias.

    Attributes
    ----------
    name : str
    initial : float
        What it is before the first step.
    slope : callable
        `slope(z)` is da/d(parameter).
    """

    name: str
    initial: float
    slope: Callable[[Array], Array]


@dataclass(frozen=True)
class Activation:
    """One activation function.

    Attributes
    ----------
    name : str
        What `activation=` takes.
    value : callable
        `value(z, *parameters)` is a = f(z).
    slope : callable
        `slope(z, a, *parameters)` is f'(z); many slopes are shorter in terms of a = f(z).
    gain : float
        The k of the Glorot bound √(k / (fan_in + fan_out)) of the first weights; scikit-learn's
        rule is 2 for the logistic function and 6 for all others.
    he_gain : float
        The g of weights with the standard deviation g / √fan_in that keep the size of a from layer
        to layer: 1 / √(mean of f(z)² over standard normal z).
    equation, paper : str
        The formula as text, and where it comes from.
    code : Code
        How it is written in PyTorch, ONNX, NumPy and C.
    parameters : tuple of UnitParameter
        What its units learn; nothing for most.
    """

    name: str
    value: Callable[..., Array]
    slope: Callable[..., Array]
    gain: float
    he_gain: float
    equation: str
    paper: str
    code: Code
    parameters: tuple[UnitParameter, ...] = ()


LEAK = 0.01
PRELU_START = 0.25
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def relu_slope(z: Array, a: Array) -> Array:
    # A NaN keeps its slope of one, so that a diverging network is seen to diverge.
    return np.asarray(a != 0, dtype=a.dtype)


def logistic_slope(z: Array, a: Array) -> Array:
    return a * (1 - a)


def tanh_slope(z: Array, a: Array) -> Array:
    return 1 - a * a


def leaky_relu(z: Array) -> Array:
    return np.where(z < 0, z.dtype.type(LEAK) * z, z)


def leaky_relu_slope(z: Array, a: Array) -> Array:
    return np.where(a < 0, a.dtype.type(LEAK), a.dtype.type(1))


def prelu(z: Array, slope: Array) -> Array:
    return np.where(z < 0, slope * z, z)


def prelu_slope(z: Array, a: Array, slope: Array) -> Array:
    return np.where(z < 0, slope, z.dtype.type(1))


def elu(z: Array) -> Array:
    return np.where(z < 0, np.expm1(np.minimum(z, 0)), z)


def elu_slope(z: Array, a: Array) -> Array:
    return np.where(a < 0, a + 1, a.dtype.type(1))


def selu(z: Array) -> Array:
    return z.dtype.type(SELU_SCALE) * np.where(
        z < 0, z.dtype.type(SELU_ALPHA) * np.expm1(np.minimum(z, 0)), z
    )


def selu_slope(z: Array, a: Array) -> Array:
    of = a.dtype.type
    return np.where(a < 0, a + of(SELU_SCALE * SELU_ALPHA), of(SELU_SCALE))


def gelu(z: Array) -> Array:
    return np.asarray(z * ndtr(z))


def gelu_slope(z: Array, a: Array) -> Array:
    # Beyond 40 the density is zero, and its product with an infinite z would be NaN.
    density = np.exp(-0.5 * np.square(np.clip(z, -40, 40))) / np.sqrt(z.dtype.type(2 * np.pi))
    return np.asarray(ndtr(z) + np.clip(z, -40, 40) * density)


def silu(z: Array) -> Array:
    return np.asarray(z * expit(z))


def silu_slope(z: Array, a: Array) -> Array:
    p = expit(z)
    return np.asarray(p * (1 + z * (1 - p)))


def _tanh_of_softplus(z: Array) -> tuple[Array, Array]:
    """tanh(log(1 + eᶻ)) = n / (n + 2) with n = e²ᶻ + 2 eᶻ, and 1 - its square."""
    power = np.exp(np.minimum(z, 20))
    n = power * (power + 2)
    t = n / (n + 2)
    return t, 2 / (n + 2) * (1 + t)


def mish(z: Array) -> Array:
    return z * _tanh_of_softplus(z)[0]


def mish_slope(z: Array, a: Array) -> Array:
    t, slope = _tanh_of_softplus(z)
    return np.asarray(t + z * slope * expit(z))


def softplus(z: Array) -> Array:
    return np.asarray(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))))


def softplus_slope(z: Array, a: Array) -> Array:
    return np.asarray(expit(z))


def softsign(z: Array) -> Array:
    return np.asarray(z / (1 + np.abs(z)))


def softsign_slope(z: Array, a: Array) -> Array:
    return np.asarray(np.square(1 - np.abs(a)))


def relu6(z: Array) -> Array:
    return np.minimum(np.maximum(z, 0), 6)


def relu6_slope(z: Array, a: Array) -> Array:
    return np.asarray((a != 0) & (a != 6), dtype=a.dtype)


def hardswish(z: Array) -> Array:
    return np.asarray(z * np.clip(z + 3, 0, 6) / 6)


def hardswish_slope(z: Array, a: Array) -> Array:
    return np.where(z < -3, 0, np.where(z > 3, 1, (2 * z + 3) / 6)).astype(z.dtype)


ACTIVATIONS = Table(
    "activation",
    Activation(
        name="identity",
        value=lambda z: z,
        slope=lambda z, a: np.ones_like(z),
        gain=6.0,
        he_gain=1.0,
        equation="f(z) = z",
        paper="the linear model; a network of these collapses to one",
        code=Code("Identity", "z", "z", "z"),
    ),
    Activation(
        name="logistic",
        value=expit,
        slope=logistic_slope,
        gain=2.0,
        he_gain=1.8462,
        equation="f(z) = 1 / (1 + exp(-z))",
        paper="Rumelhart, Hinton, Williams 1986, Learning representations by back-propagation",
        code=Code("Sigmoid", "Sigmoid", "np.exp(-np.logaddexp(0, -z))", "1 / (1 + exp(-z))"),
    ),
    Activation(
        name="tanh",
        value=np.tanh,
        slope=tanh_slope,
        gain=6.0,
        he_gain=1.5925,
        equation="f(z) = tanh(z)",
        paper="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",
        code=Code("Tanh", "Tanh", "np.tanh(z)", "tanh(z)"),
    ),
    Activation(
        name="relu",
        value=relu,
        slope=relu_slope,
        gain=6.0,
        he_gain=np.sqrt(2).item(),
        equation="f(z) = max(0, z)",
        paper="Nair, Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
        code=Code("ReLU", "Relu", "np.maximum(z, 0)", "z < 0 ? 0 : z"),
    ),
    Activation(
        name="leaky_relu",
        value=leaky_relu,
        slope=leaky_relu_slope,
        gain=6.0,
        he_gain=1.4141,
        equation="f(z) = z for z ≥ 0, else 0.01 z",
        paper="Maas, Hannun, Ng 2013, Rectifier nonlinearities improve acoustic models",
        code=Code(
            "LeakyReLU", "PRelu(z, 0.01)", "np.where(z < 0, 0.01 * z, z)", "z < 0 ? 0.01 * z : z"
        ),
    ),
    Activation(
        name="prelu",
        value=prelu,
        slope=prelu_slope,
        gain=6.0,
        he_gain=1.3720,
        equation="f(z) = z for z ≥ 0, else s z, where each unit learns its s, from 0.25 on",
        paper="He, Zhang, Ren, Sun 2015, Delving deep into rectifiers",
        code=Code(
            "PReLU(n)", "PRelu(z, slope)", "np.where(z < 0, slope * z, z)", "z < 0 ? slope * z : z"
        ),
        parameters=(UnitParameter("slope", PRELU_START, lambda z: np.minimum(z, 0)),),
    ),
    Activation(
        name="elu",
        value=elu,
        slope=elu_slope,
        gain=6.0,
        he_gain=1.2452,
        equation="f(z) = z for z ≥ 0, else exp(z) - 1",
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
        value=selu,
        slope=selu_slope,
        gain=6.0,
        he_gain=1.0000,
        equation="f(z) = λ z for z ≥ 0, else λ α (exp(z) - 1), λ = 1.0507…, α = 1.6733…",
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
        value=gelu,
        slope=gelu_slope,
        gain=6.0,
        he_gain=1.5335,
        equation="f(z) = z Φ(z), Φ the standard normal distribution",
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
        value=silu,
        slope=silu_slope,
        gain=6.0,
        he_gain=1.6765,
        equation="f(z) = z / (1 + exp(-z))",
        paper="Elfwing, Uchibe, Doya 2017, Sigmoid-weighted linear units (swish)",
        code=Code(
            "SiLU", "Mul(z, Sigmoid(z))", "z * np.exp(-np.logaddexp(0, -z))", "z / (1 + exp(-z))"
        ),
    ),
    Activation(
        name="mish",
        value=mish,
        slope=mish_slope,
        gain=6.0,
        he_gain=1.4868,
        equation="f(z) = z tanh(log(1 + exp(z)))",
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
        value=softplus,
        slope=softplus_slope,
        gain=6.0,
        he_gain=1.0419,
        equation="f(z) = log(1 + exp(z))",
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
        value=softsign,
        slope=softsign_slope,
        gain=6.0,
        he_gain=2.3375,
        equation="f(z) = z / (1 + |z|)",
        paper="Bergstra, Desjardins, Lamblin, Bengio 2009, Quadratic polynomials",
        code=Code("Softsign", "Div(z, Add(1, Abs(z)))", "z / (1 + np.abs(z))", "z / (1 + fabs(z))"),
    ),
    Activation(
        name="relu6",
        value=relu6,
        slope=relu6_slope,
        gain=6.0,
        he_gain=1.4142,
        equation="f(z) = min(max(0, z), 6)",
        paper="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
        code=Code("ReLU6", "Clip(z, 0, 6)", "np.clip(z, 0, 6)", "z < 0 ? 0 : z > 6 ? 6 : z"),
    ),
    Activation(
        name="hardswish",
        value=hardswish,
        slope=hardswish_slope,
        gain=6.0,
        he_gain=1.7367,
        equation="f(z) = z min(max(0, z + 3), 6) / 6",
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
        slope=lambda z, a: np.cos(z),
        gain=6.0,
        he_gain=1.5209,
        equation="f(z) = sin(z)",
        paper="Sitzmann, Martel, Bergman, Lindell, Wetzstein 2020, Implicit neural representations",
        code=Code("sin", "Sin", "np.sin(z)", "sin(z)"),
    ),
)
