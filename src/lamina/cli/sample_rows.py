"""Sample rows for comparing an export with its model: zeros, random values, missing values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lamina.encoding.frames import ArrayOrTable
from lamina.export.lowering.program import ModelProgram
from lamina.export.lowering.table_operations import (
    CategoryCode,
    Columns,
    Impute,
    OneHot,
    Standardize,
)
from lamina.files.model_file import Json

N_LIKE_TRAINING = 20
UNSEEN = "a category never seen"


def sample_rows(program: ModelProgram) -> ArrayOrTable:
    """Return rows that a program accepts, the same at each call.

    Returns
    -------
    DataFrame or ndarray of float64, of shape (n_samples, n_features)
        Missing values of a table are NaN, NaT and None.
    """
    numbers = _numbers(program)
    if not program.takes_a_table:
        return numbers if _fills_gaps(program) else numbers[:-1]
    from pandas import DataFrame, to_datetime

    columns: dict[str, Json] = {}
    for i, each in enumerate(program.inputs):
        if each.kind == "category":
            columns[each.name] = _texts(program, i, len(numbers))
        elif each.kind == "date":
            columns[each.name] = to_datetime(numbers[:, i], unit="D")
        else:
            columns[each.name] = numbers[:, i]
    return DataFrame(columns)


def _numbers(program: ModelProgram) -> NDArray[np.float64]:
    """Return zeros, random rows with the training's mean and scale, and a row of NaN."""
    n_columns = len(program.inputs) or program.n_features
    mean, scale = np.zeros(n_columns), np.ones(n_columns)
    for operation in program.operations:
        if isinstance(operation, Standardize):
            columns = _columns_behind(program, operation)
            mean[columns], scale[columns] = (
                operation.mean[: len(columns)],
                operation.scale[: len(columns)],
            )
    draws = np.random.RandomState(0).standard_normal((N_LIKE_TRAINING, n_columns))
    return np.vstack([np.zeros(n_columns), mean + scale * draws, np.full(n_columns, np.nan)])


def _columns_behind(program: ModelProgram, operation: Standardize) -> list[int]:
    """Return the inputs that an operation standardises directly or after imputing."""
    source = program.operations[operation.source]
    while isinstance(source, Impute):
        source = program.operations[source.source]
    is_whole = isinstance(source, Columns) and source.width == operation.width
    return list(source.columns) if isinstance(source, Columns) and is_whole else []


def _fills_gaps(program: ModelProgram) -> bool:
    """Return True if the program accepts NaN in every number of a matrix."""
    filled = [
        set(source.columns)
        for operation in program.operations
        if isinstance(operation, Impute)
        and isinstance(source := program.operations[operation.source], Columns)
    ]
    read = [set(each.columns) for each in program.operations if isinstance(each, Columns)]
    return bool(read) and all(any(columns <= each for each in filled) for columns in read)


def _texts(program: ModelProgram, column: int, n_rows: int) -> list[str | None]:
    """Return the categories in turn, then one that was never seen, then a missing one."""
    texts: list[str | None] = []
    strict = False
    for operation in program.operations:
        if isinstance(operation, OneHot | CategoryCode) and operation.column == column:
            texts += [text for text in operation.categories if text]
            strict |= isinstance(operation, OneHot) and operation.strict
    texts = texts or ["x"]
    cycle = [texts[i % len(texts)] for i in range(n_rows - 2)]
    last = texts[0] if strict else None
    return [*cycle, texts[0] if strict else UNSEEN, last]
