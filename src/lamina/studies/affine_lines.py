"""Affine part of a layer, z from a_prev, and the backward pass through it: formulas and code.

A layer that k members share has further numbers: u, its inputs scaled for each member, and q, their
product with W. Each row of a_prev is then k rows, one member after another; the first such layer
repeats each row of its input. lamina/blocks/ has the equations of each kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from lamina.blocks import Dense, MemberHeads, SharedDense
from lamina.studies.traced_number import subscript


class AffineLine(NamedTuple):
    """Formula and code of one number.

    Attributes
    ----------
    name : str
        Name of the number in the layer's trace.
    formula, variable, code : str
        As in `TracedNumber`.
    """

    name: str
    formula: str
    variable: str
    code: str


class Upstream(NamedTuple):
    """dL/da of the layer before, as formula and as code, without a residual connection."""

    formula: str
    code: str


@dataclass(frozen=True)
class AffineLines:
    """Lines of the affine part of one layer.

    Attributes
    ----------
    forward : tuple of AffineLine
        From a_prev and the parameters to z.
    through : tuple of AffineLine
        Gradients between delta and those of the parameters.
    weights, biases : AffineLine
        dL/dW with the penalty, and dL/db.
    scales : tuple of AffineLine
        Gradients of the members' scales.
    upstream : Upstream
    """

    forward: tuple[AffineLine, ...]
    through: tuple[AffineLine, ...]
    weights: AffineLine
    biases: AffineLine
    scales: tuple[AffineLine, ...]
    upstream: Upstream


def affine_lines(block: Dense | SharedDense | MemberHeads, i: int) -> AffineLines:
    """Return the lines of layer i, where i starts at 1."""
    if isinstance(block, SharedDense):
        return _SharedLines(block, i).lines()
    return _heads_lines(block, i) if isinstance(block, MemberHeads) else _dense_lines(block, i)


def _roots(block: Dense) -> tuple[str, str]:
    """Return the division of products in NTK parametrisation, in a formula and in code."""
    return (f" / √{block.fan_in}", f" / math.sqrt({block.fan_in})") if block.ntk else ("", "")


def _dense_lines(block: Dense, i: int) -> AffineLines:
    n, before, (root, root_code) = subscript(i), subscript(i - 1), _roots(block)
    z = f"z_{i} = a_{i - 1} @ W_{i}{root_code} + b_{i}"
    dW = f"dW_{i} = a_{i - 1}.T @ delta_{i}{root_code} + penalty_{i}"
    # Before a batch normalization the exact sum is zero; ignore its rounding error.
    db = f"delta_{i}.sum(axis=0)" if block.learns_bias else f"np.zeros_like(b_{i})"
    is_zero = "" if block.learns_bias else f" = 0, because z{n} - mean(z{n}) does not contain b{n}"
    of_biases = f"dL/db{n} = Σ_rows delta{n}{is_zero}"
    return AffineLines(
        (AffineLine("z", f"z{n} = a{before} W{n}{root} + b{n}", f"z_{i}", z),),
        (),
        AffineLine("dW", f"dL/dW{n} = a{before}ᵀ delta{n}{root} + penalty{n}", f"dW_{i}", dW),
        AffineLine("db", of_biases, f"db_{i}", f"db_{i} = {db}"),
        (),
        Upstream(f"delta{n} W{n}ᵀ{root}", f"delta_{i} @ W_{i}.T{root_code}"),
    )


def _heads_lines(heads: MemberHeads, i: int) -> AffineLines:
    """Return the lines of a layer with W and b of its own for each member."""
    n, before, (root, root_code) = subscript(i), subscript(i - 1), _roots(heads.dense)
    k, fan_in, fan_out = heads.n_members, heads.fan_in, heads.fan_out
    rows = f"np.repeat(a_{i - 1}, {k}, axis=0)" if heads.repeats else f"a_{i - 1}"
    a, delta = f"{rows}.reshape(-1, {k}, {fan_in})", f"delta_{i}.reshape(-1, {k}, {fan_out})"
    product = f'np.einsum("nki,kio->nko", {a}, W_{i})'
    z = f"z_{i} = ({product}{root_code} + b_{i}).reshape(-1, {fan_out})"
    dW = f'dW_{i} = np.einsum("nki,nko->kio", {a}, {delta}){root_code} + penalty_{i}'
    upstream = f'(np.einsum("nko,kio->nki", {delta}, W_{i}){root_code})'
    of_member = ", by member"
    return AffineLines(
        (AffineLine("z", f"z{n} = a{before} W{n}{root} + b{n}{of_member}", f"z_{i}", z),),
        (),
        AffineLine(
            "dW", f"dL/dW{n} = a{before}ᵀ delta{n}{root} + penalty{n}{of_member}", f"dW_{i}", dW
        ),
        AffineLine(
            "db",
            f"dL/db{n} = Σ_rows delta{n}{of_member}",
            f"db_{i}",
            f"db_{i} = {delta}.sum(axis=0)",
        ),
        (),
        _of_input(heads, f"delta{n} W{n}ᵀ{root}", upstream),
    )


def _of_input(block: SharedDense | MemberHeads, formula: str, code: str) -> Upstream:
    """Return the gradient at the input: a row for each member, or their sum if they share it."""
    if block.repeats:
        by_member = f"{code}.reshape(-1, {block.n_members}, {block.fan_in})"
        return Upstream(f"Σ_members {formula}", f"{by_member}.sum(axis=1)")
    return Upstream(formula, f"{code}.reshape(-1, {block.fan_in})")


@dataclass(frozen=True)
class _SharedLines:
    """Lines of a layer whose W the members share, with scales and biases of their own."""

    block: SharedDense
    i: int

    def lines(self) -> AffineLines:
        n, i, block, (root, root_code) = self.n, self.i, self.block, _roots(self.block.dense)
        u, u_code = (f"u{n}", f"u_{i}") if block.scales_inputs else (self.a, self._rows)
        d, d_code = (f"dL/dq{n}", f"d_q_{i}") if block.scales_outputs else self._delta
        product = f"q_{i} = {u_code} @ W_{i}{root_code}"
        dW = f"dW_{i} = {u_code}.T @ {d_code}{root_code} + penalty_{i}"
        through = (
            AffineLine("d_product", f"{d} = s{n} ⊙ delta{n}", d_code, self._at_product()),
            AffineLine(
                "d_u",
                f"dL/du{n} = {d} W{n}ᵀ{root}",
                f"d_u_{i}",
                f"d_u_{i} = {d_code} @ W_{i}.T{root_code}",
            ),
        )
        upstream = (
            (f"r{n} ⊙ dL/du{n}", f"({self._of_rows('r')} * d_u_{i})")
            if block.scales_inputs
            else (f"{d} W{n}ᵀ{root}", f"({d_code} @ W_{i}.T{root_code})")
        )
        return AffineLines(
            (
                *self._scaled_inputs(),
                AffineLine("product", f"q{n} = {u} W{n}{root}", f"q_{i}", product),
                self._z(),
            ),
            through[not block.scales_outputs : 1 + block.scales_inputs],
            AffineLine("dW", f"dL/dW{n} = {u}ᵀ {d}{root} + penalty{n}", f"dW_{i}", dW),
            self._biases(),
            self._scales(),
            _of_input(block, *upstream),
        )

    @property
    def n(self) -> str:
        return subscript(self.i)

    @property
    def a(self) -> str:
        return f"a{subscript(self.i - 1)}"

    @property
    def _delta(self) -> tuple[str, str]:
        return f"delta{self.n}", f"delta_{self.i}"

    @property
    def _rows(self) -> str:
        """Code of the input with a row for each member."""
        a = f"a_{self.i - 1}"
        return f"np.repeat({a}, {self.block.n_members}, axis=0)" if self.block.repeats else a

    def _of_rows(self, tensor: str) -> str:
        """Return the code of the numbers of each row's member."""
        return f"np.tile({tensor}_{self.i}, (len(X), 1))"

    def _scaled_inputs(self) -> tuple[AffineLine, ...]:
        if not self.block.scales_inputs:
            return ()
        i, n = self.i, self.n
        code = f"u_{i} = {self._of_rows('r')} * {self._rows}"
        return (AffineLine("u", f"u{n} = r{n} ⊙ {self.a}, by member", f"u_{i}", code),)

    def _z(self) -> AffineLine:
        i, n, block = self.i, self.n, self.block
        s, s_code = (f"s{n} ⊙ ", f"{self._of_rows('s')} * ") if block.scales_outputs else ("", "")
        b = self._of_rows("b") if block.own_biases else f"b_{i}"
        formula = f"z{n} = {s}q{n} + b{n}{self._which}"
        return AffineLine("z", formula, f"z_{i}", f"z_{i} = {s_code}q_{i} + {b}")

    def _at_product(self) -> str:
        return f"d_q_{self.i} = {self._of_rows('s')} * delta_{self.i}"

    @property
    def _which(self) -> str:
        return ", by member" if self.block.own_biases else ""

    def _biases(self) -> AffineLine:
        i, n = self.i, self.n
        total = (
            self._by_member(f"delta_{i}", self.block.fan_out)
            if self.block.own_biases
            else f"delta_{i}.sum(axis=0, keepdims=True)"
        )
        formula = f"dL/db{n} = Σ_rows delta{n}{self._which}"
        return AffineLine("db", formula, f"db_{i}", f"db_{i} = {total}")

    def _scales(self) -> tuple[AffineLine, ...]:
        i, n, block = self.i, self.n, self.block
        of_inputs = self._by_member(f"({self._rows} * d_u_{i})", block.fan_in)
        of_outputs = self._by_member(f"(delta_{i} * q_{i})", block.fan_out)
        r = AffineLine(
            "d_r",
            f"dL/dr{n} = Σ_rows {self.a} ⊙ dL/du{n}, by member",
            f"d_r_{i}",
            f"d_r_{i} = {of_inputs}",
        )
        s = AffineLine(
            "d_s",
            f"dL/ds{n} = Σ_rows delta{n} ⊙ q{n}, by member",
            f"d_s_{i}",
            f"d_s_{i} = {of_outputs}",
        )
        return (*([r] if block.scales_inputs else ()), *([s] if block.scales_outputs else ()))

    def _by_member(self, rows: str, width: int) -> str:
        """Return the code of a sum over the rows of each member."""
        return f"{rows}.reshape(-1, {self.block.n_members}, {width}).sum(axis=0)"
