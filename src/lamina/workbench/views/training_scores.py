"""Scores of a run on its training rows, over the epochs kept.

The fit reports the score on the test rows after every epoch, but only the loss on the training
rows.
"""

from __future__ import annotations

import numpy as np

from lamina.engines import Engine
from lamina.workbench.runs.curves import Snapshot
from lamina.workbench.runs.run import Run
from lamina.workbench.views.frames import encode
from lamina.workbench.views.over_time import OverTime, place_of

# The split has shuffled the rows, so the first ones are a random sample.
MOST_ROWS = 2000


class TrainingScores(OverTime[float]):
    """Scores of one run: accuracy or R², the metric that the fit reports for the test rows.

    Parameters
    ----------
    run : Run
    engine : Engine
    """

    def __init__(self, run: Run, engine: Engine) -> None:
        self.run = run
        self.n_samples = min(MOST_ROWS, len(run.rows.y))
        score = run.task.part(slice(self.n_samples)).score_on(None)
        X = run.rows.X[: self.n_samples]

        def measure(snapshot: Snapshot) -> float:
            return float(score(engine.predict(run.network(snapshot), X)))

        super().__init__(run.controller, measure)


def training_scores(found: TrainingScores, shown: Snapshot) -> bytes:
    """Return the scores on training rows as a binary message; `shown` is among the snapshots."""
    columns, n_missing = found.columns(shown)
    header = {
        "kind": "training_scores",
        "run": found.run.id,
        "missing": n_missing,
        "n_samples": found.n_samples,
    }
    arrays = {
        "epochs": np.array([place_of(snapshot) for snapshot, _ in columns]),
        "scores": np.array([score for _, score in columns]),
    }
    return encode(header, arrays)
