"""Schedules: the learning rate of each step, and the response to a stall.

The rate of a step is a base learning rate times a multiplier. The base begins as η₀ and changes
only between epochs; the multiplier is a function of the step, and 1 for schedules without `shape`.

Shapes: step, epoch and multipliers are (n,), one element per step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamina.formulas.hyperparameters import Hyperparameter
from lamina.formulas.schedule import Course, Factors, Options, Schedule
from lamina.formulas.table import RecordTable

SMALLEST_ADAPTIVE_RATE = 1e-6
ADAPTIVE_DIVISOR = 5.0
# Far above the rounding error of an epoch's number, far below a step.
ROUNDING = 1e-12


def inverse_scaling(base_rate: float, initial_rate: float, rows_seen: int, power_t: float) -> float:
    return float(initial_rate / (rows_seen + 1) ** power_t)


def divide_until_small(base_rate: float) -> float | None:
    return None if base_rate <= SMALLEST_ADAPTIVE_RATE else base_rate / ADAPTIVE_DIVISOR


def lower(base_rate: float, initial_rate: float, options: Options) -> float:
    return max(
        base_rate * float(options["factor"]),
        min(base_rate, float(options["lowest"]) * initial_rate),
    )


def exponential(course: Course, options: Options) -> Factors:
    return np.asarray(np.power(options["decay"], course.epoch, dtype=np.float64))


def steps_down(course: Course, options: Options) -> Factors:
    return np.asarray(
        np.power(options["factor"], course.epoch // options["every"], dtype=np.float64)
    )


def half_cosine(fraction: Factors, first: float, last: float) -> Factors:
    """Interpolate from first to last along half a cosine, as the fraction goes from 0 to 1."""
    return np.asarray(last + (first - last) / 2 * (1 + np.cos(np.pi * fraction)))


def cosine(course: Course, options: Options) -> Factors:
    now = course.step / course.steps_an_epoch
    whole = course.n_steps / course.steps_an_epoch
    period, growth = options["period"], options["period_factor"]
    if period is None:
        return half_cosine(np.minimum(now / whole, 1.0), 1.0, options["lowest"])
    fraction = fraction_of_cycle(now, float(period), float(growth))
    return half_cosine(fraction, 1.0, options["lowest"])


def fraction_of_cycle(now: Factors, period: float, growth: float) -> Factors:
    """Return the elapsed fraction of the current cycle at each epoch, in closed form.

    Cycle k begins at period (1 + growth + … + growth^(k-1)) and lasts period growth^k.
    """
    if growth == 1.0:
        fraction = np.fmod(now, period) / period
        # Rounding must not place a step at the end of a cycle when it begins the next one.
        return np.where(fraction > 1 - ROUNDING, 0.0, fraction)
    logarithm = math.log1p(growth - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        begun = 1 + now / period * (growth - 1)
        cycle = np.floor(np.log(begun) / logarithm + ROUNDING)
        cycle -= grown(cycle, period, growth) > now * (1 + ROUNDING)
        cycle += grown(cycle + 1, period, growth) <= now * (1 + ROUNDING)
        fraction = (now - grown(cycle, period, growth)) / (period * np.exp(cycle * logarithm))
    # If the period is too short for floats, every step begins a cycle.
    return np.nan_to_num(np.clip(fraction, 0.0, 1.0), nan=0.0)


def grown(cycle: Factors, period: float, growth: float) -> Factors:
    """Return the epoch at which a cycle begins."""
    sums = np.expm1(cycle * math.log1p(growth - 1)) / (growth - 1)
    return np.asarray(period * sums)


def one_cycle(course: Course, options: Options) -> Factors:
    last = max(course.n_steps - 1, 1)
    peak = min(max(options["rising"] * course.n_steps - 1, 0.0), last - 0.5)
    first = 1 / options["initial_divisor"]
    step = np.minimum(course.step, last)
    up = half_cosine(step / peak, first, 1.0) if peak > 0 else np.ones(len(step))
    down = half_cosine((step - peak) / (last - peak), 1.0, first / options["final_divisor"])
    return np.where(step <= peak, up, down)


def polynomial(course: Course, options: Options) -> Factors:
    left = 1 - np.minimum(course.step / course.n_steps, 1.0)
    return np.asarray(options["lowest"] + (1 - options["lowest"]) * left ** options["power"])


def cosine_in_log_time(course: Course, options: Options) -> Factors:
    fraction = np.minimum(course.step / course.n_steps, 1.0)
    return np.asarray((1 - np.cos(2 * np.pi * np.log2(1 + 15 * fraction))) / 2)


def flat_then_cosine(course: Course, options: Options) -> Factors:
    fraction, flat = np.minimum(course.step / course.n_steps, 1.0), float(options["flat"])
    return half_cosine(np.maximum(fraction - flat, 0.0) / (1 - flat), 1.0, options["lowest"])


def custom(function: Callable[[int, int], float]) -> Schedule:
    """Return the schedule of a function: `function(step, epoch)` is the rate, counted from 0.

    Raises
    ------
    ValueError
        From its shape, for a rate that is not a finite number of at least zero.
    """

    def shape(course: Course, options: Options) -> Factors:
        where = zip(course.step.tolist(), course.epoch.tolist(), strict=True)
        return np.array([checked(function(step, epoch), step, epoch) for step, epoch in where])

    def checked(rate: Any, step: int, epoch: int) -> float:
        if not isinstance(rate, Real) or not 0 <= float(rate) < math.inf:
            raise ValueError(
                f"the callable learning_rate returned {rate!r} for step {step} of epoch {epoch}; "
                "it must return a finite number of at least 0"
            )
        return float(rate)

    return Schedule(CUSTOM, "η = f(step, epoch)", "", shape=shape, is_absolute=True)


def linear_warm_up(step: NDArray[np.int64], n_steps: int) -> Factors:
    """Return (step + 1) / n_steps, up to 1 (Goyal and others 2017, Large minibatch SGD, 2.2)."""
    return np.minimum((step + 1) / n_steps, 1.0)


CUSTOM = "callable"
SGDR = "Loshchilov, Hutter 2017, SGDR: stochastic gradient descent with warm restarts, equation 5"
REALMLP = (
    "Holzmüller, Grinsztajn, Steinwart 2024, Better by default: strong pre-tuned MLPs and boosted "
    "trees on tabular data"
)
SCIKIT_LEARN = "scikit-learn, User Guide 1.17, section on stochastic gradient descent"

POWER_T = Hyperparameter(
    "power_t",
    0.5,
    "exponent of the number of samples seen",
    at_least=0,
    is_estimator_parameter=True,
)
LOWEST = Hyperparameter("lowest", 0.0, "last rate, as a fraction of η₀", at_least=0, at_most=1)

SCHEDULES = RecordTable(
    "schedule",
    Schedule("constant", "η = η₀", "Robbins, Monro 1951", speaks_to_all=False),
    Schedule(
        "invscaling",
        "η = η₀ / (rows seen + 1)^power_t",
        SCIKIT_LEARN,
        after_epoch=inverse_scaling,
        speaks_to_all=False,
        hyperparameters=(POWER_T,),
    ),
    Schedule(
        "adaptive",
        "η ← η / 5 at every stall, down to 1e-6",
        SCIKIT_LEARN,
        after_stall=divide_until_small,
        speaks_to_all=False,
    ),
    Schedule(
        "exponential",
        "η = η₀ decay^epoch",
        "Senior, Heigold, Ranzato, Yang 2013, An empirical study of learning rates in deep neural "
        "networks for speech recognition",
        shape=exponential,
        hyperparameters=(
            Hyperparameter(
                "decay", 0.95, "factor of the rate after every epoch", above=0, at_most=1
            ),
        ),
    ),
    Schedule(
        "step",
        "η = η₀ factor^⌊epoch / every⌋",
        "He, Zhang, Ren, Sun 2016, Deep residual learning for image recognition, section 4.2",
        shape=steps_down,
        hyperparameters=(
            Hyperparameter("factor", 0.1, "factor of the rate at every change", above=0, at_most=1),
            Hyperparameter(
                "every",
                30,
                "number of epochs between two changes of the rate",
                at_least=1,
                kind="integer",
            ),
        ),
    ),
    Schedule(
        "cosine",
        "η = η₀ (lowest + (1 - lowest) ½ (1 + cos(π t / T))), t the epochs since the last restart, "
        "T = period at first, and period_factor times as long after every restart",
        SGDR,
        shape=cosine,
        hyperparameters=(
            Hyperparameter(
                "period",
                None,
                "number of epochs to the first restart; None never restarts",
                above=0,
            ),
            Hyperparameter("period_factor", 1, "factor of the period at every restart", at_least=1),
            LOWEST,
        ),
        follows_length=True,
    ),
    Schedule(
        "one_cycle",
        "half a cosine from η₀ / initial_divisor up to η₀ in the part 'rising' of all steps, and "
        "another down to η₀ / (initial_divisor final_divisor)",
        "Smith 2018, A disciplined approach to neural network hyper-parameters: part 1",
        shape=one_cycle,
        hyperparameters=(
            Hyperparameter(
                "rising",
                0.3,
                "fraction of all steps in which the rate rises",
                at_least=0,
                at_most=1,
            ),
            Hyperparameter("initial_divisor", 25.0, "η₀ divided by the first rate", at_least=1),
            Hyperparameter("final_divisor", 1e4, "first rate divided by the last", at_least=1),
        ),
        follows_length=True,
    ),
    Schedule(
        "polynomial",
        "η = η₀ (lowest + (1 - lowest) (1 - step / all steps)^power)",
        "Chen, Papandreou, Kokkinos, Murphy, Yuille 2017, DeepLab",
        shape=polynomial,
        hyperparameters=(
            Hyperparameter(
                "power", 1.0, "exponent of the remaining fraction of all steps", above=0
            ),
            LOWEST,
        ),
        follows_length=True,
    ),
    Schedule(
        "coslog4",
        "η = η₀ ½ (1 - cos(2π log₂(1 + 15 step / all steps))): four waves from 0 to η₀ and back, "
        "each about twice as long as the one before",
        REALMLP,
        shape=cosine_in_log_time,
        follows_length=True,
    ),
    Schedule(
        "flat_cos",
        "η = η₀ in the part 'flat' of all steps, then half a cosine from η₀ down to lowest η₀",
        REALMLP,
        shape=flat_then_cosine,
        hyperparameters=(
            Hyperparameter(
                "flat",
                0.5,
                "fraction of all steps before the rate falls",
                at_least=0,
                below=1,
            ),
            LOWEST,
        ),
        follows_length=True,
    ),
    Schedule(
        "plateau",
        "η ← max(factor η, lowest η₀) after more than 'patience' epochs without progress",
        "He, Zhang, Ren, Sun 2016, Deep residual learning for image recognition, section 3.4",
        after_plateau=lower,
        hyperparameters=(
            Hyperparameter("factor", 0.2, "factor of the rate at every change", above=0, at_most=1),
            Hyperparameter(
                "patience",
                5,
                "number of epochs without progress before the rate falls",
                at_least=0,
                kind="integer",
            ),
            LOWEST,
        ),
    ),
)
