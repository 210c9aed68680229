"""Find the files that a path, a pattern or a list of paths names."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from lamina.errors import suggestion

_URL = re.compile(r"(https?|ftp|s3|gs|hdfs|abfss?)://", re.IGNORECASE)
_PATTERN = re.compile(r"[*?\[]")
# Names that Spark and Hive give to files that are no table.
_HIDDEN = ("_", ".")
_LISTED = 5


def find_files(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a path or pattern, sorted by name.

    Parameters
    ----------
    path : str or path-like
        A file, or a pattern with *, ? or [...]; ** matches any number of folders. A file whose name
        contains such characters is that file.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no file matches, with the nearest match.
    """
    text = os.fspath(path)
    if (url := _URL.match(text)) is not None:
        raise FileNotFoundError(
            f"{text} is a URL, and lamina reads only files: open it as a dataset, "
            f'pyarrow.dataset.dataset("{url[1]}://…"), or download it'
        )
    if _PATTERN.search(text) is None or Path(text).exists():
        return [_existing(Path(text))]
    found = [Path(each) for each in sorted(glob.glob(text, recursive=True))]
    files = [each for each in found if each.is_file() and not each.name.startswith(_HIDDEN)]
    if not files:
        raise FileNotFoundError(f"no file matches {text!r}.{_contents(Path(text))}")
    return files


def listed(names: Sequence[str]) -> str:
    """Return the first names as text, with an ellipsis if there are more."""
    return ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")


def _existing(path: Path) -> Path:
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise FileNotFoundError(f"{path}: no such file.{suggestion(path.name, siblings)}")
    return path


def _contents(pattern: Path) -> str:
    """Describe the deepest folder of a pattern that exists."""
    folder = pattern.parent
    while _PATTERN.search(str(folder)) is not None or not folder.is_dir():
        if not folder.name:
            return ""
        if _PATTERN.search(str(folder)) is None:
            return f" There is no folder {folder}."
        folder = folder.parent
    names = sorted(path.name for path in folder.iterdir())
    return f" The folder {folder} holds {listed(names) if names else 'nothing'}."
