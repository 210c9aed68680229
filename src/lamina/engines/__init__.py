"""Engines that run the arithmetic: implementations of one protocol with the same numbers."""

from lamina.engines.choose import available_engines, choose_engine
from lamina.engines.engine import (
    Engine,
    EpochReport,
    Evaluator,
    Objective,
    OptimizerSettings,
    OptimizerState,
    Rows,
    Trainer,
)

__all__ = [
    "Engine",
    "EpochReport",
    "Evaluator",
    "Objective",
    "OptimizerSettings",
    "OptimizerState",
    "Rows",
    "Trainer",
    "available_engines",
    "choose_engine",
]
