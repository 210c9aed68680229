"""A fitted model from the weights of a network that was trained elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lamina.encoding import TargetEncoding
from lamina.encoding.targets import LOSS_OF_KIND, TargetKind
from lamina.errors import ExportError
from lamina.estimators import MLPClassifier, MLPRegressor
from lamina.estimators.architecture import architecture_of, network_for
from lamina.estimators.constraints import REGRESSION_LOSSES
from lamina.estimators.optimizing import optimizer_settings
from lamina.estimators.state import (
    epoch_attributes,
    memory_of,
    network_attributes,
)
from lamina.estimators.tasks import Classification, Regression
from lamina.export.fitted_network import FittedBlock
from lamina.formulas import LOSSES
from lamina.network import NetworkSpec, flatten_parameters


def fitted_model(
    blocks: Sequence[FittedBlock],
    inverse_link: str | None,
    heads: tuple[int, ...],
    input_dropout: float,
    precision: str | None,
    classes: ArrayLike | None,
) -> Any:
    """A model that predicts with these blocks as if it had been fitted to them.

    Parameters
    ----------
    blocks : sequence of FittedBlock
        All of one dtype.
    inverse_link : str or None
        What stands behind the last block; None where its results are predicted numbers, or the
        logits of `classes`.
    heads : tuple of int
        The outputs of each column of labels; none where there is one column.
    input_dropout : float
    precision : str or None
        What both operands of every product are rounded to.
    classes : array-like of shape (n_classes,), list of these, or None
        The label of each output, or those of 0 and 1 for a single output; of several columns of
        labels, those of each.

    Raises
    ------
    ExportError
        For blocks that no parameters of a model ask for, and classes that do not fit outputs and
        inverse link.
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
        model: Any = MLPRegressor(**architecture)
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
    spec = network_for(tuple(widths), architecture_of(model), LOSSES[loss].inverse_link, heads)
    parameters = flatten_parameters(
        [block.weights for block in blocks],
        [block.biases for block in blocks],
        [row for block in blocks for row in block.learned.values()],
        [row for block in blocks for row in block.statistics.values()],
    )
    vars(model).update(attributes, **_as_if_fitted(model, spec, parameters.copy()))
    return model


def _architecture(blocks: Sequence[FittedBlock]) -> dict[str, Any]:
    """The parameters of a model that has these blocks, where they are not the defaults."""
    *hidden, last = blocks
    parameters: dict[str, Any] = {"hidden_layer_sizes": tuple(len(b.biases) for b in hidden)}
    if hidden:
        parameters["activation"] = _one_or_each([block.activation.name for block in hidden])
        parameters["dropout"] = _one_or_each([block.dropout for block in hidden])
        parameters["normalization"] = _normalization(hidden)
        parameters["residual"] = _residual(hidden)
    if not last.is_affine:
        parameters["output_activation"] = last.activation.name
    return parameters


