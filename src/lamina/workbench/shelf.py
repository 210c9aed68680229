"""Data that was brought along, by the hash of its content; the oldest goes where room is scarce."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

from lamina.datasets import Dataset
from lamina.errors import ExperimentError

MOST_BYTES = 512 << 20


class MemoryShelf:
    """Data sets in memory, bounded in bytes.

    Examples
    --------
    >>> from lamina.datasets import load
    >>> shelf = MemoryShelf()
    >>> key = shelf.put(load("iris"))
    >>> shelf.find(key).name
    'iris'
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[str, Dataset] = OrderedDict()
        self._lock = Lock()

    def put(self, dataset: Dataset) -> str:
        """Keep a data set; the hash by which it is found again."""
        content = hashlib.sha256()
        for part in (dataset.X, dataset.y):
            content.update(f"{part.dtype}{part.shape}".encode())
            content.update(part.tobytes())
        content.update("\0".join((*dataset.feature_names, *dataset.target_names)).encode())
        key = content.hexdigest()
        with self._lock:
            self._kept[key] = dataset
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and self._bytes() > self.most_bytes:
                self._kept.popitem(last=False)
        return key

    def find(self, key: str) -> Dataset:
        """The data set of that hash.

        Raises
        ------
        ExperimentError
            Where it is not there, or no longer.
        """
        with self._lock:
            if key not in self._kept:
                raise ExperimentError(
                    "this data is no longer in the server's memory: bring it along again", "hash"
                )
            return self._kept[key]

    def _bytes(self) -> int:
        return sum(each.X.nbytes + each.y.nbytes for each in self._kept.values())
