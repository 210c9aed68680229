"""Run an exported model and compare its predictions with the model's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import is_classifier

from lamina.cli.predicted_columns import predicted_std
from lamina.cli.recipe import get_encoding
from lamina.cli.sample_rows import sample_rows
from lamina.encoding.frames import ArrayOrTable
from lamina.errors import ExportError
from lamina.export.lowering.any_model import lower_any
from lamina.export.lowering.builder import NotLoweredError
from lamina.export.lowering.program import ModelProgram
from lamina.export.target import Evaluation, FileTarget, NotEvaluatedError
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Relative to the largest prediction of a column.
TOLERANCES = {"float64": 1e-8, "float32": 1e-3}
ROUNDED_TOLERANCE = 2.0**-5


def check(target: FileTarget, model: BaseEstimator, content: bytes, dtype: str | None) -> str:
    """Compare a model with its export; return the outcome as part of a sentence.

    Raises
    ------
    ExportError
        If predictions differ.
    """
    try:
        program = lower_any(model, dtype)
    except NotLoweredError:
        return "not compared: skl2onnx converted some of its steps"
    rows = sample_rows(program)
    try:
        evaluation = target.evaluate(program, content, rows)
    except NotEvaluatedError as reason:
        return f"not checked: {reason}"
    return _compare(model, program, rows, evaluation)


def _expected(model: BaseEstimator, rows: ArrayOrTable) -> AnyArray:
    """Return the model's probabilities, or predictions and standard deviations, as columns."""
    encoding = get_encoding(model)
    if encoding is not None:
        # The model requires columns that the export omits because all their values are rare.
        rows = rows.reindex(columns=list(encoding.kinds_))
        # An exported program takes dates in UTC, without a zone.
        for name in (name for name, has_zone in encoding.zoned_.items() if has_zone):
            rows[name] = rows[name].dt.tz_localize("UTC")
    if is_classifier(model):
        return _columns(model.predict_proba(rows))
    std = predicted_std(model, rows)
    parts = [model.predict(rows), *([] if std is None else [std])]
    return np.hstack([np.asarray(part).reshape(len(rows), -1) for part in parts])


def _columns(answer: AnyArray | Sequence[AnyArray]) -> AnyArray:
    parts = answer if isinstance(answer, list | tuple) else [answer]
    return np.hstack([np.asarray(part).reshape(len(part), -1) for part in parts])


def _compare(
    model: BaseEstimator, program: ModelProgram, rows: ArrayOrTable, evaluation: Evaluation
) -> str:
    actual, n = evaluation.numbers, len(evaluation.numbers)
    expected = _expected(model, rows[:n])
    # A model that computes in float32 differs from its export in float64 by its own rounding.
    dtypes = program.network_dtype, lower_any(model).network_dtype
    tolerance = max(TOLERANCES[dtype.name] for dtype in dtypes)
    if program.is_rounded:
        tolerance = ROUNDED_TOLERANCE
    scale = np.maximum(abs(expected).max(axis=0), np.finfo(np.float32).tiny)
    off = np.abs(actual - expected) / scale if actual.shape == expected.shape else np.array(np.inf)
    if not off.max() <= tolerance:
        cure = " Export it with --dtype float64." if program.network_dtype == np.float32 else ""
        raise ExportError(
            f"predictions of {evaluation.runner} differ from the model's by {off.max():.2g} of the "
            f"largest one, so nothing was written.{cure}"
        )
    return f"{evaluation.runner} gives the model's predictions on {n} rows"
