"""Attempts of one fit: after the loss of a worker, the others resume from the last checkpoint."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from lamina.errors import WorkerLostError, WorkerLostWarning

# Attempts in a row that may end without a new checkpoint.
MOST_IN_VAIN = 5
# Seconds between checkpoints that only a loss of workers needs.
CHECKPOINT_SECONDS = 30.0


def run_attempts(
    estimator: Any,
    run: Callable[[str | PathLike[str] | None], None],
    resume: str | PathLike[str] | None,
    may_retry: Callable[[], bool],
) -> None:
    """Call `run(resume)` until it ends without the loss of a worker.

    The estimator writes checkpoints, from which each further attempt resumes.

    Warns
    -----
    WorkerLostWarning
        For every loss.

    Raises
    ------
    WorkerLostError
        If several attempts in a row make no progress, or no worker is left.
    """
    path, began, limit = Path(estimator.checkpoint), perf_counter(), estimator.max_seconds
    generator = _state_of(estimator.random_state)
    written, in_vain = _stamp(path), 0
    while True:
        try:
            run(resume)
            return
        except WorkerLostError as error:
            now = _stamp(path)
            in_vain = in_vain + 1 if now == written else 0
            if in_vain >= MOST_IN_VAIN or not may_retry():
                raise
            if now != written:
                resume, written, generator = path, now, None
            place = "from the beginning" if resume is None else f"from {os.fspath(resume)}"
            warnings.warn(
                f"{error}; the fit resumes {place} with the workers that are left.",
                WorkerLostWarning,
                stacklevel=4,
            )
        if generator is not None:
            estimator.random_state.set_state(generator)
        if limit is not None:
            estimator.max_seconds = max(1e-3, limit - (perf_counter() - began))


@contextmanager
def with_checkpoints(estimator: Any, checkpoint: str | PathLike[str] | None) -> Iterator[None]:
    """Let the estimator write checkpoints inside the block, in a temporary folder by default."""
    before = {name: getattr(estimator, name) for name in CHANGED}
    with TemporaryDirectory(prefix="lamina-") as folder:
        if checkpoint is not None:
            estimator.checkpoint = checkpoint
        elif estimator.checkpoint is None:
            estimator.checkpoint = os.path.join(folder, "checkpoint")
            estimator.checkpoint_seconds = CHECKPOINT_SECONDS
        try:
            yield
        finally:
            vars(estimator).update(before)


CHANGED = ("checkpoint", "checkpoint_seconds", "max_seconds")


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what distinguishes a file from the one that replaces it; None without a file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _state_of(random_state: object) -> dict[str, object] | None:
    """Return the state of a generator that a fit changes."""
    if isinstance(random_state, np.random.RandomState):
        return dict(random_state.get_state(legacy=False))
    return None
