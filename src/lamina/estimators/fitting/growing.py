"""Grow the outputs of a fitted network for classes that come later, and keep what it has learned.

Outputs of known classes keep their weights and their part of the optimizer's state; those of new
classes are drawn like initial weights, with a state of zero. A logistic output for two classes
becomes a softmax of three by W → [0, W], b → [0, b]: softmax([0, z]) = [1 - σ(z), σ(z)], so the
ratio of the two probabilities is kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lamina.blocks import Role
from lamina.encoding.targets import TargetEncoding
from lamina.estimators.fitting.fitted_network import get_spec, network_attributes
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.fitting.initializing import first_parameters
from lamina.estimators.fitting.state import get_trained_parameters
from lamina.estimators.fitting.tasks import Classification, Task
from lamina.estimators.fitting.validation_setup import build_probe
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas.table import AnyArray, Array
from lamina.network import Network, NetworkSpec, ParameterLayout

NEW, ZERO = -1, -2
# Earlier losses and scores are not comparable with those of more classes.
BEST_SO_FAR: Attributes = {
    "best_loss_": None,
    "best_validation_score_": None,
    "_best_validation_loss": None,
    "_no_improvement_count": 0,
}


@dataclass(frozen=True)
class OutputGrowth:
    """Origin of each output of a network that has grown.

    Attributes
    ----------
    sources : tuple of int
        Index of the earlier output; NEW for one that is drawn, ZERO for a logit of 0.
    sign : int
        Factor of the earlier outputs: -1 if the only class became the second of two.
    """

    sources: tuple[int, ...]
    sign: int = 1


def find_growth(before: TargetEncoding, after: TargetEncoding) -> OutputGrowth | None:
    """Return the growth from one encoding to another with more classes; None if they are equal.

    Examples
    --------
    >>> import numpy as np
    >>> before = TargetEncoding.from_labels(np.array(["a", "c"]))
    >>> find_growth(before, TargetEncoding.from_labels(np.array(["a", "b", "c"])))
    OutputGrowth(sources=(-2, -1, 0), sign=1)
    """
    if before.kind == "multioutput":
        sources, first = [], 0
        for old, new in zip(before.classes, after.classes, strict=True):
            sources += [k if k == NEW else k + first for k in _places(old, new)]
            first += len(old)
        return OutputGrowth(tuple(sources)) if len(sources) > first else None
    n_before = len(before.classes)
    if len(after.classes) == n_before:
        return None
    places = _places(before.classes, after.classes)
    if before.kind != "binary":
        return OutputGrowth(tuple(places))
    if n_before == 1 and after.kind == "binary":
        # σ(z) is the probability of the second class.
        return OutputGrowth((0,), 1 if places[0] == 0 else -1)
    if n_before == 1:
        return OutputGrowth(tuple(places), -1)
    return OutputGrowth(tuple({0: ZERO, 1: 0}.get(place, NEW) for place in places))


def _places(old: AnyArray, new: AnyArray) -> list[int]:
    """Return the index of each new label among the old ones, or NEW."""
    index = {label: i for i, label in enumerate(old.tolist())}
    return [index.get(label, NEW) for label in new.tolist()]


def is_wider(before: Any, after: Any) -> bool:
    """Return True if the classes of each column contain the earlier ones, and are more.

    Parameters
    ----------
    before, after : array-like of labels, or list of these for several columns
    """
    if not isinstance(before, list):
        return _is_superset(before, np.unique(np.asarray(after))) and len(after) > len(before)
    if len(before) != len(after):
        return False
    pairs = [(old, np.unique(new)) for old, new in zip(before, after, strict=True)]
    return all(_is_superset(*pair) for pair in pairs) and any(len(n) > len(o) for o, n in pairs)


def _is_superset(before: AnyArray, after: AnyArray) -> bool:
    return set(np.asarray(before).tolist()) <= set(after.tolist())


def grow_model(
    model: Parametrized,
    settings: FitSettings,
    task: Task,
    spec: NetworkSpec,
    random_state: np.random.RandomState,
) -> Parametrized:
    """Return the model from which a fit continues: a grown copy if the task has more classes.

    Parameters
    ----------
    model : estimator
        Fitted; not modified.
    settings : FitSettings
    task : Task
        Of the fit to come.
    spec : NetworkSpec
        Of the fit to come.
    random_state : RandomState
        Drawn from as for a first fit if there are new outputs.

    Raises
    ------
    ValueError
        For an output activation whose results cannot be kept.
    """
    # Someone may have set the weights by hand.
    if not isinstance(task, Classification) or not hasattr(model, "classes_"):
        return model
    growth = find_growth(model._encoding(), task.encoding)
    if growth is None:
        return model
    if spec.independent_member is not None:
        raise ValueError(
            f"members={model.members!r}: the outputs of several networks do not grow for more "
            "classes. Name all classes in the first fit."
        )
    before = get_spec(model)
    if before.blocks[:-1] != spec.blocks[:-1]:
        # Another architecture is refused like that of any other fit that continues.
        return model
    _refuse_output_activation(settings, growth)
    old = Network(before, get_trained_parameters(model, before, None))
    drawn = _draw(settings, spec, random_state, old) if NEW in growth.sources else None
    grown: Parametrized = build_probe(model, _grown_attributes(model, growth, old, spec, drawn))
    return grown


def _refuse_output_activation(settings: FitSettings, growth: OutputGrowth) -> None:
    activation = settings.architecture.output_activation
    if activation is None or (growth.sign == 1 and ZERO not in growth.sources):
        return
    raise ValueError(
        f"output_activation={activation!r} makes it impossible to keep the probabilities of two "
        "classes when others are added, because logits of 0 and -z are needed. Name all classes in "
        "the first fit, or set output_activation=None."
    )


def _draw(
    settings: FitSettings, spec: NetworkSpec, random_state: np.random.RandomState, old: Network
) -> Array:
    """Return initial parameters; an initializer of arrays, which has the old size, is not used."""
    named = isinstance(settings.initializer, str)
    drawing = settings if named else replace(settings, initializer="glorot_uniform")
    return first_parameters(drawing, spec, random_state, old.dtype)


def _grown_attributes(
    model: Parametrized,
    growth: OutputGrowth,
    old: Network,
    spec: NetworkSpec,
    drawn: Array | None,
) -> Attributes:
    fitted = vars(model)
    layout = ParameterLayout.from_spec(spec)
    zeros = np.zeros(layout.n_parameters, old.dtype)

    def grow(vector: Array) -> Array:
        start = zeros if drawn is None else drawn
        return _grown_vector(growth, old.with_parameters(vector), Network(spec, start.copy()))

    def grow_slot(name: str, vector: Array) -> Array:
        if name == "average":
            return grow(vector)
        kept = OutputGrowth(growth.sources) if growth.sign == 1 else _forgetting(growth)
        return _grown_vector(kept, old.with_parameters(vector), Network(spec, zeros.copy()))

    grown = grow(old.parameters)
    attributes = network_attributes(Network(spec, grown)) | BEST_SO_FAR
    if fitted.get("_trained_parameters") is not None:
        attributes["_trained_parameters"] = grown
    slots, names = fitted.get("_optimizer_slots"), fitted.get("_optimizer_slot_names")
    if slots is not None and names is not None:
        rows = [grow_slot(name, slot) for name, slot in zip(names, slots, strict=True)]
        shape = (len(rows), layout.n_parameters)
        attributes["_optimizer_slots"] = np.array(rows, slots.dtype).reshape(shape)
    return attributes


def _forgetting(growth: OutputGrowth) -> OutputGrowth:
    """Return the growth of a state whose outputs have changed their sign: it begins again."""
    return OutputGrowth((ZERO,) * len(growth.sources))


def _grown_vector(growth: OutputGrowth, old: Network, new: Network) -> Array:
    """Write the old numbers into the new vector, in which outputs that are NEW are set already."""
    of_output = Counter(tensor.role for tensor in old.spec.blocks[-1].tensors)
    for role, before, after in zip(Role, old.views, new.views, strict=True):
        n_kept = len(before) - of_output[role]
        for i, (tensor, place) in enumerate(zip(before, after, strict=True)):
            if i < n_kept:
                place[...] = tensor
                continue
            for j, source in enumerate(growth.sources):
                if source == ZERO:
                    place[..., j] = 0
                elif source != NEW:
                    place[..., j] = growth.sign * tensor[..., source]
    return new.parameters
