"""Samples that stay on their device: the part of an ndarray's interface that a fit needs of X."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from lamina.formulas.table import AnyArray


class DeviceMatrix:
    """Samples on a device, (n_samples, n_features), in place of an ndarray; nothing is copied.

    Attributes
    ----------
    tensor : torch.Tensor
        float32 or float64.
    """

    ndim = 2

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    @property
    def shape(self) -> tuple[int, int]:
        """Number of samples and of features."""
        n_samples, n_features = self.tensor.shape
        return int(n_samples), int(n_features)

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype of the numbers."""
        return np.dtype(str(self.tensor.dtype).removeprefix("torch."))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> DeviceMatrix:
        """Return the samples of a slice or of an array of indices or truth values."""
        return DeviceMatrix(self.tensor[rows])

    def astype(self, dtype: DTypeLike, copy: bool = True) -> DeviceMatrix:
        """Return the samples in a dtype; themselves if it is theirs."""
        if np.dtype(dtype) == self.dtype:
            return self
        wide = np.dtype(dtype) == np.float64
        return DeviceMatrix(self.tensor.double() if wide else self.tensor.float())

    def is_finite(self) -> bool:
        """Return True if no number is infinite or NaN."""
        return bool(self.tensor.isfinite().all())

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> AnyArray:
        return np.asarray(self.tensor.cpu().numpy(), dtype=dtype)


def on_host(X: Any) -> Any:
    """Return samples in this process's memory: a copy of those of a device, any others as they are.

    Examples
    --------
    >>> on_host([[1.0]])
    [[1.0]]
    """
    return np.asarray(X) if isinstance(X, DeviceMatrix) else X
