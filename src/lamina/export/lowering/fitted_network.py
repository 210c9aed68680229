"""Fitted network to be exported: its numbers, and the meaning of its outputs.

Everything in a network that no export supports raises an error here, so that no export omits it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from lamina.blocks.block import AnyBlock
from lamina.blocks.dense import Dense
from lamina.blocks.independent_members import IndependentMembers
from lamina.blocks.input_stage import InputStage
from lamina.blocks.inputs import InputGroup
from lamina.blocks.member_heads import MemberHeads
from lamina.blocks.shared_dense import SharedDense
from lamina.encoding import TargetEncoding
from lamina.errors import ExportError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.fitted_network import get_network
from lamina.estimators.fitting.input_stage import CATEGORIES
from lamina.export.lowering.inputs import SUPPORTED_INPUTS
from lamina.export.lowering.network_operations import Dtype
from lamina.formulas import (
    INVERSE_LINKS,
    LOSSES,
    PRECISIONS,
    InverseLink,
    Precision,
)
from lamina.formulas.losses import as_it_is
from lamina.formulas.precisions import emulated
from lamina.formulas.table import AnyArray, Array
from lamina.formulas.value_losses import rearranged_quantiles
from lamina.network import Network, NetworkSpec

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class FittedModel(Protocol):
    """Fitted estimator of lamina, alone or inside scikit-learn's classes."""

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """Return the estimator's parameters."""
        ...


# Checked by name, to avoid importing their layer.
ENSEMBLES = ("TabularClassifier", "TabularRegressor")

# Supported fields of each part of a spec; all other fields must have their defaults.
KNOWN: dict[type, frozenset[str]] = {
    NetworkSpec: frozenset({"blocks", "inverse_link", "input_dropout", "input_noise", "heads"}),
    Dense: frozenset(
        {
            *("name", "fan_in", "fan_out", "activation", "normalization", "residual", "dropout"),
            *("ntk", "blend"),
        }
    ),
    IndependentMembers: frozenset({"name", "blocks", "n_members", "fan_in", "fan_out"}),
    InputStage: frozenset({"name", "fan_in", "fan_out", "groups"}),
    SharedDense: frozenset(
        {
            *("dense", "name", "fan_in", "fan_out", "n_members", "repeats", "scales_inputs"),
            *("scales_outputs", "own_biases", "first"),
        }
    ),
    MemberHeads: frozenset({"dense", "name", "fan_in", "fan_out", "n_members", "repeats"}),
    **SUPPORTED_INPUTS,
}


@dataclass(frozen=True)
class FittedNetwork:
    """Fitted network with its own copy of every number, and the meaning of its outputs.

    Attributes
    ----------
    network : Network
        With finite numbers.
    targets : TargetEncoding or None
        Encoding of a classifier's targets; None for a regressor.
    n_quantiles : int
        Number of adjacent outputs that are quantiles of one target, sorted in each row; else 1.
    precision : Precision or None
        Precision that both operands of every product are rounded to.
    categories : dict of int to ndarray
        Categories of each column of X that holds some, in ascending order.
    """

    network: Network
    targets: TargetEncoding | None
    n_quantiles: int = 1
    precision: Precision | None = None
    categories: Mapping[int, Array] = field(default_factory=dict)

    @property
    def dtype(self) -> Dtype:
        """Dtype of the weights: float32 or float64."""
        return self.network.dtype

    @property
    def inverse_link(self) -> InverseLink:
        """Inverse link after the last block."""
        return INVERSE_LINKS[self.network.spec.inverse_link]

    @property
    def is_binary(self) -> bool:
        """True if a single output is the probability of the second of two classes."""
        return self.targets is not None and self.targets.kind == "binary"

    @property
    def heads(self) -> tuple[int, ...]:
        """Number of outputs for each column of labels; empty for a single column."""
        return () if self.targets is None else self.targets.heads

    @property
    def n_columns(self) -> int:
        """Number of columns of the prediction of a regression; 2 for two classes."""
        n = self.network.spec.n_outputs
        if self.has_std:
            return n // 2
        return 2 if self.is_binary else n

    @property
    def has_std(self) -> bool:
        """True if each target has two outputs, its mean and its standard deviation."""
        return self.inverse_link.by_pairs


