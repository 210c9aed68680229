"""From a table or array to what a network takes: a matrix of numbers, and encoded targets."""

from typing import TYPE_CHECKING, Any

from lamina.encoding.targets import TargetEncoding

if TYPE_CHECKING:
    from lamina.encoding.table import TableEncoding

__all__ = ["TableEncoding", "TargetEncoding"]


def __getattr__(name: str) -> Any:
    # The estimators take matrices; who has a table waits for what encodes it.
    if name == "TableEncoding":
        from lamina.encoding.table import TableEncoding

        return TableEncoding
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
