"""Optimizers: the step that a gradient gives.

Shapes: w (parameters) and g (gradient) are flat vectors of n_parameters; `state` is
(n_slots, n_parameters), zero at the start; `step` counts from 1. Steps work in place on w and
state. Numbers that depend on the step are its factors, which a device receives as numbers.

Optimizers that PyTorch has give PyTorch's numbers, except sgd and adam, which give scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.muon import muon_matrix
from lamina.formulas.optimizer import Factors, Optimizer, StepCode, integer_power
from lamina.formulas.table import Array, RecordTable


def sgd(w: Array, g: Array, state: Array, factors: Factors, params: Mapping[str, float]) -> None:
    v, momentum, learning_rate = state[0], params["momentum"], factors[0]
    v *= momentum
    v -= learning_rate * g
    w += momentum * v - learning_rate * g if params["nesterovs_momentum"] else v


def update_moments(state: Array, g: Array, params: Mapping[str, float]) -> tuple[Array, Array]:
    """Update the running means m of g and v of g², and return m and v, or AMSGrad's largest v."""
    (m, v), largest = state[:2], state[2:]
    m *= params["beta_1"]
    m += (1 - params["beta_1"]) * g
    v *= params["beta_2"]
    v += (1 - params["beta_2"]) * (g * g)
    if not len(largest):
        return m, v
    np.maximum(largest[0], v, out=largest[0])
    return m, largest[0]


def adam_step_factors(learning_rate: float, step: int, params: Mapping[str, float]) -> Factors:
    unbiased = np.sqrt(1 - integer_power(params["beta_2"], step))
    unbiased /= 1 - integer_power(params["beta_1"], step)
    return (float(learning_rate * unbiased),)


def adam(w: Array, g: Array, state: Array, factors: Factors, params: Mapping[str, float]) -> None:
    m, v = update_moments(state, g, params)
    # epsilon joins the uncorrected √v: the paper's "efficient" form, not Algorithm 1's (PyTorch's).
    w -= factors[0] * m / (np.sqrt(v) + params["epsilon"])


def adamw_step_factors(learning_rate: float, step: int, params: Mapping[str, float]) -> Factors:
    rate = learning_rate / (1 - integer_power(params["beta_1"], step))
    return rate, float(np.sqrt(1 - integer_power(params["beta_2"], step)))


def adamw(w: Array, g: Array, state: Array, factors: Factors, params: Mapping[str, float]) -> None:
    m, v = update_moments(state, g, params)
    rate, root = factors
    w -= rate * m / (np.sqrt(v) / root + params["epsilon"])


def nadam_momentum(beta_1: float, step: int) -> float:
    """Return μₜ, which rises from β₁ / 2 towards β₁; the base of the power is 0.96 ** 0.004."""
    return beta_1 * (1 - 0.5 * integer_power(0.9998367253526753, step))


def nadam_step_factors(learning_rate: float, step: int, params: Mapping[str, float]) -> Factors:
    """Return the learning rate, the factors of g and of m in the step, and the root of v's."""
    beta_1 = params["beta_1"]
    now, following = nadam_momentum(beta_1, step), nadam_momentum(beta_1, step + 1)
    # Where β₁ᵗ is below 1e-17, the product no longer shows in 1 - product.
    product = 0.0 if integer_power(beta_1, step) < 1e-17 else 1.0
    for t in range(1, step + 1 if product else 0):
        product *= nadam_momentum(beta_1, t)
        if not product:
            break
    root = float(np.sqrt(1 - integer_power(params["beta_2"], step)))
    return (
        learning_rate,
        (1 - now) / (1 - product),
        following / (1 - product * following),
        root,
    )


def nadam(w: Array, g: Array, state: Array, factors: Factors, params: Mapping[str, float]) -> None:
    m, v = update_moments(state, g, params)
    learning_rate, of_g, of_m, root = factors
    ahead = of_g * g + of_m * m
    w -= learning_rate * ahead / (np.sqrt(v) / root + params["epsilon"])


def rmsprop(
    w: Array, g: Array, state: Array, factors: Factors, params: Mapping[str, float]
) -> None:
    v, decay_rate, learning_rate = state[0], params["decay_rate"], factors[0]
    v *= decay_rate
    v += (1 - decay_rate) * (g * g)
    w -= learning_rate * g / (np.sqrt(v) + params["epsilon"])


def adagrad(
    w: Array, g: Array, state: Array, factors: Factors, params: Mapping[str, float]
) -> None:
    state[0] += g * g
    w -= factors[0] * g / (np.sqrt(state[0]) + params["epsilon"])


