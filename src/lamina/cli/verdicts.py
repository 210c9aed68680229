"""Sentences about metrics: the fit diverged, overfits, or is no better than a constant.

Skill is 1 - loss / loss of the best constant: McFadden's R² for the log loss, R² for the squared
error, D² for the pinball loss. A perfect model has skill 1, a constant 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lamina.files.model_file import Json
from lamina.significant import significant

# Largest acceptable loss of skill from training rows to others; up to .1 on most real tables.
LARGEST_GAP = 0.2
# In standard errors; chance alone gives a larger gain once in 40 times.
CLEAR_GAIN = 2.0
# Nine times the constant's loss on the training rows: only a diverged fit reaches it.
FAILED_SKILL = -8.0

CURES = (
    "Add more rows, leave out columns that identify single rows (--drop NAME), or try --set "
    "alpha=1 or --set hidden_layer_sizes=20"
)
NOTHING = "The columns may contain no information about the target"
CAUSES: Mapping[str | None, str] = {
    None: "The rows are held out at random, so this may be chance: try a larger --test-size or "
    "another --seed",
    "groups": "The held-out groups may differ from the others, as new groups will",
    "time": "The last rows may differ from earlier rows, as future rows will",
}


class Criterion(NamedTuple):
    """The loss that judges a task, and the constant to compare it with.

    Attributes
    ----------
    key, name : str
        Key in the metrics, and name in sentences.
    power : int
        Exponent that turns the metric into the loss: 2 for a root.
    constant : str
        Name of the constant in sentences.
    """

    key: str
    name: str
    power: int
    constant: str


LOSSES = (
    Criterion("log_loss", "log loss", 1, "the class frequencies"),
    Criterion("pinball_loss", "pinball loss", 1, "the quantiles of the training rows"),
    Criterion("rmse", "RMSE", 2, "the mean"),
)


def loss_in(figures: Mapping[str, Json]) -> Criterion:
    """Return the loss that judges these metrics."""
    return next(loss for loss in LOSSES if loss.key in figures)


def skill(figures: Mapping[str, Json], constant: Mapping[str, Json]) -> float:
    """Return 1 - loss / loss of the constant; -inf if the loss is not finite.

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


def failure(figures: Mapping[str, Json], constant: Mapping[str, Json]) -> str | None:
    """Return the reason why a fit failed, by its training rows; None if it did not."""
    loss = loss_in(figures)
    if skill(figures, constant) > FAILED_SKILL:
        return None
    return (
        f"the fit has failed: on its own training rows its {loss.name} is "
        f"{significant(figures[loss.key])}, but predicting {loss.constant} gives "
        f"{significant(constant[loss.key])}. Choose a smaller --set learning_rate_init or a larger "
        "--set max_iter, and look for values that are far larger than the others"
    )


def verdicts(
    held_out: Mapping[str, Json], training: Mapping[str, Json], constant: Mapping[str, Json]
) -> Iterator[str]:
    """Yield the faults of one network, by its metrics on held-out rows and training rows.

    Parameters
    ----------
    held_out, training : dict
        Metrics of the model for one target.
    constant : dict
        'held_out' and 'training': metrics of the best constant on the same rows.
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
    held_out: Mapping[str, Json],
    out_of_fold: Mapping[str, Json],
    constant: Mapping[str, Json],
    *,
    gain: float,
    by: str | None = None,
) -> Iterator[str]:
    """Yield the faults of an ensemble, by its metrics on held-out rows and out of fold.

    Out-of-fold metrics are as unbiased as those on held-out rows, so a gap between them is not
    overfitting. After a random split it is chance; otherwise the held-out rows differ.

    Parameters
    ----------
    held_out, out_of_fold : dict
    constant : dict
        'held_out' and 'training': metrics of the best constant on the same rows.
    gain : float
        Difference between the constant's loss and the out-of-fold loss, in standard errors.
    by : {'groups', 'time'}, optional
        Criterion that divided the rows; None for a random split.
    """
    loss = loss_in(held_out)
    reached = skill(held_out, constant["held_out"])
    falls = skill(out_of_fold, constant["training"]) - reached > LARGEST_GAP
    figures = _figures(held_out, out_of_fold, constant["held_out"], "out of fold")
    if reached <= 0 and gain >= CLEAR_GAIN:
        yield (
            f"the model is no better than predicting {loss.constant} on the held-out rows: "
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
        yield f"the model is much worse on the held-out rows: {figures}. {CAUSES[by]}"


def _figures(
    held_out: Mapping[str, Json], training: Mapping[str, Json], best: Mapping[str, Json], where: str
) -> str:
    loss = loss_in(held_out)
    return (
        f"{loss.name} {significant(held_out[loss.key])} on the held-out rows, "
        f"{significant(training[loss.key])} {where}, and {significant(best[loss.key])} for "
        f"predicting {loss.constant}"
    )
