"""What figures say in a sentence: a fit that diverged, overfits, or is no better than a constant.

The skill of figures is 1 - loss / loss of the best constant: McFadden's R² of a log loss, R² of a
squared error, D² of a pinball loss. A model that predicts perfectly has skill 1, a constant 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lamina.significant import significant

# The skill on the training rows that a model may lose on others; most real tables take up to .1.
LARGEST_GAP = 0.2
# Nine times the constant's loss, on rows that were learned from: descending does not lead there.
FAILED_SKILL = -8.0

CURES = (
    "Bring more rows, leave out columns that name single rows (--drop NAME), or try --set alpha=1 "
    "or --set hidden_layer_sizes=20"
)


class Loss(NamedTuple):
    """How the loss that a task is judged by is called, and the constant beside it.

    Attributes
    ----------
    key, name : str
        In the figures, and in sentences.
    power : int
        What makes the figure the loss: 2 for a root.
    constant : str
    """

    key: str
    name: str
    power: int
    constant: str


LOSSES = (
    Loss("log_loss", "log loss", 1, "the class frequencies"),
    Loss("pinball_loss", "pinball loss", 1, "the quantiles of the training rows"),
    Loss("rmse", "RMSE", 2, "the mean"),
)


def loss_in(figures: Mapping[str, Any]) -> Loss:
    """Return the loss that these figures are judged by."""
    return next(loss for loss in LOSSES if loss.key in figures)


def skill(figures: Mapping[str, Any], constant: Mapping[str, Any]) -> float:
    """Return 1 - loss / loss of the constant; -inf where the loss is not finite.

    Examples
    --------
    >>> skill({"rmse": 1.0}, {"rmse": 2.0})
    0.75
    """
    loss = loss_in(figures)
    found, best = float(figures[loss.key]), float(constant[loss.key])
    if not math.isfinite(found):
        return -math.inf
    if best == 0:
        return 0.0 if found == 0 else -math.inf
    ratio = found / best
    return 1 - (ratio * ratio if loss.power == 2 else ratio)


def failure(figures: Mapping[str, Any], constant: Mapping[str, Any]) -> str | None:
    """Return why a fit has failed, by its training rows; None where it has not."""
    loss = loss_in(figures)
    if skill(figures, constant) > FAILED_SKILL:
        return None
    return (
        f"the fit has failed: on its own training rows its {loss.name} is "
        f"{significant(figures[loss.key])}, and {significant(constant[loss.key])} when it predicts "
        f"{loss.constant}. Choose a smaller --set learning_rate_init or a larger --set "
        "max_iter, and look for values that are far larger than the others"
    )


def verdicts(
    held_out: Mapping[str, Any], training: Mapping[str, Any], constant: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what is wrong with a model, by its figures on the rows held out and on its own.

    Parameters
    ----------
    held_out, training : dict
        The model's figures for one target.
    constant : dict
        'held_out' and 'training': those of the best constant on the same rows.
    """
    loss = loss_in(held_out)
    reached = skill(held_out, constant["held_out"])
    overfits = skill(training, constant["training"]) - reached > LARGEST_GAP
    figures = (
        f"{loss.name} {significant(held_out[loss.key])} on the rows held out, "
        f"{significant(training[loss.key])} on the training rows, and "
        f"{significant(constant['held_out'][loss.key])} for predicting {loss.constant}"
    )
    useless = f"no better than predicting {loss.constant}" if reached <= 0 else ""
    if overfits:
        faults = " and is ".join(filter(None, ("overfits", useless)))
        yield f"the model {faults}: {figures}. {CURES}"
    elif useless:
        yield f"the model is {useless}: {figures}. The columns may say nothing about the target"
