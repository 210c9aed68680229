"""Data frames for those who have pandas."""

from __future__ import annotations

from typing import Any


def pandas_or(instead: str) -> Any:
    """The library, for `to_frame`; without it, an ImportError that names what else there is.

    Examples
    --------
    >>> pandas_or("to_dict()").DataFrame({"epoch": [1, 2]}).shape
    (2, 1)
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            f"to_frame needs pandas: pip install pandas, or take {instead}"
        ) from error
    return pandas
