"""Arrays on disk, mapped into memory: .npy files, and temporary files without a name.

The space of a file is reserved before it is mapped: writing to a mapped page that has no space on
a full disk would end the process with SIGBUS.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from lamina.errors import SpoolError

# Errors of a disk that is full, or of a limit on the user's bytes or on the size of a file.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
ZEROS = bytes(1 << 20)


def create_npy(path: Path, shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
    """Create a .npy file of zeros and return it as a writable array mapped into memory.

    Parameters
    ----------
    path : Path
    shape : sequence of int
    dtype : dtype

    Raises
    ------
    SpoolError
        If the disk has too little space; the file is removed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     array = create_npy(Path(folder, "X.npy"), (3, 2), "float32")
    ...     array[1] = 5
    ...     float(np.load(Path(folder, "X.npy")).sum())
    10.0
    """
    header = {"descr": npy.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
    try:
        with open(path, "xb+") as file:
            npy.write_array_header_1_0(file, header | {"shape": tuple(shape)})
            return _map(file, file.tell(), shape, dtype, path.parent)
    except SpoolError:
        path.unlink(missing_ok=True)
        raise


def create_unnamed(
    shape: Sequence[int], dtype: DTypeLike, folder: Path | None = None
) -> NDArray[Any]:
    """Return a writable array of zeros in a temporary file, which ends with the process.

    Parameters
    ----------
    shape : sequence of int
    dtype : dtype
    folder : Path, optional
        By default the folder of temporary files.

    Raises
    ------
    SpoolError
        If the disk has too little space.
    """
    where = Path(tempfile.gettempdir()) if folder is None else folder
    with tempfile.TemporaryFile(dir=where) as file:
        return _map(file, 0, shape, dtype, where)


def _map(
    file: BinaryIO, offset: int, shape: Sequence[int], dtype: DTypeLike, folder: Path
) -> NDArray[Any]:
    shape, dtype = tuple(map(int, shape)), np.dtype(dtype)
    n_bytes = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if not n_bytes:
        return np.empty(shape, dtype)
    file.flush()
    reserve(file, offset, n_bytes, folder)
    # A plain array: its base keeps the map open, and NumPy and the engines read it as any other.
    return np.asarray(np.memmap(file, dtype, "r+", offset, shape))


def reserve(file: BinaryIO, offset: int, n_bytes: int, folder: Path) -> None:
    """Give a file space on its disk from an offset on.

    Raises
    ------
    SpoolError
        If the disk has too little space.
    """
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), offset, n_bytes)
            return
        file.seek(offset)
        for start in range(0, n_bytes, len(ZEROS)):
            file.write(ZEROS[: n_bytes - start])
        file.flush()
    except OSError as error:
        if error.errno in FULL:
            raise no_space(folder, n_bytes) from None
        raise


def require_space(folder: Path, n_bytes: int) -> None:
    """Reject a folder whose disk has fewer free bytes.

    Raises
    ------
    SpoolError
        Names the folder, and both numbers.
    """
    if shutil.disk_usage(folder).free < n_bytes:
        raise no_space(folder, n_bytes)


def no_space(folder: Path, n_bytes: int) -> SpoolError:
    """Return the error of a disk without space for so many bytes."""
    free = shutil.disk_usage(folder).free
    return SpoolError(
        errno.ENOSPC,
        f"the disk of {folder} has {in_units(free)} left, and the spool needs {in_units(n_bytes)}: "
        "free some, or choose a folder on another disk with spool='FOLDER' (--spool FOLDER)",
    )


def in_units(n_bytes: int) -> str:
    """Return a number of bytes as text.

    Examples
    --------
    >>> in_units(8_000_000_128), in_units(2_500_000), in_units(800)
    ('8.0 GB', '2.5 MB', '800 bytes')
    """
    for size, unit in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"


def is_mapped(array: object) -> bool:
    """Return True for an array whose elements lie in a file mapped into memory."""
    return _map_of(array) is not None


def folder_of(array: object) -> Path | None:
    """Return the folder of the file that an array is mapped to; None for a file without a name."""
    name = getattr(_map_of(array), "filename", None)
    return None if name is None else Path(name).parent


def _map_of(array: object) -> np.memmap[Any, Any] | None:
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return array
        array = array.base
    return None
