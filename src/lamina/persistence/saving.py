"""Save and load a model, its notes and the versions that wrote it, in one verified file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.base import BaseEstimator

from lamina.errors import ModelFileError
from lamina.files.atomic_file import write_atomically
from lamina.files.model_file import Json, ModelFile, parse_json, read_model_file, to_chunks
from lamina.files.plain import MISFITS, PlainReader, PlainWriter
from lamina.persistence.models import SAVABLE, is_model, model_from_plain, model_to_plain
from lamina.persistence.special_values import SPECIAL, special_to_plain


def save(
    model: BaseEstimator,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    notes: dict[str, Json] | None = None,
) -> None:
    """Write a model to one file, from which `load` restores it bit for bit.

    The file is safetensors with JSON metadata: parameters, classes, feature names, weights and
    everything else that `partial_fit` and `warm_start` continue from, with a SHA-256 of all of it.
    Every later version of lamina can read it. It is written atomically: a crash leaves the old
    file or the new one.

    Parameters
    ----------
    model : estimator
        MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor, Pipeline or
        TransformedTargetRegressor, fitted or not. A pipeline has one of the first two as its last
        step, and before it `lamina.encoding.TableEncoding`, any of scikit-learn's transformers
        that docs/how_to/save.md lists, or 'passthrough'.
    path : str or path-like
        Path of the file; '.lamina' is the usual suffix.
    overwrite : bool, default=False
        If True, replace an existing file.
    notes : dict, optional
        Plain values to keep with the model, without arrays; `read_notes` returns them.

    Raises
    ------
    TypeError
        For a model of another class, or one with a value that no file can hold; names it.
    ValueError
        For a parameter or an attribute that `load` would reject, because it was set by hand to
        an invalid value; names it.
    FileExistsError
        If path exists and overwrite is False.
    OSError
        If writing fails; the old file is then unchanged.

    See Also
    --------
    load : Read such a file.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import lamina
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array(["a", "a", "b", "b"])
    >>> model = lamina.MLPClassifier((4,), solver="lbfgs", random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, folder + "/letters.lamina", notes={"rows": 4})
    ...     load(folder + "/letters.lamina").predict(X)
    array(['a', 'a', 'b', 'b'], dtype='<U1')
    """
    import sklearn

    import lamina

    writer = PlainWriter(model_to_plain, special_to_plain)
    plain = model_to_plain(model, writer)
    if not is_model(model):
        raise TypeError(f"this {type(model).__name__} does not end with an MLP: {SAVABLE}")
    metadata = {
        "lamina": lamina.__version__,
        "scikit-learn": sklearn.__version__,
        "notes": _notes_to_text(notes),
        "model": _to_text(plain),
    }
    write_atomically(path, to_chunks(metadata, writer.tensors), overwrite=overwrite)


def load(path: str | os.PathLike[str]) -> Any:
    """Return the model that `save` wrote to a file, without running code or unpickling.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    estimator
        Equal to the saved one, bit for bit.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    lamina.errors.ModelFileError
        For a file that is truncated, altered, of a newer format, or not a model file; and for one
        whose checksum matches but whose parameters or attributes are out of range.

    See Also
    --------
    save : Write such a file.

    Examples
    --------
    >>> import tempfile
    >>> import lamina
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(lamina.MLPRegressor(alpha=0.5), folder + "/fresh.lamina")
    ...     load(folder + "/fresh.lamina")
    MLPRegressor(alpha=0.5)
    """
    with _refusals_that_name(path):
        file = read_model_file(path)
        if "checkpoint" in file.metadata:
            raise ModelFileError(
                "it is a checkpoint of a fit; resume the fit with fit(X, y, resume=path)"
            )
        reader = PlainReader(file.tensors, model_from_plain, SPECIAL)
        model = model_from_plain(parse_json(file.metadata["model"]), reader)
        if not is_model(model):
            raise ModelFileError("its content is not a model")
        if reader.unread:
            raise ModelFileError(f"nothing refers to its tensor {min(reader.unread)!r}")
        return model


def read_notes(path: str | os.PathLike[str]) -> dict[str, Json]:
    """Return the notes of a model file, after verifying it but without building the model.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict
        Empty if there are no notes.

    Raises
    ------
    FileNotFoundError, lamina.errors.ModelFileError
        As in `load`.

    Examples
    --------
    >>> import tempfile
    >>> import lamina
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(lamina.MLPRegressor(), folder + "/fresh.lamina", notes={"target": "price"})
    ...     read_notes(folder + "/fresh.lamina")
    {'target': 'price'}
    """
    with _refusals_that_name(path):
        return _notes_of(read_model_file(path))


def describe(path: str | os.PathLike[str]) -> dict[str, Json]:
    """Describe the content of a model file, after verifying it but without building the model.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict
        'format_version' (int), 'sha256', 'lamina' and 'scikit-learn' (versions, str), 'class'
        (str), 'tensors' (dict of name to dtype's name and shape), 'n_bytes' (int, of the tensors)
        and 'notes' (dict).

    Raises
    ------
    FileNotFoundError, lamina.errors.ModelFileError
        As in `load`.

    Examples
    --------
    >>> import tempfile
    >>> import lamina
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(lamina.MLPRegressor(), folder + "/fresh.lamina")
    ...     sorted(describe(folder + "/fresh.lamina"))
    ['class', 'format_version', 'lamina', 'n_bytes', 'notes', 'scikit-learn', 'sha256', 'tensors']
    """
    with _refusals_that_name(path):
        file = read_model_file(path)
        texts = file.metadata
        return {
            "format_version": int(texts["format_version"]),
            **{key: texts[key] for key in ("sha256", "lamina", "scikit-learn")},
            "class": parse_json(texts["model"])["class"],
            "tensors": {name: (t.dtype.name, t.shape) for name, t in file.tensors.items()},
            "n_bytes": sum(tensor.nbytes for tensor in file.tensors.values()),
            "notes": _notes_of(file),
        }


def _notes_to_text(notes: dict[str, Json] | None) -> str:
    if not isinstance(notes, dict | None):
        raise TypeError(f"notes must be a dict or None, got {type(notes).__name__}")
    writer = PlainWriter()
    text = _to_text(writer.write({} if notes is None else notes, ("notes",)))
    if writer.tensors:
        raise TypeError(f"{min(writer.tensors)!r} is an array: use lists in notes")
    return text


def _notes_of(file: ModelFile) -> dict[str, Json]:
    notes = PlainReader({}).read(parse_json(file.metadata["notes"]))
    if not isinstance(notes, dict):
        raise ModelFileError("its notes are not a dict")
    return notes


def _to_text(plain: dict[str, Json]) -> str:
    return json.dumps(plain, separators=(",", ":"), allow_nan=False)


@contextmanager
def _refusals_that_name(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except ModelFileError as refusal:
        raise ModelFileError(f"{os.fspath(path)} cannot be loaded: {refusal}") from None
    except MISFITS as misfit:
        reason = f"its content is not that of a model ({type(misfit).__name__}: {misfit})"
        raise ModelFileError(f"{os.fspath(path)} cannot be loaded: {reason}") from misfit
