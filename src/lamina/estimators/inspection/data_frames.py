"""Import pandas where it is installed."""

from __future__ import annotations

from typing import Any


def pandas_or(instead: str) -> Any:
    """Return pandas; if it is missing, raise an ImportError that names the alternative.

    Examples
    --------
    >>> pandas_or("to_dict()").DataFrame({"epoch": [1, 2]}).shape
    (2, 1)
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(f"to_frame needs pandas: pip install pandas, or use {instead}") from error
    return pandas
