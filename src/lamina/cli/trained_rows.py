"""Find the rows of a table that a model was trained on, by hashes in the model's notes.

Each row is hashed after encoding, together with its targets. Therefore a CSV file and a Parquet
file with the same values give the same hashes, and the order of rows and columns does not matter.
32 bits of each hash are stored: with 100,000 hashes, a new row matches one by chance with a
probability of 1 in 40,000.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from lamina.cli.recipe import get_encoding
from lamina.encoding.frames import ArrayOrTable
from lamina.files.model_file import Json
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# 512 KiB of hashes. With more rows, only hashes whose upper half is divisible by `one_in` are kept.
MOST_KEPT = 1 << 17
ROWS_AT_ONCE = 1 << 14
# Encoded numbers have standard deviation 1; differences below 1 / STEPS_A_UNIT are ignored.
STEPS_A_UNIT = 2.0**16
LARGEST_STEP = 2.0**62


@dataclass(frozen=True)
class Seen:
    """The rows of a table that were trained on.

    Attributes
    ----------
    trained, checked : ndarray of bool, shape (n_samples,)
        Masks of the rows that were trained on, and of those that could be looked up.
    repeated : float
        Fraction of the training rows that equal an earlier training row. If it is large, a new row
        may equal a training row by chance.
    """

    trained: NDArray[np.bool_]
    checked: NDArray[np.bool_]
    repeated: float

    @property
    def new(self) -> NDArray[np.bool_]:
        """Mask of the rows that were looked up and not trained on."""
        return self.checked & ~self.trained


def note_rows(model: BaseEstimator, X: ArrayOrTable, y: AnyArray) -> dict[str, Json]:
    """Return the hashes of the training rows as plain values for a model's notes.

    Parameters
    ----------
    model : estimator
        Fitted, with a `TableEncoding`.
    X : DataFrame of shape (n_samples, n_columns)
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
    """
    hashes = hash_rows(model, X, y)
    one_in = -(-len(hashes) // MOST_KEPT)
    kept = np.sort(_shortened(hashes[_is_kept(hashes, one_in)]))
    repeated = 1 - len(np.unique(hashes)) / len(hashes)
    text = base64.b64encode(kept.astype("<u4").tobytes()).decode("ascii")
    return {"hashes": text, "one_in": one_in, "repeated": round(repeated, 6)}


def look_up(
    notes: Mapping[str, Json], model: BaseEstimator, X: ArrayOrTable, y: AnyArray
) -> Seen | None:
    """Return the rows that were trained on; None if the notes hold no hashes.

    If rows are equal, at most as many are matched as the training rows contained.
    """
    kept = notes.get("trained_rows")
    if not isinstance(kept, Mapping) or get_encoding(model) is None:
        return None
    try:
        trained_hashes = np.frombuffer(base64.b64decode(kept["hashes"]), dtype="<u4")
        one_in, repeated = max(1, int(kept["one_in"])), float(kept["repeated"])
    except (LookupError, TypeError, ValueError):
        return None
    hashes = hash_rows(model, X, y)
    checked = _is_kept(hashes, one_in)
    trained = np.zeros(len(hashes), dtype=bool)
    trained[checked] = _found(_shortened(hashes[checked]), np.sort(trained_hashes))
    return Seen(trained, checked, repeated)


def hash_rows(model: BaseEstimator, X: ArrayOrTable, y: AnyArray) -> NDArray[np.uint64]:
    """Return a 64-bit hash of each row, computed from its encoded columns and its targets."""
    encoding = get_encoding(model)
    if encoding is None:
        raise TypeError("the model has no TableEncoding")
    starts = range(0, len(X), ROWS_AT_ONCE)
    parts = [_hash_matrix(encoding.transform(X.iloc[i : i + ROWS_AT_ONCE])) for i in starts]
    hashes = np.concatenate(parts)
    for i, column in enumerate(y.T if y.ndim == 2 else [y]):
        hashes += _mixed(_target_bits(column) ^ _key(f"target {i}"))
    return _mixed(hashes)


def _hash_matrix(matrix: ArrayOrTable) -> NDArray[np.uint64]:
    """Return a sum over the nonzero columns of each row; sparse matrices store only these."""
    keys = _mixed(np.arange(1, matrix.shape[1] + 1, dtype=np.uint64))
    if sparse.issparse(matrix):
        terms = _terms(matrix.data, keys[matrix.indices])
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
        return np.asarray(sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]])
    return np.asarray(_terms(matrix, keys).sum(axis=1, dtype=np.uint64))


def _terms(values: AnyArray, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    steps = np.clip(np.rint(values * STEPS_A_UNIT), -LARGEST_STEP, LARGEST_STEP).astype(np.int64)
    return np.where(steps == 0, np.uint64(0), _mixed(steps.view(np.uint64) ^ keys))


def _target_bits(column: AnyArray) -> NDArray[np.uint64]:
    if column.dtype.kind == "f":
        # Round to float32, because a file may have been saved with fewer digits; + 0 removes -0.0.
        with np.errstate(over="ignore"):
            rounded = column.astype(np.float32) + np.float32(0)
        return rounded.view(np.uint32).astype(np.uint64)
    labels, codes = np.unique(column, return_inverse=True)
    return np.array([_key(str(label)) for label in labels], dtype=np.uint64)[codes.ravel()]


def _key(text: str) -> np.uint64:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Apply the finalizer of SplitMix64 (Steele, Lea, Flood 2014) to each number."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def _is_kept(hashes: NDArray[np.uint64], one_in: int) -> NDArray[np.bool_]:
    return np.asarray((hashes >> np.uint64(32)) % np.uint64(one_in) == 0)


def _shortened(hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
    return hashes.astype(np.uint32)


def _found(hashes: NDArray[np.uint32], trained_hashes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return a mask of the hashes that occur in the sorted `known`, each of which counts once."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    occurrence = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    times = np.searchsorted(trained_hashes, ordered, "right") - np.searchsorted(
        trained_hashes, ordered
    )
    found = np.zeros(len(hashes), dtype=bool)
    found[order] = occurrence < times
    return found