def lion(w: Array, g: Array, state: Array, factors: Factors, params: Mapping[str, float]) -> None:
    m, beta_1, beta_2 = state[0], params["beta_1"], params["beta_2"]
    w -= factors[0] * np.sign(beta_1 * m + (1 - beta_1) * g)
    m *= beta_2
    m += (1 - beta_2) * g


MOMENTUM = Hyperparameter(
    "momentum",
    0.9,
    "fraction of the velocity, or of the mean of the gradient, that each step keeps",
    at_least=0,
    at_most=1,
    symbol="μ",
    is_estimator_parameter=True,
)
NESTEROVS_MOMENTUM = Hyperparameter(
    "nesterovs_momentum",
    True,
    "if True, use Nesterov momentum",
    kind="boolean",
    is_estimator_parameter=True,
)
BETA_1 = Hyperparameter(
    "beta_1",
    0.9,
    "fraction of the running mean of the gradient that each step keeps",
    at_least=0,
    below=1,
    symbol="β₁",
    is_estimator_parameter=True,
)
BETA_2 = Hyperparameter(
    "beta_2",
    0.999,
    "fraction of the running mean of the squared gradient, or lion's mean, that each step keeps",
    at_least=0,
    below=1,
    symbol="β₂",
    is_estimator_parameter=True,
)
EPSILON = Hyperparameter(
    "epsilon",
    1e-8,
    "number added to the root that a step is divided by",
    above=0,
    symbol="ε",
    is_estimator_parameter=True,
)
HIDDEN_ONLY = Hyperparameter(
    "hidden_only",
    False,
    "if True, AdamW updates the first and the last matrix of weights too",
    kind="boolean",
)
MATCHES_ADAMW = Hyperparameter(
    "matches_adamw",
    True,
    "if True, the steps of a matrix are 0.2 η √max(fan_in, fan_out) times the orthogonal one, as "
    "large as AdamW's; if False, η √max(1, fan_out / fan_in) times, as Jordan's",
    kind="boolean",
)
ADAMW_RATE = Hyperparameter(
    "adamw_rate",
    1.0,
    "factor of the learning rate of all that AdamW updates",
    above=0,
)
ADAMW_DECAY = Hyperparameter(
    "adamw_decay",
    1.0,
    "factor of the weight decay of all that AdamW updates",
    at_least=0,
)
DECAY_RATE = Hyperparameter(
    "decay_rate",
    0.99,
    "fraction of the running mean of the squared gradient that each step keeps",
    at_least=0,
    below=1,
    symbol="ρ",
    is_estimator_parameter=True,
)

MOMENTS_IN_CODE = (
    "m = beta_1 * m + (1 - beta_1) * g",
    "v = beta_2 * v + (1 - beta_2) * g**2",
)
ADAMW_IN_CODE = StepCode(
    ("m", "v"),
    (
        *MOMENTS_IN_CODE,
        "-rate * m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)",
    ),
)
ADAM_MOMENTS = "m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²"
ADAMW_STEP = "w ← w - η m̂ / (√v̂ + ε),  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)"

