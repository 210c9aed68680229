"""The numbers of one step, of one row to learn from, at the network that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lamina.errors import ExperimentError
from lamina.studies import trace_step
from lamina.workbench.sessions import Session


def trace(session: Session, query: Mapping[str, str]) -> dict[str, Any]:
    """Every number of a step that learns from one row, in the order in which it is computed.

    Raises
    ------
    ExperimentError
        Where `row` is none of the rows to learn from.
    """
    run, moment = session.run, session.moment
    problem, row = run.problem, _row(query.get("row", "0"), len(run.problem.X_train))
    one = slice(row, row + 1)
    traced = trace_step(run.model_at(moment), problem.X_train[one], problem.y_train[one])
    numbers = [
        {
            "part": number.part,
            "layer": number.layer,
            "name": number.name,
            "formula": number.formula,
            "shape": list(np.shape(number.value)),
            "values": np.ravel(number.value).tolist(),
        }
        for number in traced.numbers
    ]
    return {
        "run": run.id,
        "epoch": moment.epoch,
        "row": row,
        "title": traced.title,
        "notes": list(traced.notes),
        "numbers": numbers,
    }


def _row(given: str, n_rows: int) -> int:
    if not given.isdecimal() or int(given) >= n_rows:
        raise ExperimentError(
            f"row={given!r} must be the number of a row to learn from, from 0 to {n_rows - 1}",
            "row",
        )
    return int(given)
