"""The timed libraries: lamina, scikit-learn, and PyTorch and JAX if installed."""

from __future__ import annotations

import importlib.util

from benchmarks.speed.peers.lamina import laminas
from benchmarks.speed.peers.peer import Peer, Training, Way
from benchmarks.speed.peers.scikit_learn import ScikitLearn

__all__ = ["Peer", "Training", "Way", "absent_peers", "present_peers"]

_OPTIONAL = {"torch": "PyTorch", "jax": "JAX"}


def absent_peers() -> list[str]:
    """Return the packages of peers that are not installed."""
    return [name for name in _OPTIONAL if importlib.util.find_spec(name) is None]


def present_peers() -> list[Peer]:
    """Return the installed peers, lamina first."""
    peers: list[Peer] = [*laminas(), ScikitLearn()]
    if "torch" not in absent_peers():
        from benchmarks.speed.peers.pytorch import PyTorch

        peers.append(PyTorch())
    if "jax" not in absent_peers():
        from benchmarks.speed.peers.jax import Jax

        peers.append(Jax())
    return peers
