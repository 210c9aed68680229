"""A fitted ensemble for tables as a program: operations that its members share, and their mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lamina.encoding import TargetEncoding
from lamina.export.fitted_network import FittedNetwork
from lamina.export.program import Preparation


@dataclass(frozen=True)
class MemberProgram:
    """One network of an ensemble.

    Attributes
    ----------
    sources : tuple of int
        The operations whose matrices, side by side, are its inputs.
    network : FittedNetwork
    weight : float
        How much its prediction counts; the weights of all members sum to 1.
    """

    sources: tuple[int, ...]
    network: FittedNetwork
    weight: float


@dataclass(frozen=True)
class EnsembleProgram(Preparation):
    """A fitted TabularClassifier or TabularRegressor.

    The prediction is the weighted mean of the members' probabilities p, which become
    softmax(log(p) / T) where the temperature T is not 1; or of their values, each within the range.

    Attributes
    ----------
    members : tuple of MemberProgram
    targets : TargetEncoding or None
        The classes; None for a regressor.
    range : tuple of float, or None
        The least and the greatest value of a regressor's members.
    temperature : float
    dtype : dtype
        The dtype of numbers that come in and go out.
    """

    members: tuple[MemberProgram, ...]
    targets: TargetEncoding | None
    range: tuple[float, float] | None
    temperature: float
    dtype: np.dtype[Any]

    # No network of a quality predicts a standard deviation, or rounds the operands of products.
    has_std: ClassVar[bool] = False
    is_rounded: ClassVar[bool] = False

    @property
    def network_dtype(self) -> np.dtype[Any]:
        """The dtype that the networks compute in."""
        return self.members[0].network.dtype

    @property
    def n_columns(self) -> int:
        """The columns of `predict_proba`, or 1."""
        return 1 if self.targets is None else len(self.targets.classes)

    @property
    def description(self) -> str:
        """What it predicts from how many columns, as a sentence."""
        what = "1 number" if self.targets is None else f"one of {self.n_columns} classes"
        n, columns = len(self.members), len(self.inputs)
        return (
            f"An ensemble of {n} multi-layer perceptron{'s' if n > 1 else ''} that predicts {what} "
            f"from {columns} column{'s' if columns > 1 else ''}."
        )

    @property
    def layers_in_words(self) -> str:
        """How many members have which layers, such as '4 of 9 → 256 silu → 2 softmax'."""
        counts = Counter(member.network.layers_in_words for member in self.members)
        return ", ".join(f"{n} of {layers}" for layers, n in counts.items())

    def width(self, member: MemberProgram) -> int:
        """The number of a member's inputs."""
        return sum(self.operations[source].width for source in member.sources)
