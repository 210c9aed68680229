"""Modules of PyTorch for an input stage.

Shapes: x is (n_samples, n_features); each module returns the outputs of its columns, next to each
other column by column, (n_samples, n_outputs).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn


class CategoryCodes(nn.Module):
    """x with the codes of categories in some columns, from 1; 0 for numbers that are no category.

    A number that no category may have becomes NaN.

    Parameters
    ----------
    columns : sequence of int
    categories : sequence of tensor
        Categories of each of the columns in ascending order.
    """

    def __init__(self, columns: Sequence[int], categories: Sequence[torch.Tensor]) -> None:
        super().__init__()
        self.columns = list(columns)
        for j, numbers in enumerate(categories):
            self.register_buffer(f"categories_{j}", numbers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x with codes."""
        x = x.clone()
        for j, column in enumerate(self.columns):
            categories, values = self.get_buffer(f"categories_{j}"), x[:, column]
            places = torch.searchsorted(categories, values.contiguous())
            places = places.clamp(max=len(categories) - 1)
            codes = torch.where(categories[places] == values, places + 1, 0).to(x.dtype)
            is_whole = (values >= 0) & (values.floor() == values) & values.isfinite()
            x[:, column] = torch.where(is_whole | values.isnan(), codes, math.nan)
        return x

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the module's repr."""
        return f"columns={self.columns}"


class InputGroup(nn.Module):
    """Base of the modules of a group: the indices of its columns.

    Parameters
    ----------
    columns : sequence of int
    """

    columns: torch.Tensor

    def __init__(self, columns: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("columns", torch.tensor(list(columns)))

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the module's repr."""
        return f"columns={self.columns.tolist()}"


class SelectedInputs(InputGroup):
    """Columns of x as they are."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the columns."""
        return x[:, self.columns]


class ScaledInputs(InputGroup):
    """Columns of x times a learned factor each.

    Parameters
    ----------
    columns : sequence of int
    scale : tensor of shape (c,)
    """

    def __init__(self, columns: Sequence[int], scale: torch.Tensor) -> None:
        super().__init__(columns)
        self.scale = nn.Parameter(scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the columns times their factors."""
        return x[:, self.columns] * self.scale


class ScaledOutputs(nn.Module):
    """Outputs of a group times a learned factor each.

    Parameters
    ----------
    group : Module
    scale : tensor of shape (n_outputs,)
    """

    def __init__(self, group: nn.Module, scale: torch.Tensor) -> None:
        super().__init__()
        self.group = group
        self.scale = nn.Parameter(scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs times their factors."""
        outputs: torch.Tensor = self.group(x)
        return outputs * self.scale


class PeriodicInputs(InputGroup):
    """[x, cos(2π w1 x + b1) W2 + b2] of columns of x.

    Parameters
    ----------
    columns : sequence of int
    w1, b1 : tensor of shape (c, k)
    W2 : tensor of shape (c, k, m)
    b2 : tensor of shape (c, m)
    """

    def __init__(
        self,
        columns: Sequence[int],
        w1: torch.Tensor,
        b1: torch.Tensor,
        W2: torch.Tensor,
        b2: torch.Tensor,
    ) -> None:
        super().__init__(columns)
        self.w1, self.b1 = nn.Parameter(w1), nn.Parameter(b1)
        self.W2, self.b2 = nn.Parameter(W2), nn.Parameter(b2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return each column beside its embedding."""
        each = x[:, self.columns].unsqueeze(2)
        cosines = torch.cos(2 * math.pi * (each * self.w1) + self.b1)
        embedded = torch.einsum("nck,ckm->ncm", cosines, self.W2) + self.b2
        return torch.cat([each, embedded], dim=2).flatten(1)


class PiecewiseLinearInputs(InputGroup):
    """w x + b + PLE(x) V of columns of x; the edges of the bins are a buffer.

    Parameters
    ----------
    columns : sequence of int
    w, b : tensor of shape (c, m)
    V : tensor of shape (c, n, m)
    edges : tensor of shape (c, n + 1)
    """

    edges: torch.Tensor
    least: torch.Tensor
    most: torch.Tensor
    widths: torch.Tensor
    are_wide: torch.Tensor

    def __init__(
        self,
        columns: Sequence[int],
        w: torch.Tensor,
        b: torch.Tensor,
        V: torch.Tensor,
        edges: torch.Tensor,
    ) -> None:
        super().__init__(columns)
        self.w, self.b, self.V = nn.Parameter(w), nn.Parameter(b), nn.Parameter(V)
        widths = edges.diff(dim=1)
        are_wide = widths > 0
        are_first = are_wide & (are_wide.cumsum(1) == 1)
        are_last = are_wide & (are_wide.flip(1).cumsum(1).flip(1) == 1)
        zero = torch.zeros_like(widths)
        self.register_buffer("edges", edges)
        self.register_buffer("widths", widths.where(are_wide, zero + 1))
        self.register_buffer("are_wide", are_wide.to(edges.dtype))
        self.register_buffer("least", zero.masked_fill(are_first, -math.inf))
        self.register_buffer("most", (zero + 1).masked_fill(are_last, math.inf))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the embedding of each column."""
        each = x[:, self.columns].unsqueeze(2)
        bins = (each - self.edges[:, :-1]) / self.widths
        encoded = torch.minimum(torch.maximum(bins, self.least), self.most) * self.are_wide
        embedded = each * self.w + self.b + torch.einsum("nct,ctm->ncm", encoded, self.V)
        return embedded.flatten(1)


class EmbeddedInputs(InputGroup):
    """Rows of tables by the codes in columns of x.

    Parameters
    ----------
    columns : sequence of int
    tables : sequence of tensor of shape (n_codes, m)
        One for each column.
    """

    def __init__(self, columns: Sequence[int], tables: Sequence[torch.Tensor]) -> None:
        super().__init__(columns)
        self.tables = nn.ParameterList(map(nn.Parameter, tables))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the rows; PyTorch raises an error for a number that is no code of its table."""
        parts = []
        for j, table in enumerate(self.tables):
            parts.append(nn.functional.embedding(_codes(x[:, self.columns[j]]), table))
        return torch.cat(parts, dim=1)


class OneHotInputs(InputGroup):
    """A 0/1 column for each code but 0 of columns of x.

    Parameters
    ----------
    columns : sequence of int
    n_codes : sequence of int
        Number of codes of each column, 0 included.
    """

    def __init__(self, columns: Sequence[int], n_codes: Sequence[int]) -> None:
        super().__init__(columns)
        self.n_codes = list(n_codes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the columns; PyTorch raises an error for a number that is no code."""
        parts = []
        for j, n_codes in enumerate(self.n_codes):
            codes = _codes(x[:, self.columns[j]])
            parts.append(nn.functional.one_hot(codes, n_codes)[:, 1:])
        return torch.cat(parts, dim=1).to(x.dtype)

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the module's repr."""
        return f"{super().extra_repr()}, n_codes={self.n_codes}"


def _codes(numbers: torch.Tensor) -> torch.Tensor:
    """Return codes as whole numbers; -1, which is no code, for a number between two."""
    codes = numbers.long()
    return torch.where(codes == numbers, codes, -1)


class InputStage(nn.ModuleDict):
    """Groups of an input stage, whose outputs are side by side."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs of all groups."""
        return torch.cat([group(x) for group in self.values()], dim=1)
