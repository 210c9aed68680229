"""Fitted models built from the weights of a network that was trained elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from lamina.choices import Choice, make_choice
from lamina.encoding import TargetEncoding
from lamina.encoding.targets import LOSS_OF_KIND, TargetKind
from lamina.errors import ExportError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.fitting.fitted_network import network_attributes
from lamina.estimators.fitting.state import (
    build_memory,
    epoch_attributes,
)
from lamina.estimators.fitting.tasks import Classification, Regression
from lamina.estimators.settings.architecture import build_network, read_architecture
from lamina.estimators.settings.fit_settings import resolve_settings
from lamina.estimators.settings.loss_parameters import REGRESSION_LOSSES
from lamina.formulas import LOSSES, Activation, Normalization
from lamina.formulas.table import AnyArray
from lamina.network import Network, flatten_parameters


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
        True if the block's input is added to its activation.
    dropout : float
        Ignored in predictions.
    learned, statistics : dict of str to ndarray of shape (fan_out,)
        Further trained parameters of its units, and running statistics, by the names used in the
        code of activation and normalization.
    """

    name: str
    weights: AnyArray
    biases: AnyArray
    activation: Activation
    normalization: Normalization | None = None
    residual: bool = False
    dropout: float = 0.0
    learned: Mapping[str, AnyArray] = field(default_factory=dict)
    statistics: Mapping[str, AnyArray] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, AnyArray]:
        """Further trained parameters, followed by the running statistics."""
        return {**self.learned, **self.statistics}

    @property
    def is_affine(self) -> bool:
        """True if the block has no normalization, activation or residual connection."""
        return self.activation.code.numpy == "z"

    @property
    def in_words(self) -> str:
        """Width and operations, such as '7 batch relu residual'."""
        words = [str(len(self.biases))]
        words += [] if self.normalization is None else [self.normalization.name]
        words += [] if self.is_affine else [self.activation.name]
        return " ".join([*words, *(["residual"] if self.residual else [])])

    def selected(self, units: AnyArray) -> FittedBlock:
        """Return the block with a selection of its units, in the given order."""
        learned = {name: numbers[units] for name, numbers in self.learned.items()}
        weights, biases = self.weights[:, units], self.biases[units]
        return replace(self, weights=weights, biases=biases, learned=learned)


def fitted_model(
    blocks: Sequence[FittedBlock],
    inverse_link: str | None,
    heads: tuple[int, ...],
    input_dropout: float,
    precision: str | None,
    classes: ArrayLike | None,
) -> MLPClassifier | MLPRegressor:
    """Return a model that predicts with these blocks, as if it had been fitted to them.

    Parameters
    ----------
    blocks : sequence of FittedBlock
        All of one dtype.
    inverse_link : str or None
        Inverse link after the last block; None if the outputs are predicted values, or the logits
        of `classes`.
    heads : tuple of int
        Number of outputs for each column of labels; empty for a single column.
    input_dropout : float
    precision : str or None
        Precision that both operands of every product are rounded to.
    classes : array-like of shape (n_classes,), list of these, or None
        Label of each output, or the labels of 0 and 1 for a single output; for several columns of
        labels, the labels of each.

    Raises
    ------
    ExportError
        For blocks that no parameters of a model describe, and classes that do not match the outputs
        and the inverse link.
    """
    *hidden, last = blocks
    architecture = _architecture(blocks) | {"input_dropout": input_dropout, "precision": precision}
    by_column = bool(heads) or _are_columns(classes)
    kind = (
        _kind_of_columns(inverse_link)
        if by_column
        else _kind(inverse_link, classes, len(last.biases))
    )
    if kind is None:
        model: BaseEstimator = MLPRegressor(**architecture)
        loss = model.loss = (
            model.loss if inverse_link is None else _regression_loss(inverse_link, last)
        )
        n_targets = len(last.biases) // Regression(loss, np.empty(0)).outputs_per_target
        attributes = Regression(loss, np.empty((0, n_targets))).attributes()
    else:
        if by_column:
            last, targets = _sorted_columns(last, heads, classes)
        else:
            last, targets = _sorted(last, kind, classes)
        model, loss, heads = MLPClassifier(**architecture), targets.loss, targets.heads
        attributes = Classification(targets, targets.classes).attributes()
    blocks = [*hidden, last]
    widths = [len(blocks[0].weights), *(len(block.biases) for block in blocks)]
    spec = build_network(tuple(widths), read_architecture(model), LOSSES[loss].inverse_link, heads)
    parameters = flatten_parameters(
        [block.weights for block in blocks],
        [block.biases for block in blocks],
        [row for block in blocks for row in block.learned.values()],
        [row for block in blocks for row in block.statistics.values()],
    )
    vars(model).update(attributes, **_as_if_fitted(model, Network(spec, parameters.copy())))
    assert isinstance(model, MLPClassifier | MLPRegressor)
    return model


