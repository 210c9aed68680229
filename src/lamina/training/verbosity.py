"""Output of a verbose fit, in scikit-learn's words: a line per epoch, and reasons for a stall."""

from __future__ import annotations

import math

from lamina.formulas import Schedule
from lamina.training.history import Monitor
from lamina.training.plan import TrainingPlan
from lamina.training.stopping import Stopping

STALLED = {
    Monitor.LOSS: "Training loss did not improve",
    Monitor.VALIDATION_LOSS: "Validation loss did not improve",
    Monitor.SCORE: "Validation score did not improve",
}


def print_epoch(epoch: int, loss: float, score: float | None) -> None:
    """Print the loss and score of an epoch."""
    print(f"Iteration {epoch}, loss = {loss:.8f}")
    if score is not None:
        print(f"Validation score: {score:f}")


def print_stall(
    plan: TrainingPlan,
    schedule: Schedule,
    monitor: Monitor,
    stopping: Stopping,
    lowered: float | None,
) -> None:
    """Print why training stalls, and the consequence."""
    # A schedule that would lower a very large rate stops only because the rate has become small.
    too_small = " Learning rate too small." if schedule.after_stall(math.inf) else ""
    outcome = (
        f"{too_small} Stopping." if lowered is None else f" Setting learning rate to {lowered:f}"
    )
    print(
        f"{STALLED[monitor]} more than tol={plan.tol:f} for {stopping.allowed:.0f} "
        f"consecutive epochs.{outcome}"
    )


def print_lowered_rate(base_rate: float) -> None:
    """Print that a plateau has lowered the rate."""
    print(f"The loss or score is on a plateau. Setting learning rate to {base_rate:f}")
