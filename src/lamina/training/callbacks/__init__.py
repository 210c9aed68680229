"""Callbacks: the protocol, and ready ones: progress bars, loggers, trackers, pruning."""

from lamina.training.callbacks.bars import ProgressBar
from lamina.training.callbacks.files import CSVLogger, JSONLinesLogger
from lamina.training.callbacks.protocol import is_callback
from lamina.training.callbacks.trackers import MLflowLogger, OptunaPruning, TensorBoardLogger

__all__ = [
    "CSVLogger",
    "JSONLinesLogger",
    "MLflowLogger",
    "OptunaPruning",
    "ProgressBar",
    "TensorBoardLogger",
    "is_callback",
]
