"""Quantities that `monitor=` names: the one that decides about progress, and those measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from sklearn.utils._param_validation import InvalidParameterError

from lamina.errors import suggestion
from lamina.estimators.settings.refusals import shown
from lamina.training import Monitor

COLUMNS = ("epoch", "loss", "validation_loss", "learning_rate", "gradient_norm", "seconds")
LOSS, VALIDATION_LOSS, GRADIENT_NORM = "loss", "validation_loss", "gradient_norm"
# scorer(model, X, y), with or without sample_weight; its result is checked at each call.
Scorer: TypeAlias = Callable[..., object]


class Monitored(NamedTuple):
    """Parsed value of `monitor=`.

    Attributes
    ----------
    decides : Monitor
    scorers : dict
        By name; empty for the task's own metric.
    gradient : bool
        True if the gradient's norm is measured.
    requested : object
        Value of the parameter, for messages.
    """

    decides: Monitor
    scorers: dict[str, Scorer]
    gradient: bool = False
    requested: object = None


def monitored(monitor: object, *, early_stopping: bool) -> Monitored:
    """Parse `monitor=`.

    Raises
    ------
    InvalidParameterError
        For a name that is not a scorer, and for two metrics of one name.
    """
    several = list(monitor) if isinstance(monitor, (list, tuple)) else [monitor]
    if not several:
        raise InvalidParameterError(
            f"monitor={monitor!r} is empty. Leave monitor=None, or name a scorer."
        )
    asked = [each for each in several if not _is(each, GRADIENT_NORM) and each is not None]
    gradient = any(_is(each, GRADIENT_NORM) for each in several)
    if not asked:
        decides = Monitor.SCORE if early_stopping else Monitor.LOSS
        return Monitored(decides, {}, gradient, monitor)
    by_loss = {LOSS: Monitor.LOSS, VALIDATION_LOSS: Monitor.VALIDATION_LOSS}
    scorers = [each for each in asked if not (_is(each, LOSS) or _is(each, VALIDATION_LOSS))]
    decides = by_loss.get(asked[0], Monitor.SCORE) if isinstance(asked[0], str) else Monitor.SCORE
    return Monitored(decides, _scorers_by_name(scorers), gradient, monitor)


def _is(monitor: object, name: str) -> bool:
    return isinstance(monitor, str) and monitor == name


def _scorers_by_name(monitors: Iterable[object]) -> dict[str, Scorer]:
    scorers: dict[str, Scorer] = {}
    for monitor in monitors:
        name, scorer = _name_and_scorer(monitor)
        if name in scorers or name in COLUMNS:
            raise InvalidParameterError(
                f"monitor contains a metric called {name!r}, the name of another column of "
                "history_. Give the callable another __name__."
            )
        scorers[name] = scorer
    return scorers


def _name_and_scorer(monitor: object) -> tuple[str, Scorer]:
    from sklearn.metrics import get_scorer, get_scorer_names

    if not isinstance(monitor, str) and not callable(monitor):
        raise InvalidParameterError(
            f"monitor contains {shown(monitor)}, which is neither the name of a scorer nor a "
            "callable scorer(model, X, y)."
        )
    if not isinstance(monitor, str):
        function = getattr(monitor, "_score_func", monitor)
        return getattr(function, "__name__", type(function).__name__), monitor
    names = get_scorer_names()
    if monitor not in names:
        allowed = [LOSS, VALIDATION_LOSS, GRADIENT_NORM, *names]
        raise InvalidParameterError(
            f"monitor={monitor!r} is not a scorer of scikit-learn.{suggestion(monitor, allowed)} "
            f"Known: {', '.join(map(repr, allowed))}."
        )
    return monitor, get_scorer(monitor)
