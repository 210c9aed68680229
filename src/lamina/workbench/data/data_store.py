"""Data sets and tables by hash: data from Python stays, uploaded tables may be released."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

from lamina.datasets import Dataset
from lamina.errors import ExperimentError
from lamina.workbench.data.uploads import UploadedTable

# A table takes about twice the memory of its columns.
MOST_BYTES = 64 << 20


class MemoryDataStore:
    """Data sets and tables in memory; if it is short, the oldest uploaded tables are released."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[str, Dataset | UploadedTable] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._lock = Lock()

    def put(self, dataset: Dataset) -> str:
        """Store a data set and return its hash."""
        content = hashlib.sha256()
        for part in (dataset.X, dataset.y):
            content.update(f"{part.dtype}{part.shape}".encode())
            content.update(part.tobytes())
        content.update("\0".join((*dataset.feature_names, *dataset.target_names)).encode())
        key = content.hexdigest()
        self._keep(key, dataset)
        return key

    def put_table(self, table: UploadedTable, *, stays: bool = False) -> list[str]:
        """Store a table under its hash, until its memory is needed, or for good if `stays`.

        Returns
        -------
        list of str
            Names of the tables that were released to make room, oldest first.
        """
        return self._keep(table.key, table, None if stays else table.n_bytes)

    def find(self, key: str) -> Dataset:
        """Return the data set with that hash.

        Raises
        ------
        ExperimentError
            If it is not stored, or no longer.
        """
        found = self._find(key)
        if not isinstance(found, Dataset):
            raise ExperimentError("this hash is a table's: use data.kind='upload'", "hash")
        return found

    def find_table(self, key: str) -> UploadedTable:
        """Return the table with that hash; raise ExperimentError as `find` does."""
        found = self._find(key)
        if not isinstance(found, UploadedTable):
            raise ExperimentError("this hash is not a table's: use data.kind='given'", "hash")
        return found

    def _keep(
        self, key: str, item: Dataset | UploadedTable, n_bytes: int | None = None
    ) -> list[str]:
        """Store an item for good, or, with n_bytes, until its memory is needed."""
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

    def _find(self, key: str) -> Dataset | UploadedTable:
        with self._lock:
            if key not in self._kept:
                raise ExperimentError(
                    "this data is no longer in the server's memory: upload it again", "hash"
                )
            self._kept.move_to_end(key)
            return self._kept[key]
