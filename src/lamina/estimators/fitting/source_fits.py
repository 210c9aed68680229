"""Fit to a source of batches: encode it into a spool, and fit to the samples there."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from lamina.encoding.batches import Source
from lamina.encoding.source_targets import TargetForm
from lamina.encoding.spooling import (
    Progress,
    SpooledSamples,
    SpoolProgress,
    SpoolRequest,
    spooled,
)
from lamina.estimators.fitting.source_rows import ENCODING
from lamina.estimators.settings.fit_settings import FitSettings
from lamina.estimators.settings.parametrized import Parametrized
from lamina.estimators.settings.refusals import shown
from lamina.files.disk_arrays import in_units
from lamina.formulas.table import AnyArray


class SourceArguments(NamedTuple):
    """Arguments of `fit` for a source.

    Attributes
    ----------
    y, sample_weight, validation_data : object
        As passed to `fit`.
    target : str or sequence of str or None
    spool : str or path-like or None
    """

    y: object
    sample_weight: object
    validation_data: object
    target: object
    spool: object


def refuse_arguments_of_sources(target: object, spool: object) -> None:
    """Reject arguments that only a source takes.

    Raises
    ------
    TypeError
        Names the argument.
    """
    for name, value in (("target", target), ("spool", spool)):
        if value is not None:
            raise TypeError(
                f"{name}={shown(value)} is for a source of batches, "
                "fit(lamina.tables.open('sales/*.parquet'), target='price'), and X is none: pass "
                "fit(X, y)."
            )


@contextmanager
def spool_of(
    model: Parametrized, source: Source, arguments: SourceArguments
) -> Iterator[SpooledSamples]:
    """Encode a source for a fit of the model, for the block of a `with` statement.

    Raises
    ------
    TypeError, ValueError
        For arguments that do not suit a source.
    TableError, SpoolError
        If the source cannot be read, or the spool not be written.
    """
    request = _request(model, arguments)
    if vars(model).get("warm_start") and hasattr(model, "coefs_"):
        raise ValueError(
            "warm_start=True does not support a source, whose encoding is fitted anew: set "
            "warm_start=False, or fit arrays that encoding_ has encoded."
        )
    progress = _printing() if vars(model).get("verbose") else None
    with spooled(source, request, progress=progress) as samples:
        if samples.n_without:
            warnings.warn(
                f"{source.label}: {samples.n_without:,} of "
                f"{samples.n_without + len(samples.X):,} rows have no target: they are left out.",
                stacklevel=6,
            )
        yield samples


def _request(model: Parametrized, arguments: SourceArguments) -> SpoolRequest:
    y, weight, validation_data, target, spool = arguments
    if y is not None:
        raise TypeError("y is a column of the source: leave y out, and name it by target='price'.")
    if not isinstance(target, str) and not _are_names(target):
        raise TypeError(
            f"target={shown(target)} must name a column of the source, or a list of them: "
            "fit(source, target='price')."
        )
    if weight is not None and not isinstance(weight, str):
        raise TypeError(
            f"sample_weight of a source is the name of a column, got {type(weight).__name__}: "
            "pass sample_weight='weight'."
        )
    if validation_data is not None:
        raise TypeError(
            "validation_data does not support a source: set early_stopping=True, which holds "
            "validation_fraction of its rows out."
        )
    if spool is not None and not isinstance(spool, str | os.PathLike):
        raise TypeError(f"spool={shown(spool)} must be the path of a folder, or None.")
    form: TargetForm = "numbers" if model._numeric_targets else "labels"
    dtype = np.float64 if vars(model).get("dtype") == "float64" else np.float32
    return SpoolRequest(target, form, weight, spool, dtype)  # type: ignore[arg-type]


def _are_names(target: object) -> bool:
    is_list = isinstance(target, Sequence) and not isinstance(target, bytes) and len(target) > 0
    return is_list and all(isinstance(each, str) for each in target)  # type: ignore[attr-defined]


def _printing() -> Progress:
    """Return a function that prints the size of the spool and the end of each pass."""
    said: set[str] = set()

    def show(progress: SpoolProgress) -> None:
        if progress.stage == "encoding" and "size" not in said:
            said.add("size")
            size = in_units(progress.n_bytes)
            rows = f"{progress.n_rows_in_all:,} rows"
            print(f"Encoding {rows} into a spool of {size} in {progress.folder}")

    return show


def with_codes(settings: FitSettings, classes: AnyArray | None) -> FitSettings:
    """Return settings for targets that are codes of classes: `class_weight` by codes."""
    by_label = settings.class_weight
    if classes is None or not isinstance(by_label, Mapping):
        return settings
    codes = {label: code for code, label in enumerate(classes.tolist())}
    unknown = [label for label in by_label if label not in codes]
    if unknown:
        raise ValueError(
            f"class_weight={shown(by_label)} names {unknown[0]!r}, which is no class of the "
            f"target: {', '.join(map(repr, codes))}."
        )
    return replace(settings, class_weight={codes[k]: value for k, value in by_label.items()})


def source_attributes(samples: SpooledSamples, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fitted attributes of a source: its encoding, and its classes."""
    found: dict[str, Any] = {ENCODING: samples.encoding}
    if samples.classes is not None:
        found["classes_"] = samples.classes[attributes["classes_"]]
    return found
