"""The protocol of a peer: ways to run it, and a training that is ready to be timed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.speed.cases import Work


@dataclass(frozen=True)
class Training:
    """Something ready to be timed.

    Attributes
    ----------
    run : callable
        Trains from the first weights to the last epoch and returns that epoch's mean loss.
    compile_seconds : float
        What was spent before, once for every shape, on compiling it.
    is_repeatable : bool
        Whether it does the same again when it is run again.
    """

    run: Callable[[], float]
    compile_seconds: float = 0.0
    is_repeatable: bool = False


@dataclass(frozen=True)
class Way:
    """One way to run a peer, said in words; the best of a peer's ways is the one that counts.

    Attributes
    ----------
    name : str
        'all threads', for instance.
    surroundings : callable
        Gives the context in which training is prepared and timed.
    options : dict
        What the peer's `prepare` is told.
    """

    name: str
    surroundings: Callable[[], AbstractContextManager[Any]]
    options: dict[str, Any] = field(default_factory=dict)


class Peer(Protocol):
    """A library that can train a perceptron."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    def takes(self, work: Work) -> bool:
        """Whether that work is one to be measured by."""
        ...

    def ways(self) -> list[Way]:
        """The ways to run it, of which the best counts."""
        ...

    def prepare(self, work: Work, way: Way) -> Training:
        """A fresh training, with everything that a user would do once already done."""
        ...

    def prepare_prediction(self, work: Work, way: Way) -> Training:
        """A network with the first weights, ready to predict the rows, NumPy to NumPy.

        What its `run` returns is the mean of the predictions.
        """
        ...
