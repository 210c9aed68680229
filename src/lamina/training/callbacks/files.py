"""Loggers that append a line to a file at the end of every epoch."""

from __future__ import annotations

import csv
import json
import math
import os
from typing import TextIO

from lamina.training.under_way import FitUnderWay


class _LineLogger:
    """Base of loggers: opens a file for a fit, and writes a line at the end of every epoch."""

    _newline: str | None = None

    def __init__(self, path: str | os.PathLike[str], append: bool = False) -> None:
        self.path, self.append = path, append
        self._file: TextIO | None = None

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        self._file = open(  # noqa: SIM115
            self.path, "a" if self.append else "w", newline=self._newline, encoding="utf-8"
        )

    def on_epoch_end(self, fit: FitUnderWay) -> None:
        assert self._file is not None
        self._write(self._file, fit.row)
        self._file.flush()

    def on_fit_end(self, fit: FitUnderWay) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, file: TextIO, row: dict[str, float]) -> None:
        raise NotImplementedError


class CSVLogger(_LineLogger):
    """Logger that writes the history into a CSV file, one line per epoch.

    Unavailable values are left empty.

    Parameters
    ----------
    path : str or path-like
        Path of the file; its folder must exist.
    append : bool, default=False
        If True, append to an existing file, without a second header; else replace it.

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

    # The writer of the csv module ends the lines itself.
    _newline = ""
    _writer: csv.DictWriter[str] | None = None

    def on_fit_begin(self, fit: FitUnderWay) -> None:
        super().on_fit_begin(fit)
        self._writer = None

    def _write(self, file: TextIO, row: dict[str, float]) -> None:
        if self._writer is None:
            self._writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if file.tell() == 0:
                self._writer.writeheader()
        cells = {name: "" if math.isnan(value) else value for name, value in row.items()}
        self._writer.writerow(cells)


class JSONLinesLogger(_LineLogger):
    """Logger that writes the history as JSON objects, one line per epoch.

    Unavailable values are null.

    Parameters
    ----------
    path : str or path-like
        Path of the file; its folder must exist.
    append : bool, default=False
        If True, append to an existing file; else replace it.
    """

    def _write(self, file: TextIO, row: dict[str, float]) -> None:
        cells = {name: value if math.isfinite(value) else None for name, value in row.items()}
        file.write(json.dumps(cells, allow_nan=False) + "\n")
