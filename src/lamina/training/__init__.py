"""Train a network: the plan of a fit, the epoch loop, stopping, and L-BFGS through SciPy."""

from lamina.training.history import Ending, History, Monitor
from lamina.training.lbfgs import LbfgsPlan, LbfgsResult, minimise
from lamina.training.loop import train
from lamina.training.memory import Memory
from lamina.training.observers import EpochRecord, Observer, observe_fits
from lamina.training.plan import TrainingPlan
from lamina.training.scores import Accuracy, RSquared
from lamina.training.validation import Validation, hold_out

__all__ = [
    "Accuracy",
    "Ending",
    "EpochRecord",
    "History",
    "LbfgsPlan",
    "LbfgsResult",
    "Memory",
    "Monitor",
    "Observer",
    "RSquared",
    "TrainingPlan",
    "Validation",
    "hold_out",
    "minimise",
    "observe_fits",
    "train",
]
