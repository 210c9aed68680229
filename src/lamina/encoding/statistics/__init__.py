"""Statistics of a table in one pass over its batches, from which an encoding is fitted."""

from lamina.encoding.statistics.table import (
    TableStatistics,
    encode_batch,
    fit_encoding,
    transform_batch,
)

__all__ = ["TableStatistics", "encode_batch", "fit_encoding", "transform_batch"]
