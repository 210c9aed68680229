"""Model files as bytes: safetensors files whose metadata contain the SHA-256 of all their bytes.

Layout: 8 bytes N (little-endian); N bytes of JSON, padded with spaces; the tensors, little-endian,
row-major, widest dtype first, without gaps.

    {"__metadata__": {"format": "lamina model", "sha256": …, "format_version": "1", …},
     name: {"dtype": "F64", "shape": [2, 3], "data_offsets": [0, 48]}, …}

The header starts with `format` and `sha256`, in that order, in every format version. The digest is
therefore always at the same offset, and it is computed over the whole file with 64 zeros in its
place. The safetensors library can read such a file but not write one: it does not fix the order of
the header's values, and it copies every tensor to bytes first.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.errors import ModelFileError

FORMAT = "lamina model"
# Increase this when an older lamina could not read, or would misread, new files. All earlier
# versions stay readable: tests/persistence/data has a file of each.
FORMAT_VERSION = 1
LONGEST_HEADER = 100_000_000  # The safetensors library's own limit.

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
DTYPE_NAMES = {np.dtype(code): name for name, code in DTYPES.items()}

_LENGTH = 8
_START = f'{{"__metadata__":{{"format":"{FORMAT}","sha256":"'.encode()
_NO_DIGEST = b"0" * 64
_DIGEST = slice(_LENGTH + len(_START), _LENGTH + len(_START) + len(_NO_DIGEST))

_SIGNATURES = {
    b"PK\x03\x04": "it is a zip archive (as PyTorch and skops write them)",
    b"\x80": "it is a pickle, and lamina never unpickles",
    b"\x89HDF": "it is an HDF5 file",
    b"\x1f\x8b": "it is a gzip archive",
}

Tensor: TypeAlias = NDArray[Any]
# A value that json.loads returns.
Json: TypeAlias = Any


class ModelFile(NamedTuple):
    """Content of a model file: text by key and arrays by name, both in the file's order."""

    metadata: dict[str, str]
    tensors: dict[str, Tensor]


def to_chunks(
    metadata: Mapping[str, str], tensors: Mapping[str, Tensor]
) -> list[bytes | memoryview]:
    """Return the bytes of a model file in pieces, so that contiguous tensors need no copy.

    Parameters
    ----------
    metadata : mapping of str to str
        Texts by key; 'format', 'sha256' and 'format_version' are added.
    tensors : mapping of str to ndarray
        Arrays of any shape, with a dtype in DTYPES, in either byte order.

    Returns
    -------
    list of bytes and memoryviews
        Pieces to be written in order.

    Examples
    --------
    >>> import numpy as np
    >>> length, header, tensor = to_chunks({"notes": "{}"}, {"w": np.ones((2, 3))})
    >>> int.from_bytes(length, "little") == len(header), tensor.nbytes
    (True, 48)
    """
    ordered = sorted(tensors.items(), key=lambda item: -item[1].dtype.itemsize)
    header = _header(metadata, ordered)
    if len(header) > LONGEST_HEADER:
        raise ValueError(
            f"the model's names and lists take {len(header)} bytes, and a model file has room for "
            f"{LONGEST_HEADER} (not counting the numbers in arrays)"
        )
    length = len(header).to_bytes(_LENGTH, "little")
    payload = [_bytes_of(tensor) for _, tensor in ordered]
    digest = hashlib.sha256(length + header)
    for part in payload:
        digest.update(part)
    signed = _START + digest.hexdigest().encode() + header[len(_START) + len(_NO_DIGEST) :]
    return [length, signed, *payload]


def read_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """Read and verify a model file with one read; the tensors are writable views of its bytes.

    Raises
    ------
    FileNotFoundError, PermissionError
        If there is no file at path, or it is not readable.
    ModelFileError
        For anything but an unaltered model file of a format version up to FORMAT_VERSION.
    """
    content = _read(path)
    _verify(content)
    header_end = _LENGTH + int.from_bytes(content[:_LENGTH].tobytes(), "little")
    if header_end > min(len(content), _LENGTH + LONGEST_HEADER):
        raise ModelFileError("its header is longer than a header may be")
    header = parse_json(content[_LENGTH:header_end].tobytes())
    metadata = header.pop("__metadata__")
    if not all(isinstance(text, str) for text in metadata.values()):
        raise ModelFileError("its metadata are not all text")
    _check_version(metadata)
    return ModelFile(metadata, _views(header, content[header_end:]))


def parse_json(text: str | bytes) -> dict[str, Json]:
    """Parse a JSON object; raise ModelFileError for anything else and for repeated names."""
    try:
        parsed = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"a part of it is not valid JSON ({error})") from None
    if not isinstance(parsed, dict):
        raise ModelFileError("a part of it is not a JSON object")
    return parsed


