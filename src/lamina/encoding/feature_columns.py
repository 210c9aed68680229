"""Map each column of an encoding's matrix to its column of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lamina.encoding.calendar import PARTS
from lamina.formulas.table import AnyArray

if TYPE_CHECKING:
    from lamina.encoding.fitted_table import FittedTable


def columns_of_features(encoding: FittedTable) -> AnyArray:
    """Return the table's column of each feature, shape (n_features_out,), in order.

    Examples
    --------
    >>> import pandas as pd
    >>> from lamina.encoding import TableEncoding
    >>> table = pd.DataFrame({"age": [20, None, 30, 40], "city": ["Rome", "Oslo"] * 2})
    >>> columns_of_features(TableEncoding().fit(table)).tolist()
    ['age', 'age', 'city', 'city']
    """
    numeric = encoding._numeric()
    names = [*numeric, *(numeric[i] for i in encoding._indicated())]
    for name, parts in encoding.calendar_.items():
        names += [name] * sum(len(PARTS[part].suffixes) for part in parts)
    for name, levels in encoding.levels_.items():
        names += [name] * len(levels)
    for name, components in encoding.texts_.items():
        names += [name] * components.width
    for name, texts in encoding.categories_.items():
        names += [name] * len(texts)
    return np.array(names, dtype=object)


def names_of_features(encoding: FittedTable) -> AnyArray:
    """Return the names of the features; see `TableEncoding.get_feature_names_out`."""
    numeric = encoding._numeric()
    names = [*numeric, *(f"{numeric[i]} is missing" for i in encoding._indicated())]
    for name, parts in encoding.calendar_.items():
        names += [f"{name} {suffix}" for part in parts for suffix in PARTS[part].suffixes]
    for name, levels in encoding.levels_.items():
        names += [f"{name}={level:.0f}" for level in levels]
    for name, components in encoding.texts_.items():
        names += [f"{name} text {i + 1}" for i in range(components.width)]
    for name, texts in encoding.categories_.items():
        names += [f"{name} is missing" if text is None else f"{name}={text}" for text in texts]
    return np.array(names, dtype=object)
