"""From a table or array to what a network takes: a matrix of numbers, and encoded targets."""

from lamina.encoding.table import TableEncoding
from lamina.encoding.targets import TargetEncoding

__all__ = ["TableEncoding", "TargetEncoding"]
