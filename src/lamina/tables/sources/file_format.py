"""A file of a source, as its format found it when it was opened."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from lamina.tables.csv_text import Layout


@dataclass(frozen=True)
class FileMember:
    """One file of a source.

    Attributes
    ----------
    path : str
    schema : pyarrow.Schema
    n_rows : int
    layout : Layout or None
        Of a CSV file.
    dropped : frozenset of str
        Columns of a CSV file without a name that are left out.
    remarks : tuple of str
    """

    path: str
    schema: pa.Schema
    n_rows: int
    layout: Layout | None = None
    dropped: frozenset[str] = field(default_factory=frozenset)
    remarks: tuple[str, ...] = ()

    @property
    def decimal(self) -> str:
        """Decimal sign."""
        return "." if self.layout is None else self.layout.decimal
