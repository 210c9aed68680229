"""The Python file as an export target."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.export.lowering.program import ModelProgram
from lamina.export.python.file import render
from lamina.export.target import Evaluation, FileTarget, Rows


def render_file(program: ModelProgram) -> bytes:
    """Return a Python file."""
    return render(program).encode()


def evaluate(program: ModelProgram, content: bytes, rows: Rows) -> Evaluation:
    """Run a Python file; it refuses times without a zone where those of training had one."""
    zoned = [column.name for column in program.inputs if column.zoned]
    if zoned:
        rows = rows.assign(**{name: rows[name].dt.tz_localize("UTC") for name in zoned})
    names: dict[str, Any] = {}
    exec(compile(content, "exported.py", "exec"), names)
    if program.targets is not None:
        results = names["predict_proba"](rows)
    elif program.has_std:
        results = names["predict"](rows, return_std=True)
    else:
        results = names["predict"](rows)
    parts = results if isinstance(results, list | tuple) else [results]
    return Evaluation("Python", np.hstack([part.reshape(len(rows), -1) for part in parts]))


PYTHON = FileTarget("python", "lamina.export.python.file", ".py", render_file, evaluate)
