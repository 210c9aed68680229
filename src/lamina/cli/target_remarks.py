"""Remarks on the targets of `lamina train`, printed before the fit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lamina.datasets.dataset import Task
from lamina.encoding.file_rows import row_name
from lamina.formulas.table import AnyArray
from lamina.tables.problem import Problem

# A value this many times the median magnitude dominates the scale of the target.
DOMINATES = 1e6
# Fewer consecutive integers are mostly codes of classes.
MANY_LEVELS = 10


def remarks_on_targets(problem: Problem, chosen: Task | None = None) -> Iterator[str]:
    """Yield remarks on doubtful targets.

    Parameters
    ----------
    problem : Problem
    chosen : {'classification', 'regression'}, optional
        Task that the user chose.
    """
    for name, target in problem.columns.items():
        if problem.task == "regression":
            yield from _dominating(problem, name, target)
        elif chosen is None and target.dtype.kind == "i":
            yield from _counted(name, target)


def _dominating(problem: Problem, name: str, target: AnyArray) -> Iterator[str]:
    size = abs(target)
    position, median = int(np.argmax(size)), float(np.median(size))
    if median > 0 and size[position] > DOMINATES * median:
        yield (
            f"the target {name!r} is {target[position]:g} in {row_name(problem.features, position)}"
            f", while its median magnitude is {median:g}: this value dominates the scale and the "
            "loss. Correct it, leave the row out, or predict the logarithm"
        )


def _counted(name: str, target: AnyArray) -> Iterator[str]:
    levels = np.unique(target)
    is_run = levels[0] in (0, 1) and levels[-1] - levels[0] == len(levels) - 1
    if is_run and len(levels) > MANY_LEVELS:
        yield (
            f"the target {name!r} is treated as {len(levels)} classes, the integers {levels[0]} to "
            f"{levels[-1]}: use --task regression to predict a number, and --set loss=poisson as "
            "well to predict a count"
        )
