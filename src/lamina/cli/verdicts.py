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
# The standard errors by which a loss lies below another one that is no worse, once in 40 times.
CLEAR_GAIN = 2.0
# Nine times the constant's loss, on rows that were learned from: descending does not lead there.
FAILED_SKILL = -8.0

CURES = (
    "Bring more rows, leave out columns that name single rows (--drop NAME), or try --set alpha=1 "
    "or --set hidden_layer_sizes=20"
)
NOTHING = "The columns may say nothing about the target"
CAUSES: Mapping[str | None, str] = {
    None: "Rows are held out at random, so that this may be chance: a larger --test-size or "
    "another --seed says more",
    "groups": "The groups held out may differ from the others, as new ones will",
    "time": "The last rows may differ from earlier ones, as later ones will",
}


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
    """Yield what is wrong with one network, by its figures on held-out rows and on its own.

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
    figures = _figures(held_out, training, constant["held_out"], "on the training rows")
    useless = f"no better than predicting {loss.constant}" if reached <= 0 else ""
    if overfits:
        faults = " and is ".join(filter(None, ("overfits", useless)))
        yield f"the model {faults}: {figures}. {CURES}"
    elif useless:
        yield f"the model is {useless}: {figures}. {NOTHING}"


def ensemble_verdicts(
    held_out: Mapping[str, Any],
    out_of_fold: Mapping[str, Any],
    constant: Mapping[str, Any],
    *,
    gain: float,
    by: str | None = None,
) -> Iterator[str]:
    """Yield what is wrong with an ensemble, by its figures on held-out rows and out of fold.

    Figures out of fold are as honest as those of held-out rows: a gap between both is no
    overfitting. Where rows are divided at random it is chance; else the held-out rows differ.

    Parameters
    ----------
    held_out, out_of_fold : dict
    constant : dict
        'held_out' and 'training': figures of the best constant on the same rows.
    gain : float
        How many standard errors the loss out of fold lies below the constant's.
    by : {'groups', 'time'}, optional
        What the rows are divided by, unless it is at random.
    """
    loss = loss_in(held_out)
    reached = skill(held_out, constant["held_out"])
    falls = skill(out_of_fold, constant["training"]) - reached > LARGEST_GAP
    figures = _figures(held_out, out_of_fold, constant["held_out"], "out of fold")
    if reached <= 0 and gain >= CLEAR_GAIN:
        yield (
            f"the model is no better than predicting {loss.constant} on the rows held out: "
            f"{figures}. {CAUSES[by]}"
        )
    elif reached <= 0:
        yield f"the model is no better than predicting {loss.constant}: {figures}. {NOTHING}"
    elif gain < CLEAR_GAIN:
        yield (
            f"the model is hardly better than predicting {loss.constant}: {figures}. Out of fold "
            f"it is better by {gain:.1f} standard errors, which may be chance. {NOTHING}"
        )
    elif falls and by is not None:
        yield f"the model is much worse on the rows held out: {figures}. {CAUSES[by]}"


def _figures(
    held_out: Mapping[str, Any], training: Mapping[str, Any], best: Mapping[str, Any], where: str
) -> str:
    loss = loss_in(held_out)
    return (
        f"{loss.name} {significant(held_out[loss.key])} on the rows held out, "
        f"{significant(training[loss.key])} {where}, and {significant(best[loss.key])} for "
        f"predicting {loss.constant}"
    )
