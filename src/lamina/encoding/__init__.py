"""Encode a table or an array as a matrix of numbers, and targets as numbers."""

from typing import TYPE_CHECKING, Any

from lamina.encoding.targets import TargetEncoding

if TYPE_CHECKING:
    from lamina.encoding.table import TableEncoding

__all__ = ["TableEncoding", "TargetEncoding"]


def __getattr__(name: str) -> Any:
    # Import the encoding of tables only on use: the estimators for matrices work without it.
    if name == "TableEncoding":
        from lamina.encoding.table import TableEncoding

        return TableEncoding
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
