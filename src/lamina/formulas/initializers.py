"""Initializers: the initial weights and biases of a layer, drawn block by block.

Shapes: weights (fan_in, fan_out), biases (fan_out,), both float64. σ is a standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lamina.formulas.activation import Activation
from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.table import Array, RecordTable

Draw = Callable[[np.random.RandomState, int, int, float], tuple[Array, Array]]


@dataclass(frozen=True)
class Initializer:
    """Initializer of weights and biases.

    Attributes
    ----------
    name : str
        Name in `initializer=`.
    draw : callable
        `draw(random_state, fan_in, fan_out, gain)` returns the weights, float64 of shape
        (fan_in, fan_out), and the biases, float64 of shape (fan_out,).
    gain : callable
        `gain(activation)` returns the gain for the activation of the block.
    output_as_hidden : bool
        If True, an output layer without activation uses the gain of the hidden layer before it,
        as in scikit-learn.
    equation, paper : str
        Formula as text, and its source.
    hyperparameters : tuple of Hyperparameter
        Empty for all so far.
    reads_rows : bool
        True if the drawn weights and biases are then fitted to training samples.
    """

    name: str
    draw: Draw
    gain: Callable[[Activation], float]
    output_as_hidden: bool
    equation: str
    paper: str
    hyperparameters: tuple[Hyperparameter, ...] = ()
    reads_rows: bool = False


def glorot_uniform(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[Array, Array]:
    bound = np.sqrt(gain / (fan_in + fan_out))
    weights = random_state.uniform(-bound, bound, (fan_in, fan_out))
    biases = random_state.uniform(-bound, bound, fan_out)
    return weights, biases


def uniform(deviation: Callable[[int, int, float], float]) -> Draw:
    """Return uniform weights' draw, with standard deviation `deviation(fan_in, fan_out, gain)`."""

    def draw(
        random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
    ) -> tuple[Array, Array]:
        bound = np.sqrt(3) * deviation(fan_in, fan_out, gain)
        return random_state.uniform(-bound, bound, (fan_in, fan_out)), np.zeros(fan_out)

    return draw


def normal(deviation: Callable[[int, int, float], float]) -> Draw:
    """Return normal weights' draw, with standard deviation `deviation(fan_in, fan_out, gain)`."""

    def draw(
        random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
    ) -> tuple[Array, Array]:
        weights = random_state.standard_normal((fan_in, fan_out))
        return deviation(fan_in, fan_out, gain) * weights, np.zeros(fan_out)

    return draw


def glorot_deviation(fan_in: int, fan_out: int, gain: float) -> float:
    return float(np.sqrt(gain / 3 / (fan_in + fan_out)))


def fan_in_deviation(fan_in: int, fan_out: int, gain: float) -> float:
    return gain / float(np.sqrt(fan_in))


def orthogonal(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[Array, Array]:
    long, short = max(fan_in, fan_out), min(fan_in, fan_out)
    Q, R = np.linalg.qr(random_state.standard_normal((long, short)))
    # With these signs Q is uniformly distributed over orthogonal matrices (Mezzadri 2007).
    Q *= np.sign(np.diag(R))
    return gain * (Q if fan_in >= fan_out else Q.T), np.zeros(fan_out)


def zeros(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, gain: float
) -> tuple[Array, Array]:
    return np.zeros((fan_in, fan_out)), np.zeros(fan_out)


def glorot_gain(activation: Activation) -> float:
    return activation.gain


def he_gain(activation: Activation) -> float:
    return activation.he_gain


def no_gain(activation: Activation) -> float:
    return 1.0


GLOROT = "Glorot, Bengio 2010, Understanding the difficulty of training deep networks"
HE = "He, Zhang, Ren, Sun 2015, Delving deep into rectifiers"
LECUN = "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp, section 4.6"

INITIALIZERS = RecordTable(
    "initializer",
    Initializer(
        name="glorot_uniform",
        draw=glorot_uniform,
        gain=glorot_gain,
        output_as_hidden=True,
        equation="W, b ~ U(-√(k / (fan_in + fan_out)), +√(k / (fan_in + fan_out))), k the gain",
        paper=GLOROT,
    ),
    Initializer(
        name="glorot_normal",
        draw=normal(glorot_deviation),
        gain=glorot_gain,
        output_as_hidden=True,
        equation="W ~ N(0, σ), σ² = k / 3 / (fan_in + fan_out), k the gain;  b = 0",
        paper=GLOROT,
    ),
    Initializer(
        name="he_uniform",
        draw=uniform(fan_in_deviation),
        gain=he_gain,
        output_as_hidden=False,
        equation="W ~ U(-√3 σ, +√3 σ), σ² = g² / fan_in, g² = 1 / mean f(z)², 2 for relu;  b = 0",
        paper=HE,
    ),
    Initializer(
        name="he_normal",
        draw=normal(fan_in_deviation),
        gain=he_gain,
        output_as_hidden=False,
        equation="W ~ N(0, σ), σ² = g² / fan_in, g² = 1 / mean f(z)², 2 for relu;  b = 0",
        paper=HE,
    ),
    Initializer(
        name="lecun_uniform",
        draw=uniform(fan_in_deviation),
        gain=no_gain,
        output_as_hidden=False,
        equation="W ~ U(-√3 σ, +√3 σ), σ² = 1 / fan_in;  b = 0",
        paper=LECUN,
    ),
    Initializer(
        name="lecun_normal",
        draw=normal(fan_in_deviation),
        gain=no_gain,
        output_as_hidden=False,
        equation="W ~ N(0, σ), σ² = 1 / fan_in;  b = 0",
        paper=LECUN,
    ),
    Initializer(
        name="orthogonal",
        draw=orthogonal,
        gain=he_gain,
        output_as_hidden=False,
        equation="W = g Q, Qᵀ Q = 1 or Q Qᵀ = 1, whichever has the smaller side, g as he's;  b = 0",
        paper="Saxe, McClelland, Ganguli 2014, Exact solutions to the nonlinear dynamics",
    ),
    Initializer(
        name="data",
        draw=normal(fan_in_deviation),
        gain=no_gain,
        output_as_hidden=False,
        equation="W ~ N(0, σ), each unit's σ so that its z has standard deviation 1 on a sample of "
        "rows;  b = -Σ_k w_k z(x_k), of 5 random rows x_k, with random w_k ≥ 0, Σ_k w_k = 1",
        paper="Holzmüller, Grinsztajn, Steinwart 2024, Better by default: strong pre-tuned MLPs; "
        "Steinwart 2019, A sober look at neural network initializations",
        reads_rows=True,
    ),
    Initializer(
        name="zeros",
        draw=zeros,
        gain=no_gain,
        output_as_hidden=False,
        equation="W = 0, b = 0: all units of a layer stay equal, which shows why others are random",
        paper="Rumelhart, Hinton, Williams 1986, Learning representations, on symmetry breaking",
    ),
)
