"""What an export writes down: a fitted network block by block, and what its outputs stand for.

Whatever a network holds that no export knows is refused here, so that none can leave it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils.validation import check_is_fitted

from lamina.encoding import TargetEncoding
from lamina.errors import ExportError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.state import network_and_parameters
from lamina.formulas import (
    ACTIVATIONS,
    INVERSE_LINKS,
    LOSSES,
    NORMALIZATIONS,
    PRECISIONS,
    Activation,
    InverseLink,
    Normalization,
    Precision,
)
from lamina.formulas.losses import as_it_is
from lamina.formulas.table import Named
from lamina.formulas.value_losses import rearranged_quantiles
from lamina.network import Dense, NetworkSpec, ParameterLayout, ParameterViews

# Their layer is not imported for their names.
ENSEMBLES = ("TabularClassifier", "TabularRegressor")

# What each part of a spec may hold: anything more must be at its default.
KNOWN: dict[type, frozenset[str]] = {
    NetworkSpec: frozenset({"blocks", "inverse_link", "input_dropout", "input_noise", "heads"}),
    Dense: frozenset(
        {"name", "fan_in", "fan_out", "activation", "normalization", "residual", "dropout"}
    ),
}


@dataclass(frozen=True)
class FittedBlock:
    """One block of a fitted network.

    Attributes
    ----------
    name : str
    weights : ndarray of shape (fan_in, fan_out)
    biases : ndarray of shape (fan_out,)
    activation : Activation
    normalization : Normalization or None
    residual : bool
        Whether what the block takes in is added to what its activation gives.
    dropout : float
        Ignored in predictions.
    learned, statistics : dict of str to ndarray of shape (fan_out,)
        What its units learn beside, and their running statistics, by the names that the code of
        activation and normalization uses.
    """

    name: str
    weights: NDArray[Any]
    biases: NDArray[Any]
    activation: Activation
    normalization: Normalization | None = None
    residual: bool = False
    dropout: float = 0.0
    learned: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    statistics: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, NDArray[Any]]:
        """What its units learn beside, and then their running statistics."""
        return {**self.learned, **self.statistics}

    @property
    def is_affine(self) -> bool:
        """Whether nothing is done to z."""
        return self.activation.code.numpy == "z"

    @property
    def in_words(self) -> str:
        """Its width and what is done to z, such as '7 batch relu residual'."""
        words = [str(len(self.biases))]
        words += [] if self.normalization is None else [self.normalization.name]
        words += [] if self.is_affine else [self.activation.name]
        return " ".join([*words, *(["residual"] if self.residual else [])])

    def selected(self, units: NDArray[Any]) -> FittedBlock:
        """The block with these of its units, in this order."""
        learned = {name: numbers[units] for name, numbers in self.learned.items()}
        weights, biases = self.weights[:, units], self.biases[units]
        return replace(self, weights=weights, biases=biases, learned=learned)


@dataclass(frozen=True)
class FittedNetwork:
    """A fitted network, its own copy of every number.

    Attributes
    ----------
    blocks : tuple of FittedBlock
    inverse_link : InverseLink
    targets : TargetEncoding or None
        What a classifier's outputs stand for; None for a regressor.
    input_dropout : float
        Ignored in predictions.
    n_quantiles : int
        How many outputs side by side are quantiles of one target, sorted in each row; else 1.
    precision : Precision or None
        What both operands of every product are rounded to.
    """

    blocks: tuple[FittedBlock, ...]
    inverse_link: InverseLink
    targets: TargetEncoding | None
    input_dropout: float = 0.0
    n_quantiles: int = 1
    precision: Precision | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.blocks[0].weights.dtype

    @property
    def widths(self) -> list[int]:
        """Features, units of each hidden layer, outputs."""
        return [len(self.blocks[0].weights), *(len(block.biases) for block in self.blocks)]

    @property
    def is_binary(self) -> bool:
        """Whether one output is the probability of the second of two classes."""
        return self.targets is not None and self.targets.kind == "binary"

    @property
    def is_multilabel(self) -> bool:
        """Whether each output is the probability of a label of its own."""
        return self.targets is not None and self.targets.kind == "multilabel"

    @property
    def heads(self) -> tuple[int, ...]:
        """How many outputs each column of labels has; none where there is one column."""
        return () if self.targets is None else self.targets.heads

    @property
    def label_columns(self) -> list[TargetEncoding]:
        """What the outputs of each column of labels stand for; none for a regressor."""
        if self.targets is None:
            return []
        if not self.heads:
            return [self.targets]
        return [TargetEncoding(classes, "multiclass") for classes in self.targets.classes]

    @property
    def has_std(self) -> bool:
        """Whether each target has two outputs, a mean and its standard deviation."""
        return self.inverse_link.by_pairs

    @property
    def n_columns(self) -> int:
        """The columns of `predict_proba`, side by side, or of a regression's prediction."""
        if self.has_std:
            return self.widths[-1] // 2
        return 2 if self.is_binary else self.widths[-1]

    def factor(self, block: FittedBlock) -> NDArray[Any]:
        """The weights of a block as its product reads them."""
        return block.weights if self.precision is None else self.precision.nearest(block.weights)

    @property
    def description(self) -> str:
        """What it predicts from how many features, as a sentence."""
        return (
            f"A multi-layer perceptron that predicts {self._what} from {self.widths[0]} features."
        )

    @property
    def _what(self) -> str:
        n = self.n_columns
        if self.targets is None:
            what = f"{n} number{'s' if n > 1 else ''}"
            whose = "their standard deviations" if n > 1 else "its standard deviation"
            return f"{what} and {whose}" if self.has_std else what
        if self.heads:
            return f"{len(self.heads)} labels, one of {' and one of '.join(map(str, self.heads))},"
        return f"{n} labels" if self.is_multilabel else f"one of {n} classes"

    @property
    def layers_in_words(self) -> str:
        """Its widths, activations and inverse link, such as '4 → 8 relu → 3 softmax'."""
        blocks = [block.in_words for block in self.blocks]
        rounded = "" if self.precision is None else f", products in {self.precision.name}"
        return " → ".join([str(self.widths[0]), *blocks]) + f" {self.inverse_link.name}{rounded}"


