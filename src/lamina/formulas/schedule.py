"""Records of schedules: the multiplier of each step, or the response to a stall, and its text.

Shapes: step, epoch and multipliers are (n,), one element per step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.errors import UnknownNameError, suggestion
from lamina.formulas.hyperparameters import Hyperparameter

Factors: TypeAlias = NDArray[np.float64]
Options: TypeAlias = Mapping[str, Any]


class Course(NamedTuple):
    """Steps of a training, counted from the end of the warm-up.

    Attributes
    ----------
    step : ndarray of int64 of shape (n,)
    steps_an_epoch : int
    n_steps : int
        Number of all steps of the training; later steps keep the last rate.
    """

    step: NDArray[np.int64]
    steps_an_epoch: int
    n_steps: int

    @property
    def epoch(self) -> NDArray[np.int64]:
        """Epoch of each step, counted from 0."""
        return self.step // self.steps_an_epoch


@dataclass(frozen=True)
class Schedule:
    """Learning-rate schedule.

    Attributes
    ----------
    name : str
        Name in `learning_rate=`.
    equation, paper : str
        Formula as text, and its source.
    after_epoch : callable
        `after_epoch(base_rate, initial_rate, rows_seen, power_t)` returns the next epoch's base
        rate; rows_seen counts every sample of every epoch so far.
    after_stall : callable
        `after_stall(base_rate)` returns the base rate to continue with when the loss or score has
        stopped improving, or None if the training ends.
    after_plateau : callable or None
        `after_plateau(base_rate, initial_rate, options)` returns the base rate after a plateau:
        more epochs without progress than the option 'patience' allows, but fewer than a stall.
    shape : callable or None
        `shape(course, options)` returns the multiplier of each step.
    hyperparameters : tuple of Hyperparameter
        Its options in `learning_rate_options=`, and 'invscaling' reads `power_t`.
    follows_length : bool
        True if it spans `max_iter` epochs, so that another `max_iter` changes every rate.
    speaks_to_all : bool
        True if every optimizer follows it; scikit-learn's schedules apply only to optimizers
        with `follows_schedule`.
    is_absolute : bool
        True if its shape is the rate itself, whatever the base rate.
    """

    name: str
    equation: str
    paper: str
    after_epoch: Callable[[float, float, int, float], float] = field(
        default=lambda base_rate, initial_rate, rows_seen, power_t: base_rate
    )
    after_stall: Callable[[float], float | None] = field(default=lambda base_rate: None)
    after_plateau: Callable[[float, float, Options], float] | None = None
    shape: Callable[[Course, Options], Factors] | None = None
    hyperparameters: tuple[Hyperparameter, ...] = ()
    follows_length: bool = False
    speaks_to_all: bool = True
    is_absolute: bool = False

    @property
    def options(self) -> dict[str, Hyperparameter]:
        """Hyperparameters in `learning_rate_options=`, by name."""
        return {h.name: h for h in self.hyperparameters if not h.is_estimator_parameter}

    def settings(self, options: Options | None) -> dict[str, Any]:
        """Return the value of every option: the given one, else its default.

        Raises
        ------
        UnknownNameError
            For an option that this schedule does not have.
        ValueError
            For a value that an option does not allow.

        Examples
        --------
        >>> from lamina.formulas import SCHEDULES
        >>> SCHEDULES["step"].settings({"every": 10})
        {'factor': 0.1, 'every': 10}
        """
        options, known = {} if options is None else options, self.options
        for name, value in options.items():
            if name not in known:
                raise UnknownNameError(
                    f"learning_rate={self.name!r} has no option {name!r}."
                    f"{suggestion(name, known)} Its learning_rate_options are: "
                    f"{', '.join(map(repr, known)) or 'none'}."
                )
            if not known[name].allows(value):
                raise ValueError(
                    f"learning_rate_options[{name!r}]={value!r} of learning_rate={self.name!r} "
                    f"must be {known[name].allowed_values}."
                )
        return {name: option.default for name, option in known.items()} | dict(options)
