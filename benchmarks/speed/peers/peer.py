"""The protocol of a peer: ways to run it, and a training that is ready to be timed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from benchmarks.speed.cases import Work

# Trains from the first weights to the last epoch and returns that epoch's mean loss.
Training: TypeAlias = Callable[[], float]


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
    options: dict[str, Any]


class Peer(Protocol):
    """A library that can train a perceptron."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    def ways(self) -> list[Way]:
        """The ways to run it, of which the best counts."""
        ...

    def prepare(self, work: Work, way: Way) -> Training:
        """A fresh training, with everything that a user would do once already done."""
        ...
