"""Binary messages: a JSON header followed by arrays, as described in web/PROTOCOL.md."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping

import numpy as np

from lamina.formulas.table import AnyArray
from lamina.workbench.data.plain import Message, Plain

MAGIC, VERSION = b"LAMW", 1
ALIGNMENT = 8
# Magic number, version, padding, length of the header, padding.
_PREFIX = struct.Struct("<4sHHII")
DTYPES = ("float32", "float64", "int32", "uint8")
# Keyed by type code, because looking up a NumPy dtype's name is slow.
_NAMES = {np.dtype(name).str[1:]: name for name in DTYPES}
_PLAIN = frozenset({str, int, bool, type(None)})


def encode(header: Plain, arrays: Mapping[str, AnyArray]) -> bytes:
    """Return a message of a header and arrays.

    Parameters
    ----------
    header : mapping
        Plain values; infinities and NaN become null.
    arrays : mapping of str to ndarray
        Arrays of a dtype in DTYPES.

    Raises
    ------
    TypeError
        For an array of another dtype.

    Examples
    --------
    >>> message = encode({"kind": "frame"}, {"loss": np.array([0.5, 0.25])})
    >>> header, arrays = decode(message)
    >>> header["kind"], arrays["loss"].tolist()
    ('frame', [0.5, 0.25])
    """
    places, parts, offset = [], [], 0
    for name, array in arrays.items():
        code = array.dtype.str
        if code[1:] not in _NAMES:
            raise TypeError(f"{name} has dtype {array.dtype}; a frame supports {', '.join(DTYPES)}")
        data = (array.astype(f"<{code[1:]}") if code[0] == ">" else array).tobytes()
        dtype, shape = _NAMES[code[1:]], list(array.shape)
        places.append({"name": name, "dtype": dtype, "shape": shape, "offset": offset})
        parts += [data, b"\0" * (-len(data) % ALIGNMENT)]
        offset += len(data) + len(parts[-1])
    text = to_json({**header, "arrays": places}).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return b"".join([_PREFIX.pack(MAGIC, VERSION, 0, len(text), 0), text, *parts])


def decode(message: bytes) -> tuple[Message, dict[str, AnyArray]]:
    """Return the header and the arrays of a message; raise ValueError if it is not valid."""
    if len(message) < _PREFIX.size:
        raise ValueError(f"{len(message)} bytes are too short for a frame")
    magic, version, _, length, _ = _PREFIX.unpack_from(message)
    if magic != MAGIC or version != VERSION:
        raise ValueError(f"not a frame of version {VERSION}: it begins with {message[:6]!r}")
    begin = _PREFIX.size + length
    header = json.loads(message[_PREFIX.size : begin])
    arrays = {}
    for place in header.pop("arrays"):
        shape = place["shape"]
        arrays[place["name"]] = np.frombuffer(
            message,
            np.dtype(place["dtype"]).newbyteorder("<"),
            math.prod(shape),
            begin + place["offset"],
        ).reshape(shape)
    return header, arrays


def to_json(plain: object) -> str:
    """Return JSON with null for infinities and NaN, and '?' for unpaired surrogates."""
    text = json.dumps(finite(plain), allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def finite(plain: object) -> object:
    """Convert plain values: None for infinite or NaN numbers, Python types for NumPy scalars."""
    if type(plain) in _PLAIN:
        return plain
    if isinstance(plain, Mapping):
        return {str(name): finite(value) for name, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [finite(value) for value in plain]
    if isinstance(plain, np.generic):
        return finite(plain.item())
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return plain