def fitted_network(model: Any, dtype: DTypeLike | None = None) -> FittedNetwork:
    """The network of a fitted MLPClassifier or MLPRegressor.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
    dtype : dtype, optional
        What its numbers are rounded to; by default they stay as they are, or are what the model's
        precision sums in.

    Raises
    ------
    TypeError
        For any other estimator.
    NotFittedError
        For a model that has not been fitted.
    ExportError
        For a network that holds what no export can say, or numbers that are not finite.
    """
    if type(model).__name__ in ENSEMBLES:
        raise TypeError(
            f"{type(model).__name__} is an ensemble of networks with its own encoding: export it "
            "with lamina.to_onnx, to_python or to_c"
        )
    if not isinstance(model, MLPClassifier | MLPRegressor):
        raise TypeError(
            "an export takes lamina's MLPClassifier or MLPRegressor, got "
            f"{type(model).__module__}.{type(model).__name__}. lamina.from_sklearn turns "
            "scikit-learn's into one."
        )
    check_is_fitted(model)
    spec, parameters = network_and_parameters(model)
    _refuse_unknown_parts(spec)
    if model.precision is not None:
        dtype = _dtype_of_sums(model.precision, dtype)
    views = ParameterLayout.from_spec(spec).views(_finite(parameters, dtype))
    return FittedNetwork(
        blocks=tuple(_blocks(spec, views)),
        inverse_link=INVERSE_LINKS[spec.inverse_link],
        targets=_targets(model),
        input_dropout=spec.input_dropout,
        n_quantiles=_n_quantiles(model),
        precision=None if model.precision is None else PRECISIONS[model.precision],
    )


def _blocks(spec: NetworkSpec, views: ParameterViews) -> Iterator[FittedBlock]:
    for block, W, b, learned, statistics in zip(spec.blocks, *views, strict=True):
        yield FittedBlock(
            name=block.name,
            weights=W,
            biases=b,
            activation=ACTIVATIONS[block.activation],
            normalization=NORMALIZATIONS[block.normalization] if block.normalization else None,
            residual=block.residual,
            dropout=block.dropout,
            learned=_named(block.learned, learned),
            statistics=_named(block.statistics, statistics),
        )


def _named(records: Sequence[Named], rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {record.name: row for record, row in zip(records, rows, strict=True)}


def _dtype_of_sums(precision: str, dtype: DTypeLike | None) -> DTypeLike:
    """float32, in which products of rounded numbers are summed up."""
    if dtype is not None and _known_dtype(dtype) != np.float32:
        raise ExportError(
            f"precision={precision!r} sums in float32, but dtype={np.dtype(dtype).name!r} is asked "
            "for: leave dtype=None, or call set_params(precision=None) first"
        )
    return np.dtype(np.float32)


def _known_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        return np.dtype(dtype)
    except TypeError:
        raise ValueError(
            f"dtype={dtype!r} is no dtype: an export computes in 'float32' or 'float64'"
        ) from None


def _finite(parameters: NDArray[Any], dtype: DTypeLike | None) -> NDArray[Any]:
    """A copy of the parameters in that dtype, by default their own."""
    dtype = parameters.dtype if dtype is None else _known_dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype={dtype.name!r}: an export computes in 'float32' or 'float64'")
    with np.errstate(over="ignore"):
        numbers: NDArray[Any] = parameters.astype(dtype)
    if not np.isfinite(numbers).all():
        raise ExportError(f"coefs_ or intercepts_ hold numbers that are not finite in {dtype.name}")
    return numbers


def _targets(model: Any) -> TargetEncoding | None:
    if isinstance(model, MLPRegressor):
        return None
    classes = model.classes_
    by_column = isinstance(classes, list) and model._target_kind == "multioutput"
    return TargetEncoding(classes if by_column else np.asarray(classes), model._target_kind)


def _n_quantiles(model: Any) -> int:
    """How many quantiles of each target are sorted; what else a prediction may be is refused."""
    name, params = vars(model).get("_loss_name"), vars(model).get("_loss_hyperparameters", {})
    answer = as_it_is if name is None else LOSSES[name].answer
    if answer is rearranged_quantiles:
        return LOSSES[name].outputs_per_target(params)
    # Behind such an inverse link, a loss of the user's own predicts pairs as they are.
    if (answer is as_it_is) == INVERSE_LINKS[model.out_activation_].by_pairs:
        raise ExportError(f"no export can say what loss={name!r} predicts: fit it with another")
    return 1


def _refuse_unknown_parts(spec: NetworkSpec) -> None:
    blocks = [(block, f"block {block.name!r}") for block in spec.blocks]
    parts: list[tuple[Any, str]] = [(spec, "the network"), *blocks]
    for part, where in parts:
        if type(part) not in KNOWN:
            raise ExportError(f"no export can say {where}, of kind {type(part).__name__}")
        for each in fields(part):
            value = getattr(part, each.name)
            if each.name not in KNOWN[type(part)] and not _is_default(each, value):
                raise ExportError(
                    f"no export can say {each.name}={value!r} of {where}: fit the model without it"
                )


def _is_default(each: Field[Any], value: Any) -> bool:
    return each.default is not MISSING and bool(value == each.default)
