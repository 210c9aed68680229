"""Numbers of one group of an input stage, by kind: values, formulas and code.

g numbers the groups from 1. Shapes: x_g (n_samples, c), the group's columns of X; h_g (n_samples,
fan_out), the group's outputs before their learned factors; lamina/blocks/inputs/ has the shapes and
the equations of each kind. A subclass has the numbers of its kind in the order of computation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import ClassVar, NamedTuple

import numpy as np

from lamina.blocks.inputs import InputGroup
from lamina.blocks.inputs.piecewise_linear import encode
from lamina.formulas.table import AnyArray, Array
from lamina.studies.traced_number import subscript


class GroupLine(NamedTuple):
    """One number: its variable, its formula, the code after 'variable = ', and its value."""

    variable: str
    formula: str
    code: str
    value: AnyArray


@dataclass(frozen=True, eq=False)
class GroupLines:
    """The numbers of one group.

    Attributes
    ----------
    g : int
    group : InputGroup
    x : ndarray of shape (n_samples, c)
    parts : sequence of ndarray
        Arrays of the group.
    d_h : ndarray of shape (n_samples, fan_out)
        dL/dh.
    gradient : sequence of ndarray
        Gradients of the arrays.
    """

    # Symbol and variable of each tensor; the group's number follows both.
    SYMBOLS: ClassVar[Mapping[str, tuple[str, str]]] = {}

    g: int
    group: InputGroup
    x: Array
    parts: Sequence[Array]
    d_h: Array
    gradient: Sequence[Array]

    @property
    def n(self) -> str:
        """The group's number as a subscript."""
        return subscript(self.g)

    def symbol(self, tensor: str) -> str:
        """Return the symbol of a tensor in formulas."""
        return f"{self.SYMBOLS[tensor][0]}{self.n}"

    def variable(self, tensor: str) -> str:
        """Return the variable of a tensor in code."""
        return f"{self.SYMBOLS[tensor][1]}_{self.g}"

    def meaning(self, tensor: str) -> str:
        """Return what the formula says of a tensor, behind a comma."""
        return ""

    def forward(self) -> Iterator[GroupLine]:
        """Yield the numbers between the parameters and h, and h."""
        yield GroupLine(f"h_{self.g}", f"h{self.n} = x{self.n}", f"x_{self.g}", self.x)

    def backward(self) -> Iterator[GroupLine]:
        """Yield the gradients behind dL/dh, those of the parameters included."""
        yield from ()

    def _of(self, tensor: str, formula: str, code: str) -> GroupLine:
        """Return the line of a tensor's gradient."""
        place = [each.name for each in self.group.tensors].index(tensor)
        variable, value = f"d_{self.variable(tensor)}", self.gradient[place]
        return GroupLine(variable, f"dL/d{self.symbol(tensor)} = {formula}", code, value)

    @property
    def _by_column(self) -> str:
        """Code of the shape (n_samples, c, outputs)."""
        return f".reshape(len(X), {len(self.group.columns)}, -1)"


class _Scaled(GroupLines):
    SYMBOLS = {"scale": ("κ", "kappa")}

    def forward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        value = self.group.forward(self.parts, self.x)
        yield GroupLine(f"h_{g}", f"h{n} = κ{n} x{n}", f"kappa_{g} * x_{g}", value)

    def backward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        yield self._of("scale", f"Σ_rows dL/dh{n} ⊙ x{n}", f"(d_h_{g} * x_{g}).sum(axis=0)")


class _Periodic(GroupLines):
    """h = [x, e], e = cos(ψ) V + v, ψ = 2π ω x + φ; the tensors are w1, b1, W2 and b2."""

    SYMBOLS = {"w1": ("ω", "omega"), "b1": ("φ", "phi"), "W2": ("V", "V"), "b2": ("v", "v")}

    def forward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        psi, e = self._phase(), self._embedded()
        yield GroupLine(
            f"psi_{g}",
            f"ψ{n} = 2 π ω{n} x{n} + φ{n}",
            f"2 * math.pi * x_{g}[:, :, np.newaxis] * omega_{g} + phi_{g}",
            psi,
        )
        product = f'np.einsum("nck,ckm->ncm", np.cos(psi_{g}), V_{g})'
        yield GroupLine(f"e_{g}", f"e{n} = cos(ψ{n}) V{n} + v{n}", f"{product} + v_{g}", e)
        together = f"np.concatenate([x_{g}[:, :, np.newaxis], e_{g}], axis=2).reshape(len(X), -1)"
        value = np.concatenate([self.x[:, :, np.newaxis], e], axis=2).reshape(len(self.x), -1)
        yield GroupLine(f"h_{g}", f"h{n} = [x{n}, e{n}], column by column", together, value)

    def backward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        d_e = self._d_embedded()
        behind = f"d_h_{g}{self._by_column}[:, :, 1:]"
        yield GroupLine(f"d_e_{g}", f"dL/de{n}, the part of dL/dh{n} behind x{n}", behind, d_e)
        product = f'np.einsum("nck,ncm->ckm", np.cos(psi_{g}), d_e_{g})'
        yield self._of("W2", f"Σ_rows cos(ψ{n}) dL/de{n}", product)
        yield self._of("b2", f"Σ_rows dL/de{n}", f"d_e_{g}.sum(axis=0)")
        through = np.einsum("ncm,ckm->nck", d_e, self.parts[2])
        yield GroupLine(
            f"d_psi_{g}",
            f"dL/dψ{n} = -sin(ψ{n}) ⊙ (dL/de{n} V{n}ᵀ)",
            f'-np.sin(psi_{g}) * np.einsum("ncm,ckm->nck", d_e_{g}, V_{g})',
            -np.sin(self._phase()) * through,
        )
        turned = f"(2 * math.pi * x_{g}[:, :, np.newaxis] * d_psi_{g}).sum(axis=0)"
        yield self._of("w1", f"Σ_rows 2 π x{n} dL/dψ{n}", turned)
        yield self._of("b1", f"Σ_rows dL/dψ{n}", f"d_psi_{g}.sum(axis=0)")

    def _phase(self) -> Array:
        w1, b1, *_ = self.parts
        return np.asarray(2 * np.pi * (self.x[:, :, np.newaxis] * w1) + b1)

    def _embedded(self) -> Array:
        *_, W2, b2 = self.parts
        return np.asarray(np.einsum("nck,ckm->ncm", np.cos(self._phase()), W2) + b2)

    def _d_embedded(self) -> Array:
        return self.d_h.reshape(len(self.d_h), len(self.group.columns), -1)[:, :, 1:]


