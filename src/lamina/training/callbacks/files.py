"""Loggers into files: a line for every epoch, written as it ends."""

from __future__ import annotations

import csv
import json
import math
import os
from typing import Any, TextIO


class CSVLogger:
    """Writes the history into a CSV file, a line an epoch; what is not known stays empty.

    Parameters
    ----------
    path : str or path-like
        The file; its folder must exist.
    append : bool, default=False
        Whether a file that is there goes on, without a second line of names; else it is replaced.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lamina import MLPRegressor
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = CSVLogger(Path(folder, "log.csv"))
    ...     model = MLPRegressor(max_iter=3, tol=10, n_iter_no_change=1, callbacks=log)
    ...     model = model.fit([[0.0], [1.0]], [0.0, 1.0])
    ...     lines = Path(folder, "log.csv").read_text().splitlines()
    >>> lines[0]
    'epoch,loss,learning_rate,gradient_norm,seconds'
    >>> len(lines)
    4
    """

    def __init__(self, path: str | os.PathLike[str], append: bool = False) -> None:
        self.path, self.append = path, append
        self._file: TextIO | None = None
        self._writer: Any = None

    def on_fit_begin(self, fit: Any) -> None:
        self._file = open(  # noqa: SIM115
            self.path, "a" if self.append else "w", newline="", encoding="utf-8"
        )
        self._writer = None

    def on_epoch_end(self, fit: Any) -> None:
        assert self._file is not None
        row = {name: "" if math.isnan(value) else value for name, value in fit.row.items()}
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row), lineterminator="\n")
            if self._file.tell() == 0:
                self._writer.writeheader()
        self._writer.writerow(row)
        self._file.flush()

    def on_fit_end(self, fit: Any) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class JSONLinesLogger:
    """Writes the history into a file of JSON objects, a line an epoch; what is not known is null.

    Parameters
    ----------
    path : str or path-like
        The file; its folder must exist.
    append : bool, default=False
        Whether a file that is there goes on; else it is replaced.
    """

    def __init__(self, path: str | os.PathLike[str], append: bool = False) -> None:
        self.path, self.append = path, append
        self._file: TextIO | None = None

    def on_fit_begin(self, fit: Any) -> None:
        self._file = open(  # noqa: SIM115
            self.path, "a" if self.append else "w", encoding="utf-8"
        )

    def on_epoch_end(self, fit: Any) -> None:
        assert self._file is not None
        row = {k: value if math.isfinite(value) else None for k, value in fit.row.items()}
        self._file.write(json.dumps(row, allow_nan=False) + "\n")
        self._file.flush()

    def on_fit_end(self, fit: Any) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
