"""Losses: the error of a prediction for each sample, and delta = dL/dz at the logits.

Shapes: p (n_samples, n_outputs) is the prediction, after the inverse link; y is
(n_samples, n_targets) in p's dtype for losses of values, and (n_samples,) int32 for losses of class
codes; `value` returns (n_samples,), `delta` (n_samples, n_outputs). `params` holds the
hyperparameters by name. The loss of a batch is the weighted mean of `value` over its samples.
value_losses.py and class_losses.py contain the formulas themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lamina.formulas import class_losses, loss_code, value_losses
from lamina.formulas.hyperparameters import Hyperparameter, Hyperparameters
from lamina.formulas.loss_code import LossCode
from lamina.formulas.table import AnyArray, Array, RecordTable


def one_output(params: Hyperparameters) -> int:
    """Return 1, the number of outputs per target of most losses."""
    return 1


def as_it_is(p: Array, params: Hyperparameters) -> Array:
    """Return the prediction unchanged, as `predict` does for most losses."""
    return p


@dataclass(frozen=True)
class Loss:
    """Loss, together with the inverse link that makes its delta simple.

    Attributes
    ----------
    name : str
        Name in model files and in the engines.
    task : {'regression', 'classification'}
    inverse_link : str
        Name of the inverse link from logits to prediction.
    targets : {'values', 'codes'}
        Kind of y: numbers of shape (n_samples, n_targets), or class codes of shape (n_samples,).
    hyperparameters : tuple of Hyperparameter
        In the order in which engines receive their values.
    value : callable
        `value(p, y, params)` returns the loss of each sample, of shape (n_samples,).
    delta : callable
        `delta(p, y, params)` returns the derivative of `value` with respect to the logits, times
        n_outputs if `mean_over_outputs`; of shape (n_samples, n_outputs).
    equation, derivative_equation, paper : str
        Both formulas as text, `value` as the loss of a batch and `delta` of a sample, and their
        source.
    code : LossCode
        `value` and `delta` in NumPy.
    aim : str
        For losses of values: the statistic of the target's distribution that minimises the loss.
    outputs_per_target : callable
        `outputs_per_target(params)` returns the number of adjacent outputs for each target. Ignored
        for class codes, where a head holds the outputs of one target.
    answer : callable
        `answer(p, params)` returns the result of a regressor's `predict`, (n_samples, n_targets,
        …).
    std : callable or None
        `std(p)` returns the predicted standard deviation, (n_samples, n_targets).
    mean_over_outputs : bool
        True if `value` is a mean over the outputs while `delta` belongs to their sum.
        scikit-learn trains this way on squared errors (its issue 8349); equal numbers are the
        contract.
    least : float
        Lower bound of the value of a sample.
    is_smooth : bool
        True if delta is continuous.
    """

    name: str
    task: Literal["regression", "classification"]
    inverse_link: str
    targets: Literal["values", "codes"]
    hyperparameters: tuple[Hyperparameter, ...]
    # Any, because each formula declares the types of its own hyperparameters.
    value: Callable[[Array, AnyArray, Mapping[str, Any]], Array]
    delta: Callable[[Array, AnyArray, Mapping[str, Any]], Array]
    equation: str
    derivative_equation: str
    paper: str
    code: LossCode
    aim: str = "the mean"
    outputs_per_target: Callable[[Hyperparameters], int] = one_output
    answer: Callable[[Array, Hyperparameters], Array] = as_it_is
    std: Callable[[Array], Array] | None = None
    mean_over_outputs: bool = False
    least: float = 0.0
    is_smooth: bool = True


HUBER_THRESHOLD = Hyperparameter(
    "huber_threshold",
    1.0,
    "error above which the loss grows linearly",
    above=0,
    symbol="t",
    is_estimator_parameter=True,
)
QUANTILE = Hyperparameter(
    "quantile",
    0.5,
    "fraction of the targets below the prediction; several need an output each",
    kind="numbers",
    above=0,
    below=1,
    symbol="q",
    is_estimator_parameter=True,
)
TWEEDIE_POWER = Hyperparameter(
    "tweedie_power",
    1.5,
    "power of the mean that is the variance",
    above=1,
    below=2,
    symbol="ρ",
    is_estimator_parameter=True,
)
FOCAL_GAMMA = Hyperparameter(
    "focal_gamma",
    2.0,
    "exponent of 1 - p, the weight of a sample",
    at_least=0,
    symbol="γ",
    is_estimator_parameter=True,
)
LABEL_SMOOTHING = Hyperparameter(
    "label_smoothing",
    0.0,
    "fraction of a label that is divided among all classes",
    at_least=0,
    below=1,
    symbol="ε",
    is_estimator_parameter=True,
)

LOSSES = RecordTable(
    "loss",
    Loss(
        name="squared_error",
        task="regression",
        inverse_link="identity",
        targets="values",
        hyperparameters=(),
        value=value_losses.squared_error,
        delta=value_losses.difference,
        mean_over_outputs=True,
        equation="L = ½ · mean over rows and outputs of (p - y)²",
        code=loss_code.SQUARED_ERROR,
        derivative_equation="dL/dz = p - y",
        paper="Legendre 1805; Gauss 1809",
    ),
    Loss(
        name="poisson",
        task="regression",
        inverse_link="exp",
        targets="values",
        hyperparameters=(),
        value=value_losses.poisson,
        delta=value_losses.difference,
        equation="L = mean over rows of Σ y log(y / p) - y + p",
        code=loss_code.POISSON,
        derivative_equation="dL/dz = p - y",
        paper="Nelder, Wedderburn 1972, Generalized linear models (half the Poisson deviance)",
    ),
    Loss(
        name="binary_log_loss",
        task="classification",
        inverse_link="logistic",
        targets="values",
        hyperparameters=(),
        value=class_losses.binary_log_loss,
        delta=value_losses.difference,
        equation="L = -mean over rows of Σ y log p + (1 - y) log(1 - p)",
        code=loss_code.BINARY_LOG_LOSS,
        derivative_equation="dL/dz = p - y",
        paper="Good 1952, Rational decisions",
    ),
    Loss(
        name="log_loss",
        task="classification",
        inverse_link="softmax",
        targets="codes",
        hyperparameters=(),
        value=class_losses.log_loss,
        delta=class_losses.log_loss_delta,
        equation="L = -mean over rows of log p_y",
        code=loss_code.LOG_LOSS,
        derivative_equation="dL/dz_c = p_c - [c = y]",
        paper="Bridle 1990, Probabilistic interpretation of feedforward classification networks",
    ),
    Loss(
        name="absolute_error",
        task="regression",
        inverse_link="identity",
        targets="values",
        hyperparameters=(),
        value=value_losses.absolute_error,
        delta=value_losses.absolute_error_delta,
        is_smooth=False,
        aim="the median",
        equation="L = mean over rows of Σ |p - y|",
        code=loss_code.ABSOLUTE_ERROR,
        derivative_equation="dL/dz = sign(p - y)",
        paper="Boscovich 1757; Edgeworth 1887, On observations relating to several quantities",
    ),
    Loss(
        name="huber",
        task="regression",
        inverse_link="identity",
        targets="values",
        hyperparameters=(HUBER_THRESHOLD,),
        value=value_losses.huber,
        delta=value_losses.huber_delta,
        aim="between median and mean",
        equation="L = mean over rows of Σ ½ r² where |r| ≤ t, else t (|r| - ½ t);  r = p - y",
        code=loss_code.HUBER,
        derivative_equation="dL/dz = min(max(-t, p - y), t)",
        paper="Huber 1964, Robust estimation of a location parameter",
    ),
    Loss(
        name="log_cosh",
        task="regression",
        inverse_link="identity",
        targets="values",
        hyperparameters=(),
        value=value_losses.log_cosh,
        delta=value_losses.log_cosh_delta,
        aim="between median and mean",
        equation="L = mean over rows of Σ log cosh(p - y)",
        code=loss_code.LOG_COSH,
        derivative_equation="dL/dz = tanh(p - y)",
        paper="Green 1990, Bayesian reconstructions from emission tomography data",
    ),
    Loss(
        name="quantile",
        task="regression",
        inverse_link="identity",
        targets="values",
        hyperparameters=(QUANTILE,),
        value=value_losses.quantile,
        delta=value_losses.quantile_delta,
        outputs_per_target=value_losses.number_of_quantiles,
        answer=value_losses.rearranged_quantiles,
        is_smooth=False,
        aim="a quantile",
        equation="L = mean over rows of Σ over targets and q of max(q r, (q - 1) r);  r = y - p",
        code=loss_code.QUANTILE,
        derivative_equation="dL/dz = -q where p < y, 1 - q where p > y",
        paper=(
            "Koenker, Bassett 1978, Regression quantiles; rearranged: Chernozhukov, Fernández-Val, "
            "Galichon 2010, Quantile and probability curves without crossing"
        ),
    ),
    Loss(
        name="gamma",
        task="regression",
        inverse_link="exp",
        targets="values",
        hyperparameters=(),
        value=value_losses.gamma,
        delta=value_losses.gamma_delta,
        equation="L = mean over rows of Σ y / p - 1 - log(y / p)",
        code=loss_code.GAMMA,
        derivative_equation="dL/dz = 1 - y / p",
        paper="Nelder, Wedderburn 1972, Generalized linear models (half the gamma deviance)",
    ),
    Loss(
        name="tweedie",
        task="regression",
        inverse_link="exp",
        targets="values",
        hyperparameters=(TWEEDIE_POWER,),
        value=value_losses.tweedie,
        delta=value_losses.tweedie_delta,
        equation=(
            "L = mean over rows of Σ y^(2-ρ) / ((1-ρ)(2-ρ)) - y p^(1-ρ) / (1-ρ) + p^(2-ρ) / (2-ρ)"
        ),
        code=loss_code.TWEEDIE,
        derivative_equation="dL/dz = p^(2-ρ) - y p^(1-ρ)",
        paper=(
            "Tweedie 1984, An index which distinguishes between some important exponential "
            "families; Jørgensen 1987, Exponential dispersion models (half the deviance)"
        ),
    ),
    Loss(
        name="gaussian_nll",
        task="regression",
        inverse_link="mean_and_std",
        targets="values",
        hyperparameters=(),
        value=value_losses.gaussian_nll,
        delta=value_losses.gaussian_nll_delta,
        outputs_per_target=lambda params: 2,
        answer=lambda p, params: p[:, 0::2],
        std=lambda p: p[:, 1::2],
        least=-math.inf,
        equation="L = mean over rows of Σ log σ + ½ (y - μ)² / σ²;  p = (μ, σ) of each target",
        code=loss_code.GAUSSIAN_NLL,
        derivative_equation="dL/dz = (μ - y) / σ² for μ, 1 - (y - μ)² / σ² for log σ",
        paper="Nix, Weigend 1994, Estimating the mean and variance of the target distribution",
    ),
    Loss(
        name="binary_focal",
        task="classification",
        inverse_link="logistic",
        targets="values",
        hyperparameters=(FOCAL_GAMMA,),
        value=class_losses.binary_focal,
        delta=class_losses.binary_focal_delta,
        equation="L = -mean over rows of Σ y (1 - p)^γ log p + (1 - y) p^γ log(1 - p)",
        code=loss_code.BINARY_FOCAL,
        derivative_equation=(
            "dL/dz = y (1 - p)^γ (γ p log p - 1 + p) + (1 - y) p^γ (p - γ (1 - p) log(1 - p))"
        ),
        paper="Lin, Goyal, Girshick, He, Dollár 2017, Focal loss for dense object detection",
    ),
    Loss(
        name="smoothed_log_loss",
        task="classification",
        inverse_link="softmax",
        targets="codes",
        hyperparameters=(LABEL_SMOOTHING,),
        value=class_losses.smoothed_log_loss,
        delta=class_losses.smoothed_log_loss_delta,
        equation="L = -mean over rows of Σ_c s_c log p_c;  s_c = (1 - ε) [c = y] + ε / n_classes",
        code=loss_code.SMOOTHED_LOG_LOSS,
        derivative_equation="dL/dz_c = p_c - s_c",
        paper="Szegedy et al. 2016, Rethinking the Inception architecture, section 7",
    ),
    Loss(
        name="focal",
        task="classification",
        inverse_link="softmax",
        targets="codes",
        hyperparameters=(FOCAL_GAMMA, LABEL_SMOOTHING),
        value=class_losses.focal,
        delta=class_losses.focal_delta,
        equation=(
            "L = -mean over rows of Σ_c s_c (1 - p_c)^γ log p_c;  "
            "s_c = (1 - ε) [c = y] + ε / n_classes"
        ),
        code=loss_code.FOCAL,
        derivative_equation=(
            "dL/dz_c = g_c - p_c Σ g;  g_c = s_c (1 - p_c)^γ (γ p_c log p_c / (1 - p_c) - 1)"
        ),
        paper="Lin, Goyal, Girshick, He, Dollár 2017, Focal loss for dense object detection",
    ),
)