OPTIMIZERS = RecordTable(
    "optimizer",
    Optimizer(
        name="sgd",
        slots=("velocity",),
        hyperparameters=(MOMENTUM, NESTEROVS_MOMENTUM),
        follows_schedule=True,
        apply=sgd,
        code=StepCode(
            ("v",),
            (
                "v = momentum * v - rate * g",
                "momentum * v - rate * g if nesterovs_momentum else v",
            ),
        ),
        equation="v ← μ v - η g;  w ← w + v,  or with Nesterov  w ← w + μ v - η g",
        paper="Robbins, Monro 1951; Polyak 1964; Sutskever, Martens, Dahl, Hinton 2013",
    ),
    Optimizer(
        name="adam",
        slots=("m", "v"),
        hyperparameters=(BETA_1, BETA_2, EPSILON),
        follows_schedule=False,
        apply=adam,
        factors=adam_step_factors,
        code=StepCode(
            ("m", "v"),
            (
                *MOMENTS_IN_CODE,
                "-rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + epsilon)",
            ),
        ),
        equation=f"{ADAM_MOMENTS};  w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)",
        paper=(
            "Kingma, Ba 2014, Adam: a method for stochastic optimization, section 2; "
            "AMSGrad: Reddi, Kale, Kumar 2018, On the convergence of Adam and beyond"
        ),
        amsgrad=True,
    ),
    Optimizer(
        name="adamw",
        slots=("m", "v"),
        hyperparameters=(BETA_1, BETA_2, EPSILON),
        follows_schedule=True,
        apply=adamw,
        factors=adamw_step_factors,
        code=ADAMW_IN_CODE,
        equation=f"W ← W - η λ W;  {ADAM_MOMENTS};  {ADAMW_STEP}",
        paper="Loshchilov, Hutter 2019, Decoupled weight decay regularization",
        amsgrad=True,
        weight_decay=0.01,
    ),
    Optimizer(
        name="nadam",
        slots=("m", "v"),
        hyperparameters=(BETA_1, BETA_2, EPSILON),
        follows_schedule=True,
        apply=nadam,
        factors=nadam_step_factors,
        code=StepCode(
            ("m", "v"),
            (
                *MOMENTS_IN_CODE,
                "mu = [beta_1 * (1 - 0.5 * 0.96 ** (0.004 * s)) for s in range(1, t + 2)]",
                "now, then = 1 - np.prod(mu[:-1]), 1 - np.prod(mu)",
                "ahead = (1 - mu[-2]) * g / now + mu[-1] * m / then",
                "-rate * ahead / (np.sqrt(v / (1 - beta_2**t)) + epsilon)",
            ),
        ),
        equation=(
            f"{ADAM_MOMENTS};  μₜ = β₁ (1 - ½ · 0.96^(0.004 t));  w ← w - η "
            "((1 - μₜ) g / (1 - Π μ₁…μₜ) + μₜ₊₁ m / (1 - Π μ₁…μₜ₊₁)) / (√v̂ + ε)"
        ),
        paper="Dozat 2016, Incorporating Nesterov momentum into Adam",
    ),
    Optimizer(
        name="rmsprop",
        slots=("v",),
        hyperparameters=(DECAY_RATE, EPSILON),
        follows_schedule=True,
        apply=rmsprop,
        code=StepCode(
            ("v",),
            (
                "v = decay_rate * v + (1 - decay_rate) * g**2",
                "-rate * g / (np.sqrt(v) + epsilon)",
            ),
        ),
        equation="v ← ρ v + (1 - ρ) g²;  w ← w - η g / (√v + ε)",
        paper="Tieleman, Hinton 2012, Neural networks for machine learning, lecture 6.5",
    ),
    Optimizer(
        name="adagrad",
        slots=("sum",),
        hyperparameters=(EPSILON,),
        follows_schedule=True,
        apply=adagrad,
        code=StepCode(("s",), ("s = s + g**2", "-rate * g / (np.sqrt(s) + epsilon)")),
        equation="s ← s + g²;  w ← w - η g / (√s + ε)",
        paper="Duchi, Hazan, Singer 2011, Adaptive subgradient methods for online learning",
    ),
    Optimizer(
        name="lion",
        slots=("m",),
        hyperparameters=(BETA_1, BETA_2),
        follows_schedule=True,
        apply=lion,
        code=StepCode(("m",), ("-rate * np.sign(beta_1 * m + (1 - beta_1) * g)",)),
        equation="w ← w - η sign(β₁ m + (1 - β₁) g);  m ← β₂ m + (1 - β₂) g",
        paper="Chen et al. 2023, Symbolic discovery of optimization algorithms",
    ),
    Optimizer(
        name="muon",
        slots=("m", "v"),
        hyperparameters=(
            MOMENTUM,
            NESTEROVS_MOMENTUM,
            BETA_1,
            BETA_2,
            EPSILON,
            HIDDEN_ONLY,
            MATCHES_ADAMW,
            ADAMW_RATE,
            ADAMW_DECAY,
        ),
        follows_schedule=True,
        apply=adamw,
        factors=adamw_step_factors,
        matrix_update=muon_matrix,
        code=ADAMW_IN_CODE,
        matrix_code=StepCode(
            ("m", "v"),
            (
                "m = momentum * m + (1 - momentum) * g",
                "ahead = momentum * m + (1 - momentum) * g if nesterovs_momentum else m",
                "size = 0.2 * max(g.shape) ** 0.5 if matches_adamw "
                "else max(1.0, g.shape[1] / g.shape[0]) ** 0.5",
                "-rate * size * orthogonalised(ahead)",
            ),
        ),
        equation=(
            "matrices: M ← μ M + (1 - μ) G;  W ← W - 0.2 η √max(fan_in, fan_out) · O(M), or with "
            "Nesterov O(μ M + (1 - μ) G), O(X) nearly U Vᵀ of X = U S Vᵀ;  "
            f"all else: {ADAM_MOMENTS};  {ADAMW_STEP}"
        ),
        paper=(
            "Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks; "
            "the rate: Liu et al. 2025, Muon is scalable for LLM training"
        ),
    ),
)
