"""Rows of a source as a data frame: an ensemble is fitted in memory, to all rows or to a sample."""

from __future__ import annotations

import warnings
from numbers import Integral

from lamina.encoding.batches import Source
from lamina.encoding.frames import ArrayOrTable
from lamina.encoding.source_sampling import frame_of_source


def read_rows(
    X: ArrayOrTable, y: ArrayOrTable, target: str | None, random_state: object
) -> tuple[ArrayOrTable, ArrayOrTable]:
    """Return the table and its target: those of a source as data frames, others as they are.

    Parameters
    ----------
    X : data frame, array-like or Source
    y : array-like, or None for a source
    target : str or None
        Column of a source to predict.
    random_state : int, RandomState or None
        An integer is also the seed of the sample; other values use seed 0.

    Raises
    ------
    TypeError
        For a source without a target, or a target without a source.
    lamina.errors.TableError
        If the source lacks the target, or cannot be read.

    Warns
    -----
    UserWarning
        If a random sample is used because the table does not fit into memory, or if rows without a
        target are left out.
    """
    if not isinstance(X, Source):
        if target is not None:
            raise TypeError(
                f"target={target!r} names a column of a source: pass lamina.tables.open(…) as X, "
                "or the targets as y."
            )
        return X, y
    if y is not None or not isinstance(target, str):
        raise TypeError("a source needs the name of its target: fit(source, target='price').")
    X.check_names([target])
    seed = int(random_state) if isinstance(random_state, Integral) else 0
    found = frame_of_source(X, seed)
    if found.remark is not None:
        warnings.warn(f"{X.label}: {found.remark}", stacklevel=4)
    present = found.frame[target].notna()
    if not present.all():
        warnings.warn(
            f"{X.label}: {int((~present).sum()):,} of {len(present):,} rows have no target: they "
            "are left out.",
            stacklevel=4,
        )
    frame = found.frame[present]
    return frame.drop(columns=target), frame[target]
