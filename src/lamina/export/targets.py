"""All export targets; the command line and the tests of exports derive from this table."""

from __future__ import annotations

from lamina.export.c.target import C
from lamina.export.onnx.target import ONNX
from lamina.export.python.target import PYTHON
from lamina.export.target import FileTarget, Target
from lamina.formulas.table import RecordTable

TARGETS: RecordTable[Target] = RecordTable(
    "export target",
    ONNX,
    PYTHON,
    C,
    Target("torch", "lamina.export.pytorch.sequential"),
    Target("sklearn", "lamina.export.scikit_learn"),
)
FILE_TARGETS = {each.suffix: each for each in TARGETS.values() if isinstance(each, FileTarget)}
