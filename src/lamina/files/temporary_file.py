"""Temporary files beside their target: locked while in use, swept away once their writer is gone.

A name tells the target (a hash of its name, so that its length never matters), not the writer: a
process id would mean nothing on another machine or in another container that shares the folder. In
use is what the operating system holds a lock on; it lets go of the lock when the writer dies.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

SECONDS_UNTIL_STALE_WITHOUT_LOCKS = 24 * 60 * 60


def create_temporary(target: Path) -> BinaryIO:
    """A new file beside target, open for writing, its permissions those that the umask leaves."""
    while True:
        file: BinaryIO = open(_prefix(target) + secrets.token_hex(8) + ".tmp", "xb")  # noqa: SIM115
        _lock(file)
        # A sweep may have come between creation and lock, and taken the file for an orphan.
        if os.fstat(file.fileno()).st_nlink > 0:
            return file
        file.close()


def temporaries(target: Path) -> Iterator[Path]:
    """All temporary files of this target, in use or left behind."""
    return target.parent.glob(Path(_prefix(target)).name + "*.tmp")


def remove_stale_temporaries(target: Path) -> None:
    """Remove what writers that died have left; what cannot be judged or removed stays."""
    for path in temporaries(target):
        with suppress(OSError):
            _remove_unless_in_use(path)


def _prefix(target: Path) -> str:
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return str(target.parent / f".lamina-{name}-")


def _long_untouched(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > SECONDS_UNTIL_STALE_WITHOUT_LOCKS


if sys.platform == "win32":

    def _lock(file: BinaryIO) -> None:
        """Windows removes no file that is open: nothing else is needed."""

    def _remove_unless_in_use(path: Path) -> None:
        # The writer has to close its file just before it renames it, hence the age as well.
        if _long_untouched(path):
            path.unlink()

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        # Some network file systems have no locks; there age decides.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)

    def _remove_unless_in_use(path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if _has_no_writer(descriptor, path):
                path.unlink()
        finally:
            os.close(descriptor)

    def _has_no_writer(descriptor: int, path: Path) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return _long_untouched(path)
        return True
