"""Errors as one line of text."""

from __future__ import annotations


def one_line(error: BaseException | str) -> str:
    """Return the message of an error or warning on a single line.

    Examples
    --------
    >>> one_line(FileNotFoundError(2, "No such file or directory", "table.csv"))
    'table.csv: no such file or directory'
    >>> one_line(ValueError("first,\\n  second"))
    'first, second'
    """
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        text = f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"
    else:
        text = str(error) or type(error).__name__
    return " ".join(text.split())
