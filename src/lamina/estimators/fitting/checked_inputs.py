"""Check the fitted attributes of an input stage against its groups and the columns of X."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.blocks import InputStage
from lamina.errors import ModelFileError
from lamina.estimators.fitting.fitted_parts import Attributes
from lamina.estimators.fitting.input_codes import codes_of_columns
from lamina.estimators.fitting.input_stage import CATEGORIES, STAGE, fitted_stage
from lamina.files.fields import Fields, array, list_of, refused


def checked_stage(fitted: Attributes) -> InputStage | None:
    """Return the input stage of fitted attributes, or None, after checking its description.

    Raises
    ------
    ModelFileError
        For a description that is not that of a stage of n_features_in_ columns.
    """
    try:
        stage = fitted_stage(fitted)
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise ModelFileError(f"its {STAGE} is not that of an input stage: {error}") from None
    features = fitted["n_features_in_"]
    if stage is not None and stage.fan_in != features:
        raise ModelFileError(
            f"its {STAGE} has {stage.fan_in} columns, where {features} are expected"
        )
    return stage


def input_fields(fitted: Attributes) -> Fields:
    """Return the check of every attribute that a fit with `inputs=` sets."""
    stage = fitted_stage(fitted)
    n_codes = {} if stage is None else codes_of_columns(stage)

    def each(value: Any, place: str) -> None:
        list_of(_are_categories, fitted["n_features_in_"])(value, place)
        for column, of_column in enumerate(value):
            expected = n_codes.get(column, 1) - 1
            if len(of_column) != expected:
                raise refused(of_column, f"{place}[{column}]", f"an array of {expected} categories")

    return {STAGE: _is_stage, CATEGORIES: each}


def missing_categories(fitted: Attributes) -> frozenset[str]:
    """Return the attributes that a stage with columns of categories needs."""
    stage = fitted_stage(fitted)
    return frozenset({CATEGORIES} if stage is not None and codes_of_columns(stage) else ())


def _is_stage(value: object, place: str) -> None:
    fitted_stage({STAGE: value})


def _are_categories(value: object, place: str) -> None:
    array(np.float64, (None,), finite=True)(value, place)
    numbers = np.asarray(value)
    if len(numbers) and not (numbers[0] >= 0 and (np.diff(numbers) > 0).all()):
        raise refused(value, place, "an array of ascending numbers from 0")
