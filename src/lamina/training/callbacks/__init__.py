"""Callbacks: their protocol, and ready-made bars, loggers, snapshots, trackers and pruning."""

from lamina.training.callbacks.bars import ProgressBar
from lamina.training.callbacks.files import CSVLogger, JSONLinesLogger
from lamina.training.callbacks.protocol import is_callback
from lamina.training.callbacks.snapshots import Snapshots
from lamina.training.callbacks.trackers import MLflowLogger, OptunaPruning, TensorBoardLogger

__all__ = [
    "CSVLogger",
    "JSONLinesLogger",
    "MLflowLogger",
    "OptunaPruning",
    "ProgressBar",
    "Snapshots",
    "TensorBoardLogger",
    "is_callback",
]
