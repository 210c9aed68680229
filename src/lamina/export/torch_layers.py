"""Modules that our networks need beside those of torch.nn.

Shapes: a, z and p are (n_samples, n_columns).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from lamina.formulas.inverse_links import LARGEST_LOG_STD, LEAST_LOG_STD


class Elementwise(nn.Module):
    """A function of torch's as a module, for a formula that has no module of its own there.

    Parameters
    ----------
    function : str
        Its name in `torch`.
    """

    __constants__ = ["function"]

    def __init__(self, function: str) -> None:
        super().__init__()
        self.function = function

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The function of z."""
        result: torch.Tensor = getattr(torch, self.function)(z)
        return result

    def extra_repr(self) -> str:
        """What stands between the brackets when the module is printed."""
        return self.function


class RoundedLinear(nn.Linear):
    """A Linear whose product reads rows and weights rounded; its sums are in their own dtype.

    Parameters
    ----------
    in_features, out_features : int
    precision : str
        The dtype of torch that both are rounded to.
    device, dtype : optional
        As for `torch.nn.Linear`.
    """

    __constants__ = [*nn.Linear.__constants__, "precision"]

    def __init__(
        self,
        in_features: int,
        out_features: int,
        precision: str,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(in_features, out_features, device=device, dtype=dtype)
        self.precision = precision

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        """z = a W + b of rounded a and W."""
        return nn.functional.linear(self._rounded(a), self._rounded(self.weight), self.bias)

    def _rounded(self, numbers: torch.Tensor) -> torch.Tensor:
        return numbers.to(getattr(torch, self.precision)).to(numbers.dtype)

    def extra_repr(self) -> str:
        """What stands between the brackets when the module is printed."""
        return f"{super().extra_repr()}, precision={self.precision}"


class Residual(nn.Sequential):
    """Modules one after the other, whose inputs are added to what they give."""

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        """What the modules give for a, and a."""
        result: torch.Tensor = super().forward(a)
        return result + a


class Sorted(nn.Module):
    """The quantiles of each target in rising order, so that none crosses another.

    Parameters
    ----------
    n_quantiles : int
        How many columns side by side belong to one target.
    """

    def __init__(self, n_quantiles: int) -> None:
        super().__init__()
        self.n_quantiles = n_quantiles

    def forward(self, p: torch.Tensor) -> torch.Tensor:
        """The columns of p, sorted target by target."""
        groups = p.unflatten(1, (-1, self.n_quantiles))
        rising: torch.Tensor = groups.sort(dim=2).values
        return rising.flatten(1)

    def extra_repr(self) -> str:
        """What stands between the brackets when the module is printed."""
        return f"n_quantiles={self.n_quantiles}"


class MeanAndStd(nn.Module):
    """Of each two columns a mean, and the standard deviation of which the second is the logarithm.

    What it gives is what `torch.nn.GaussianNLLLoss` takes, once the second part is squared.
    """

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The means and the standard deviations, each of shape (n_samples, n_targets)."""
        return z[:, 0::2], z[:, 1::2].clamp(LEAST_LOG_STD, LARGEST_LOG_STD).exp()


class Heads(nn.Module):
    """The columns of z part by part, each through the inverse link by itself.

    Parameters
    ----------
    widths : sequence of int
        The columns of each part.
    inverse_link : torch.nn.Module
    """

    def __init__(self, widths: Sequence[int], inverse_link: nn.Module) -> None:
        super().__init__()
        self.widths = list(widths)
        self.inverse_link = inverse_link

    def forward(self, z: torch.Tensor) -> list[torch.Tensor]:
        """What the inverse link makes of each part."""
        return [self.inverse_link(part) for part in z.split(self.widths, dim=1)]

    def extra_repr(self) -> str:
        """What stands between the brackets when the module is printed."""
        return f"widths={self.widths}"
