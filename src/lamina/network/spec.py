"""The shape of a network: a frozen sequence of named blocks and a link, JSON both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from lamina.formulas import ACTIVATIONS, LINKS
from lamina.formulas.activations import UnitParameter


@dataclass(frozen=True)
class Dense:
    """A fully connected block: z = a_prev W + b, a = f(z).

    Attributes
    ----------
    name : str
        'hidden_1', 'hidden_2', …, 'output': what messages call it.
    fan_in, fan_out : int
        Its inputs and outputs.
    activation : str
        The name of f; the output block has 'identity' by default, and the link comes after it.
    """

    name: str
    fan_in: int
    fan_out: int
    activation: str

    def __post_init__(self) -> None:
        ACTIVATIONS[self.activation]
        if self.fan_in < 1 or self.fan_out < 1:
            raise ValueError(f"block {self.name!r} needs at least one input and one output: {self}")

    @property
    def learned(self) -> tuple[UnitParameter, ...]:
        """What each unit learns beside its weights and its bias."""
        return ACTIVATIONS[self.activation].parameters


@dataclass(frozen=True)
class NetworkSpec:
    """Blocks in the order of the forward pass, and the link behind the last of them.

    Examples
    --------
    >>> spec = NetworkSpec.perceptron([2, 8, 1], activation="relu", link="logistic")
    >>> [block.name for block in spec.blocks]
    ['hidden_1', 'output']
    >>> NetworkSpec.from_json(spec.to_json()) == spec
    True
    """

    blocks: tuple[Dense, ...]
    link: str

    def __post_init__(self) -> None:
        LINKS[self.link]
        if not self.blocks:
            raise ValueError("a network needs at least one block")
        for before, after in zip(self.blocks, self.blocks[1:], strict=False):
            if before.fan_out != after.fan_in:
                raise ValueError(
                    f"block {before.name!r} has {before.fan_out} outputs, "
                    f"but block {after.name!r} takes {after.fan_in} inputs"
                )

    @classmethod
    def perceptron(
        cls,
        widths: Sequence[int],
        activation: str | Sequence[str],
        link: str,
        output_activation: str | None = None,
    ) -> NetworkSpec:
        """A multi-layer perceptron.

        Parameters
        ----------
        widths : sequence of int
            Inputs first and outputs last.
        activation : str or sequence of str
            Of all hidden blocks, or of each.
        link : str
        output_activation : str, optional
            What stands between the last z and the link; nothing by default.
        """
        n_hidden = len(widths) - 2
        each = [activation] * n_hidden if isinstance(activation, str) else list(activation)
        if len(each) != n_hidden:
            raise ValueError(f"{n_hidden} hidden blocks cannot have the activations {each}")
        names = [*(f"hidden_{i + 1}" for i in range(n_hidden)), "output"]
        sizes = pairwise(widths)
        blocks = tuple(
            Dense(name, fan_in, fan_out, of)
            for name, (fan_in, fan_out), of in zip(
                names, sizes, [*each, output_activation or "identity"], strict=True
            )
        )
        return cls(blocks, link)

    @property
    def n_features(self) -> int:
        """The inputs of the first block."""
        return self.blocks[0].fan_in

    @property
    def n_outputs(self) -> int:
        """The outputs of the last block."""
        return self.blocks[-1].fan_out

    def to_json(self) -> dict[str, Any]:
        """The spec as plain lists, dicts, strings and numbers."""
        return {"blocks": [{"kind": "dense", **asdict(b)} for b in self.blocks], "link": self.link}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> NetworkSpec:
        """The spec that `to_json` described; raises ValueError for anything else."""
        try:
            blocks = tuple(_block_from_json(block) for block in plain["blocks"])
            return cls(blocks, plain["link"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the description of a network: {plain!r}") from error


def _block_from_json(plain: dict[str, Any]) -> Dense:
    fields = dict(plain)
    kind = fields.pop("kind")
    if kind != "dense":
        raise ValueError(f"unknown kind of block: {kind!r}; this version knows 'dense'")
    return Dense(**fields)