class _PiecewiseLinear(GroupLines):
    """h = ω x + φ + P V, P = PLE(x); the tensors are w, b, V and edges."""

    SYMBOLS = {
        "w": ("ω", "omega"),
        "b": ("φ", "phi"),
        "V": ("V", "V"),
        "edges": ("t", "t"),
    }

    def meaning(self, tensor: str) -> str:
        return ", the edges of the bins of each column" if tensor == "edges" else ""

    def forward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        yield GroupLine(
            f"P_{g}",
            f"P{n} = the fraction of each bin of t{n} below x{n}; below 0 in the first bin, and "
            "above 1 in the last, outside of all",
            f"encode(x_{g}, t_{g})",
            encode(self.x, self.parts[3]),
        )
        linear = f"x_{g}[:, :, np.newaxis] * omega_{g} + phi_{g}"
        product = f'np.einsum("nct,ctm->ncm", P_{g}, V_{g})'
        yield GroupLine(
            f"h_{g}",
            f"h{n} = ω{n} x{n} + φ{n} + P{n} V{n}, column by column",
            f"({linear} + {product}).reshape(len(X), -1)",
            self.group.forward(self.parts, self.x),
        )

    def backward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        d = f"d_h_{g}{self._by_column}"
        linear = f"(x_{g}[:, :, np.newaxis] * {d}).sum(axis=0)"
        yield self._of("w", f"Σ_rows x{n} dL/dh{n}", linear)
        yield self._of("b", f"Σ_rows dL/dh{n}", f"{d}.sum(axis=0)")
        yield self._of("V", f"Σ_rows P{n} dL/dh{n}", f'np.einsum("nct,ncm->ctm", P_{g}, {d})')


class _Categorical(GroupLines):
    """h = the row of E of each code; every column has its own E."""

    def symbol(self, tensor: str) -> str:
        return f"E{self.n}[{tensor.removeprefix('E_')}]"

    def variable(self, tensor: str) -> str:
        return f"E_{self.g}_{tensor.removeprefix('E_')}"

    def meaning(self, tensor: str) -> str:
        column = self.group.columns[int(tensor.removeprefix("E_"))]
        return f", a row for each code of column {column} of X"

    def forward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        rows = ", ".join(
            f"E_{g}_{j}[x_{g}[:, {j}].astype(int)]" for j in range(len(self.group.columns))
        )
        formula = f"h{n} = the rows of E{n} with the codes x{n}, column by column"
        value = self.group.forward(self.parts, self.x)
        yield GroupLine(f"h_{g}", formula, f"np.hstack([{rows}])", value)

    def backward(self) -> Iterator[GroupLine]:
        g, ends = self.g, pairwise(accumulate(self.group.widths, initial=0))
        for (j, tensor), (start, end) in zip(enumerate(self.group.tensors), ends, strict=True):
            codes = f"np.arange(len(E_{g}_{j}))[:, np.newaxis] == x_{g}[:, {j}]"
            formula = f"Σ_rows dL/dh{self.n}, of the rows of X with each code"
            yield self._of(tensor.name, formula, f"({codes}) @ d_h_{g}[:, {start}:{end}]")


class _OneHot(GroupLines):
    def forward(self) -> Iterator[GroupLine]:
        g, n = self.g, self.n
        columns = ", ".join(
            f"x_{g}[:, [{j}]] == np.arange(1, {n_codes})"
            for j, n_codes in enumerate(self.group.n_codes)
        )
        formula = f"h{n} = 1 for the code of x{n}, 0 for all others; 0 has no column"
        value = self.group.forward(self.parts, self.x)
        yield GroupLine(f"h_{g}", formula, f"np.hstack([{columns}]).astype(float)", value)


# Lines of each kind in INPUT_KINDS.
GROUP_LINES: Mapping[str, type[GroupLines]] = {
    "identity": GroupLines,
    "scaled": _Scaled,
    "periodic": _Periodic,
    "piecewise_linear": _PiecewiseLinear,
    "categorical": _Categorical,
    "one_hot": _OneHot,
}
