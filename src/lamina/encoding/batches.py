"""Tables as batches of rows: a batch with its place, and the interface of sources of batches.

`lamina.tables.open` makes sources. They are values: reading one twice gives the same batches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.file_rows import FILE_ROW, TABLE_ROW
from lamina.encoding.form_finding import NO_HINTS, ColumnType, Hints
from lamina.errors import TableError, suggestion

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FrameReader: TypeAlias = "Callable[[pd.DataFrame], pd.DataFrame]"


@dataclass(frozen=True)
class Batch:
    """Consecutive rows of a table, with the place that they come from.

    Attributes
    ----------
    rows : pyarrow.RecordBatch
    first_row : int
        Number of the first row in its file (or in the source, if there is no file), from 1.
    file : str or None
        Path of the file as it was opened.
    row_group : int or None
        Row group of a Parquet file, from 0.
    selected : ndarray of int64, shape (n_rows,), or None
        Numbers of the rows in their file, if rows were left out; then `first_row` is the first.
    """

    rows: pa.RecordBatch
    first_row: int = 1
    file: str | None = None
    row_group: int | None = None
    selected: NDArray[np.int64] | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.rows.num_rows)

    @property
    def row_numbers(self) -> NDArray[np.int64]:
        """Number of each row in its file, from 1, shape (n_rows,)."""
        if self.selected is not None:
            return self.selected
        return np.arange(self.first_row, self.first_row + self.n_rows, dtype=np.int64)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Batch:
        """Return some of the rows, by a mask or by positions, with their numbers."""
        positions = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        numbers = self.row_numbers[positions]
        first = int(numbers[0]) if len(numbers) else self.first_row
        return replace(self, rows=self.rows.take(positions), first_row=first, selected=numbers)

    def with_columns(self, names: Sequence[str]) -> Batch:
        """Return the batch with some of its columns."""
        return replace(self, rows=self.rows.select(list(names)))

    @property
    def place(self) -> str:
        """File and row group for messages; empty without a file."""
        if self.file is None:
            return ""
        return self.file if self.row_group is None else f"{self.file}, row group {self.row_group}"

    @contextmanager
    def naming_errors(self) -> Iterator[None]:
        """Prefix each TableError with the batch's place."""
        try:
            yield
        except TableError as error:
            raise TableError(f"{self.place}: {error}" if self.place else str(error)) from None

    def frame(self) -> pd.DataFrame:
        """Return the rows as a pandas data frame, numbered by the rows of their file."""
        from pandas import Index, RangeIndex

        frame = self.rows.to_pandas(date_as_object=False, ignore_metadata=True)
        name = TABLE_ROW if self.file is None else FILE_ROW
        if self.selected is None:
            frame.index = RangeIndex(self.first_row, self.first_row + len(frame), name=name)
        else:
            frame.index = Index(self.selected, name=name)
        return frame


class Source(ABC):
    """A table that is read batch by batch, as often as needed.

    A source made of paths can be pickled, and sent to another process that reads the same files.

    Attributes
    ----------
    label : str
        Name of the source in messages, such as 'sales/*.parquet'.
    schema : pyarrow.Schema
        Names and types of the columns, the same in every batch.
    n_rows : int or None
        Number of rows; None if only a pass over all batches can count them.
    """

    if TYPE_CHECKING:
        # Dataclasses have fields of these names, which a property would give a default.
        @property
        def label(self) -> str: ...

        @property
        def schema(self) -> pa.Schema: ...

        @property
        def n_rows(self) -> int | None: ...

    @abstractmethod
    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Batch]:
        """Read the rows in order.

        Parameters
        ----------
        columns : sequence of str, optional
            Names of the columns to read, in this order; all by default.

        Yields
        ------
        Batch
            With at least one row.

        Raises
        ------
        TableError
            If a column does not exist, or the rows cannot be read; the message names the file, the
            row group and the column.
        """

    @property
    def columns(self) -> dict[str, pa.DataType]:
        """Arrow type of each column, by name."""
        return dict(zip(self.schema.names, self.schema.types, strict=True))

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks on the source as sentences, such as on files without rows."""
        return ()

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files in order; empty if the source has none."""
        return ()

    @property
    def hints(self) -> Hints:
        """Knowledge about the cells of text columns, as the reader of a single file has it."""
        return NO_HINTS

    @property
    def types(self) -> Mapping[str, ColumnType]:
        """Types of columns that the user chose when opening the source."""
        return {}

    def parts(self) -> tuple[Source, ...]:
        """Return sources that together hold the same rows in the same order, one for each file."""
        return (self,)

    @property
    def reader(self) -> FrameReader | None:
        """Function that finds the forms of the text columns of a frame with all rows.

        None if the table in memory, of which this is the source, has no such step.
        """
        return None

    def check_names(self, columns: Sequence[str] | None) -> list[str]:
        """Return the names of the columns to read; reject a name that the source lacks."""
        names = self.schema.names
        for name in columns or ():
            if name not in names:
                raise TableError(
                    f"{self.label} has no column {name!r}.{suggestion(name, names)} "
                    f"It has: {', '.join(map(repr, names))}."
                )
        return list(names if columns is None else columns)
