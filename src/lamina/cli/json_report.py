"""Print the report of `lamina train --json` as one JSON document on stdout."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from lamina.cli.finished_fit import FinishedFit
from lamina.files.model_file import Json

# Keys of the metrics in the report, and in a model's notes.
FIGURES: Mapping[str, str] = {
    "held_out": "held_out",
    "out_of_fold": "out_of_fold",
    "training": "on_training",
    "trivial": "constant_held_out",
}
# Only other commands need row hashes and target forms; 'figures' has the trivial predictor.
LEFT_OUT = {"trained_rows", "target_forms", "constants", *FIGURES.values()}


def print_report(run: FinishedFit, notes: Mapping[str, Json], path: Path | None) -> None:
    """Print the report of a run with --json.

    Parameters
    ----------
    run : FinishedFit
    notes : dict
        Notes of the model; empty if no model is saved.
    path : Path or None
        File of the model.
    """
    if not run.request.json:
        return
    report = {name: value for name, value in notes.items() if name not in LEFT_OUT}
    report |= {
        "file": None if path is None else str(path),
        "rows": {
            "training": len(run.parts.y_train),
            "held_out": len(run.parts.y_test),
            "without_target": run.problem.n_left_out,
        },
        "columns": list(run.records),
        "figures": {heading: notes[key] for heading, key in FIGURES.items() if key in notes},
        "verdicts": run.verdicts,
        "remarks": run.terminal.remarks,
    }
    print(json.dumps(finite(report), indent=2, ensure_ascii=False, allow_nan=False))


def finite(value: object) -> object:
    """Return plain values with None for each number that is not finite.

    Examples
    --------
    >>> finite({"rmse": [float("inf"), 0.5]})
    {'rmse': [None, 0.5]}
    """
    if isinstance(value, Mapping):
        return {str(name): finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
