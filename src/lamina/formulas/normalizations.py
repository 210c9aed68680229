"""Normalizations of z before the activation: z' = scale ẑ + shift, ẑ = (z - mean) / √(var + ε).

Shapes: z, ẑ and z' are (n_samples, fan_out); mean, variance and 1 / √(variance + ε) are
(1, fan_out) if taken over samples, and (n_samples, 1) if taken over units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lamina.formulas.activation import UnitParameter
from lamina.formulas.code import Code
from lamina.formulas.table import Array, RecordTable

EPSILON = 1e-5
# Fraction of the running statistics that each step keeps.
MOMENTUM = 0.9


class RunningStatistic(NamedTuple):
    """Statistic of the batches that predictions use: its name and its initial value."""

    name: str
    initial: float


class Moments(NamedTuple):
    """Mean and 1 / √(variance + ε) of z; `are_constant` if they do not depend on z."""

    mean: Array
    inverse: Array
    are_constant: bool = False


@dataclass(frozen=True)
class Normalization:
    """Normalization of z.

    Attributes
    ----------
    name : str
        Name in `normalization=`.
    axis : {0, 1}
        Axis of mean and variance: the samples of a batch, or the units of a layer.
    parameters : tuple of UnitParameter
        Learned parameters of its units, in terms of ẑ.
    statistics : tuple of RunningStatistic
        Statistics that replace the batch's own mean and variance in predictions; empty if these
        belong to each sample.
    equation, paper : str
        Formula as text, and its source.
    code : Code
        Prediction in PyTorch, ONNX, NumPy and C, in terms of z, the parameters and the
        statistics; in C as statements on the n units of a sample, `real *z`.
    """

    name: str
    axis: int
    parameters: tuple[UnitParameter, ...]
    statistics: tuple[RunningStatistic, ...]
    equation: str
    paper: str
    code: Code

    def moments(self, z: Array) -> Moments:
        """Return the moments of z itself."""
        mean = z.mean(axis=self.axis, keepdims=True)
        variance = np.square(z - mean).mean(axis=self.axis, keepdims=True)
        return Moments(mean, 1 / np.sqrt(variance + z.dtype.type(EPSILON)))

    def delta(self, gradient: Array, normalized: Array, moments: Moments) -> Array:
        """Return dL/dz = (s - mean(s) - ẑ mean(s ẑ)) / √(variance + ε) from s = dL/dẑ.

        The means are taken along the axis. With constant moments, as in predictions, only the
        quotient remains.
        """
        if moments.are_constant:
            return gradient * moments.inverse
        mean = gradient.mean(axis=self.axis, keepdims=True)
        along = (gradient * normalized).mean(axis=self.axis, keepdims=True)
        return (gradient - mean - normalized * along) * moments.inverse


def running_moments(statistics: Array) -> Moments:
    """Return the moments of running statistics, (mean, variance) of shape (2, fan_out)."""
    mean, variance = statistics[:, np.newaxis]
    return Moments(mean, 1 / np.sqrt(variance + statistics.dtype.type(EPSILON)), are_constant=True)


def move_running_statistics(statistics: Array, moments: Moments, n_samples: int) -> None:
    """Update (mean, variance) by a batch, in place; a batch of one sample has no variance.

    The variance is the unbiased one, as in PyTorch.
    """
    if n_samples < 2:
        return
    variance = (1 / np.square(moments.inverse) - EPSILON) * (n_samples / (n_samples - 1))
    statistics *= MOMENTUM
    statistics += (1 - MOMENTUM) * np.concatenate([moments.mean, variance])


SCALE_AND_SHIFT = (
    UnitParameter("scale", 1.0, lambda normalized: normalized, "γ", "z_hat", "scale"),
    UnitParameter("shift", 0.0, np.ones_like, "β", "z_hat", "bias"),
)

LAYER_IN_C = f"""\
real mean = 0, variance = 0;
for (int j = 0; j < n; j++) mean += z[j] / n;
for (int j = 0; j < n; j++) variance += (z[j] - mean) * (z[j] - mean) / n;
for (int j = 0; j < n; j++)
    z[j] = scale[j] * (z[j] - mean) / sqrt(variance + {EPSILON}) + shift[j];"""

NORMALIZATIONS = RecordTable(
    "normalization",
    Normalization(
        name="batch",
        axis=0,
        parameters=SCALE_AND_SHIFT,
        statistics=(RunningStatistic("mean", 0.0), RunningStatistic("variance", 1.0)),
        equation="z' = γ (z - mean) / √(var + 10⁻⁵) + β, over the rows of a batch",
        paper="Ioffe, Szegedy 2015, Batch normalization: accelerating deep network training",
        code=Code(
            torch="BatchNorm1d(n)",
            onnx=f"BatchNormalization(z, scale, shift, mean, variance, epsilon={EPSILON})",
            numpy=f"scale * (z - mean) / np.sqrt(variance + {EPSILON}) + shift",
            c="for (int j = 0; j < n; j++)\n"
            f"    z[j] = scale[j] * (z[j] - mean[j]) / sqrt(variance[j] + {EPSILON}) + shift[j];",
        ),
    ),
    Normalization(
        name="layer",
        axis=1,
        parameters=SCALE_AND_SHIFT,
        statistics=(),
        equation="z' = γ (z - mean) / √(var + 10⁻⁵) + β, over the units of the layer",
        paper="Ba, Kiros, Hinton 2016, Layer normalization",
        code=Code(
            torch="LayerNorm(n)",
            onnx=f"LayerNormalization(z, scale, shift, axis=1, epsilon={EPSILON})",
            numpy="scale * (z - z.mean(axis=1, keepdims=True)) "
            f"/ np.sqrt(z.var(axis=1, keepdims=True) + {EPSILON}) + shift",
            c=LAYER_IN_C,
        ),
    ),
)
