"""Contradictions of the loss with what the targets are to be."""

from __future__ import annotations

from numbers import Real

from lamina.choices import name_of
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.formulas import INVERSE_LINKS, LOSSES
from lamina.formulas.losses import QUANTILE, Loss


def loss_that_is_a_class(model: Parametrized) -> str | None:
    if not isinstance(model.loss, type):
        return None
    name = model.loss.__name__
    return f"loss={shown(model.loss)} is a class. Set loss to an instance of it, as {name}()."


def quantiles_without_their_loss(model: Parametrized) -> str | None:
    several = getattr(model, "quantile", 0.5)
    if isinstance(several, Real) or not isinstance(name_of(model.loss), str):
        return None
    if QUANTILE in LOSSES[name_of(model.loss)].hyperparameters:
        return None
    return (
        f"quantile={shown(several)} requests several quantiles, which loss={model.loss!r} does not "
        "predict. Set loss='quantile', or leave quantile=0.5."
    )


def smoothing_of_ones_own_loss(model: Parametrized) -> str | None:
    if not getattr(model, "label_smoothing", 0) or isinstance(name_of(model.loss), str):
        return None
    return (
        f"label_smoothing={model.label_smoothing!r} applies to losses chosen by name, and "
        f"loss={model.loss!r} is an object that receives the labels unsmoothed. Set "
        "label_smoothing=0, and smooth them in the object."
    )


def scaled_target_behind_an_inverse_link(model: Parametrized) -> str | None:
    if not getattr(model, "scale_target", False):
        return None
    if model.output_activation is not None:
        return (
            "scale_target=True learns the target minus its mean, and predictions with "
            f"output_activation={model.output_activation!r} cannot be shifted by that mean. Leave "
            "output_activation=None, or set scale_target=False and divide y by its mean."
        )
    named = isinstance(name_of(model.loss), str)
    inverse_link = (
        LOSSES[name_of(model.loss)].inverse_link
        if named
        else str(getattr(model.loss, "inverse_link", "identity"))
    )
    if INVERSE_LINKS[inverse_link].follows_scale:
        return None
    equation = INVERSE_LINKS[inverse_link].equation.removeprefix("p = ")
    able = [n for n, loss in LOSSES.items() if _is_of_numbers(loss)]
    return (
        "scale_target=True learns the target minus its mean, which may be below 0, and "
        f"loss={model.loss!r} predicts {equation}, which cannot be. "
        "Set scale_target=False and divide y by its mean, or choose one of the losses that can: "
        f"{', '.join(map(repr, able))}."
    )


def _is_of_numbers(loss: Loss) -> bool:
    return loss.task == "regression" and INVERSE_LINKS[loss.inverse_link].follows_scale