def _architecture(blocks: Sequence[FittedBlock]) -> dict[str, Any]:
    """Return the parameters of a model with these blocks, except defaults."""
    *hidden, last = blocks
    parameters: dict[str, Any] = {"hidden_layer_sizes": tuple(len(b.biases) for b in hidden)}
    if hidden:
        parameters["activation"] = _one_or_each([_chosen(block.activation) for block in hidden])
        parameters["dropout"] = _one_or_each([block.dropout for block in hidden])
        parameters["normalization"] = _normalization(hidden)
        parameters["residual"] = _residual(hidden)
    if not last.is_affine:
        parameters["output_activation"] = _chosen(last.activation)
    return parameters


def _chosen(activation: Activation) -> str | Choice:
    """Return an activation's name, or its object if it has hyperparameters of its own."""
    name, values = activation.name, activation.values
    return make_choice("activation", name, values) if values else name


def _one_or_each(values: list[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else values


def _normalization(hidden: Sequence[FittedBlock]) -> str | None:
    """Return the normalization that all hidden blocks share."""
    for block in hidden:
        if block.normalization is not hidden[0].normalization:
            raise ExportError(
                f"{block.name} has a different normalization from {hidden[0].name}: all hidden "
                "layers of a lamina model have the same one, or none"
            )
    return None if hidden[0].normalization is None else hidden[0].normalization.name


def _residual(hidden: Sequence[FittedBlock]) -> bool:
    """Return True if all hidden blocks as wide as their input are residual, False if none is."""
    can_add = [i > 0 and b.weights.shape[0] == len(b.biases) for i, b in enumerate(hidden)]
    adds = any(block.residual for block in hidden)
    for block, can in zip(hidden, can_add, strict=True):
        if block.residual != (adds and can):
            raise ExportError(
                f"{block.name} {'has' if block.residual else 'lacks'} a residual connection: in a "
                "lamina model all hidden layers as wide as the previous one have it, or none"
            )
    return adds


def _as_if_fitted(model: BaseEstimator, network: Network) -> dict[str, object]:
    settings = resolve_settings(model)
    assert settings.optimizer is not None
    memory = build_memory(settings, model, network.parameters, fresh=True, keep_optimizer=False)
    attributes = network_attributes(network) | epoch_attributes(memory, settings.optimizer)
    return attributes | {"n_features_in_": network.spec.n_features, "diagnoses_": None}


def _kind(inverse_link: str | None, classes: ArrayLike | None, n_outputs: int) -> TargetKind | None:
    """Return the kind of a classifier's targets; None for a regressor."""
    alone: TargetKind = "binary" if n_outputs == 1 else "multilabel"
    kind: TargetKind
    for kind in (alone, "multiclass"):
        if LOSSES[LOSS_OF_KIND[kind]].inverse_link != inverse_link:
            continue
        if kind == "multiclass" and n_outputs == 1:
            raise ExportError(
                f"one output with {inverse_link} is always 1: a classifier needs two outputs"
            )
        return kind
    if classes is None:
        return None
    if inverse_link is not None:
        raise ExportError(
            f"classes={classes!r} were given, but the last layer, {inverse_link}, does not output "
            "probabilities"
        )
    return "binary" if n_outputs == 1 else "multiclass"


def _kind_of_columns(inverse_link: str | None) -> TargetKind:
    """Return the kind of several columns of labels, each with this inverse link."""
    kind: TargetKind = "multioutput"
    if inverse_link not in (None, LOSSES[LOSS_OF_KIND[kind]].inverse_link):
        raise ExportError(
            f"several columns of labels with {inverse_link}: lamina uses a softmax for each column"
        )
    return kind


def _are_columns(classes: ArrayLike | None) -> bool:
    """Return True if classes are those of several columns of labels."""
    return isinstance(classes, list | tuple) and any(np.ndim(each) for each in classes)


def _regression_loss(inverse_link: str, last: FittedBlock) -> str:
    for name, loss in LOSSES.items():
        if name in REGRESSION_LOSSES and loss.inverse_link == inverse_link:
            if len(last.biases) % loss.outputs_per_target({}):
                raise ExportError(
                    f"{len(last.biases)} outputs with {inverse_link}: the number must be even, a "
                    "mean and a standard deviation for each target"
                )
            return name
    raise ExportError(f"no loss of MLPRegressor has the inverse link {inverse_link!r}")


def _sorted(
    last: FittedBlock, kind: TargetKind, classes: ArrayLike | None
) -> tuple[FittedBlock, TargetEncoding]:
    """Return the last block with outputs in the order of sorted classes; one output for two."""
    n_outputs = len(last.biases)
    n_classes = 2 if n_outputs == 1 else n_outputs
    labels = np.arange(n_classes) if classes is None else np.asarray(classes)
    if kind == "multilabel":
        if classes is not None:
            raise ExportError("multilabel outputs take no classes: their labels are numbered")
        return last, TargetEncoding(np.arange(n_outputs), kind)
    if labels.shape != (n_classes,) or len(np.unique(labels)) != n_classes:
        raise ExportError(
            f"classes must name {n_classes} different labels, one for each output (or two for a "
            f"single output), got {classes!r}"
        )
    order = np.argsort(labels)
    if n_outputs > 1:
        last = last.selected(order)
    elif order[0] == 1:
        last = _affine(last, -last.weights, -last.biases)
    if kind == "multiclass" and n_classes == 2:
        # lamina has one logit for two classes: softmax only depends on the difference of the two.
        difference = last.weights[:, 1:] - last.weights[:, :1], last.biases[1:] - last.biases[:1]
        return _affine(last, *difference), TargetEncoding(labels[order], "binary")
    return last, TargetEncoding(labels[order], kind)


def _sorted_columns(
    last: FittedBlock, heads: tuple[int, ...], classes: ArrayLike | None
) -> tuple[FittedBlock, TargetEncoding]:
    """Return the last block with each column's outputs in the order of its sorted classes."""
    if classes is None:
        classes = [np.arange(n) for n in heads]
    assert isinstance(classes, list | tuple)
    columns = [np.atleast_1d(np.asarray(labels)) for labels in classes]
    widths = heads or tuple(map(len, columns))
    distinct = [np.unique(labels) for labels in columns]
    if tuple(map(len, distinct)) != widths or sum(widths) != len(last.biases):
        raise ExportError(
            f"classes must name different labels for {list(heads) or len(last.biases)} outputs, "
            f"column by column, got {classes!r}"
        )
    starts = np.cumsum([0, *widths[:-1]])
    order = [start + np.argsort(labels) for start, labels in zip(starts, columns, strict=True)]
    return last.selected(np.concatenate(order)), TargetEncoding(distinct, "multioutput")


def _affine(last: FittedBlock, weights: AnyArray, biases: AnyArray) -> FittedBlock:
    """Return the last block with other weights; valid only if it has no activation."""
    if not last.is_affine:
        raise ExportError(
            f"two classes after an output activation, {last.activation.name}, cannot be combined "
            "into one logit: use a single output, with classes in ascending order"
        )
    return replace(last, weights=weights, biases=biases)