def fitted_network(model: BaseEstimator, dtype: DTypeLike | None = None) -> FittedNetwork:
    """Return the network of a fitted MLPClassifier or MLPRegressor.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
    dtype : dtype, optional
        Dtype of the copied numbers; by default that of the model, or the dtype in which its
        precision sums.

    Raises
    ------
    TypeError
        For any other estimator.
    NotFittedError
        For a model that has not been fitted.
    ExportError
        For a network with a part that no export supports, or with numbers that are not finite.
    """
    if type(model).__name__ in ENSEMBLES:
        raise TypeError(
            f"{type(model).__name__} is an ensemble of networks with its own encoding: export it "
            "with lamina.to_onnx, to_python or to_c"
        )
    if not isinstance(model, MLPClassifier | MLPRegressor):
        raise TypeError(
            "an export requires lamina's MLPClassifier or MLPRegressor, got "
            f"{type(model).__module__}.{type(model).__name__}. lamina.from_sklearn converts "
            "scikit-learn's."
        )
    check_is_fitted(model)
    network = get_network(model)
    spec = network.spec
    _refuse_unknown_parts(spec)
    rounding = emulated(model.precision)
    if model.precision is not None:
        dtype = _dtype_of_sums(model.precision, dtype)
    return FittedNetwork(
        network.with_parameters(_finite(network.parameters, dtype)),
        targets=_targets(model),
        n_quantiles=_n_quantiles(model),
        precision=None if rounding is None else PRECISIONS[rounding],
        categories={
            column: numbers.copy()
            for column, numbers in enumerate(vars(model).get(CATEGORIES, ()))
            if len(numbers)
        },
    )


def _dtype_of_sums(precision: str, dtype: DTypeLike | None) -> DTypeLike:
    """Return float32, in which products of rounded numbers are summed."""
    if dtype is not None and _known_dtype(dtype) != np.float32:
        raise ExportError(
            f"precision={precision!r} sums in float32, so dtype={np.dtype(dtype).name!r} is not "
            "possible: leave dtype=None, or call set_params(precision=None) first"
        )
    return np.dtype(np.float32)


def _known_dtype(dtype: DTypeLike) -> np.dtype[np.generic]:
    try:
        return np.dtype(dtype)
    except TypeError:
        raise ValueError(f"dtype={dtype!r} is not a dtype: use 'float32' or 'float64'") from None


def _finite(parameters: AnyArray, dtype: DTypeLike | None) -> AnyArray:
    """Return a copy of the parameters, by default in their own dtype."""
    dtype = parameters.dtype if dtype is None else _known_dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype={dtype.name!r} must be 'float32' or 'float64'")
    with np.errstate(over="ignore"):
        numbers: AnyArray = parameters.astype(dtype)
    if not np.isfinite(numbers).all():
        raise ExportError(f"coefs_ or intercepts_ hold numbers that are not finite in {dtype.name}")
    return numbers


def _targets(model: BaseEstimator) -> TargetEncoding | None:
    if isinstance(model, MLPRegressor):
        return None
    classes = model.classes_
    by_column = isinstance(classes, list) and model._target_kind == "multioutput"
    return TargetEncoding(classes if by_column else np.asarray(classes), model._target_kind)


def _n_quantiles(model: BaseEstimator) -> int:
    """Return the number of sorted quantiles per target; raise ExportError for other predictions."""
    name, params = vars(model).get("_loss_name"), vars(model).get("_loss_hyperparameters", {})
    answer = as_it_is if name is None else LOSSES[name].answer
    if answer is rearranged_quantiles:
        return LOSSES[name].outputs_per_target(params)
    # With such an inverse link, a user's own loss predicts pairs without further processing.
    if (answer is as_it_is) == INVERSE_LINKS[model.out_activation_].by_pairs:
        raise ExportError(f"no export supports loss={name!r}: fit the model with another loss")
    return 1


def _refuse_unknown_parts(spec: NetworkSpec) -> None:
    member = spec.independent_member or spec
    inner = spec.blocks if member is spec else (*spec.blocks, *member.blocks)
    blocks = [(block, f"block {block.name!r}") for block in inner]
    stage = member.input_stage
    groups = [] if stage is None else [(each, f"{each.kind} inputs") for each in stage.groups]
    members = [
        (block.dense, f"block {block.name!r}")
        for block in spec.blocks
        if isinstance(block, SharedDense | MemberHeads)
    ]
    parts: list[tuple[NetworkSpec | AnyBlock | InputGroup, str]]
    parts = [(spec, "the network"), *blocks, *groups, *members]
    for part, where in parts:
        if type(part) not in KNOWN:
            raise ExportError(f"no export supports {where} of type {type(part).__name__}")
        for each in fields(cast("DataclassInstance", part)):
            value = getattr(part, each.name)
            if each.name not in KNOWN[type(part)] and not _is_default(each, value):
                raise ExportError(
                    f"no export supports {each.name}={value!r} of {where}: fit the model without it"
                )


def _is_default(each: Field[object], value: object) -> bool:
    return each.default is not MISSING and bool(value == each.default)
