"""Choose the task of a target: one rule for tables, arrays, command line and workbench."""

from __future__ import annotations

import numpy as np

from lamina.datasets.dataset import Task
from lamina.formulas.table import AnyArray

# Integers are classes if they have few distinct values, each in several rows.
MOST_CLASSES = 20
ROWS_A_CLASS = 5


def task_of_numbers(target: AnyArray) -> Task:
    """Return 'regression' for numbers, unless they are integers with few distinct values.

    Parameters
    ----------
    target : ndarray of shape (n_samples,)
        Numbers or booleans of any dtype; 1.0 counts as an integer.

    Examples
    --------
    >>> import numpy as np
    >>> task_of_numbers(np.array([0.0, 1.0] * 10)), task_of_numbers(np.arange(20))
    ('classification', 'regression')
    """
    distinct = np.unique(target)
    few = len(distinct) <= min(MOST_CLASSES, max(2, len(target) // ROWS_A_CLASS))
    whole = np.array_equal(distinct, np.round(distinct.astype(np.float64)))
    return "classification" if few and whole else "regression"
