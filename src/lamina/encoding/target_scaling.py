"""Standardise the targets of a regression, and fold the scaling into the trained network.

Shapes: y is (n_samples, n_targets); parameters are flat, (n_parameters,). Each target has
n_outputs / n_targets adjacent outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from lamina.errors import NonFiniteError
from lamina.files.chunks import average, slices
from lamina.formulas import INVERSE_LINKS
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network, NetworkSpec

# Minimum number of float32 steps per standard deviation. On the diabetes target, R² did not fall
# with 77 steps; it fell by 0.003 with 39, 0.014 with 19 and 0.074 with 10.
FEWEST_STEPS = 50


@dataclass(frozen=True)
class TargetScaling:
    """The mean and the standard deviation of each target.

    The network is trained on (y - mean) / scale. With an identity output function, the last layer's
    weights W · scale and biases b · scale + mean then give predictions in the units of y, so code
    that uses a fitted network does not need the scaling.

    Attributes
    ----------
    mean, scale : tuple of float
        One number for each target; scale is 1 for a constant target.

    Examples
    --------
    >>> import numpy as np
    >>> scaling = TargetScaling.from_targets(np.array([[10.0], [30.0]]))
    >>> scaling
    TargetScaling(mean=(20.0,), scale=(10.0,))
    >>> scaling.standardise(np.array([[40.0]]), np.float64)
    array([[2.]])
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def from_targets(cls, y: AnyArray, weight: Array | None = None) -> TargetScaling:
        """Compute mean and scale; samples count by the absolute values of their weights.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_targets)
        weight : ndarray of shape (n_samples,) or (n_samples, n_targets), optional
        """
        # Divide by a power of two near the largest element: squares cannot overflow, and it is
        # exact.
        largest = np.max([np.abs(y[part]).max(axis=0) for part in slices(len(y))], axis=0)
        size = np.ldexp(1.0, np.frexp(largest.astype(np.float64))[1] - 1)

        def relative(part: slice) -> AnyArray:
            return np.asarray(np.asarray(y[part], dtype=np.float64) / size)

        # Negative weights could make the variance negative; any positive scale is valid.
        weight = None if weight is None else np.abs(weight)
        mean = average(y.shape[0], relative, weight)
        squares = average(y.shape[0], lambda part: (relative(part) - mean) ** 2, weight)
        scale = np.sqrt(squares)
        # The deviation of a constant target is only rounding error.
        is_constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)
        scale = np.where(is_constant | (scale * size == 0), 1.0, scale * size)
        return cls(tuple((mean * size).tolist()), tuple(scale.tolist()))

    def standardise(
        self, y: AnyArray, dtype: DTypeLike, alternative: str = ", or set dtype='float64'"
    ) -> AnyArray:
        """Return (y - mean) / scale in a dtype.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_targets)
        dtype : dtype
        alternative : str
            Further cure in error messages; empty for an estimator without the parameter dtype.

        Raises
        ------
        NonFiniteError
            If the dtype cannot represent the mean or the scale, and so no prediction.
        ValueError
            If the dtype's spacing near the mean is too coarse for the scale.
        """
        with np.errstate(over="ignore", under="ignore"):
            held = np.array([self.mean, self.scale]).astype(dtype)
            if not np.isfinite(held).all() or not held[1].all():
                raise NonFiniteError(
                    f"y has mean {self.mean} and standard deviation {self.scale}, which "
                    f"{np.dtype(dtype).name} cannot represent, so predictions in the units of y "
                    f"are impossible. Divide y by a constant{alternative}."
                )
            scaled = (np.asarray(y, np.float64) - self.mean) / np.array(self.scale)
            self._reject_coarse_units(scaled, np.dtype(dtype), alternative)
            return np.ascontiguousarray(scaled, dtype=dtype)

    def _reject_coarse_units(self, scaled: Array, dtype: np.dtype, alternative: str) -> None:
        """Reject a dtype that would round predictions near the mean to a few values."""
        if np.finfo(dtype).eps <= np.finfo(np.float64).eps:
            return
        spacing = np.spacing(np.abs(np.array(self.mean)).astype(dtype)).astype(np.float64)
        is_coarse = (FEWEST_STEPS * spacing > np.array(self.scale)) & scaled.any(axis=0)
        if is_coarse.any():
            target = int(np.argmax(is_coarse))
            raise ValueError(
                f"y has mean {self.mean[target]:g} and standard deviation {self.scale[target]:g}, "
                f"and near that mean the spacing of {dtype.name} is {spacing[target]:g}: "
                "predictions in the units of y would be rounded to a few values. Subtract a "
                f"constant from y{alternative}."
            )

    def fold(self, network: Network) -> Network:
        """Return a copy of a trained network that predicts in the units of y."""
        (factor, offset), folded = self._of_outputs(network.spec), network.copy()
        W, b = folded.weights[-1], folded.biases[-1]
        W[...], b[...] = W * factor, b * factor + offset
        return folded

    def unfold(self, network: Network) -> Network:
        """Return the inverse of `fold`, up to rounding."""
        (factor, offset), unfolded = self._of_outputs(network.spec), network.copy()
        W, b = unfolded.weights[-1], unfolded.biases[-1]
        W[...], b[...] = W / factor, (b - offset) / factor
        return unfolded

    def _of_outputs(self, spec: NetworkSpec) -> tuple[Array, Array]:
        """Return the factor and the offset of each output's logit."""
        n_each = spec.n_outputs // len(self.mean)
        factor, offset = np.repeat(self.scale, n_each), np.repeat(self.mean, n_each)
        if INVERSE_LINKS[spec.inverse_link].by_pairs:
            # The second output of each pair is the logarithm of a standard deviation.
            factor[1::2], offset[1::2] = 1.0, np.log(self.scale)
        return factor, offset
