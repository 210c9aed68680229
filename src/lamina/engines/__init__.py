"""Engines that run the arithmetic: implementations of one protocol with the same numbers."""

from lamina.engines.choose import available_engines, choose_engine
from lamina.engines.engine import (
    Engine,
    Evaluator,
    Objective,
    Rows,
)
from lamina.engines.optimizer import OptimizerSettings, OptimizerState
from lamina.engines.trainer import EpochReport, LocalTrainer, Trainer

__all__ = [
    "Engine",
    "EpochReport",
    "Evaluator",
    "LocalTrainer",
    "Objective",
    "OptimizerSettings",
    "OptimizerState",
    "Rows",
    "Trainer",
    "available_engines",
    "choose_engine",
]
