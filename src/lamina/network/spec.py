"""Specification of a network: named blocks and an inverse link, convertible from and to JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from lamina.blocks import AnyBlock, Dense, IndependentMembers, InputStage, Role, block_from_json
from lamina.formulas import INVERSE_LINKS, ActivationChoice
from lamina.formulas.activation import ActivationName
from lamina.formulas.table import Matrix


@dataclass(frozen=True)
class NetworkSpec:
    """Blocks in the order of the forward pass, and the inverse link after the last of them.

    Attributes
    ----------
    blocks : tuple of Block
    inverse_link : str
        Name in INVERSE_LINKS.
    input_dropout : float
        Fraction of the inputs that each training step sets to zero.
    input_noise : float
        Standard deviation of the normal noise that each training step adds to the inputs.
    heads : tuple of int
        Number of outputs of each head, if there are several: an inverse link like softmax acts on
        each head's logits separately. Empty if all outputs form one head.

    Examples
    --------
    >>> spec = NetworkSpec.perceptron([2, 8, 1], activation="relu", inverse_link="logistic")
    >>> [block.name for block in spec.blocks]
    ['hidden_1', 'output']
    >>> NetworkSpec.from_json(spec.to_json()) == spec
    True
    """

    blocks: tuple[AnyBlock, ...]
    inverse_link: str
    input_dropout: float = 0.0
    input_noise: float = 0.0
    heads: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        INVERSE_LINKS[self.inverse_link]
        if not self.blocks:
            raise ValueError("a network needs at least one block")
        for before, after in pairwise(self.blocks):
            if before.width_out != after.width_in:
                raise ValueError(
                    f"block {before.name!r} has {before.width_out} outputs, "
                    f"but block {after.name!r} needs {after.width_in} inputs"
                )
            if before.n_members not in (1, after.n_members):
                raise ValueError(
                    f"block {before.name!r} has {before.n_members} members, "
                    f"but block {after.name!r} has {after.n_members}"
                )
        self._check_stage()
        if self.heads and (min(self.heads) < 1 or sum(self.heads) != self.n_outputs):
            raise ValueError(f"heads of {self.heads} outputs do not add up to {self.n_outputs}")

    def _check_stage(self) -> None:
        stage = self.input_stage
        if any(isinstance(block, InputStage) for block in self.blocks[1:]) or (
            stage is not None and len(self.blocks) == 1
        ):
            raise ValueError("an input stage is the first block of a network, and not the last")
        if stage is None or not (self.input_noise or self.input_dropout):
            return
        for group in stage.groups:
            if group.n_codes:
                name = "input_noise" if self.input_noise else "input_dropout"
                raise ValueError(
                    f"{name} changes X, and columns {list(group.columns)} have codes of "
                    f"categories, kind {group.kind!r}: set {name}=0"
                )

    def __hash__(self) -> int:
        return hash((self.blocks, self.inverse_link))

    @classmethod
    def perceptron(
        cls,
        widths: Sequence[int],
        activation: ActivationName | Sequence[ActivationName],
        inverse_link: str,
        output_activation: ActivationName | None = None,
        *,
        normalization: str | None = None,
        residual: bool = False,
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        input_noise: float = 0.0,
        heads: Sequence[int] = (),
        inputs: InputStage | None = None,
        ntk: bool = False,
        blend: bool = False,
    ) -> NetworkSpec:
        """Return the specification of a multi-layer perceptron.

        Parameters
        ----------
        widths : sequence of int
            Layer widths, from the inputs to the outputs.
        activation : str, ActivationChoice or sequence of these
            Activation of all hidden blocks, or of each.
        inverse_link : str
        output_activation : str or ActivationChoice, optional
            Activation between the last z and the inverse link; none by default.
        normalization : str, optional
            Normalization of all hidden blocks.
        residual : bool
            If True, every hidden block adds the hidden block before it, if that has the same width.
        dropout : float or sequence of float
            Dropout rate of all hidden blocks, or of each.
        input_dropout, input_noise : float
        heads : sequence of int
            Number of outputs of each head, if there are several.
        inputs : InputStage, optional
            Stage before the first layer, for as many columns as the first width; the first layer
            has as many inputs as the stage has outputs.
        ntk : bool
            If True, all blocks are in NTK parametrisation.
        blend : bool
            If True, the activations of hidden blocks are blended with the identity.
        """
        stage: tuple[AnyBlock, ...] = ()
        if inputs is not None:
            if inputs.fan_in != widths[0]:
                raise ValueError(
                    f"block {inputs.name!r} has {inputs.fan_in} columns, and X has {widths[0]}"
                )
            stage, widths = (inputs,), [inputs.fan_out, *widths[1:]]
        n_hidden = len(widths) - 2
        activations = _each(activation, n_hidden, "activations")
        rates = _each(dropout, n_hidden, "rates of dropout")
        hidden = [
            Dense(
                f"hidden_{i + 1}",
                widths[i],
                widths[i + 1],
                activations[i],
                normalization,
                residual and i > 0 and widths[i] == widths[i + 1],
                rates[i],
                ntk,
                blend,
            )
            for i in range(n_hidden)
        ]
        last = output_activation or "identity"
        output = Dense("output", widths[-2], widths[-1], last, ntk=ntk)
        blocks = (*stage, *hidden, output)
        return cls(blocks, inverse_link, input_dropout, input_noise, tuple(heads))

    def with_independent_members(self, n_members: int) -> NetworkSpec:
        """Return the specification of that many such networks, each with its own parameters."""
        members = IndependentMembers("members", self.blocks, n_members)
        return replace(self, blocks=(members,))

    @cached_property
    def independent_member(self) -> NetworkSpec | None:
        """Specification of one member, if the network consists of independent members."""
        only = self.blocks[0]
        if not isinstance(only, IndependentMembers):
            return None
        return replace(self, blocks=only.blocks)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Kinds of the blocks, names in BLOCKS, and of their inputs, names in INPUT_KINDS."""
        return frozenset[str]().union(*(block.kinds for block in self.blocks))

    # Cached, because for a single sample asking for them takes a part of the prediction's time.
    @cached_property
    def input_stage(self) -> InputStage | None:
        """First block, if it is an input stage."""
        first = self.blocks[0]
        return first if isinstance(first, InputStage) else None

    @cached_property
    def layers(self) -> tuple[AnyBlock, ...]:
        """Hidden blocks and the output block, without an input stage."""
        return self.blocks if self.input_stage is None else self.blocks[1:]

    def require_inputs(self, X: Matrix) -> None:
        """Check samples against the input stage, if there is one.

        Raises
        ------
        UnsupportedBlockError
            For a sparse X.
        ValueError
            For a number that is no code of its column.
        """
        self.blocks[0].require_inputs(X)

    @property
    def weighted_blocks(self) -> list[AnyBlock]:
        """Block of each matrix of weights, in the order of `coefs_`."""
        return [
            block for block in self.blocks for each in block.tensors if each.role is Role.WEIGHTS
        ]

    @property
    def draws(self) -> bool:
        """True if a training step draws random numbers."""
        drops = any(block.draws for block in self.blocks)
        return bool(drops or self.input_dropout or self.input_noise)

    @property
    def n_members(self) -> int:
        """Number of networks that share the blocks; a prediction is the mean of theirs."""
        return self.blocks[-1].n_members

    @property
    def n_features(self) -> int:
        """Number of inputs of the first block."""
        return self.blocks[0].fan_in

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the last block, of one member."""
        return self.blocks[-1].fan_out

    def to_json(self) -> dict[str, object]:
        """Return the spec as plain lists, dicts, strings and numbers."""
        return {**asdict(self), "blocks": [block.to_json() for block in self.blocks]}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> NetworkSpec:
        """Return the spec described by `to_json`; raise ValueError for anything else."""
        try:
            blocks = tuple(block_from_json(block) for block in plain["blocks"])
            return cls(**{**plain, "blocks": blocks, "heads": tuple(plain.get("heads", ()))})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the description of a network: {plain!r}") from error


def _each(one_or_more: Any, n_hidden: int, what: str) -> list[Any]:
    if isinstance(one_or_more, str | float | int | ActivationChoice):
        return [one_or_more] * n_hidden
    if len(one_or_more) != n_hidden:
        raise ValueError(f"{n_hidden} hidden blocks cannot have the {what} {list(one_or_more)}")
    return list(one_or_more)
