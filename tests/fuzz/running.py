"""Run the mutants of one target in sequence, in this process."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.budget import time_limit
from tests.fuzz.targets import Target


@dataclass(frozen=True)
class Failure:
    """Mutant that raised an undocumented exception.

    Attributes
    ----------
    seed : int
    error : Exception
    """

    seed: int
    error: Exception


class RewrittenFile:
    """File whose content is replaced in place, because reopening it would be the largest cost.

    After a crash of the process its content is that of the latest `write`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115

    def write(self, content: bytes) -> None:
        """Replace the content."""
        self._file.seek(0)
        self._file.write(content)
        self._file.truncate()

    def close(self) -> None:
        """Close the file, and leave it in its folder."""
        self._file.close()


def failures(target: Target, seeds: range, folder: Path) -> Iterator[Failure]:
    """Make the mutant of every seed and use it; yield those that fail.

    folder/mutant holds the latest mutant, folder/seed its seed.
    """
    mutant, position = RewrittenFile(folder / "mutant"), RewrittenFile(folder / "seed")
    try:
        for seed in seeds:
            position.write(str(seed).encode())
            rng = random.Random(seed)
            which = target.choose(rng)
            try:
                mutant.write(target.seeds[which].mutant(rng))
            except (ValueError, OverflowError):
                continue  # JSON or an array that no file can hold.
            try:
                with time_limit():
                    target.use(which, mutant.path, rng)
            except Exception as error:
                yield Failure(seed, error)
    finally:
        mutant.close()
        position.close()


def quick_folder(folder: Path) -> Path:
    """Return a folder in memory if the system has one, else this folder."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else folder
