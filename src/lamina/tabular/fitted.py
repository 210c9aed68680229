"""Protocol of a fitted estimator for tables, as its explanations and descriptions read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.table_columns import ColumnRecord
from lamina.formulas.table import AnyArray
from lamina.tabular.inputs import TableInputs
from lamina.tabular.members import Member
from lamina.tabular.targets import Target
from lamina.tabular.validation_scores import ValidationScore


class FittedTabular(Protocol):
    """TabularClassifier or TabularRegressor after a fit; their docstrings list the attributes."""

    quality: str
    inputs_: TableInputs
    members_: list[Member]
    member_weights_: NDArray[np.float64]
    input_means_: list[NDArray[np.float32]]
    validation_score_: ValidationScore
    remarks_: list[str]
    n_features_in_: int
    _target: Target

    @property
    def report_(self) -> list[ColumnRecord]: ...

    def columns_of_inputs(self, member: Member) -> AnyArray: ...

    def _combine(self, matrices: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]: ...

    @property
    def _is_sum(self) -> bool: ...

    def _explained(
        self,
        predictions: Sequence[NDArray[np.float64]],
        weights: NDArray[np.float64],
        outputs: NDArray[np.int64],
    ) -> NDArray[np.float64]: ...

    def _directions(
        self,
        predictions: Sequence[NDArray[np.float64]],
        weights: NDArray[np.float64],
        outputs: NDArray[np.int64],
    ) -> list[NDArray[np.float64]]: ...
