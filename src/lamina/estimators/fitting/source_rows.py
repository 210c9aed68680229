"""Encode the rows of tables for a network that was fitted to a source of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lamina.encoding.batches import Source
from lamina.encoding.frames import ArrayOrTable, as_pandas
from lamina.encoding.statistics import encode_batch
from lamina.estimators.settings.parametrized import Parametrized
from lamina.formulas.table import Array

# Fitted attribute: the encoding of the tables that the network predicts.
ENCODING = "encoding_"


def encode_table(model: Parametrized, X: ArrayOrTable) -> ArrayOrTable:
    """Return the rows of a data frame as the model's network takes them; others unchanged.

    Parameters
    ----------
    model : estimator
        Fitted to a source or to arrays.
    X : data frame or array-like
        An array is one of encoded rows.
    """
    encoding = vars(model).get(ENCODING)
    if encoding is None or isinstance(X, np.ndarray) or as_pandas(X) is None:
        return X
    matrix = encoding.transform(X)
    dense: Array = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    # The training rows were float32, also those of a network in float64.
    return dense.astype(np.float32).astype(model.coefs_[0].dtype, copy=False)


def forward_batches(
    model: Parametrized, source: Source, forward: Callable[[Array], Array]
) -> Array:
    """Return the predictions for all rows of a source, which is encoded batch by batch.

    Raises
    ------
    TypeError
        For a model that was fitted to arrays.
    TableError
        If a row cannot be read or encoded.
    """
    encoding = vars(model).get(ENCODING)
    if encoding is None:
        raise TypeError(
            "this model was fitted to arrays, and a source has columns to encode: fit it to a "
            "source, or predict with a pipeline that begins with TableEncoding()."
        )
    dtype = model.coefs_[0].dtype
    batches = source.batches(columns_to_read(encoding, source))
    return np.concatenate([forward(encode_batch(encoding, each).astype(dtype)) for each in batches])


def columns_to_read(encoding: Any, source: Source) -> list[str]:
    """Return the columns of a source that an encoding reads; the encoding reports absent ones."""
    return [name for name in encoding.kinds_ if name in source.columns]
