"""Write tables as CSV, TSV, Parquet, Feather or JSON lines, by the file's suffix."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import pandas as pd

WRITERS: Mapping[str, Callable[[pd.DataFrame, Path | TextIO], None]] = {
    ".csv": lambda table, path: table.to_csv(path, index=False),
    ".tsv": lambda table, path: table.to_csv(path, index=False, sep="\t"),
    ".parquet": lambda table, path: table.to_parquet(path, index=False),
    ".feather": lambda table, path: table.to_feather(path),
    ".jsonl": lambda table, path: table.to_json(path, orient="records", lines=True),
}
# pandas compresses CSV and JSON lines if the name has such a second suffix.
COMPRESSED = (".gz", ".bz2", ".xz", ".zip")


def check_output(path: Path, *, overwrite: bool) -> None:
    """Reject a file that could not be written at the end.

    Raises
    ------
    ValueError
        If the suffix belongs to no format.
    FileExistsError, IsADirectoryError
    """
    if path.is_dir():
        raise IsADirectoryError(f"--output {path} is a folder: name a file in it")
    if ending(path) not in WRITERS:
        raise ValueError(
            f"--output {path} must end in one of {', '.join(WRITERS)}: the ending chooses the "
            "format"
        )
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path} exists already: give --overwrite to replace it, or another --output"
        )


def write_table(table: pd.DataFrame, path: Path | None) -> None:
    """Write a pandas data frame to a file, or as CSV to standard output.

    The file is written completely or not at all.
    """
    if path is None:
        WRITERS[".csv"](table, sys.stdout)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Keep the suffixes at the end, as pandas chooses the compression by them.
    partial = path.with_name(f".partial-{path.name}")
    try:
        WRITERS[ending(path)](table, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def ending(path: Path) -> str:
    """Return the suffix that determines the format, in lower case."""
    name = Path(path.name.lower())
    if name.suffix in COMPRESSED and name.with_suffix("").suffix in (".csv", ".tsv", ".jsonl"):
        return name.with_suffix("").suffix
    return name.suffix
