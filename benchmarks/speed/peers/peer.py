"""The protocol of a peer: its configurations, and a training that is ready to be timed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.speed.cases import Work


@dataclass(frozen=True)
class Training:
    """Work that is ready to be timed.

    Attributes
    ----------
    run : callable
        Trains from the first weights to the last epoch and returns that epoch's mean loss.
    compile_seconds : float
        Seconds spent on compilation beforehand, once for every shape.
    is_repeatable : bool
        True if another run repeats the same work.
    """

    run: Callable[[], float]
    compile_seconds: float = 0.0
    is_repeatable: bool = False


@dataclass(frozen=True)
class Way:
    """One configuration of a peer with its name; a peer's fastest one counts.

    Attributes
    ----------
    name : str
        'all threads', for instance.
    surroundings : callable
        Returns the context manager in which training is prepared and timed.
    options : dict
        Options for the peer's `prepare`.
    """

    name: str
    surroundings: Callable[[], AbstractContextManager[Any]]
    options: dict[str, Any] = field(default_factory=dict)


class Peer(Protocol):
    """A library that can train a perceptron."""

    @property
    def name(self) -> str:
        """The peer's name in the table."""
        ...

    def takes(self, work: Work) -> bool:
        """Return True if the peer can do the work."""
        ...

    def ways(self) -> list[Way]:
        """Return the configurations, of which the fastest counts."""
        ...

    def prepare(self, work: Work, way: Way) -> Training:
        """Return a fresh training, after all one-time preparations."""
        ...

    def prepare_prediction(self, work: Work, way: Way) -> Training:
        """Return a network with the initial weights that predicts the samples, NumPy to NumPy.

        Its `run` returns the mean of the predictions.
        """
        ...
