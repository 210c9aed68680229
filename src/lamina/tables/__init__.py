"""Read tables from files, and define problems of predicting one column from the others."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamina.encoding.batches import Batch, Source
    from lamina.tables.opening import open

__all__ = ["Batch", "Source", "open"]


def __getattr__(name: str) -> Any:
    # pyarrow is imported only on use.
    if name == "open":
        from lamina.tables import opening

        return opening.open
    if name in ("Batch", "Source"):
        from lamina.encoding import batches

        return getattr(batches, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
