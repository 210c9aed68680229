"""A regression's targets, standardised for training, and a network folded into their own units.

Shapes: y is (n_samples, n_targets); parameters are flat, (n_parameters,). Each target has
n_outputs / n_targets outputs side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamina.errors import NonFiniteError
from lamina.formulas import INVERSE_LINKS
from lamina.formulas.table import Array
from lamina.network import NetworkSpec, ParameterLayout

# The R² of the diabetes target fell by nothing with 77 steps of float32 to a standard deviation, by
# 0.003 with 39, 0.014 with 19 and 0.074 with 10.
FEWEST_STEPS = 50


@dataclass(frozen=True)
class TargetScaling:
    """The mean and the standard deviation of each target.

    The network learns (y - mean) / scale. Where its inverse link leaves the logits as they are, a
    last layer with weights W · scale and biases b · scale + mean predicts in the units of y, and so
    whatever reads a fitted network needs no scaling of its own.

    Attributes
    ----------
    mean, scale : tuple of float
        One number for each target; scale is 1 for a constant target.

    Examples
    --------
    >>> import numpy as np
    >>> scaling = TargetScaling.of(np.array([[10.0], [30.0]]))
    >>> scaling
    TargetScaling(mean=(20.0,), scale=(10.0,))
    >>> scaling.standardise(np.array([[40.0]]), np.float64)
    array([[2.]])
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def of(cls, y: NDArray[Any], weight: Array | None = None) -> TargetScaling:
        """Measure the targets; rows count by their weights, negative ones by their size."""
        y = np.asarray(y, dtype=np.float64)
        # Divided by a power of two near its largest element: no square overflows, no digit is lost.
        size = np.ldexp(1.0, np.frexp(np.abs(y).max(axis=0))[1] - 1)
        relative = y / size
        # A variance must be positive; mean and scale are units, which any rows can give.
        weight = None if weight is None else np.abs(weight)
        mean = np.average(relative, axis=0, weights=weight)
        scale = np.sqrt(np.average((relative - mean) ** 2, axis=0, weights=weight))
        # What rounding leaves of a constant target's deviation is no scale.
        is_constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)
        scale = np.where(is_constant | (scale * size == 0), 1.0, scale * size)
        return cls(tuple((mean * size).tolist()), tuple(scale.tolist()))

    def standardise(self, y: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
        """Return (y - mean) / scale in a dtype.

        Raises
        ------
        NonFiniteError
            Where the dtype cannot hold the mean or the scale, in which predictions come.
        ValueError
            Where its numbers near the mean lie too far apart for the scale.
        """
        with np.errstate(over="ignore", under="ignore"):
            held = np.array([self.mean, self.scale]).astype(dtype)
            if not np.isfinite(held).all() or not held[1].all():
                raise NonFiniteError(
                    f"y has mean {self.mean} and standard deviation {self.scale}, which "
                    f"{np.dtype(dtype).name} cannot hold, so that no prediction could be in the "
                    "units of y. Set dtype='float64', or divide y by a constant."
                )
            scaled = (np.asarray(y, np.float64) - self.mean) / np.array(self.scale)
            self._refuse_coarse_units(scaled, np.dtype(dtype))
            return np.ascontiguousarray(scaled, dtype=dtype)

    def _refuse_coarse_units(self, scaled: Array, dtype: np.dtype[Any]) -> None:
        """Refuse a dtype that would round predictions, which lie near the mean, to a few values."""
        if np.finfo(dtype).eps <= np.finfo(np.float64).eps:
            return
        spacing = np.spacing(np.abs(np.array(self.mean)).astype(dtype)).astype(np.float64)
        is_coarse = (FEWEST_STEPS * spacing > np.array(self.scale)) & scaled.any(axis=0)
        if is_coarse.any():
            target = int(np.argmax(is_coarse))
            raise ValueError(
                f"y has mean {self.mean[target]:g} and standard deviation {self.scale[target]:g}, "
                f"and near that mean the numbers of {dtype.name} lie {spacing[target]:g} apart: "
                "predictions in the units of y would be rounded to a few values. Set "
                "dtype='float64', or subtract a constant from y."
            )

    def fold(self, spec: NetworkSpec, parameters: Array) -> Array:
        """Return a copy of trained parameters that predicts in the units of y."""
        factor, offset = self._of_outputs(spec)
        folded, (W, b) = _with_last_layer(spec, parameters)
        W[...], b[...] = W * factor, b * factor + offset
        return folded

    def unfold(self, spec: NetworkSpec, parameters: Array) -> Array:
        """Return the inverse of `fold`, to rounding."""
        factor, offset = self._of_outputs(spec)
        unfolded, (W, b) = _with_last_layer(spec, parameters)
        W[...], b[...] = W / factor, (b - offset) / factor
        return unfolded

    def _of_outputs(self, spec: NetworkSpec) -> tuple[Array, Array]:
        """What each output's logit is multiplied by, and what is added to it."""
        n_each = spec.n_outputs // len(self.mean)
        factor, offset = np.repeat(self.scale, n_each), np.repeat(self.mean, n_each)
        if INVERSE_LINKS[spec.inverse_link].by_pairs:
            # The second of each pair is the logarithm of a standard deviation.
            factor[1::2], offset[1::2] = 1.0, np.log(self.scale)
        return factor, offset


def last_layer(spec: NetworkSpec, parameters: Array) -> tuple[Array, Array]:
    """Views of the last layer's weights and biases."""
    views = ParameterLayout.of(spec).views(parameters)
    return views.weights[-1], views.biases[-1]


def _with_last_layer(spec: NetworkSpec, parameters: Array) -> tuple[Array, tuple[Array, Array]]:
    copied = parameters.copy()
    return copied, last_layer(spec, copied)