def _without_repetition(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    parsed = dict(pairs)
    if len(parsed) < len(pairs):
        raise ValueError("a name appears twice in one object")
    return parsed


def _header(metadata: Mapping[str, str], ordered: list[tuple[str, Tensor]]) -> bytes:
    first = {"format": FORMAT, "sha256": _NO_DIGEST.decode(), "format_version": str(FORMAT_VERSION)}
    header: dict[str, Json] = {"__metadata__": {**first, **metadata}}
    start = 0
    for name, tensor in ordered:
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype.newbyteorder("<")],
            "shape": tensor.shape,
            "data_offsets": (start, start + tensor.nbytes),
        }
        start += tensor.nbytes
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    return text + b" " * (-len(text) % 8)


def _bytes_of(tensor: Tensor) -> memoryview:
    little = tensor.astype(tensor.dtype.newbyteorder("<"), order="C", copy=False)
    return little.reshape(-1).view(np.uint8).data


def _read(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ModelFileError("it is a folder or a device, not a file")
    with open(path, "rb") as file:
        start = file.read(_DIGEST.stop)
        if start[_LENGTH : _DIGEST.start] != _START:
            raise ModelFileError(_describe_foreign_file(start))
        content = np.empty(os.fstat(file.fileno()).st_size, dtype=np.uint8)
        file.seek(0)
        if file.readinto(content.data) != len(content):
            raise ModelFileError("it was cut short while it was read")
        return content


def _describe_foreign_file(start: bytes) -> str:
    if not start:
        return "it is empty"
    for signature, meaning in _SIGNATURES.items():
        if start.startswith(signature):
            return meaning
    if start[_LENGTH : _LENGTH + 2] in (b'{"', b"{}"):
        return "it is a safetensors file, but was not written by lamina, or it was altered"
    return "it was not written by lamina"


def _verify(content: NDArray[np.uint8]) -> None:
    digest = hashlib.sha256(content[: _DIGEST.start].data)
    digest.update(_NO_DIGEST)
    digest.update(content[_DIGEST.stop :].data)
    if content[_DIGEST].tobytes() != digest.hexdigest().encode():
        raise ModelFileError(
            "it has been altered or cut short since it was written (its SHA-256 does not match)"
        )


def _check_version(metadata: Mapping[str, str]) -> None:
    version = metadata.get("format_version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10 and int(version) > 0):
        raise ModelFileError(f"its format version is {version!r}, which is not a version")
    if int(version) > FORMAT_VERSION:
        raise ModelFileError(
            f"it has format version {version}, and this lamina supports versions up to "
            f"{FORMAT_VERSION}; upgrade lamina (pip install --upgrade lamina)"
        )


def _views(entries: Mapping[str, Json], payload: NDArray[np.uint8]) -> dict[str, Tensor]:
    """Return every tensor as a view; they must fill the payload without gaps, in order."""
    tensors, start = {}, 0
    for name, entry in entries.items():
        dtype, shape, (begin, end) = _checked(name, entry)
        if begin != start or end - begin != math.prod(shape) * dtype.itemsize or end > len(payload):
            raise ModelFileError(f"the place of its tensor {name!r} does not fit the file")
        flat = np.frombuffer(payload.data, dtype, math.prod(shape), begin)
        if dtype.kind == "b" and flat.view(np.uint8).max(initial=0) > 1:
            raise ModelFileError(f"its tensor {name!r} contains bytes that are neither 0 nor 1")
        tensors[name] = flat.astype(dtype.newbyteorder("="), copy=False).reshape(shape)
        start = end
    if start != len(payload):
        raise ModelFileError("bytes follow its last tensor")
    return tensors


def _checked(name: str, entry: Json) -> tuple[np.dtype[np.generic], list[int], list[int]]:
    if not (isinstance(entry, dict) and entry.keys() == {"dtype", "shape", "data_offsets"}):
        raise ModelFileError(f"its tensor {name!r} is not described by dtype, shape and offsets")
    shape, offsets = entry["shape"], entry["data_offsets"]
    numbers = [*shape, *offsets] if isinstance(shape, list) and isinstance(offsets, list) else [-1]
    fits = all(type(number) is int and 0 <= number < 2**62 for number in numbers)
    # NumPy rejects a shape whose strides overflow, even if another dimension is 0.
    if not fits or len(offsets) != 2 or len(shape) > 32 or math.prod(n or 1 for n in shape) > 2**55:
        raise ModelFileError(f"the shape or offsets of its tensor {name!r} are out of range")
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in DTYPES:
        raise ModelFileError(f"its tensor {name!r} has an unknown dtype: {entry['dtype']!r}")
    return np.dtype(DTYPES[entry["dtype"]]), shape, offsets
