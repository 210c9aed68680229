"""Activations a = f(z) of hidden units, each with its slope f'(z) and its initial gain.

Shapes: z, a and the result are (rows, fan_out), float32 or float64; all work elementwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lamina.formulas.table import Array, Table


@dataclass(frozen=True)
class Activation:
    """One activation function.

    Attributes
    ----------
    name : str
        What `activation=` takes.
    value : callable
        `value(z)` is a = f(z).
    slope : callable
        `slope(z, a)` is f'(z); most slopes are shorter in terms of a = f(z).
    gain : float
        The k of the Glorot bound √(k / (fan_in + fan_out)) of the first weights.
    equation, paper : str
        The formula as text, and where it comes from.
    torch, onnx : str
        How PyTorch's `torch.nn` and ONNX call it.
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    gain: float
    equation: str
    paper: str
    torch: str
    onnx: str


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def relu_slope(z: Array, a: Array) -> Array:
    # A NaN keeps its slope of one, so that a diverging network is seen to diverge.
    return np.asarray(a != 0, dtype=a.dtype)


def logistic_slope(z: Array, a: Array) -> Array:
    return a * (1 - a)


def tanh_slope(z: Array, a: Array) -> Array:
    return 1 - a * a


ACTIVATIONS = Table(
    "activation",
    Activation(
        name="identity",
        value=lambda z: z,
        slope=lambda z, a: np.ones_like(z),
        gain=6.0,
        equation="f(z) = z",
        paper="the linear model; a network of these collapses to one",
        torch="Identity",
        onnx="Identity",
    ),
    Activation(
        name="logistic",
        value=expit,
        slope=logistic_slope,
        gain=2.0,
        equation="f(z) = 1 / (1 + exp(-z))",
        paper="Rumelhart, Hinton, Williams 1986, Learning representations by back-propagation",
        torch="Sigmoid",
        onnx="Sigmoid",
    ),
    Activation(
        name="tanh",
        value=np.tanh,
        slope=tanh_slope,
        gain=6.0,
        equation="f(z) = tanh(z)",
        paper="LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",
        torch="Tanh",
        onnx="Tanh",
    ),
    Activation(
        name="relu",
        value=relu,
        slope=relu_slope,
        gain=6.0,
        equation="f(z) = max(0, z)",
        paper="Nair, Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
        torch="ReLU",
        onnx="Relu",
    ),
)
