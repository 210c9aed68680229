"""Fitted ensemble for tables as a program: shared operations, members, and their mean."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lamina.encoding import TargetEncoding
from lamina.export.lowering.fitted_network import FittedNetwork
from lamina.export.lowering.program import Preparation


@dataclass(frozen=True)
class MemberProgram:
    """One network of an ensemble.

    Attributes
    ----------
    sources : tuple of int
        Indices of the operations whose matrices, side by side, are its inputs.
    network : FittedNetwork
    weight : float
        Weight of its prediction; the weights of all members sum to 1.
    """

    sources: tuple[int, ...]
    network: FittedNetwork
    weight: float


@dataclass(frozen=True)
class EnsembleProgram(Preparation):
    """Fitted TabularClassifier or TabularRegressor.

    For classes, the prediction is the weighted mean p of the members' probabilities, and
    softmax(log(p) / T) if the temperature T is not 1. For a regression, it is the weighted mean of
    the members' values, each clipped to the range. A member that was trained on square roots
    predicts z, and its value is z |z| plus the variance of the roots.

    Attributes
    ----------
    members : tuple of MemberProgram
    targets : TargetEncoding or None
        Classes; None for a regressor.
    range : tuple of float, or None
        Lowest and highest value of a regressor's members.
    root_variance : float or None
        None if the members were trained on the values themselves.
    temperature : float
    dtype : dtype
        Dtype of input and output numbers.
    """

    members: tuple[MemberProgram, ...]
    targets: TargetEncoding | None
    range: tuple[float, float] | None
    root_variance: float | None
    temperature: float
    dtype: np.dtype[Any]

    # Networks of the recipes predict no standard deviation and round no operands of products.
    has_std: ClassVar[bool] = False
    is_rounded: ClassVar[bool] = False

    @property
    def network_dtype(self) -> np.dtype[Any]:
        """Dtype that the networks compute in."""
        return self.members[0].network.dtype

    @property
    def n_columns(self) -> int:
        """Number of columns of `predict_proba`, or 1."""
        return 1 if self.targets is None else len(self.targets.classes)

    @property
    def description(self) -> str:
        """Target and number of columns as a sentence."""
        what = "1 number" if self.targets is None else f"one of {self.n_columns} classes"
        n, columns = len(self.members), len(self.inputs)
        return (
            f"An ensemble of {n} multi-layer perceptron{'s' if n > 1 else ''} that predicts {what} "
            f"from {columns} column{'s' if columns > 1 else ''}."
        )

    @property
    def layers_in_words(self) -> str:
        """Numbers of members with the same layers, such as '4 of 9 → 256 silu → 2 softmax'."""
        counts = Counter(member.network.layers_in_words for member in self.members)
        return ", ".join(f"{n} of {layers}" for layers, n in counts.items())

    def width(self, member: MemberProgram) -> int:
        """Return the number of a member's inputs."""
        return sum(self.operations[source].width for source in member.sources)
