"""Checkpoints: the complete state of a running fit in a file, for bit-identical resuming.

A checkpoint is a file in lamina's own layout, written atomically: after `kill -9` its path holds
the previous checkpoint or this one, complete. It identifies its fit, so that no other resumes it.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, is_dataclass
from functools import cache
from importlib.metadata import version as installed_version
from numbers import Number
from time import perf_counter
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lamina.errors import CheckpointError, ModelFileError
from lamina.files.atomic_file import write_atomically
from lamina.files.fields import check_fields, refused, text
from lamina.files.model_file import Json, parse_json, read_model_file, to_chunks
from lamina.files.plain import MISFITS, PlainReader, PlainWriter
from lamina.formulas.table import AnyArray, Matrix

KEY = "checkpoint"


@cache
def lamina_version() -> str:
    """Return the version of lamina; cached, because reading a checkpoint is faster."""
    return installed_version("lamina")


@dataclass
class Checkpoint:
    """Path and frequency of a fit's checkpoints, and the identity of the fit.

    Attributes
    ----------
    path : str or path-like
    identity : dict
        Plain values by name, which a fit must share to resume from the checkpoint.
    keeps : dict
        Other state from the beginning of the fit; plain values or arrays.
    epochs : int or None
        Number of epochs between two checkpoints.
    seconds : float or None
        Minimum number of seconds between two checkpoints, each at the end of an epoch.
    """

    path: str | os.PathLike[str]
    identity: Mapping[str, object]
    keeps: Mapping[str, object]
    epochs: int | None = None
    seconds: float | None = None
    _written_at: float = field(default_factory=perf_counter)

    def epochs_until_due(self, epoch: int) -> float:
        """Return the number of epochs after which `is_due` has to be called again."""
        if self.seconds is not None:
            return 1
        return math.inf if self.epochs is None else self.epochs - epoch % self.epochs

    def is_due(self, epoch: int) -> bool:
        """Return True if a checkpoint is due after this epoch."""
        by_epochs = self.epochs is not None and epoch % self.epochs == 0
        by_time = self.seconds is not None and perf_counter() - self._written_at >= self.seconds
        return by_epochs or by_time

    def write(self, state: Mapping[str, object]) -> None:
        """Replace the checkpoint with one of this state."""
        writer = PlainWriter()
        plain = {
            "lamina": lamina_version(),
            "identity": writer.write(self.identity, ("identity",)),
            "state": writer.write({**self.keeps, **state}, ("state",)),
        }
        text = json.dumps(plain, separators=(",", ":"), allow_nan=False)
        write_atomically(self.path, to_chunks({KEY: text}, writer.tensors), overwrite=True)
        self._written_at = perf_counter()


@contextmanager
def refusals_that_name(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors about a file's content into a CheckpointError that names the file."""
    try:
        yield
    except CheckpointError:
        raise
    except ModelFileError as refusal:
        raise CheckpointError(f"{os.fspath(path)} cannot be resumed: {refusal}.") from None
    except MISFITS as misfit:
        reason = f"its content is not that of a checkpoint ({type(misfit).__name__}: {misfit})"
        raise CheckpointError(f"{os.fspath(path)} cannot be resumed: {reason}.") from misfit


