"""Write a file atomically: at every moment its path holds the complete old or new file.

The bytes go to a temporary file in the same folder and are flushed to disk (fsync); then one
rename puts the file in place, and an fsync of the folder makes the rename durable.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lamina.files.temporary_file import create_temporary, remove_stale_temporaries


def write_atomically(
    path: str | os.PathLike[str],
    chunks: Iterable[bytes | memoryview],
    *,
    overwrite: bool = False,
) -> None:
    """Write chunks to path, in order, all of them or none.

    A new file has the permissions that the umask leaves; a replaced file keeps its own. If path
    is a symbolic link, the file that it points to is written, and the link stays.

    Parameters
    ----------
    path : str or path-like
        Path of the file; its folder must exist.
    chunks : iterable of bytes or contiguous memoryview
        Content of the file.
    overwrite : bool, default=False
        If True, replace an existing file. If False, no race can replace one.

    Raises
    ------
    FileExistsError
        If path exists and overwrite is False.
    IsADirectoryError, PermissionError, FileNotFoundError, OSError
        If path is a folder, a read-only file, in no folder, or not a regular file; or if writing
        fails. The old file is then unchanged, and no temporary file is left.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "greeting")
    ...     write_atomically(path, [b"good ", b"day"])
    ...     path.read_bytes()
    b'good day'
    """
    target = Path(os.path.realpath(path))
    mode = _mode_to_keep(target, overwrite)
    remove_stale_temporaries(target)
    file = create_temporary(target)
    try:
        with file:
            if mode is not None:
                os.chmod(file.name, mode)
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()  # Windows cannot rename an open file; elsewhere it stays locked.
            _put_in_place(file.name, target, overwrite)
    except BaseException:
        with suppress(OSError):
            os.unlink(file.name)
        raise
    _sync_folder(target.parent)


def _mode_to_keep(target: Path, overwrite: bool) -> int | None:
    """Return the permissions of the file to replace, or None; raise if it must not be replaced."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if target.parent.is_dir():
            return None
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(target.parent)) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder, not a file", str(target))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "this is not a regular file and is not replaced", str(target))
    if not overwrite:
        raise _exists(target)
    if not mode & stat.S_IWUSR:
        raise PermissionError(errno.EACCES, "this file is read-only", str(target))
    return stat.S_IMODE(mode)


def _exists(target: Path) -> FileExistsError:
    reason = "this file exists already; pass overwrite=True to replace it"
    return FileExistsError(errno.EEXIST, reason, str(target))


def _put_in_place(temporary: str, target: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(temporary, target)
        return
    try:
        _rename_to_free_name(temporary, target)
    except FileExistsError:
        raise _exists(target) from None


def _rename_to_free_name(temporary: str, target: Path) -> None:
    """Rename, and raise FileExistsError if a file of that name has appeared in the meantime."""
    if sys.platform == "win32":
        os.rename(temporary, target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        _reserve_and_replace(temporary, target)
    else:
        os.unlink(temporary)


def _reserve_and_replace(temporary: str, target: Path) -> None:
    # For file systems without hard links (FAT, many network and cloud drives). A crash between the
    # two steps leaves an empty file where there was none, but never replaces a user's model.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(target)
        raise


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:  # A folder may be writable and yet not readable.
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)
