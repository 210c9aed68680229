"""Modules that lamina's networks need in addition to those of torch.nn.

Shapes: a, z and p are (n_samples, n_columns).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from lamina.formulas.inverse_links import LARGEST_LOG_STD, LEAST_LOG_STD


class Elementwise(nn.Module):
    """Elementwise torch function as a module, for a formula without a module in torch.nn.

    Parameters
    ----------
    function : str
        Name of the function in `torch`.
    """

    __constants__ = ["function"]

    def __init__(self, function: str) -> None:
        super().__init__()
        self.function = function

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Return the function of z."""
        result: torch.Tensor = getattr(torch, self.function)(z)
        return result

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the module's repr."""
        return self.function


class Blended(nn.Module):
    """Activation f with a learned blend: z + θ (f(z) - z), θ the parameter `blend` of each unit.

    Parameters
    ----------
    activation : torch.nn.Module
        f.
    n : int
        Number of units.
    """

    def __init__(self, activation: nn.Module, n: int) -> None:
        super().__init__()
        self.activation = activation
        self.blend = nn.Parameter(torch.ones(n))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Return the blend of f(z) and z."""
        result: torch.Tensor = z + self.blend * (self.activation(z) - z)
        return result


class RoundedLinear(nn.Linear):
    """Linear layer whose product uses rounded inputs and weights; sums keep the layer's dtype.

    Parameters
    ----------
    in_features, out_features : int
    precision : str
        Torch dtype that both operands are rounded to.
    device, dtype : optional
        As in `torch.nn.Linear`.
    """

    __constants__ = [*nn.Linear.__constants__, "precision"]

    def __init__(
        self,
        in_features: int,
        out_features: int,
        precision: str,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(in_features, out_features, device=device, dtype=dtype)
        self.precision = precision

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        """Return z = a W + b with a and W rounded."""
        return nn.functional.linear(self._rounded(a), self._rounded(self.weight), self.bias)

    def _rounded(self, numbers: torch.Tensor) -> torch.Tensor:
        return numbers.to(getattr(torch, self.precision)).to(numbers.dtype)

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the module's repr."""
        return f"{super().extra_repr()}, precision={self.precision}"


class Residual(nn.Sequential):
    """Sequence of modules whose input is added to its output."""

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        """Return the modules' output for a, plus a."""
        result: torch.Tensor = super().forward(a)
        return result + a


class Members(nn.ModuleList):
    """Networks whose prediction is the mean of theirs."""

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        """Return the mean of the members' outputs for a."""
        return torch.stack([member(a) for member in self]).mean(dim=0)


class Sorted(nn.Module):
    """Sort of the quantiles of each target, so that none crosses another.

    Parameters
    ----------
    n_quantiles : int
        Number of adjacent columns that belong to one target.
    """

    def __init__(self, n_quantiles: int) -> None:
        super().__init__()
        self.n_quantiles = n_quantiles

    def forward(self, p: torch.Tensor) -> torch.Tensor:
        """Return the columns of p, sorted target by target."""
        groups = p.unflatten(1, (-1, self.n_quantiles))
        rising: torch.Tensor = groups.sort(dim=2).values
        return rising.flatten(1)

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the module's repr."""
        return f"n_quantiles={self.n_quantiles}"


class MeanAndStd(nn.Module):
    """Mean and standard deviation from each two columns, the mean and the logarithm of the std.

    `torch.nn.GaussianNLLLoss` accepts the output once the standard deviations are squared.
    """

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return means and standard deviations, each of shape (n_samples, n_targets)."""
        return z[:, 0::2], z[:, 1::2].clamp(LEAST_LOG_STD, LARGEST_LOG_STD).exp()


class Heads(nn.Module):
    """Inverse link applied to each part of the columns of z separately.

    Parameters
    ----------
    widths : sequence of int
        Number of columns of each part.
    inverse_link : torch.nn.Module
    """

    def __init__(self, widths: Sequence[int], inverse_link: nn.Module) -> None:
        super().__init__()
        self.widths = list(widths)
        self.inverse_link = inverse_link

    def forward(self, z: torch.Tensor) -> list[torch.Tensor]:
        """Return the inverse link of each part."""
        return [self.inverse_link(part) for part in z.split(self.widths, dim=1)]

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the module's repr."""
        return f"widths={self.widths}"
