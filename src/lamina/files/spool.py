"""A spool: a folder of .npy files for the samples of one fit, removed with the fit.

A lock file beside the folder is locked while the fit runs. The operating system ends the lock with
the process, also after kill -9; the next spool in the same place removes what nobody locks.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import DTypeLike, NDArray

from lamina.errors import SpoolError
from lamina.files.disk_arrays import create_npy, require_space
from lamina.files.temporary_file import lock, remove_unless_in_use

PREFIX = "lamina-spool-"
LOCK = ".lock"


@dataclass(frozen=True)
class Spool:
    """A folder of .npy files that lasts as long as its fit.

    Attributes
    ----------
    path : Path

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open_spool(Path(folder), n_bytes=4000) as spool:
    ...         X = spool.create("X", (500, 2), "float32")
    ...         names = sorted(path.name for path in spool.path.iterdir())
    ...     names, list(Path(folder).iterdir())
    (['X.npy'], [])
    """

    path: Path

    def create(self, name: str, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros, mapped to the file NAME.npy.

        Raises
        ------
        SpoolError
            If the disk is full.
        """
        return create_npy(self.path / f"{name}.npy", shape, dtype)


@contextmanager
def open_spool(folder: str | os.PathLike[str] | None, n_bytes: int) -> Iterator[Spool]:
    """Make a spool for the block of a `with` statement, and remove it at its end.

    Spools that dead processes have left in the folder are removed first.

    Parameters
    ----------
    folder : str or path-like or None
        Folder of the spool, made if there is none; None for that of temporary files.
    n_bytes : int
        Number of bytes that will be written.

    Raises
    ------
    SpoolError
        If the disk has too little space, or the folder cannot be written to.
    """
    place = spool_folder(folder)
    remove_stale_spools(place)
    require_space(place, n_bytes)
    with _locked_name(place) as path:
        try:
            path.mkdir()
            yield Spool(path)
        finally:
            shutil.rmtree(path, ignore_errors=True)


def spool_folder(folder: str | os.PathLike[str] | None) -> Path:
    """Return the folder for spools, which is made if there is none.

    Raises
    ------
    SpoolError
        If it is a file, or cannot be made or written to.
    """
    place = Path(tempfile.gettempdir() if folder is None else folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        # Permission bits mislead for root and on read-only or network drives.
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        reason = "it is a file" if place.is_file() else (error.strerror or str(error)).lower()
        raise SpoolError(
            error.errno,
            f"spool={str(place)!r} cannot hold a spool, {reason}: choose a folder that can be "
            "written to",
        ) from None
    return place


def remove_stale_spools(folder: Path) -> None:
    """Remove the spools of dead processes in a folder; what cannot be removed stays."""
    for name in folder.glob(f"{PREFIX}*{LOCK}"):
        with suppress(OSError):
            remove_unless_in_use(name, lambda held: _remove(held.with_suffix("")))


def _remove(path: Path) -> None:
    """Remove a spool's folder, before its lock file."""
    if path.exists():
        shutil.rmtree(path)


@contextmanager
def _locked_name(folder: Path) -> Iterator[Path]:
    """Lock a new name for a spool, and remove the lock file at the end."""
    file = _create_lock(folder)
    name = Path(file.name)
    try:
        yield name.with_suffix("")
    finally:
        if sys.platform == "win32":
            file.close()
        # A folder that could not be removed keeps its lock file, so that a later run removes both.
        if not name.with_suffix("").exists():
            with suppress(OSError):
                name.unlink()
        file.close()


def _create_lock(folder: Path) -> BinaryIO:
    while True:
        path = folder / f"{PREFIX}{secrets.token_hex(8)}{LOCK}"
        file: BinaryIO = open(path, "xb")  # noqa: SIM115
        lock(file)
        # A cleanup may have come between creation and lock, and removed the file as an orphan.
        if os.fstat(file.fileno()).st_nlink > 0:
            return file
        file.close()