def read_checkpoint(
    path: str | os.PathLike[str],
    identity: Mapping[str, object],
    free: Sequence[str] = (),
    defaults: Mapping[str, object] = MappingProxyType({}),
) -> object:
    """Return the state of the fit in a checkpoint, not yet checked.

    Parameters
    ----------
    path : str or path-like
    identity : mapping
        Identity of the fit to resume.
    free : sequence of str
        Names in it that may differ.
    defaults : mapping
        Values of names that checkpoints of an older version lack.

    Raises
    ------
    FileNotFoundError, PermissionError
        If there is no file at path, or it is not readable.
    CheckpointError
        For a file that is not a checkpoint, or belongs to another fit or version; names the
        differences.
    """
    with refusals_that_name(path):
        file = read_model_file(path)
        if KEY not in file.metadata:
            raise ModelFileError(
                "it is a saved model, not a checkpoint: load it and set warm_start=True"
            )
        plain = parse_json(file.metadata[KEY])
        check_fields(plain, {"lamina": text, "identity": _any_record, "state": _any_record})
        made_by = plain["lamina"]
        if made_by != lamina_version():
            raise ModelFileError(
                f"it was written by lamina {reprlib.repr(made_by)[1:-1]}, and this is "
                f"{lamina_version()}"
            )
        reader = PlainReader(file.tensors)
        written = PlainWriter()
        _compare(
            path,
            {**written.write(dict(defaults)), **plain["identity"]},
            written.write(dict(identity)),
            free,
        )
        state = reader.read(plain["state"])
        if reader.unread:
            raise ModelFileError(f"nothing refers to its tensor {min(reader.unread)!r}")
        return state


def _any_record(value: object, place: str) -> None:
    if not isinstance(value, dict):
        raise refused(value, place, "a record")


def _compare(
    path: str | os.PathLike[str],
    theirs: Mapping[str, Json],
    ours: Mapping[str, Json],
    free: Sequence[str],
) -> None:
    """Raise CheckpointError if the checkpoint belongs to another fit; both are plain JSON."""
    differences = [
        _difference(name, theirs, ours)
        for name in dict.fromkeys((*theirs, *ours))
        if name not in free and (name not in ours or theirs.get(name) != ours[name])
    ]
    if differences:
        raise CheckpointError(
            f"{os.fspath(path)} is of another fit: {'; '.join(differences)}. Pass the same values, "
            "or leave out resume= to start a new fit."
        )


def _difference(name: str, theirs: Mapping[str, Json], ours: Mapping[str, Json]) -> str:
    if name.startswith("rows "):
        return f"{name.removeprefix('rows ')} differs from the checkpoint's"
    made_with = f"it was made with {name}={_read(theirs.get(name))!r}"
    if name not in ours:
        return f"{made_with}, which is not a parameter here"
    return f"{made_with}, and this has {name}={_read(ours[name])!r}"


def _read(plain: Json) -> object:
    """Return the value for a message, or the plain JSON if it cannot be decoded."""
    try:
        return PlainReader({}).read(plain)
    except (ModelFileError, *MISFITS):
        return plain


def digest(*parts: Matrix | None) -> str:
    """Return a fingerprint of arrays, csr matrices and None.

    Examples
    --------
    >>> digest(np.zeros(2)) == digest(np.zeros(2)), digest(np.zeros(2)) == digest(np.ones(2))
    (True, False)
    """
    found = hashlib.sha256()
    for part in parts:
        arrays: tuple[AnyArray | None, ...]
        if part is None or isinstance(part, np.ndarray):
            arrays = (part,)
        else:
            arrays = (part.data, part.indices, part.indptr)
        for array in arrays:
            if array is None:
                found.update(b"none")
                continue
            array = np.ascontiguousarray(array)
            found.update(f"{array.dtype.str}{array.shape}".encode())
            found.update(array.reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def plain_value(value: object) -> object:
    """Return a parameter's value as checkpoints write and compare it; code becomes its name.

    Examples
    --------
    >>> plain_value((np.int64(3), None)), plain_value(print)
    ([3, None], 'builtins.print')
    """
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, Number)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain_value(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain_value(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return digest(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__qualname__, *map(plain_value, astuple(value))]
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def as_arrays(columns: Mapping[str, list[float]]) -> dict[str, NDArray[np.float64]]:
    """Return lists of floats as arrays, which take less space and time in a file."""
    return {name: np.array(values, dtype=np.float64) for name, values in columns.items()}


def as_lists(columns: Mapping[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    """Return arrays as lists again."""
    return {name: values.tolist() for name, values in columns.items()}