def _one_or_each(values: list[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else values


def _normalization(hidden: Sequence[FittedBlock]) -> str | None:
    """The normalization that all hidden blocks have."""
    for block in hidden:
        if block.normalization is not hidden[0].normalization:
            raise ExportError(
                f"{block.name} has another normalization than {hidden[0].name}: all hidden layers "
                "of a model have the same, or none"
            )
    return None if hidden[0].normalization is None else hidden[0].normalization.name


def _residual(hidden: Sequence[FittedBlock]) -> bool:
    """Whether hidden blocks as wide as those before them add these; all do, or none."""
    can_add = [i > 0 and b.weights.shape[0] == len(b.biases) for i, b in enumerate(hidden)]
    adds = any(block.residual for block in hidden)
    for block, can in zip(hidden, can_add, strict=True):
        if block.residual != (adds and can):
            raise ExportError(
                f"{block.name} {'adds' if block.residual else 'does not add'} what it takes in: in "
                "a model every hidden layer that is as wide as the one before adds it, or none"
            )
    return adds


def _as_if_fitted(model: Any, spec: NetworkSpec, parameters: NDArray[Any]) -> dict[str, Any]:
    memory = memory_of(model, parameters, fresh=True, keep_optimizer=False)
    optimizer = optimizer_settings(model)
    attributes = network_attributes(spec, parameters) | epoch_attributes(memory, optimizer)
    return attributes | {"n_features_in_": spec.n_features, "diagnoses_": None}


def _kind(inverse_link: str | None, classes: ArrayLike | None, n_outputs: int) -> TargetKind | None:
    """What a classifier's outputs stand for; None for a regressor's."""
    alone: TargetKind = "binary" if n_outputs == 1 else "multilabel"
    kind: TargetKind
    for kind in (alone, "multiclass"):
        if LOSSES[LOSS_OF_KIND[kind]].inverse_link != inverse_link:
            continue
        if kind == "multiclass" and n_outputs == 1:
            raise ExportError(
                f"one output by {inverse_link} is 1 whatever comes in: a classifier has two"
            )
        return kind
    if classes is None:
        return None
    if inverse_link is not None:
        raise ExportError(
            f"classes={classes!r} were given, but the last layer, {inverse_link}, makes no "
            "probabilities"
        )
    return "binary" if n_outputs == 1 else "multiclass"


def _kind_of_columns(inverse_link: str | None) -> TargetKind:
    """Return the kind of several columns of labels, each with this inverse link."""
    kind: TargetKind = "multioutput"
    if inverse_link not in (None, LOSSES[LOSS_OF_KIND[kind]].inverse_link):
        raise ExportError(
            f"several columns of labels by {inverse_link}: lamina has a softmax for each"
        )
    return kind


def _are_columns(classes: Any) -> bool:
    """Whether classes are those of several columns of labels."""
    return isinstance(classes, list | tuple) and any(np.ndim(each) for each in classes)


def _regression_loss(inverse_link: str, last: FittedBlock) -> str:
    for name, loss in LOSSES.items():
        if name in REGRESSION_LOSSES and loss.inverse_link == inverse_link:
            if len(last.biases) % loss.outputs_per_target({}):
                raise ExportError(
                    f"{len(last.biases)} outputs by {inverse_link}: each target has a mean and a "
                    "standard deviation"
                )
            return name
    raise ExportError(f"no regression of lamina's predicts through {inverse_link!r}")


def _sorted(
    last: FittedBlock, kind: TargetKind, classes: ArrayLike | None
) -> tuple[FittedBlock, TargetEncoding]:
    """The last block with its outputs in the order of sorted classes, one for two of them."""
    n_outputs = len(last.biases)
    n_classes = 2 if n_outputs == 1 else n_outputs
    labels = np.arange(n_classes) if classes is None else np.asarray(classes)
    if kind == "multilabel":
        if classes is not None:
            raise ExportError("classes are for outputs of which one is right: labels have numbers")
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
        # Of two classes lamina has one logit: softmax reads no more than the difference of both.
        difference = last.weights[:, 1:] - last.weights[:, :1], last.biases[1:] - last.biases[:1]
        return _affine(last, *difference), TargetEncoding(labels[order], "binary")
    return last, TargetEncoding(labels[order], kind)


def _sorted_columns(
    last: FittedBlock, heads: tuple[int, ...], classes: Any
) -> tuple[FittedBlock, TargetEncoding]:
    """The last block with each column's outputs in the order of its sorted classes."""
    if classes is None:
        classes = [np.arange(n) for n in heads]
    columns = [np.atleast_1d(np.asarray(labels)) for labels in classes]
    widths = heads or tuple(map(len, columns))
    known = [np.unique(labels) for labels in columns]
    if tuple(map(len, known)) != widths or sum(widths) != len(last.biases):
        raise ExportError(
            f"classes must name different labels for {list(heads) or len(last.biases)} outputs, "
            f"column by column, got {classes!r}"
        )
    starts = np.cumsum([0, *widths[:-1]])
    order = [start + np.argsort(labels) for start, labels in zip(starts, columns, strict=True)]
    return last.selected(np.concatenate(order)), TargetEncoding(known, "multioutput")


def _affine(last: FittedBlock, weights: NDArray[Any], biases: NDArray[Any]) -> FittedBlock:
    """The last block with other weights, which is the same network only without an activation."""
    if not last.is_affine:
        raise ExportError(
            f"two classes behind an output activation, {last.activation.name}, have no single "
            "logit: give one output and the classes in ascending order"
        )
    return replace(last, weights=weights, biases=biases)
