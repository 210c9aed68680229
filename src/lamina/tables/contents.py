"""Read the bytes of a table's file from a path or standard input, and decompress them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lamina.errors import TableError, suggestion

STANDARD_INPUT = "-"
_PACKERS: Mapping[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\x00": ("xz", lzma.decompress),
}
_ENDINGS = (".gz", ".bz2", ".xz", ".zip")
ZIP = b"PK\x03\x04"
_UNPACKING_ERRORS = (
    *(OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
    *(NotImplementedError, RuntimeError, KeyError),
)
_URL = re.compile(r"(https?|ftp|s3|gs|hdfs):/+", re.IGNORECASE)


@dataclass(frozen=True)
class Contents:
    """The bytes of a file.

    Attributes
    ----------
    label : str
        Name of the file in messages.
    ending : str
        Suffix of the decompressed file's name, in lower case, such as '.csv'.
    data : bytes
        Decompressed content.
    """

    label: str
    ending: str
    data: bytes


def read_contents(path: Path, *, unpacks: bool = True) -> Contents:
    """Return the bytes of a file, or of standard input for '-'.

    Raises
    ------
    FileNotFoundError
        With the nearest match in the folder, or with the command that downloads a URL.
    TableError
        If a compressed file is damaged or holds several files.
    """
    label = "standard input" if str(path) == STANDARD_INPUT else str(path)
    data = _read(path)
    name = PurePosixPath(path.name.lower())
    for magic, (kind, unpack) in _PACKERS.items():
        if data.startswith(magic):
            _reject_packed(label, kind, unpacks)
            data = _unpacked(label, kind, unpack, data)
            break
    if data.startswith(ZIP) and not _is_workbook(data):
        _reject_packed(label, "zip", unpacks)
        data, member = _unzipped(label, data)
        return Contents(label, PurePosixPath(member.lower()).suffix, data)
    ending = name.with_suffix("").suffix if name.suffix in _ENDINGS else name.suffix
    return Contents(label, ending, data)


def _read(path: Path) -> bytes:
    if str(path) == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    if (url := _URL.match(str(path))) is not None:
        raise FileNotFoundError(
            f"{path} is a URL, and lamina reads only files: download it first, for example with "
            f"curl -L -o table.csv {url[1]}://{str(path)[url.end() :]}"
        )
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a table's file in it")
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise FileNotFoundError(f"{path}: no such file.{suggestion(path.name, siblings)}")
    # This also reads a pipe such as /dev/stdin to its end.
    with path.open("rb") as file:
        return file.read()


def _is_workbook(data: bytes) -> bool:
    return b"[Content_Types].xml" in data[:4096] or b"xl/workbook.xml" in data


def _reject_packed(label: str, kind: str, unpacks: bool) -> None:
    if not unpacks:
        raise TableError(f"{label} is not a text file: it is compressed by {kind}; unpack it first")


def _unpacked(label: str, kind: str, unpack: Callable[[bytes], bytes], data: bytes) -> bytes:
    try:
        return unpack(data)
    except _UNPACKING_ERRORS as error:
        raise TableError(
            f"{label} is compressed by {kind} and damaged or cut short ({error}): copy it anew"
        ) from None


def _unzipped(label: str, data: bytes) -> tuple[bytes, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [
                each.filename
                for each in archive.infolist()
                # macOS adds such a folder to its archives.
                if not each.is_dir() and not each.filename.startswith("__MACOSX/")
            ]
            if len(names) == 1:
                return archive.read(names[0]), names[0]
    except _UNPACKING_ERRORS as error:
        raise TableError(
            f"{label} is a zip archive and damaged or cut short ({error}): copy it anew"
        ) from None
    listed = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    raise TableError(
        f"{label} holds {len(names)} files ({listed}): unpack it, and name one of them"
    )
