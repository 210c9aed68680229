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
    """Run a Python file."""
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
