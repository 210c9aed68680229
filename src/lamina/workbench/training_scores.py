"""How well a run does on the rows that it learns from, over the epochs remembered.

The score of every epoch on the rows to test on is told by the fit; of the rows to learn from, only
the loss is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lamina.engines import Engine
from lamina.workbench.curves import Moment
from lamina.workbench.frames import encode
from lamina.workbench.over_time import OverTime, place_of
from lamina.workbench.runs import Run

if TYPE_CHECKING:
    from lamina.workbench.sessions import Session

# The split has put them in an order of chance: the first ones stand for all.
MOST_ROWS = 2000


class TrainingScores(OverTime[float]):
    """The scores of one run: accuracy, or R², as the fit's own on the rows to test on.

    Parameters
    ----------
    run : Run
    engine : Engine
    """

    def __init__(self, run: Run, engine: Engine) -> None:
        self.n_samples = min(MOST_ROWS, len(run.rows.y))
        score = run.task.score_on(np.arange(self.n_samples), None)
        X = run.rows.X[: self.n_samples]

        def of(moment: Moment) -> float:
            return float(score(engine.predict(run.spec, moment.parameters, X)))

        super().__init__(run.gate, of)


def training_scores(session: Session, query: Mapping[str, str]) -> bytes:
    """The scores on rows to learn from, as a binary message."""
    views, shown = session.looked_at()
    columns, n_missing = views.training_scores.columns(shown)
    header = {
        "kind": "training_scores",
        "run": views.run.id,
        "missing": n_missing,
        "n_samples": views.training_scores.n_samples,
    }
    arrays = {
        "epochs": np.array([place_of(moment) for moment, _ in columns]),
        "scores": np.array([score for _, score in columns]),
    }
    return encode(header, arrays)
