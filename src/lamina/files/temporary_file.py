"""Temporary files next to their target, locked while in use and removed once their writer is gone.

A name identifies the target (by a hash of its name, so that its length does not matter), not the
writer: a process id is meaningless on another machine or in another container that shares the
folder. A file is in use while the operating system holds a lock on it, which ends when the writer
dies.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

SECONDS_UNTIL_STALE_WITHOUT_LOCKS = 24 * 60 * 60


def create_temporary(target: Path) -> BinaryIO:
    """Create a file next to target and open it for writing, with the permissions of the umask."""
    while True:
        file: BinaryIO = open(_prefix(target) + secrets.token_hex(8) + ".tmp", "xb")  # noqa: SIM115
        lock(file)
        # A cleanup may have come between creation and lock, and removed the file as an orphan.
        if os.fstat(file.fileno()).st_nlink > 0:
            return file
        file.close()


def temporaries(target: Path) -> Iterator[Path]:
    """Yield all temporary files of this target, in use or left behind."""
    return target.parent.glob(Path(_prefix(target)).name + "*.tmp")


def remove_stale_temporaries(target: Path) -> None:
    """Remove files of dead writers; files that cannot be checked or removed stay."""
    for path in temporaries(target):
        with suppress(OSError):
            remove_unless_in_use(path)


def _prefix(target: Path) -> str:
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    return str(target.parent / f".lamina-{name}-")


def _long_untouched(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > SECONDS_UNTIL_STALE_WITHOUT_LOCKS


if sys.platform == "win32":

    def lock(file: BinaryIO) -> None:
        """Do nothing: Windows never removes an open file."""

    def remove_unless_in_use(path: Path, before: Callable[[Path], None] | None = None) -> None:
        """Remove a file that has not changed for long; call `before` with its path first."""
        # The writer has to close its file just before renaming it, so age counts as well.
        if _long_untouched(path):
            if before is not None:
                before(path)
            path.unlink()

else:
    import fcntl

    def lock(file: BinaryIO) -> None:
        """Lock a file as in use until it is closed or its process ends."""
        # Some network file systems have no locks; there, age decides.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)

    def remove_unless_in_use(path: Path, before: Callable[[Path], None] | None = None) -> None:
        """Remove a file that nobody has locked; call `before` with its path first."""
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if _has_no_writer(descriptor, path):
                if before is not None:
                    before(path)
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
