"""Data that was brought along, by its hash: what Python gave stays, a page's tables go in time."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Any

from lamina.datasets import Dataset
from lamina.errors import ExperimentError
from lamina.workbench.uploads import Table

# What a table takes beside its columns is about as much again.
MOST_BYTES = 64 << 20


class MemoryShelf:
    """Data sets and tables in memory; of the tables, as many of the latest as there is room for.

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
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._lock = Lock()

    def put(self, dataset: Dataset) -> str:
        """Keep a data set; the hash by which it is found again."""
        content = hashlib.sha256()
        for part in (dataset.X, dataset.y):
            content.update(f"{part.dtype}{part.shape}".encode())
            content.update(part.tobytes())
        content.update("\0".join((*dataset.feature_names, *dataset.target_names)).encode())
        key = content.hexdigest()
        self._keep(key, dataset)
        return key

    def put_table(self, table: Table, *, stays: bool = False) -> list[str]:
        """Keep a table by its own hash, for as long as there is room, unless it stays.

        Returns
        -------
        list of str
            The names of the tables that were released to make room for it, the oldest first.
        """
        return self._keep(table.key, table, None if stays else table.n_bytes)

    def find(self, key: str) -> Dataset:
        """The data set of that hash.

        Raises
        ------
        ExperimentError
            Where it is not there, or no longer.
        """
        found = self._find(key)
        if not isinstance(found, Dataset):
            raise ExperimentError("this is a table: its kind is 'upload'", "hash")
        return found

    def find_table(self, key: str) -> Table:
        """The table of that hash; raises ExperimentError likewise."""
        found = self._find(key)
        if not isinstance(found, Table):
            raise ExperimentError("this is no table: its kind is 'given'", "hash")
        return found

    def _keep(self, key: str, item: Any, n_bytes: int | None = None) -> list[str]:
        """Keep it: for good, or for as long as the bytes of all that may go have room."""
        released = []
        with self._lock:
            self._kept[key] = item
            self._kept.move_to_end(key)
            if n_bytes is not None:
                self._sizes[key] = n_bytes
            may_go = [each for each in self._kept if each in self._sizes]
            for oldest in may_go[:-1]:
                if sum(self._sizes.values()) > self.most_bytes:
                    released.append(self._kept.pop(oldest).name)
                    del self._sizes[oldest]
        return released

    def _find(self, key: str) -> Any:
        with self._lock:
            if key not in self._kept:
                raise ExperimentError(
                    "this data is no longer in the server's memory: bring it along again", "hash"
                )
            self._kept.move_to_end(key)
            return self._kept[key]
