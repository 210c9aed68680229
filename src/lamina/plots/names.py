"""Names of inputs, outputs and classes in pictures: given ones, or those seen in fit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sklearn.base import is_classifier

from lamina.estimators.fitting.fitted_network import get_network
from lamina.estimators.fitting.tasks import quantiles_in
from lamina.formulas import LOSSES
from lamina.studies import Inside

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def subscripted(letter: str, number: int) -> str:
    """Return a letter with a number as its subscript.

    Examples
    --------
    >>> subscripted("x", 12)
    'x₁₂'
    """
    return letter + str(number).translate(SUBSCRIPTS)


def input_names(inside: Inside, chosen: Sequence[str] | None = None) -> list[str]:
    """Return a name for each input: given, from the preceding steps, or x₁, x₂, …"""
    n_inputs = inside.model.n_features_in_
    if chosen is not None:
        return checked_names("feature_names", chosen, n_inputs, "inputs")
    names = _names_behind(inside.before) or getattr(inside.model, "feature_names_in_", None)
    if names is None or len(names) != n_inputs:
        return [subscripted("x", i + 1) for i in range(n_inputs)]
    return [*map(str, names)]


def first_layer_names(inside: Inside, chosen: Sequence[str] | None = None) -> list[str]:
    """Return a name for each input of the first layer: of the features, or of the input stage."""
    names, stage = input_names(inside, chosen), get_network(inside.model).spec.input_stage
    return names if stage is None else stage.output_names(names)


def _names_behind(steps: Sequence[BaseEstimator]) -> list[str] | None:
    """Return the output names of a pipeline's steps for a data frame's columns, or None."""
    names: Sequence[object] | None = getattr(steps[0], "feature_names_in_", None) if steps else None
    if names is None:
        return None
    # Not every transformer supports get_feature_names_out.
    with suppress(Exception):
        for step in steps:
            names = step.get_feature_names_out(names)
        return [*map(str, names)]
    return None


def class_names(model: BaseEstimator, chosen: Sequence[str] | None = None) -> list[str]:
    """Return a name for each class of one column of labels, or for each of several labels."""
    classes = [*map(_plain, model.classes_)]
    if chosen is None:
        return classes
    return checked_names("class_names", chosen, len(classes), f"classes ({', '.join(classes)})")


def output_names(model: BaseEstimator, chosen: Sequence[str] | None = None) -> list[str]:
    """Return a name for each output; the single output of two classes has the second's name."""
    if is_classifier(model):
        if isinstance(model.classes_, list):
            names = [
                f"{subscripted('y', column + 1)} {_plain(label)}"
                for column, classes in enumerate(model.classes_)
                for label in classes
            ]
            return names if chosen is None else checked_names("class_names", chosen, len(names))
        names = class_names(model, chosen)
        return names[-1:] if model.n_outputs_ == 1 else names
    if chosen is not None:
        return checked_names("class_names", chosen, model.n_outputs_)
    parts = _parts_of_a_target(model)
    n_targets = model.n_outputs_ // len(parts)
    targets = ["ŷ"] if n_targets == 1 else [subscripted("ŷ", i + 1) for i in range(n_targets)]
    return [f"{target} {part}".rstrip() for target in targets for part in parts]


def _parts_of_a_target(model: BaseEstimator) -> list[str]:
    """Return the outputs of one target: quantiles, mean and standard deviation, or itself."""
    fitted = vars(model)
    quantiles = quantiles_in(fitted.get("_loss_hyperparameters", {}))
    if quantiles is not None and len(quantiles) > 1:
        return [f"{q:.3g}" for q in quantiles]
    name = fitted.get("_loss_name")
    has_std = name in LOSSES and LOSSES[name].std is not None
    return ["mean", "std"] if has_std else [""]


def checked_names(
    parameter: str, chosen: Sequence[str], n: int, of_what: str = "outputs"
) -> list[str]:
    """Return the names as a list; raise ValueError if there are not n."""
    if isinstance(chosen, str) or len(chosen) != n:
        count = (
            f"={chosen!r} is a string" if isinstance(chosen, str) else f" has {len(chosen)} names"
        )
        raise ValueError(f"{parameter}{count}, but there are {n} {of_what}: give a list of {n}")
    return [*map(str, chosen)]


def _plain(label: object) -> str:
    """Return a label as text, without NumPy's type."""
    return str(label.item() if hasattr(label, "item") else label)
