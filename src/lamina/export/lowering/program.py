"""Fitted model as a list of operations, from which every target is generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from lamina.encoding import TargetEncoding
from lamina.export.lowering.network_operations import Affine, Dtype, Round, WeightedSum
from lamina.export.lowering.operations import Operation, dtype_of, sources_of
from lamina.export.lowering.table_operations import Vector

InputKind: TypeAlias = Literal["number", "date", "category"]


@dataclass(frozen=True)
class InputColumn:
    """One column of a table, as an input of the exported program.

    Attributes
    ----------
    name : str
    kind : {'number', 'date', 'category'}
    missing : tuple of str
        Texts that represent a missing category.
    was_text : bool
        True if the training table had numbers or dates as text that Python parses differently: for
        example '1.234' may have meant a thousand.
    unit : str
        Unit of a number if the program cannot derive it: 'hours since midnight'.
    zoned : bool or None
        True if all dates of training had a time zone, False if none had one, None for both.
    """

    name: str
    kind: InputKind
    missing: tuple[str, ...] = ()
    was_text: bool = False
    unit: str = ""
    zoned: bool | None = None


@dataclass(frozen=True)
class TargetScale:
    """Conversion of a network's prediction to the units of the target: y factor + offset."""

    factor: Vector
    offset: Vector


@dataclass(frozen=True)
class ModelProgram:
    """Fitted model: preprocessing, networks, and what follows them.

    Attributes
    ----------
    inputs : tuple of InputColumn
        Columns of the input table; empty if the input is a matrix.
    n_features : int
        Number of columns of that matrix.
    operations : tuple of Operation
    results : tuple of int
        Indices of the matrices of the prediction: the probabilities of each column of labels, or
        the predicted numbers, and their standard deviations.
    dtype : dtype
        Dtype of input and output numbers.
    targets : TargetEncoding or None
        Encoding of a classifier's labels; None for a regressor.
    n_quantiles : int
        Number of adjacent columns that are quantiles of one target; else 1.
    """

    inputs: tuple[InputColumn, ...]
    n_features: int
    operations: tuple[Operation, ...]
    results: tuple[int, ...]
    dtype: Dtype
    targets: TargetEncoding | None = None
    n_quantiles: int = 1

    @property
    def takes_a_table(self) -> bool:
        """True if the input is a table with named columns, not a matrix."""
        return bool(self.inputs)

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of columns of each result."""
        return tuple(self.operations[result].width for result in self.results)

    @property
    def n_columns(self) -> int:
        """Number of columns of `predict_proba`, side by side, or of a regression's prediction."""
        return self.widths[0] if self.has_std else sum(self.widths)

    @property
    def has_std(self) -> bool:
        """True if standard deviations are predicted as well."""
        return self.targets is None and len(self.results) > 1

    @property
    def is_rounded(self) -> bool:
        """True if the operands of products are rounded."""
        return any(isinstance(operation, Round) for operation in self.operations)

    @property
    def network_dtype(self) -> Dtype:
        """Dtype that the networks compute in."""
        affine = next(each for each in self.operations if isinstance(each, Affine))
        return affine.weights.dtype

    @property
    def n_networks(self) -> int:
        """Number of networks."""
        sums = [len(each.sources) for each in self.operations if isinstance(each, WeightedSum)]
        # The last one is that of an ensemble; those before are of its networks' members.
        return sums[-1] if sums else 1

    @property
    def is_ensemble(self) -> bool:
        """True if the prediction is a mean over networks."""
        return any(isinstance(operation, WeightedSum) for operation in self.operations)

    @property
    def heads(self) -> tuple[int, ...]:
        """Number of classes of each column of labels; empty for a single column."""
        return () if self.targets is None else self.targets.heads

    @property
    def label_columns(self) -> list[TargetEncoding]:
        """Target encoding of each column of labels; empty for a regressor."""
        if self.targets is None:
            return []
        if not self.heads:
            return [self.targets]
        return [TargetEncoding(classes, "multiclass") for classes in self.targets.classes]

    def dtype_of(self, index: int) -> Dtype:
        """Return the dtype of a matrix."""
        return dtype_of(self.operations, index)

    def reads(self) -> list[int]:
        """Return the index of every matrix that is read, as often as it is."""
        sources = [source for each in self.operations for source in sources_of(each)]
        return [*sources, *self.results]

    def last_uses(self) -> dict[int, int]:
        """Return the last operation that reads each matrix; results are read at the end."""
        uses = {source: i for i, each in enumerate(self.operations) for source in sources_of(each)}
        return uses | dict.fromkeys(self.results, len(self.operations))
