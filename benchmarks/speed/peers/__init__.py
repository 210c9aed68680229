"""Who is timed: lamina, scikit-learn, and PyTorch where it is installed."""

from __future__ import annotations

import importlib.util

from benchmarks.speed.peers.lamina import Lamina
from benchmarks.speed.peers.peer import Peer, Training, Way
from benchmarks.speed.peers.scikit_learn import ScikitLearn

__all__ = ["Peer", "Training", "Way", "present_peers"]


def present_peers() -> list[Peer]:
    """The peers that can run here, lamina first."""
    peers: list[Peer] = [Lamina(), ScikitLearn()]
    if importlib.util.find_spec("torch") is not None:
        from benchmarks.speed.peers.pytorch import PyTorch

        peers.append(PyTorch())
    return peers
